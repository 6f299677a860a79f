"""Appending records that came over HTTP: a request is one frame, and its Idempotency-Key a producer."""

from __future__ import annotations

import contextlib
import hashlib
import re
from typing import Any, NamedTuple

import redis.asyncio
from redis.exceptions import RedisError, WatchError

from tailrace.wire import (
    DEFAULT_AGE,
    DEFAULT_SIZE,
    SCRIPT,
    Answer,
    AnswerError,
    Frame,
    FrameError,
    Keys,
    Status,
    StreamID,
    append_call,
    make_frame,
    new_epoch,
    new_producer,
)
from tailrace_relay.answering import answering
from tailrace_relay.clearing import CLEAR_SCRIPT
from tailrace_relay.errors import KeyReused, Unavailable
from tailrace_relay.submission import Submission, SubmissionError

__all__ = ["Receipt", "Writer", "producer_of"]

# How long a key is known, in ms: longer than anybody tries again.
KEY_TTL = 86_400_000

NOT_REMOVED = "Redis does not remove the stream"


class Receipt(NamedTuple):
    """What became of a request.

    Attributes:
        ids: of its records, in their order.
        repeated: it had been stored before, under the same key.
    """

    ids: list[StreamID]
    repeated: bool


class Writer:
    """Appends whole requests."""

    def __init__(self, client: redis.asyncio.Redis, keys: Keys) -> None:
        self._client = client
        self._keys = keys
        self._script = client.register_script(SCRIPT)
        self._clear = client.register_script(CLEAR_SCRIPT)

    async def append(self, stream: str, submission: Submission, key: str = "", subject: str = "") -> Receipt:
        """Store all records, or none.

        Args:
            key: the same for each attempt at the same request; empty for one that is not tried again.
            subject: whose key it is; others may use the same for something else.

        Raises:
            SubmissionError: when they are too large for one frame.
            KeyReused: when the key was given with another number of records before.
            Unavailable: when Redis does not answer: then nobody knows whether they are stored.
        """
        count = len(submission.records)
        producer = producer_of(stream, key, subject) if key else new_producer()
        try:
            frame = make_frame(producer, 1, submission.facts, submission.records)
            # What no reader would open must not be stored.
            Frame.parse(frame).records()
        except FrameError as error:
            raise SubmissionError(413, f"the records are too large for one request: {error}") from error
        names, arguments = append_call(
            self._keys,
            stream,
            frame,
            producer=producer,
            count=count,
            first_seq=1,
            shed=0,
            epoch=new_epoch(),
            mark_ttl=KEY_TTL,
            age=DEFAULT_AGE,
            size=DEFAULT_SIZE,
        )
        try:
            await self._announce(stream)
            answer = Answer.parse(await self._script(names, arguments))
        except (RedisError, OSError, TimeoutError, AnswerError) as error:
            raise Unavailable(
                f"Redis does not take records ({error}); whether they are stored is not known: "
                "with an Idempotency-Key, the same request can be sent again"
            ) from error
        if answer.mark != count or answer.id is None:
            raise KeyReused(f"this key was used for a request of {answer.mark} records; this one has {count}")
        ids = [StreamID(answer.id.ms, answer.id.n - count + 1 + place) for place in range(count)]
        return Receipt(ids, answer.status is not Status.OK)

    async def clear(self, stream: str) -> StreamID | None:
        """Remove all records of a stream; its numbering goes on. Gives the last one's ID, None without a stream.

        Raises:
            Unavailable: when Redis does not answer.
        """
        with answering("Redis does not clear the stream"):
            last = await self._clear([self._keys.stream(stream), self._keys.meta(stream)], ["PUBLISH"])
        return None if last is None else StreamID.parse(last.decode())

    async def remove(self, stream: str) -> bool:
        """Remove a stream with its numbering and its marks; whether there was one.

        Raises:
            Unavailable: when Redis does not answer.
        """
        keys = self._keys
        with answering(NOT_REMOVED):
            pattern = _literal(keys.stream(stream)) + ":p:*"
            marks = [mark async for mark in self._client.scan_iter(match=pattern, count=1000)]
            await self._client.zrem(keys.streams, stream)
            # In one step: a mark must not outlive its stream, nor go after somebody has begun it anew.
            removed, *_ = await self._unlink([keys.meta(stream), keys.stream(stream)], marks)
        return bool(removed)

    async def expire(self, stream: str, before: int) -> None:
        """Remove a stream that nobody has written to since `before` (Redis time, ms); its marks expire by themselves.

        Raises:
            Unavailable: when Redis does not answer.
        """
        keys = self._keys
        # One that changes meanwhile was written to after all.
        with answering(NOT_REMOVED), contextlib.suppress(WatchError):
            async with self._client.pipeline(transaction=True) as pipeline:
                await pipeline.watch(keys.meta(stream))
                last: Any = await self._client.hget(keys.meta(stream), "ms")
                if last is not None and int(last) >= before:
                    return
                pipeline.multi()  # type: ignore[no-untyped-call]
                pipeline.unlink(keys.meta(stream), keys.stream(stream))
                pipeline.zrem(keys.streams, stream)
                await pipeline.execute()

    async def _unlink(self, stream: list[str], marks: list[Any]) -> list[int]:
        async with self._client.pipeline(transaction=True) as pipeline:
            pipeline.unlink(*stream)
            for mark in marks:
                pipeline.unlink(mark)
            removed: list[int] = await pipeline.execute()
        return removed

    async def _announce(self, stream: str) -> None:
        """Have the stream in the list before its first frame: gateways look there for new ones."""
        seconds, micros = await self._client.time()
        await self._client.zadd(self._keys.streams, {stream: int(seconds) * 1000 + int(micros) // 1000}, gt=True)


def _literal(name: str) -> str:
    """A name as a pattern of Redis that matches it alone."""
    return re.sub(r"[*?\[\]\\^]", r"\\\g<0>", name)


def producer_of(stream: str, key: str, subject: str = "") -> bytes:
    """The producer that a key stands for, the same on every gateway."""
    return hashlib.blake2b("\n".join((subject, stream, key)).encode(), digest_size=16).digest()
