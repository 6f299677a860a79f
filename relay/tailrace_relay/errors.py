"""What the relay raises; each text is fit for a client: what was wrong, and what would be right.

TailraceError
└── RelayError
    ├── ParameterError   a parameter of a request is not usable
    │   ├── CursorError  ... it is a cursor
    │   └── QueryError   ... it is a query; says where in it (`query.errors`)
    │   ├── NotFound     ... it names what there is not
    │   ├── Gone         ... it names what is not kept any more
    │   └── KeyReused    ... it stands for another request already
    ├── Unauthorized     there is no token, or none that is good
    ├── Forbidden        the token does not allow it
    ├── TooMany          a limit is reached
    ├── KeysError        what tokens are to be verified with is not usable
    └── Unavailable      Redis does not answer, or whoever has the keys of tokens
"""

from __future__ import annotations

import math

from tailrace.wire import TailraceError

__all__ = [
    "CursorError",
    "Forbidden",
    "Gone",
    "KeyReused",
    "KeysError",
    "NotFound",
    "ParameterError",
    "RelayError",
    "TooMany",
    "Unauthorized",
    "Unavailable",
]


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


class Unauthorized(RelayError):
    """There is no token, or none that is good: another one may be. The text repeats nothing of the token.

    Attributes:
        given: there was one.
    """

    def __init__(self, message: str, *, given: bool = True) -> None:
        self.given = given
        super().__init__(message)


class Forbidden(RelayError):
    """The token is good, and does not allow it.

    Attributes:
        action: that would have to be allowed; empty where it is not about one.
    """

    def __init__(self, message: str, action: str = "") -> None:
        self.action = action
        super().__init__(message)


class TooMany(RelayError):
    """A limit is reached.

    Attributes:
        retry_after: seconds until it is worth coming again.
    """

    def __init__(self, message: str, retry_after: float) -> None:
        self.retry_after = max(1, math.ceil(retry_after))
        super().__init__(message)


class KeysError(RelayError):
    """What tokens are to be verified with is not usable."""


class Unavailable(RelayError):
    """Redis does not answer at the moment, or whoever has the keys of tokens."""
