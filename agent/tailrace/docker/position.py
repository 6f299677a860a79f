"""How far a container's log was read, in words that the engine understands: a time, and messages behind it.

The engine seeks by time alone: it answers with the messages from the first one on that is not older. Several may have
the same time, and those of the two outputs may stand a little out of order. So a position is such a time, and how many
messages of that answer have been taken. Older engines (before 23) leave out every older message instead, not only those
before the first that is not; the time is chosen so that both answers are the same.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from tailrace.docker.stamp import SECOND

__all__ = ["Cursor", "Position"]

# Nanoseconds by which a message may be older than one before it: the engine notes the time when it has read a line,
# and writes it within moments.
DISORDER = 1 * SECOND


@dataclass(frozen=True, slots=True)
class Position:
    """A place between two messages.

    Attributes:
        since: the time that the engine is asked for, ns since 1970.
        taken: messages of its answer that lie before this place.
        latest: the latest time among them. What is later was not taken, even where the engine has fewer messages left
            than were taken, because it has thrown away the oldest.
        lines: how many lines of stdout and of stderr lie before.
        skip: records behind this place that are in Redis.
    """

    since: int = 0
    taken: int = 0
    latest: int = 0
    lines: tuple[int, int] = (0, 0)
    skip: int = 0

    def pack(self) -> dict[str, Any]:
        """In the form that a checkpoint keeps."""
        return asdict(self)

    @classmethod
    def unpack(cls, packed: dict[str, Any]) -> Position:
        """From that form; other names are passed over."""
        values = {name: packed[name] for name in cls.__slots__}
        return cls(**{**values, "lines": tuple(values["lines"])})


class Cursor:
    """Moves over messages, and can say where it stands. It needs no memory of what lies behind it.

    Beside the time that the engine would be asked for now it watches a later one, and takes that when no older message
    is to be expected any more.
    """

    def __init__(self, position: Position) -> None:
        self._since = position.since
        self._taken = position.taken
        self._latest = position.latest
        self._lines = list(position.lines)
        self._next = self._latest + 1
        self._next_taken = 0

    def take(self, time: int, lines: tuple[int, int]) -> None:
        """Move over one message, with which so many lines of the outputs are complete."""
        self._taken += 1
        self._lines = [self._lines[0] + lines[0], self._lines[1] + lines[1]]
        self._latest = max(self._latest, time)
        if time >= self._next:
            self._next_taken += 1
        elif self._next_taken:
            # Here the two kinds of engines would count differently.
            self._watch()
        if self._next_taken and self._latest - self._next >= DISORDER:
            self._since, self._taken = self._next, self._next_taken
            self._watch()

    def position(self, skip: int = 0) -> Position:
        """Where it stands."""
        return Position(self._since, self._taken, self._latest, (self._lines[0], self._lines[1]), skip)

    def _watch(self) -> None:
        self._next, self._next_taken = self._latest + 1, 0
