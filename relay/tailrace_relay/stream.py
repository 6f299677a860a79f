"""One stream that a gateway listens to: where it stands, and a short memory of what came last. No I/O."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from enum import Enum, auto

from tailrace.wire import Publication
from tailrace_relay.clearing import Cleared
from tailrace_relay.position import START, Lineage, Position, StreamMeta
from tailrace_relay.reader import Gap, Item, Piece, onward

__all__ = ["LiveStream", "Verdict"]

# Bytes of recent frames kept, so that a client which has nearly caught up joins without asking Redis.
# When it is full the oldest are forgotten; who needs them reads a page.
MEMORY = 1 << 20

# Bytes of publications held while a hole is repaired; when it is full further ones are forgotten: the repair, or the
# next comparison with the stream's meta, finds them in the stream.
HELD = 1 << 20


class Verdict(Enum):
    """What a publication is to a stream's position."""

    NEXT = auto()
    DUPLICATE = auto()
    HOLE = auto()


class LiveStream:
    """A stream with listeners.

    Attributes:
        name: the stream's name.
        position: the last record handed to the groups.
        lineage: the generations that the stream's meta listed when it was last read.
        heard: whether anything was published since this was last set to False.
        repairing: whether a repair is under way; publications are held meanwhile.
    """

    def __init__(self, name: str, position: Position = START, lineage: Lineage = (), cleared: int = 0) -> None:
        self.name = name
        self._cleared = cleared
        self.position = position
        self.lineage = lineage
        self.heard = False
        self.repairing = False
        self._recent: deque[Item] = deque()
        self._recent_bytes = 0
        self._remembered_from = position
        self._held: list[Publication] = []
        self._held_bytes = 0

    def judge(self, publication: Publication) -> Verdict:
        """Whether a publication is the next one, an old one, or shows that something is missing."""
        position = self.position
        start = publication.id.n - publication.frame.count - publication.frame.shed + 1
        if publication.epoch == position.epoch and publication.generation == position.generation:
            if publication.id.n <= position.id.n:
                return Verdict.DUPLICATE
            return Verdict.NEXT if start == position.id.n + 1 else Verdict.HOLE
        if position == START and start == 1:
            return Verdict.NEXT
        if publication.epoch == position.epoch and publication.generation in (number for number, _ in self.lineage):
            return Verdict.DUPLICATE  # an older master's last words
        return Verdict.HOLE

    def in_line_with(self, meta: StreamMeta | None, known: Position = START) -> bool:
        """Whether nothing is missing and nothing was taken back, by the stream's meta as it was some time ago.

        Args:
            meta: what Redis said then.
            known: where the stream stood here before Redis was asked; what lies beyond the meta has been rolled back.
        """
        if meta is None:
            return self.position == START
        position = self.position
        if known.epoch == meta.epoch and known.id.n > meta.last.n:
            return False
        if position.epoch != meta.epoch or position.generation != meta.generation:
            return False
        return position.id.n >= meta.last.n

    def accept(self, publication: Publication) -> list[Item]:
        """What the next publication gives to readers; the position moves along."""
        base = Position(self.position.id, publication.epoch, publication.generation)
        items = onward(base, publication.id, publication.frame)
        self.advance(items)
        return items

    def advance(self, items: list[Item]) -> None:
        """Move behind items that are handed to the groups, and remember them."""
        for item in items:
            if isinstance(item, Gap) and item.reason in ("epoch", "fork"):
                self._forget()
                self._remembered_from = item.position
                self._cleared = min(self._cleared, item.position.id.n) if item.reason == "fork" else 0
            else:
                if isinstance(item, Gap) and item.reason == "cleared":
                    self._cleared = max(self._cleared, item.position.id.n)
                self._recent.append(item)
                self._recent_bytes += _size(item)
            self.position = item.position
        while self._recent_bytes > MEMORY:
            oldest = self._recent.popleft()
            self._recent_bytes -= _size(oldest)
            self._remembered_from = oldest.position

    def clear(self, cleared: Cleared) -> list[Item] | None:
        """What readers are told who have all that went; nothing when it is known, None when some had not come yet."""
        position = self.position
        if cleared.epoch != position.epoch or cleared.n <= self._cleared:
            return []
        self._forget()
        self._remembered_from = position
        if cleared.n > position.id.n:
            return None
        self._cleared = cleared.n
        # Nobody misses anything, but what they show is not there any more.
        return [Gap(0, position.id, position.id._replace(n=position.id.n + 1), "cleared", position)]

    def since(self, position: Position, upto: Position) -> list[Item] | None:
        """What leads from one position to another, out of memory; None when it does not reach back that far."""
        start = self._remembered_from
        if position.epoch != start.epoch and not (position == START == start):
            return None
        if position.id.n < start.id.n or position.generation != self.position.generation:
            return None
        items: list[Item] = []
        for item in self._recent:
            if position.id.n < item.position.id.n <= upto.id.n:
                items.append(item)
        if items and isinstance(items[0], Piece) and items[0].first_n <= position.id.n:
            items[0] = replace(items[0], skip=items[0].skip + position.id.n - items[0].first_n + 1)
        if items and isinstance(items[0], Gap) and items[0].after.n < position.id.n:
            return None
        return items

    def hold(self, publication: Publication) -> None:
        """Keep a publication until the repair is done; forgotten beyond `HELD` bytes."""
        if self._held_bytes < HELD:
            self._held.append(publication)
            self._held_bytes += len(publication.frame.data)

    @property
    def held(self) -> int:
        """How many publications are held."""
        return len(self._held)

    def release(self) -> list[Publication]:
        """The publications held, in order."""
        held, self._held, self._held_bytes = self._held, [], 0
        return held

    def _forget(self) -> None:
        self._recent.clear()
        self._recent_bytes = 0


def _size(item: Item) -> int:
    return len(item.frame.data) if isinstance(item, Piece) else 64
