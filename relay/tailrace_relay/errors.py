"""What the relay raises; each text is fit for a client: what was wrong, and what would be right.

TailraceError
└── RelayError
    ├── ParameterError   a parameter of a request is not usable
    │   ├── CursorError  ... it is a cursor
    │   └── QueryError   ... it is a query; says where in it (`query.errors`)
    │   ├── NotFound     ... it names what there is not
    │   ├── Gone         ... it names what is not kept any more
    │   └── KeyReused    ... it stands for another request already
    └── Unavailable      Redis does not answer
"""

from __future__ import annotations

from tailrace.wire import TailraceError

__all__ = ["CursorError", "Gone", "KeyReused", "NotFound", "ParameterError", "RelayError", "Unavailable"]


class RelayError(TailraceError):
    """The base of the relay's errors."""


class ParameterError(RelayError):
    """A parameter of a request is not usable.

    Attributes:
        parameter: its name, such as `limit`.
    """

    def __init__(self, parameter: str, message: str) -> None:
        self.parameter = parameter
        super().__init__(message)

    @property
    def details(self) -> dict[str, str | int]:
        """What an answer says of it beside the text."""
        return {"parameter": self.parameter}


class CursorError(ParameterError):
    """A cursor is not usable."""


class NotFound(ParameterError):
    """What a parameter names does not exist, and never did."""


class Gone(ParameterError):
    """What a parameter names is not kept any more."""


class KeyReused(ParameterError):
    """An Idempotency-Key stands for another request already."""

    def __init__(self, message: str) -> None:
        super().__init__("Idempotency-Key", message)


class Unavailable(RelayError):
    """Redis does not answer at the moment."""
