"""Appending records that came over HTTP: a request is one frame, and its Idempotency-Key a producer."""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

import redis.asyncio
from redis.exceptions import RedisError

from tailrace.wire import (
    DEFAULT_AGE,
    DEFAULT_SIZE,
    SCRIPT,
    Answer,
    AnswerError,
    FrameError,
    Keys,
    Status,
    StreamID,
    append_call,
    make_frame,
    new_epoch,
    new_producer,
)
from tailrace_relay.clearing import CLEAR_SCRIPT
from tailrace_relay.errors import KeyReused, Unavailable
from tailrace_relay.submission import Submission, SubmissionError

__all__ = ["Receipt", "Writer", "producer_of"]

# How long a key is known, in ms: longer than anybody tries again.
KEY_TTL = 86_400_000


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

    async def append(self, stream: str, submission: Submission, key: str) -> Receipt:
        """Store all records, or none.

        Args:
            key: the same for each attempt at the same request; empty for one that is not tried again.

        Raises:
            SubmissionError: when they are too large for one frame.
            KeyReused: when the key was given with another number of records before.
            Unavailable: when Redis does not answer: then nobody knows whether they are stored.
        """
        count = len(submission.records)
        producer = producer_of(stream, key) if key else new_producer()
        try:
            frame = make_frame(producer, 1, submission.facts, submission.records)
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
        try:
            last = await self._clear([self._keys.stream(stream), self._keys.meta(stream)], ["PUBLISH"])
        except (RedisError, OSError, TimeoutError) as error:
            raise Unavailable(f"Redis does not clear the stream: {error}") from error
        return None if last is None else StreamID.parse(last.decode())

    async def remove(self, stream: str) -> bool:
        """Remove a stream with its numbering and its marks; whether there was one.

        Raises:
            Unavailable: when Redis does not answer.
        """
        keys = self._keys
        try:
            await self._client.zrem(keys.streams, stream)
            removed = await self._client.unlink(keys.meta(stream), keys.stream(stream))
            async for mark in self._client.scan_iter(match=_literal(keys.stream(stream)) + ":p:*", count=1000):
                await self._client.unlink(mark)
        except (RedisError, OSError, TimeoutError) as error:
            raise Unavailable(f"Redis does not remove the stream: {error}") from error
        return bool(removed)

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
