"""One client's subscription: catching up at its own pace, or live in its group. No I/O.

A session is catching up until its positions equal the group's; in that same step of the event loop it goes live. There
is no lock, and no record can fall in between.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import takewhile

from tailrace_relay.cursor import format_cursor
from tailrace_relay.group import Delivery, Group, Written
from tailrace_relay.hub import HEARTBEAT, Hub
from tailrace_relay.outbox import Outbox
from tailrace_relay.position import Position
from tailrace_relay.reader import Page, Reader

__all__ = ["Session"]


class Session:
    """A subscription of one client.

    Attributes:
        group: the clients that asked for the same.
        outbox: where messages go.
        positions: where the client stands in each stream, while it is catching up.
        fell: called when a live client has fallen behind and must catch up again.
    """

    __slots__ = ("_hub", "_readers", "_waiting", "fell", "group", "outbox", "positions", "written_at")

    def __init__(
        self,
        hub: Hub,
        group: Group,
        outbox: Outbox,
        positions: dict[str, Position],
        fell: Callable[[Session], None],
    ) -> None:
        self._hub = hub
        self.group = group
        self.outbox = outbox
        self.positions = dict(group.positions) | positions
        self.fell = fell
        self._readers: dict[str, Reader] = {}
        self.written_at = time.monotonic()
        # Messages made but not yet written, each with the position after it.
        self._waiting: Iterator[Written] = iter(())
        group.sessions.add(self)

    @property
    def open(self) -> bool:
        """Whether the client is still there."""
        return self in self.group.sessions and not self.outbox.closed

    @property
    def live(self) -> bool:
        return self in self.group.members

    def reader(self, stream: str) -> Reader:
        """The reader that catches up in one stream, where the client stands: the hub's memory may have led it on."""
        reader, position = self._readers.get(stream), self.positions[stream]
        if reader is None or reader.position != position:
            live = self._hub.streams.get(stream)
            reader = self._readers[stream] = Reader(position, () if live is None else live.lineage)
        return reader

    def write(self) -> bool:
        """Write what waits, as far as the client keeps up; True when nothing waits any more."""
        while not self.outbox.behind:
            written = next(self._waiting, None)
            if written is None:
                return True
            stream, position, message = written
            if message is not None:
                self.outbox.write(message)
                self.written_at = time.monotonic()
            self.positions[stream] = position
        return False

    def heartbeat(self) -> None:
        """Tell a client that catches up where it stands, when it has heard nothing for a while: nothing matched."""
        if time.monotonic() - self.written_at >= HEARTBEAT:
            self.written_at = time.monotonic()
            message = self.group.output.dialect.heartbeat(self.cursor())
            if message is not None:
                self.outbox.write(message)

    def behind(self) -> list[str]:
        """Streams of which a page must be read: what is missing there is not in the hub's memory."""
        return [stream for stream in self.positions if self._remembered(stream) is None]

    def ahead(self) -> str | None:
        """A stream in which the client stands beyond the group: by another gateway's word, or by a wrong cursor."""
        return next((stream for stream in self.positions if not self._level(stream)), None)

    def take(self, stream: str, page: Page) -> bool:
        """Deliver a page, not beyond the group's position: what comes after it is the group's to deliver.

        Gives whether the page led anywhere; if not, the client stands at the stream's end, ahead of the group.
        """
        reader = self.reader(stream)
        target = self.group.positions.get(stream)
        if target is not None and page.meta is not None and page.meta.epoch == target.epoch:
            within = list(takewhile(lambda entry: entry.frame is None or entry.id.n <= target.id.n, page.entries))
            if page.entries and not within:
                return False
            if len(within) < len(page.entries):
                page = replace(page, entries=within, more=True)
        items = reader.take(page)
        if not items:
            self.positions[stream] = reader.position
        self._deliver(Delivery(stream, item) for item in items)
        return bool(items) or not reader.level

    def join(self) -> bool:
        """Go live if nothing is missing; what little is, comes from the hub's memory in this same step."""
        for stream in list(self.positions):
            if self._level(stream):
                continue
            items = self._remembered(stream)
            if not items:
                return False
            self._deliver(items)
            if not self.write() or not self._level(stream):
                return False
        message = self.group.output.dialect.live(self.group.cursor())
        if message is not None and not self.outbox.write(message):
            return False
        self._readers.clear()
        self.positions = {}
        self.group.members.add(self)
        return True

    def fall_behind(self, positions: dict[str, Position]) -> None:
        """Leave the live clients: from `positions` on the client catches up at its own pace."""
        self.positions = positions
        self.fell(self)

    def leave(self) -> None:
        """End the subscription."""
        self.group.members.discard(self)
        self.group.sessions.discard(self)

    def cursor(self) -> str:
        """The cursor of the client where it stands now."""
        return self.group.cursor() if self.live else self._cursor(self.positions)

    def _cursor(self, positions: dict[str, Position]) -> str:
        if self.group.output.selection.single:
            return next((str(place) for place in positions.values()), "0-0")
        places = ((name, place, self._is_newest(name, place)) for name, place in positions.items())
        return format_cursor(self._hub.now(), places)

    def _is_newest(self, stream: str, position: Position) -> bool:
        live = self._hub.streams.get(stream)
        return live is not None and live.position.id.n <= position.id.n

    def _level(self, stream: str) -> bool:
        target = self.group.positions.get(stream)
        position = self.positions[stream]
        if target is None:
            return True
        live = self._hub.streams.get(stream)
        # Of any other generation, the client may hold records that a fork took back. The group's own may lag behind
        # the hub's, where a new one took nothing back.
        numberings = {target.generation, target.generation if live is None else live.position.generation}
        of_target = position.epoch == target.epoch and position.generation in numberings
        return of_target and position.id.n == target.id.n

    def _remembered(self, stream: str) -> list[Delivery] | None:
        """What leads to the group's position; None when it must be read from the stream."""
        live = self._hub.streams.get(stream)
        target = self.group.positions.get(stream)
        position = self.positions[stream]
        if live is None or target is None or self._level(stream):
            return []
        if position.epoch == target.epoch and position.id.n > target.id.n:
            return []
        items = live.since(position, target)
        return None if items is None else [Delivery(stream, item) for item in items]

    def _deliver(self, deliveries: Iterable[Delivery]) -> None:
        def cursor(stream: str, position: Position) -> str:
            return self._cursor(self.positions | {stream: position})

        self._waiting = self.group.output.messages(deliveries, cursor)
