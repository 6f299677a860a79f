"""Where a reader stands in one stream, and what a stream says of its own numbering."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from tailrace.wire import ZERO, StreamID

__all__ = ["START", "Generation", "Position", "StreamMeta"]


class Position(NamedTuple):
    """The last record that a reader has, with the numbering that its ID belongs to.

    An empty epoch means that the ID stands alone, as in a bare cursor: the numbering in force is taken for it.
    """

    id: StreamID
    epoch: str = ""
    generation: int = 0

    def __str__(self) -> str:
        return f"{self.id}~{self.epoch}~{self.generation}" if self.epoch else str(self.id)


START = Position(ZERO)


class Generation(NamedTuple):
    """One master's numbering: it goes on from `start`, the last ID before it."""

    number: int
    start: StreamID


@dataclass(frozen=True, slots=True)
class StreamMeta:
    """A stream's meta hash, read."""

    epoch: str
    born: int
    last: StreamID
    cleared: int
    size: int
    generations: tuple[Generation, ...]

    FIELDS = ("epoch", "born", "ms", "n", "b", "b0", "gens", "cleared")

    @classmethod
    def parse(cls, values: list[bytes | None]) -> StreamMeta | None:
        """Read the values of `FIELDS`; None when the stream has no numbering."""
        epoch, born, ms, n, appended, trimmed, gens, cleared = [
            (value or b"").decode("ascii", "replace") for value in values
        ]
        if not epoch:
            return None
        return cls(
            epoch,
            _number(born),
            StreamID(_number(ms), _number(n)),
            _number(cleared),
            max(_number(appended) - _number(trimmed), 0),
            tuple(_generation(word) for word in gens.split()) or (Generation(0, ZERO),),
        )

    @property
    def generation(self) -> int:
        return self.generations[-1].number

    @property
    def newest(self) -> Position:
        return Position(self.last, self.epoch, self.generation)

    @property
    def first(self) -> StreamID:
        """The ID of the first record that this numbering ever had."""
        return StreamID(self.born, 1)

    def common(self, position: Position) -> StreamID:
        """The last ID that a reader at `position` and this numbering have in common.

        It lies before the position when a later generation began below it, or the numbering ends below it.
        """
        starts = [gen.start for gen in self.generations if gen.number > position.generation and position.epoch]
        return min([position.id, self.last, *starts], key=lambda id: id.n)


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0


def _generation(word: str) -> Generation:
    number, start, _ = word.split(":", 2)
    return Generation(int(number), StreamID.parse(start))
