"""Everything that Tailrace raises.

TailraceError
├── ConfigError         a setting or an argument is not usable
├── SpoolFull           an audit record finds no room left in the spool
├── NotRecorded         an audit record was recorded nowhere
├── NotConfirmed        an audit record is on its way, but not known to be safe
├── CheckpointError     how far a source was read can't be told, or another process is at it
├── SpoolError          files that are no spool, or one of an unknown version
└── WireError           bytes or text that do not follow docs/PROTOCOL.md
    ├── StreamIDError   not a stream ID
    ├── StreamNameError not a stream name
    ├── LevelError      not a level
    ├── FrameError      a damaged or foreign frame
    └── AnswerError     an answer of the append script that no script of ours gives
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tailrace.emitter import Receipt

__all__ = [
    "AnswerError",
    "CheckpointError",
    "ConfigError",
    "FrameError",
    "LevelError",
    "NotConfirmed",
    "NotRecorded",
    "SpoolError",
    "SpoolFull",
    "StreamIDError",
    "StreamNameError",
    "TailraceError",
    "WireError",
]


class TailraceError(Exception):
    """The base of all errors of Tailrace."""


class ConfigError(TailraceError):
    """A setting or an argument is not usable; the text says which and what would be right."""


class SpoolFull(TailraceError):
    """An audit record found no room: the spool holds nothing that may be shed for it."""


class NotRecorded(TailraceError):
    """An audit record was recorded nowhere by Tailrace; the text says why, and what would be right."""


class NotConfirmed(TailraceError, TimeoutError):
    """An audit record is on its way to Redis, but what the caller asked for could not be confirmed in time.

    To log it again would double it.

    Attributes:
        receipt: where it stands in this process's spool; None when it interrupts a log call that will write it.
    """

    def __init__(self, text: str, receipt: Receipt | None = None) -> None:
        self.receipt = receipt
        super().__init__(text)


class CheckpointError(TailraceError):
    """How far a source was read can't be told or noted, or another process reads it for the same stream."""


class SpoolError(TailraceError):
    """Files that are no spool, or one of a version that this agent does not know."""


class WireError(TailraceError):
    """Bytes or text that do not follow the protocol."""


class StreamIDError(WireError):
    """Not a stream ID."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(text)

    def __str__(self) -> str:
        return f"not a stream ID: {self.text[:64]!r}; right would be <ms>-<n>, such as 1763683200000-42"


class StreamNameError(WireError):
    """Not a stream name."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(text)

    def __str__(self) -> str:
        return f"not a stream name: {self.text[:64]!r}; right would be 1 to 128 of the characters A-Z a-z 0-9 . _ : -"


class LevelError(WireError):
    """Not a level."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(text)

    def __str__(self) -> str:
        return f"not a level: {self.text[:64]!r}; right would be DEBUG, INFO, WARNING, ERROR, CRITICAL or a number"


class FrameError(WireError):
    """A damaged or foreign frame; the text names what is wrong with it."""


class AnswerError(WireError):
    """An answer of the append script that no version of it gives."""
