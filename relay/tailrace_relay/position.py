"""Where a reader stands in one stream, and what a stream says of its own numbering."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from tailrace.wire import ZERO, StreamID, StreamIDError

__all__ = ["START", "Generation", "Lineage", "Position", "StreamMeta"]


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


Lineage = tuple[Generation, ...]


@dataclass(frozen=True, slots=True)
class StreamMeta:
    """A stream's meta hash, read."""

    epoch: str
    born: int
    last: StreamID
    cleared: int
    size: int
    generations: Lineage

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
            tuple(gen for word in gens.split() if (gen := _generation(word))) or (Generation(0, ZERO),),
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

    def common(self, position: Position, lineage: Lineage = ()) -> StreamID:
        """The last ID that a reader at `position` and this numbering have in common.

        It lies before the position when a later generation began below it, when the numbering ends below it, or when
        the reader followed a master whose records are gone: its generation is not listed any more.

        Args:
            lineage: the generations that were listed when the reader last looked. Who remembers none may have to go
                back to the start: further than needed, never less far.
        """
        limits = [position.id, self.last]
        if position.epoch:
            numbers = [generation.number for generation in self.generations]
            if position.generation in numbers:
                limits += [gen.start for gen in self.generations[numbers.index(position.generation) + 1 :]]
            else:
                limits.append(self._parting(lineage))
        return min(limits, key=_number_of)

    def _parting(self, lineage: Lineage) -> StreamID:
        """Where an earlier list of generations and this one part."""
        places = {generation.number: place for place, generation in enumerate(self.generations)}
        for place in reversed(range(len(lineage))):
            here = places.get(lineage[place].number)
            if here is not None:
                following = [*lineage[place + 1 : place + 2], *self.generations[here + 1 : here + 2]]
                return min((generation.start for generation in following), key=_number_of, default=self.last)
        return ZERO


def _number_of(id: StreamID) -> int:
    return id.n


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0


def _generation(word: str) -> Generation | None:
    """Read `number:start ID:replication ID`; damaged words are passed over, as the script does."""
    number, _, rest = word.partition(":")
    try:
        return Generation(int(number), StreamID.parse(rest.partition(":")[0]))
    except (ValueError, StreamIDError):
        return None
