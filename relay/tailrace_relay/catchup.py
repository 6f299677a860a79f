"""Bringing a client from where it stands to live: where that is, the greeting, and the pages in between."""

from __future__ import annotations

import asyncio
import logging
import random

from tailrace.wire import ZERO, StreamID
from tailrace_relay import codes
from tailrace_relay.cursor import ACTIVE
from tailrace_relay.dialect import NATIVE, Dialect
from tailrace_relay.endings import end_tasks
from tailrace_relay.errors import Unavailable
from tailrace_relay.feed import Feed
from tailrace_relay.history import FIRST_PAGE, History, next_count
from tailrace_relay.hub import Hub
from tailrace_relay.outbox import Outbox
from tailrace_relay.places import Metas, positions_of
from tailrace_relay.position import START, Position, StreamMeta
from tailrace_relay.selection import NOW, Selection, Start
from tailrace_relay.session import Session

__all__ = ["CatchUp"]

logger = logging.getLogger("tailrace.relay")

SECONDS = 1.0

# A client that is ahead of its gateway looks again after this, should nothing move.
LOOK_AGAIN = 0.25 * SECONDS

SHORTEST_BACKOFF = 0.1 * SECONDS
LONGEST_BACKOFF = 2 * SECONDS


class CatchUp:
    """Opens subscriptions and keeps their clients supplied."""

    def __init__(self, gateway: str, hub: Hub, feed: Feed, history: History) -> None:
        self._gateway = gateway
        self._hub = hub
        self._feed = feed
        self._history = history
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self, selection: Selection, start: Start, outbox: Outbox, dialect: Dialect = NATIVE) -> Session:
        """Find where the client stands, and greet it.

        Raises:
            Unavailable: when Redis does not answer.
        """
        metas: Metas = {}
        positions: dict[str, Position] = {}
        oldest: dict[str, StreamID | None] = {}
        new = await self._streams(selection, start)
        while new:
            await self._feed.listen(new)
            found = await self._history.metas(new)
            if start != NOW:
                positions |= await positions_of(self._history, start, selection.query, found)
            elif not metas:
                # Where the greeting says; a stream that begins later is the group's to begin with.
                positions = {name: START if meta is None else meta.newest for name, meta in found.items()}
            oldest |= await self._history.oldest(new)
            metas |= found
            # While this was read, streams that nobody followed may have been let go, and others may have begun.
            while any(name not in self._hub.streams for name in metas):
                await self._feed.listen(metas)
            new = [name for name in self._hub.group(selection, dialect).positions if name not in metas]
        session = Session(self._hub, self._hub.group(selection, dialect), outbox, positions, self._begin)
        known = ((name, meta, oldest[name]) for name, meta in metas.items() if meta is not None)
        complete = selection.query.predicate is None
        hello = dialect.hello(self._gateway, map(_greeting, known), session.cursor(), complete=complete)
        if hello is not None:
            outbox.write(hello)
        self._begin(session)
        return session

    async def stop(self) -> None:
        """Let go of all clients that are catching up."""
        await end_tasks(self._tasks)

    def _begin(self, session: Session) -> None:
        """Catch up in the background; a live client costs no task."""
        task = asyncio.get_running_loop().create_task(self._until_live(session))
        self._tasks.add(task)
        task.add_done_callback(lambda task: self._done(session, task))

    def _done(self, session: Session, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.error("catching up failed", exc_info=task.exception())
            session.outbox.close(codes.FAILED, "the gateway failed within; come again with your cursor")

    async def _until_live(self, session: Session) -> None:
        counts: dict[str, int] = {}
        backoff = SHORTEST_BACKOFF
        while session.open and not session.live:
            await session.outbox.drained()
            if not session.write():
                continue
            session.heartbeat()
            stream = next(iter(session.behind()), None)
            if stream is None:
                if session.join() or session.outbox.behind or await _moved(session):
                    continue
                stream = session.ahead()
            if stream is None:
                continue
            count = counts.get(stream, FIRST_PAGE)
            try:
                page = await self._history.page(stream, session.reader(stream).scan, count)
            except Unavailable:
                await asyncio.sleep(random.uniform(0, backoff))
                backoff = min(backoff * 2, LONGEST_BACKOFF)
                continue
            backoff = SHORTEST_BACKOFF
            counts[stream] = next_count(page, count)
            if stream in session.positions and not session.take(stream, page):
                await _moved(session)

    async def _streams(self, selection: Selection, start: Start) -> list[str]:
        """The streams that a subscription begins with; later ones come when they become active."""
        names = dict.fromkeys(selection.names)
        if len(names) < len(selection.patterns):
            matches = selection.matcher()
            if start.after is not None and start.after.single is None:
                since = start.after.as_of - ACTIVE
                names |= {name: None for name in start.after.positions if matches(name)}
            else:
                since = 0 if start.after is not None or start.tail else self._hub.now() - ACTIVE
            names |= {name: None for name, _ in await self._history.streams(max(since, 0)) if matches(name)}
        return list(names)


def _greeting(known: tuple[str, StreamMeta, StreamID | None]) -> dict[str, str | None]:
    name, meta, oldest = known
    newest = str(meta.last) if meta.last != ZERO else None
    return {"stream": name, "epoch": meta.epoch, "oldest": None if oldest is None else str(oldest), "newest": newest}


async def _moved(session: Session) -> bool:
    """Wait for the group: the client is ahead of it, or Redis knows something that the hub does not know yet."""
    try:
        async with asyncio.timeout(LOOK_AGAIN):
            await session.group.moved.wait()
    except TimeoutError:
        return False
    return True
