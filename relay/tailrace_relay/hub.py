"""The streams that a gateway listens to, and the groups that they go to. No I/O: the feed does it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from tailrace.wire import Publication
from tailrace_relay.clearing import Cleared
from tailrace_relay.dialect import Dialect
from tailrace_relay.group import Counters, Delivery, Group, Output
from tailrace_relay.position import Lineage, Position
from tailrace_relay.reader import Item
from tailrace_relay.selection import Selection
from tailrace_relay.stream import LiveStream, Verdict

__all__ = ["HEARTBEAT", "Hub"]

SECONDS = 1.0

# A group with nothing to say says so this often.
HEARTBEAT = 5 * SECONDS

# How long a stream that nobody follows any more is kept, so that a reload of a page costs nothing.
LINGER = 10 * SECONDS


class Hub:
    """Hands what streams publish to the groups that selected them.

    A group has exactly those of the hub's streams that its selection matches, each from the same position on.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.streams: dict[str, LiveStream] = {}
        self.groups: dict[tuple[Selection, Dialect], Group] = {}
        self.counters = Counters()
        self._loop = loop
        self._unused: dict[str, float] = {}
        self._redis_ms = 0

    def set_clock(self, redis_ms: int) -> None:
        """Take over Redis' time, at which all streams were compared."""
        self._redis_ms = redis_ms

    def now(self) -> int:
        """Redis time in ms when the streams were last compared.

        It stands still while they cannot be: a cursor must not speak for a time of which nothing is known.
        """
        return self._redis_ms

    def group(self, selection: Selection, dialect: Dialect) -> Group:
        """The group of a selection in a dialect; made when there is none yet."""
        key = (selection, dialect)
        group = self.groups.get(key)
        if group is None:
            group = Group(Output(selection, dialect, self.counters), self.now, self._loop)
            for name, stream in self.streams.items():
                if group.matches(name):
                    group.add_stream(name, stream.position)
            self.groups[key] = group
        return group

    def add_stream(self, name: str, position: Position, lineage: Lineage = (), cleared: int = 0) -> None:
        """Listen to one more stream, from a position on; every group that matches it has it from there.

        Args:
            cleared: the number up to which it was cleared before.
        """
        self.streams[name] = LiveStream(name, position, lineage, cleared)
        for group in self.groups.values():
            if group.matches(name):
                group.add_stream(name, position)

    def remove_stream(self, name: str) -> None:
        """Listen to a stream no more."""
        self.streams.pop(name, None)
        self._unused.pop(name, None)
        for group in self.groups.values():
            group.remove_stream(name)

    def receive(self, name: str, publication: Publication) -> bool:
        """Take what a stream's channel brought; False when the stream has a hole that must be repaired."""
        stream = self.streams.get(name)
        if stream is None:
            return True
        stream.heard = True
        if stream.repairing:
            stream.hold(publication)
            return True
        verdict = stream.judge(publication)
        if verdict is Verdict.NEXT:
            self._hand_out(name, stream.accept(publication))
        elif verdict is Verdict.DUPLICATE:
            self.counters.duplicates += 1
        else:
            stream.hold(publication)
        return verdict is not Verdict.HOLE

    def deliver(self, name: str, items: list[Item], position: Position, lineage: Lineage) -> None:
        """Hand out what a repair found; the stream stands at `position` after it."""
        stream = self.streams.get(name)
        if stream is not None:
            stream.advance(items)
            stream.position, stream.lineage = position, lineage
            self._hand_out(name, items)

    def clear(self, name: str, cleared: Cleared) -> bool:
        """Take note that a stream was cleared; False when records are missing that went before they came."""
        stream = self.streams[name]
        items = stream.clear(cleared)
        if items:
            self._hand_out(name, items)
        return items is not None

    def idle_groups(self) -> list[Group]:
        """Groups that have not written for a heartbeat's time."""
        due = self._loop.time() - HEARTBEAT
        return [group for group in self.groups.values() if group.members and group.written_at <= due]

    def drop_unused(self) -> list[str]:
        """Forget groups without clients at once, and streams without groups after a while; gives their names."""
        for key in [key for key, group in self.groups.items() if not group.sessions]:
            del self.groups[key]
        now = self._loop.time()
        used = {name for group in self.groups.values() for name in group.positions}
        for name in self.streams:
            if name in used:
                self._unused.pop(name, None)
            else:
                self._unused.setdefault(name, now)
        gone = [name for name, since in self._unused.items() if now - since >= LINGER]
        for name in gone:
            self.remove_stream(name)
        return gone

    def wanted(self, names: Iterable[str]) -> list[str]:
        """Those of the names that some group matches and nobody listens to yet."""
        matchers = [group.matches for group in self.groups.values()]
        return [name for name in names if name not in self.streams and any(matches(name) for matches in matchers)]

    def _hand_out(self, name: str, items: list[Item]) -> None:
        deliveries = [Delivery(name, item) for item in items]
        for group in self.groups.values():
            if name in group.positions:
                for delivery in deliveries:
                    group.receive(delivery)
