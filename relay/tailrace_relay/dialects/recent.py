"""The last records of several streams in the order of time, and the places behind them, where a session goes on."""

from __future__ import annotations

import heapq
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from dataclasses import dataclass, field

from tailrace.wire import StreamID
from tailrace_relay.cursor import ACTIVE, Cursor, format_cursor
from tailrace_relay.history import History
from tailrace_relay.places import just_before, last_matching
from tailrace_relay.position import Position, StreamMeta
from tailrace_relay.query import Query
from tailrace_relay.reader import Gap
from tailrace_relay.scan import Found
from tailrace_relay.scan import scan as scan_stream
from tailrace_relay.selection import Selection, Start

__all__ = ["Recent", "find_recent"]

# Records looked through in a stream of which nobody has said that it has what is looked for.
GLANCE = 20_000

# After these a stream is read on by a session, which knows how to tell of them.
RENUMBERED = ("epoch", "fork")


@dataclass(slots=True)
class Recent:
    """The last records that match, of one moment.

    Attributes:
        now: Redis time in ms, before the streams were looked at.
        metas: of all streams that are selected.
        places: where each stream is read on; while `read` runs, behind what it has given.
    """

    history: History
    query: Query
    now: int
    metas: dict[str, StreamMeta] = field(default_factory=dict)
    places: dict[str, Position] = field(default_factory=dict)

    async def read(self) -> AsyncGenerator[tuple[str, Found | Gap]]:
        """The records, a frame at a time, and the gaps between them, oldest first.

        Raises:
            Unavailable: when Redis does not answer.
        """
        begun = {name: place for name, place in self.places.items() if place.id.n < self.metas[name].last.n}
        readers = [(name, self._stream(name, place)) for name, place in begun.items()]
        heads: list[tuple[int, int, Found | Gap]] = []
        try:
            for order, (_, reader) in enumerate(readers):
                await _push(heads, order, reader)
            while heads:
                _, order, item = heapq.heappop(heads)
                name, reader = readers[order]
                self.places[name] = self._behind(name, item)
                yield name, item
                await _push(heads, order, reader)
        finally:
            for _, reader in readers:
                await reader.aclose()

    def start(self) -> Start:
        """Where a session goes on behind what `read` gave."""
        return Start(after=Cursor(as_of=max(self.now - ACTIVE, 0), positions=dict(self.places)))

    def cursor(self, stream: str, position: Position) -> str:
        """The cursor of a client that was given everything up to a position."""
        places = self.places | {stream: position}
        newest = ((name, place, place.id.n >= self.metas[name].last.n) for name, place in places.items())
        return format_cursor(self.now, newest)

    async def _stream(self, name: str, begin: Position) -> AsyncGenerator[Found | Gap]:
        """One stream up to its end as `metas` has it; nothing of another numbering."""
        items = scan_stream(self.history, name, self.query, begin, self.metas[name].last.n)
        async with aclosing(items):
            async for item in items:
                if isinstance(item, Gap) and item.reason in RENUMBERED:
                    return
                if isinstance(item, Found | Gap):
                    yield item
        # Nothing that matches lies between the last of them and the end.
        self.places[name] = self.metas[name].newest

    def _behind(self, name: str, item: Found | Gap) -> Position:
        position = item.position if isinstance(item, Gap) else item.piece.piece.position
        end = self.metas[name].newest
        return position if position.id.n <= end.id.n else end


async def find_recent(history: History, selection: Selection, count: int, likely: Iterable[str] = ()) -> Recent:
    """Find the last `count` records that match, by the time at which Redis took them.

    Args:
        likely: streams that have such records. Of the others no more than `GLANCE` records each are looked through, as
            long as these have not `count`.

    Raises:
        Unavailable: when Redis does not answer.
    """
    recent = Recent(history, selection.query, await history.now())
    matches = selection.matcher()
    active = dict.fromkeys(name for name, _ in await history.streams() if matches(name))
    # Agents may say anything; what nobody has written to is no stream.
    hinted = [name for name in dict.fromkeys(likely) if name in active]
    names = dict.fromkeys([*hinted, *filter(matches, selection.names), *active])
    found = await history.metas(names)
    recent.metas = {name: meta for name, meta in found.items() if meta is not None}
    recent.places = {name: meta.newest for name, meta in recent.metas.items()}
    newest: list[tuple[StreamID, str]] = []
    for name in recent.metas:
        # What is older than all that was found so far is of no use.
        floor = (await history.at_time(name, newest[-1][0].ms)).id.n if len(newest) == count else 0
        scan = GLANCE if hinted and name not in hinted else None
        ids, _ = await last_matching(history, name, count, selection.query, floor=floor, scan=scan)
        newest = heapq.nlargest(count, [*newest, *((id, name) for id in ids)])
    for id, name in newest:  # newest first, so the earliest of each stream has the last word
        recent.places[name] = just_before(id, recent.places[name])
    return recent


async def _push(heads: list[tuple[int, int, Found | Gap]], order: int, reader: AsyncGenerator[Found | Gap]) -> None:
    item = await anext(reader, None)
    if item is not None:
        id = (item.before or item.after) if isinstance(item, Gap) else item.piece.piece.last
        heapq.heappush(heads, (id.ms, order, item))
