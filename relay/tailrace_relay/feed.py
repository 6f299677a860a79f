"""What Redis publishes, brought to the hub; and what was lost on the way, read from the streams.

Every second the feed reads the metas of quiet streams and then publishes a probe to itself. Redis keeps the order: when
the probe comes back, all that was published before those metas were read must have come too. A stream that still
lags has lost its last message, and is repaired. A probe that does not come back means that pub/sub is starving.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import secrets
from collections.abc import Iterable
from typing import Any

import redis.asyncio
from redis.exceptions import RedisError

from tailrace.wire import FrameError, Keys, Publication
from tailrace_relay.clearing import Cleared, parse_cleared
from tailrace_relay.endings import end_tasks
from tailrace_relay.errors import Unavailable
from tailrace_relay.history import FIRST_PAGE, History, next_count
from tailrace_relay.hub import Hub
from tailrace_relay.position import START, Position, StreamMeta
from tailrace_relay.reader import Reader
from tailrace_relay.stream import LiveStream

__all__ = ["Feed"]

logger = logging.getLogger("tailrace.relay")

SECONDS = 1.0

# How often quiet streams are compared, the probe is sent and new streams are looked for.
TICK = 1 * SECONDS

# Without a probe for so long, Redis is not delivering: not ready, and a new connection is tried.
DEAF = 3 * SECONDS

# How long SUBSCRIBE may take to be confirmed.
SUBSCRIBE_TIMEOUT = 5 * SECONDS

# Channels in one SUBSCRIBE command.
CHANNELS_AT_ONCE = 512

# Publications kept while a stream's place is looked up; further ones are forgotten, and read from the stream.
EARLY = 256

# Waits between attempts: full jitter, doubling.
SHORTEST_BACKOFF = 0.05 * SECONDS
LONGEST_BACKOFF = 2 * SECONDS

# A stream is looked for from this long before the last look, in ms: clocks of agents differ.
LOOK_BACK = 60_000

_ERRORS = (RedisError, OSError, TimeoutError, EOFError)


class Feed:
    """Listens to streams for a hub.

    Args:
        hub: where publications go.
        history: reads what is missing.
        client: for commands, and for the subscription's own connection.
        keys: the names in Redis.
        gateway: this gateway's name.
    """

    def __init__(self, hub: Hub, history: History, client: redis.asyncio.Redis, keys: Keys, gateway: str) -> None:
        self._hub = hub
        self._history = history
        self._client = client
        self._keys = keys
        self._probe = keys.probe(gateway)
        self._connection: Any = None
        self._confirmed: dict[str, asyncio.Future[None]] = {}
        self._channels: set[str] = set()
        self._listening: dict[str, asyncio.Task[None]] = {}
        # What comes between a subscription and the look at where its stream stands.
        self._early: dict[str, list[Publication]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        # The token of the last probe, and what Redis said just before it: its time, and the metas of quiet streams,
        # each with where the stream stood here when its meta was asked for.
        self._awaited: tuple[str, int, dict[str, tuple[Position, StreamMeta | None]]] = ("", 0, {})
        self._heard_at = -DEAF
        self._connected_at = 0.0
        self._looked_at = 0
        self._loop = asyncio.get_running_loop()

    @property
    def ready(self) -> bool:
        """Whether a probe came back lately: Redis answers, and pub/sub really delivers."""
        return self._loop.time() - self._heard_at < DEAF

    def start(self) -> None:
        """Start listening; it goes on until `stop`."""
        self._spawn(self._keep_listening())
        self._spawn(self._keep_ticking())

    async def stop(self) -> None:
        """Stop listening."""
        await end_tasks([*self._tasks, *self._listening.values()])
        await self._disconnect()

    async def listen(self, names: Iterable[str], since: int | None = None) -> None:
        """Listen to streams that are not listened to yet: from now on, or from the records appended at `since` (ms) on.

        Raises:
            Unavailable: when Redis does not answer or does not confirm.
        """
        new = [name for name in names if name not in self._hub.streams and name not in self._listening]
        if new:
            task = self._loop.create_task(self._listen(new, since))
            self._listening |= dict.fromkeys(new, task)
            task.add_done_callback(lambda task: self._listened(new, task))
        tasks = {self._listening[name] for name in names if name in self._listening}
        if tasks:
            await asyncio.gather(*(asyncio.shield(task) for task in tasks))

    async def look_for_streams(self) -> None:
        """Listen to streams that have become active and that some group selects.

        Raises:
            Unavailable: when Redis does not answer.
        """
        now = self._hub.now()
        since = (self._looked_at or now) - LOOK_BACK
        if not all(group.output.selection.single for group in self._hub.groups.values()):
            found = self._hub.wanted(name for name, _ in await self._history.streams(since))
            if found:
                await self.listen(found, since)
        self._looked_at = now

    # The subscription.

    async def _listen(self, names: list[str], since: int | None) -> None:
        for i in range(0, len(names), CHANNELS_AT_ONCE):
            some = names[i : i + CHANNELS_AT_ONCE]
            self._early |= {name: [] for name in some}
            try:
                await self._subscribe([self._keys.stream(name) for name in some])
                metas = await self._history.metas(some)
                for name in some:
                    await self._begin(name, metas[name], since)
            finally:
                for name in some:
                    self._early.pop(name, None)

    async def _begin(self, name: str, meta: StreamMeta | None, since: int | None) -> None:
        position = START if meta is None else meta.newest
        if since is None and self._hub.wanted([name]):
            # It became active after the last look, and who follows a glob is owed it from there.
            since = self._looked_at - LOOK_BACK
        if since is not None and meta is not None:
            position = await self._history.at_time(name, max(since, 0))
        self._hub.add_stream(name, position, () if meta is None else meta.generations, meta.cleared if meta else 0)
        if meta is not None and not self._hub.streams[name].in_line_with(meta):
            self._repair(name)
        for publication in self._early.pop(name):
            if not self._hub.receive(name, publication):
                self._repair(name)

    def _listened(self, names: list[str], task: asyncio.Task[None]) -> None:
        for name in names:
            self._listening.pop(name, None)
        if not task.cancelled() and task.exception() is not None:
            logger.warning("%s", task.exception())

    async def _subscribe(self, channels: list[str]) -> None:
        self._channels.update(channels)
        futures = [self._confirmed.setdefault(channel, self._loop.create_future()) for channel in channels]
        if self._connection is not None:
            await self._send("SUBSCRIBE", *channels)
        try:
            async with asyncio.timeout(SUBSCRIBE_TIMEOUT):
                await asyncio.gather(*(asyncio.shield(future) for future in futures))
        except TimeoutError as error:
            raise Unavailable("Redis does not confirm a subscription") from error

    async def _send(self, *command: str) -> None:
        try:
            await self._connection.send_command(*command)
        except _ERRORS as error:
            raise Unavailable(f"Redis does not answer: {error}") from error

    async def _keep_listening(self) -> None:
        backoff = 0.0
        while True:
            try:
                await self._listen_once()
            except _ERRORS as error:
                logger.warning("subscription to Redis lost: %s", error)
            except Exception:  # a gateway without its subscription is none, whatever the reason
                logger.exception("the subscription failed")
            if self._heard_at > self._connected_at:
                backoff = 0.0
            await self._disconnect()
            await asyncio.sleep(random.uniform(0, backoff))
            backoff = min(max(backoff * 2, SHORTEST_BACKOFF), LONGEST_BACKOFF)

    async def _listen_once(self) -> None:
        connection = self._client.connection_pool.make_connection()  # type: ignore[no-untyped-call]
        await connection.connect()
        # A quiet subscription is no dead one: the probe tells.
        connection.socket_timeout = None
        self._connection = connection
        self._connected_at = self._loop.time()
        for channel in self._channels:
            if channel not in self._confirmed or self._confirmed[channel].done():
                self._confirmed[channel] = self._loop.create_future()
        channels = [self._probe, *self._channels]
        for i in range(0, len(channels), CHANNELS_AT_ONCE):
            await connection.send_command("SUBSCRIBE", *channels[i : i + CHANNELS_AT_ONCE])
        while True:
            kind, channel, payload = await connection.read_response()
            if kind == b"message":
                self._message(channel.decode(), payload)
            elif kind == b"subscribe":
                future = self._confirmed.get(channel.decode())
                if future is not None and not future.done():
                    future.set_result(None)

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(*_ERRORS):  # it is being thrown away
                await connection.disconnect()

    def _message(self, channel: str, payload: bytes) -> None:
        if channel == self._probe:
            self._probe_heard(payload.decode("ascii", "replace"))
            return
        stream = self._keys.stream_of(channel)
        if stream is None:
            return
        cleared = parse_cleared(payload)
        if cleared is not None:
            self._clear(stream, cleared)
            return
        try:
            publication = Publication.parse(payload)
        except FrameError as error:
            self._hub.counters.damaged += 1
            logger.warning("stream %s: a message is passed over: %s", stream, error)
            return
        early = self._early.get(stream)
        if early is not None:
            if len(early) < EARLY:
                early.append(publication)
        elif not self._hub.receive(stream, publication):
            self._repair(stream)

    def _clear(self, name: str, cleared: Cleared) -> None:
        if name in self._hub.streams and not self._hub.clear(name, cleared):
            self._repair(name)

    # Comparing, once a second.

    async def _keep_ticking(self) -> None:
        while True:
            try:
                await self._tick()
                await self.look_for_streams()
            except Unavailable as error:
                logger.warning("%s", error)
            except Exception:  # the next tick must come, whatever the reason
                logger.exception("a tick failed")
            await self._tidy()
            await asyncio.sleep(TICK)

    async def _tidy(self) -> None:
        now = self._loop.time()
        if self._connection is not None and now - max(self._heard_at, self._connected_at) > DEAF:
            logger.warning("pub/sub delivers nothing: connecting anew")
            await self._disconnect()
        for group in self._hub.idle_groups():
            group.heartbeat()
        gone = [self._keys.stream(name) for name in self._hub.drop_unused()]
        if gone:
            self._channels.difference_update(gone)
            await self._unsubscribe(gone)

    async def _unsubscribe(self, channels: list[str]) -> None:
        for channel in channels:
            self._confirmed.pop(channel, None)
        if self._connection is not None:
            with contextlib.suppress(Unavailable):  # a lost connection has no subscriptions either
                await self._send("UNSUBSCRIBE", *channels)

    async def _tick(self) -> None:
        streams = self._hub.streams
        quiet = [name for name, stream in streams.items() if not stream.heard and not stream.repairing]
        for stream in streams.values():
            stream.heard = False
        known = {name: streams[name].position for name in quiet}
        now = await self._history.now()
        metas = await self._history.metas(quiet)
        token = secrets.token_hex(8)
        self._awaited = (token, now, {name: (known[name], metas[name]) for name in quiet})
        try:
            await self._client.publish(self._probe, token)
        except _ERRORS as error:
            raise Unavailable(f"Redis does not answer: {error}") from error

    def _probe_heard(self, token: str) -> None:
        expected, now, metas = self._awaited
        if token != expected:
            return
        self._heard_at = self._loop.time()
        self._hub.set_clock(now)
        for name, (known, meta) in metas.items():
            if meta is not None:
                self._clear(name, Cleared(meta.cleared, meta.epoch))  # which the stream may know already
            stream = self._hub.streams.get(name)
            if stream is not None and not stream.repairing and not stream.in_line_with(meta, known):
                self._repair(name)

    # Repairing.

    def _repair(self, name: str) -> None:
        stream = self._hub.streams[name]
        if not stream.repairing:
            stream.repairing = True
            self._hub.counters.repairs += 1
            self._spawn(self._repair_until_level(name))

    async def _repair_until_level(self, name: str) -> None:
        stream = self._hub.streams[name]
        try:
            read = await self._read_until_level(name, stream)
        finally:
            stream.repairing = False
        # Those that had come before the last page was asked for are on it, or Redis has taken them back.
        for publication in stream.release()[read:]:
            # One of another numbering came too late to matter: the repair has read what there is now.
            if _same_numbering(publication, stream.position) and not self._hub.receive(name, publication):
                self._repair(name)

    async def _read_until_level(self, name: str, stream: LiveStream) -> int:
        reader, count, backoff = Reader(stream.position, stream.lineage), FIRST_PAGE, SHORTEST_BACKOFF
        held = 0
        while not reader.level and self._hub.streams.get(name) is stream:
            held = stream.held
            try:
                page = await self._history.page(name, reader.scan, count)
            except Unavailable:
                await asyncio.sleep(random.uniform(0, backoff))
                backoff = min(backoff * 2, LONGEST_BACKOFF)
                continue
            self._hub.deliver(name, reader.take(page), reader.position, reader.lineage)
            count = next_count(page, count)
        return held

    def _spawn(self, work: Any) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.error("a task of the feed failed", exc_info=task.exception())


def _same_numbering(publication: Publication, position: Position) -> bool:
    return publication.epoch == position.epoch and publication.generation == position.generation
