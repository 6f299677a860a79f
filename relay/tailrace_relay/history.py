"""Reading streams out of Redis: pages, places by time or by count, and which streams there are."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from tailrace.wire import ZERO, Frame, FrameError, Keys, StreamID, StreamIDError
from tailrace.wire.presence import Announcement
from tailrace_relay.errors import Unavailable
from tailrace_relay.position import START, Position, StreamMeta
from tailrace_relay.reader import Entry, Page

__all__ = ["MAX_STREAMS", "History", "connect"]

SECONDS = 1.0
CONNECT_TIMEOUT = 2 * SECONDS
ANSWER_TIMEOUT = 5 * SECONDS
WAIT_FOR_TURN = 20 * SECONDS

# Entries asked for in one page: a first guess, and the bounds of what it adapts to.
FIRST_PAGE = 32
LARGEST_PAGE = 1024

# Bytes of frames that one page aims at: small enough to keep latency, large enough to amortise a round trip.
PAGE_BYTES = 512 << 10

# Streams that one listing names at most.
MAX_STREAMS = 10_000

# The same for agents.
MAX_AGENTS = 10_000

# Announcements read before live clients have their turn: some five milliseconds' work.
AT_ONCE = 200

# The latest time, in ms, that a listing believes.
LAST_ACTIVITY = (1 << 53) - 1

_META = StreamMeta.FIELDS


def connect(url: str, *, connections: int = 32) -> redis.asyncio.Redis:
    """A client that never repeats a command by itself: its callers know whether they may.

    Commands beyond `connections` at a time wait for their turn: a thousand clients come at once when a gateway dies.
    """
    pool = redis.asyncio.BlockingConnectionPool.from_url(
        url,
        protocol=2,
        max_connections=connections,
        timeout=WAIT_FOR_TURN,
        retry=Retry(NoBackoff(), 0),
        socket_connect_timeout=CONNECT_TIMEOUT,
        socket_timeout=ANSWER_TIMEOUT,
    )
    return redis.asyncio.Redis.from_pool(pool)


class History:
    """Reads streams. All methods raise `Unavailable` when Redis does not answer."""

    def __init__(self, client: redis.asyncio.Redis, keys: Keys) -> None:
        self._client = client
        self._keys = keys
        # How many XRANGE and XREVRANGE were sent, and how many entries were no frames of ours.
        self.reads = 0
        self.foreign = 0

    async def metas(self, streams: Iterable[str]) -> dict[str, StreamMeta | None]:
        """The meta of each stream; None where there is no numbering."""
        names = list(streams)
        values = await self._pipeline([("HMGET", self._keys.meta(name), *_META) for name in names])
        return {name: value and StreamMeta.parse(value) for name, value in zip(names, values, strict=True)}

    async def page(self, stream: str, scan: StreamID, count: int = FIRST_PAGE) -> Page:
        """The meta and the entries after `scan`, at most `count`, of one moment."""
        meta, entries = await self._with_meta(
            stream, ("XRANGE", self._keys.stream(stream), f"({scan}", "+", "COUNT", count)
        )
        return Page(meta, scan, entries, len(entries) == count)

    async def page_before(self, stream: str, before: StreamID | None, count: int = FIRST_PAGE) -> Page:
        """The meta and the entries before `before` (None: from the end), newest first; `scan` is the oldest's ID."""
        end = "+" if before is None else f"({before}"
        meta, entries = await self._with_meta(
            stream, ("XREVRANGE", self._keys.stream(stream), end, "-", "COUNT", count)
        )
        return Page(meta, entries[-1].id if entries else ZERO, entries, len(entries) == count)

    async def at_time(self, stream: str, ms: int) -> Position:
        """The place just before the first record that was appended at `ms` or later."""
        meta, entry = await self.first_frame(stream, StreamID(ms, 0))
        if meta is None:
            return START
        if meta.born >= ms:
            return meta.newest._replace(id=ZERO)
        if entry is None or entry.frame is None:
            return meta.newest
        n = entry.id.n - entry.frame.count - entry.frame.shed
        return meta.newest._replace(id=StreamID(min(ms, entry.id.ms), n))

    async def first_frame(self, stream: str, after: StreamID) -> tuple[StreamMeta | None, Entry | None]:
        """The meta and the first entry after an ID that is no foreign one; None where there is none."""
        count = 1
        while True:
            page = await self.page(stream, after, count)
            for entry in page.entries:
                if entry.frame is not None:
                    return page.meta, entry
            if not page.more:
                return page.meta, None
            after, count = page.entries[-1].id, next_count(page, count)

    async def oldest(self, streams: Iterable[str]) -> dict[str, StreamID | None]:
        """The ID of the first record kept in each stream; None where none is."""
        names = list(streams)
        self.reads += len(names)
        pages = await self._pipeline([("XRANGE", self._keys.stream(name), "-", "+", "COUNT", 1) for name in names])
        first = {name: next(iter(self._entries(page or [])), None) for name, page in zip(names, pages, strict=True)}
        for name, entry in first.items():
            if entry is not None and entry.frame is None:
                _, first[name] = await self.first_frame(name, entry.id)
        return {name: _first_record(entry) for name, entry in first.items()}

    async def streams(self, since: int = 0) -> list[tuple[str, int]]:
        """Stream names with their last activity (Redis time, ms) since `since`, most recent first.

        At most `MAX_STREAMS`; the least recent are left out.
        """
        [found] = await self._pipeline(
            [("ZREVRANGEBYSCORE", self._keys.streams, LAST_ACTIVITY, since, "WITHSCORES", "LIMIT", 0, MAX_STREAMS)]
        )
        found = found or []
        names = [self._keys.stream_of(self._keys.stream(name.decode("ascii", "replace"))) for name in found[::2]]
        return [(name, int(float(score))) for name, score in zip(names, found[1::2], strict=True) if name is not None]

    async def announcements(self) -> list[Announcement]:
        """What agents have said of themselves, those that spoke last first; at most `MAX_AGENTS`."""
        [listed] = await self._pipeline([("ZREVRANGE", self._keys.agents, 0, MAX_AGENTS - 1)])
        names = [name.decode("ascii", "replace") for name in listed or []]
        answers = await self._pipeline([("GET", self._keys.agent(name)) for name in names])
        found = []
        for place, answer in enumerate(answers, 1):
            said = _announcement(answer)
            if said is not None:
                found.append(said)
            if place % AT_ONCE == 0:
                await asyncio.sleep(0)
        return found

    async def now(self) -> int:
        """Redis time in ms."""
        [(seconds, micros)] = await self._pipeline([("TIME",)])
        return int(seconds) * 1000 + int(micros) // 1000

    async def _with_meta(self, stream: str, command: tuple[Any, ...]) -> tuple[StreamMeta | None, list[Entry]]:
        self.reads += 1
        meta, found = await self._pipeline([("HMGET", self._keys.meta(stream), *_META), command], atomic=True)
        return meta and StreamMeta.parse(meta), self._entries(found or [])

    async def _pipeline(self, commands: list[tuple[Any, ...]], *, atomic: bool = False) -> list[Any]:
        """The answers; None for a key of a wrong type, which concerns its own stream alone."""
        if not commands:
            return []
        try:
            async with self._client.pipeline(transaction=atomic) as pipeline:
                for command in commands:
                    pipeline.execute_command(*command)
                answers = await pipeline.execute(raise_on_error=False)
            return [_answer(answer) for answer in answers]
        except (RedisError, OSError, TimeoutError) as error:
            raise Unavailable(f"Redis does not answer: {error}") from error

    def _entries(self, found: Any) -> list[Entry]:
        entries = [_entry(id, fields) for id, fields in found]
        self.foreign += sum(entry.frame is None for entry in entries)
        return entries


def next_count(page: Page, count: int) -> int:
    """How many entries to ask for next, so that a page comes near `PAGE_BYTES`."""
    size = sum(len(entry.frame.data) for entry in page.entries if entry.frame is not None)
    if size > 2 * PAGE_BYTES:
        return max(count // 2, 1)
    return min(count * 2, LARGEST_PAGE) if size < PAGE_BYTES // 2 and page.more else count


def _entry(id: bytes, fields: Any) -> Entry:
    try:
        place = StreamID.parse(id.decode())
    except StreamIDError:
        # Beyond 2^53: no script of ours makes such an ID.
        ms, _, n = id.decode().partition("-")
        return Entry(StreamID(int(ms), int(n)), None)
    try:
        return Entry(place, Frame.parse(fields.get(b"f", b"")))
    except FrameError:
        return Entry(place, None)


def _answer(answer: Any) -> Any:
    if isinstance(answer, Exception):
        if not str(answer).startswith("WRONGTYPE"):
            raise answer
        return None
    return answer


def _first_record(entry: Entry | None) -> StreamID | None:
    if entry is None or entry.frame is None:
        return None
    return StreamID(entry.id.ms, entry.id.n - entry.frame.count + 1)


def _announcement(packed: bytes | None) -> Announcement | None:
    try:
        return None if packed is None else Announcement.parse(packed)
    except FrameError:
        return None  # of an agent of another version, or no agent's at all
