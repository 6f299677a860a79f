"""A gateway: everything between Redis and the transports, started and stopped together. It keeps nothing."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket

from tailrace.wire import Keys
from tailrace_relay import codes
from tailrace_relay.auth import Verifier
from tailrace_relay.catchup import CatchUp
from tailrace_relay.errors import Unavailable
from tailrace_relay.feed import Feed
from tailrace_relay.history import History, connect
from tailrace_relay.hub import Hub
from tailrace_relay.keeper import Keeper
from tailrace_relay.limits import Limits
from tailrace_relay.outbox import EventStreamOutbox, Outbox
from tailrace_relay.settings import Settings
from tailrace_relay.status import StatusWatch
from tailrace_relay.writer import Writer

__all__ = ["Gateway"]

logger = logging.getLogger("tailrace.relay")

SECONDS = 1.0

# Only a connection that moves no byte for so long is given up.
STUCK = 60 * SECONDS
LOOK_FOR_STUCK = 5 * SECONDS

# Readers of whole streams at one time: each costs a page of memory, and all of them share what live clients leave.
SCANS = 4
PAGES = 4
DOWNLOADS = 16

# How often an event stream gets a comment: below every proxy's patience.
PING = 10 * SECONDS


class Gateway:
    """Starts at the first use in a running event loop; `stop` ends it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.name = settings.gateway or f"{socket.gethostname()}-{os.getpid()}"
        self.keys = Keys(settings.prefix)
        self.verifier = Verifier(settings)
        self.limits = Limits(settings)
        # The transports' open connections, each with its progress and since when it has not changed.
        self._outboxes: dict[Outbox, tuple[int, float]] = {}
        # Who reads through whole streams; others wait for their turn.
        self.scans = asyncio.Semaphore(SCANS)
        # Who reads a page, with all of its records in memory.
        self.pages = asyncio.Semaphore(PAGES)
        # Who writes files for clients, which may be slow; others are sent away.
        self.downloads = asyncio.Semaphore(DOWNLOADS)
        self._started = False
        self._watches: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Connect to Redis and begin to listen; harmless when it has begun."""
        if self._started:
            return
        self._started = True
        loop = asyncio.get_running_loop()
        self._client = connect(self.settings.url)
        self.history = History(self._client, self.keys)
        self.writer = Writer(self._client, self.keys)
        self.status = StatusWatch(self.history)
        self.keeper = Keeper(self._client, self.keys, self.history, self.writer, self.name)
        self.hub = Hub(loop)
        self.feed = Feed(self.hub, self.history, self._client, self.keys, self.name)
        self.catch_up = CatchUp(self.name, self.hub, self.feed, self.history)
        self.feed.start()
        works = (self._give_up_stuck(), self._ping_event_streams(), self.keeper.keep())
        self._watches = [loop.create_task(work) for work in works]
        with contextlib.suppress(Unavailable):  # the feed goes on trying, and readiness tells
            self.hub.set_clock(await self.history.now())

    async def stop(self) -> None:
        """Close all connections and let go of Redis."""
        if not self._started:
            return
        self._started = False
        self.close_connections()
        for watch in self._watches:
            watch.cancel()
        await self.status.stop()
        await self.catch_up.stop()
        await self.feed.stop()
        await self._client.aclose()

    @property
    def ready(self) -> bool:
        """Whether Redis answers and its pub/sub really delivers."""
        return self._started and self.feed.ready

    @property
    def connections(self) -> int:
        """How many clients are connected."""
        return len(self._outboxes)

    def add(self, outbox: Outbox) -> None:
        """Count a connection in, and watch that it moves."""
        self._outboxes[outbox] = (outbox.progress, asyncio.get_running_loop().time())

    def remove(self, outbox: Outbox) -> None:
        """Count a connection out."""
        self._outboxes.pop(outbox, None)

    def close_connections(self) -> None:
        """Tell every client to go to another gateway."""
        for outbox in list(self._outboxes):
            outbox.close(codes.GOING_AWAY, "the gateway shuts down")

    async def _ping_event_streams(self) -> None:
        while True:
            await asyncio.sleep(PING)
            for outbox in list(self._outboxes):
                if isinstance(outbox, EventStreamOutbox):
                    outbox.ping()

    async def _give_up_stuck(self) -> None:
        while True:
            await asyncio.sleep(LOOK_FOR_STUCK)
            now = asyncio.get_running_loop().time()
            for outbox, (progress, since) in list(self._outboxes.items()):
                if outbox.progress != progress or not outbox.unsent:
                    self._outboxes[outbox] = (outbox.progress, now)
                elif now - since >= STUCK:
                    logger.info("a connection that moved no byte for %d s is given up", STUCK)
                    outbox.abort()
