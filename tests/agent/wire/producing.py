"""A producer and a stream as the tests of the append script need them: whole frames in, all that Redis holds out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import redis

from tailrace.wire import (
    DEFAULT_AGE,
    DEFAULT_SIZE,
    MARK_TTL,
    SCRIPT,
    Answer,
    Facts,
    Frame,
    FrameError,
    Keys,
    Record,
    Shed,
    StreamID,
    append_call,
    make_frame,
    new_epoch,
    new_producer,
)

NOON = 1_763_683_200_000_000
HOUR = 3_600_000


class Entry(NamedTuple):
    """One entry of the Redis stream that is a frame."""

    id: StreamID
    frame: Frame
    appended: int


class Generation(NamedTuple):
    number: int
    start: StreamID
    replid: str


@dataclass
class Stream:
    """A stream in a Redis, seen by the commands that any client has."""

    client: redis.Redis
    keys: Keys
    name: str = "api"

    @property
    def key(self) -> str:
        return self.keys.stream(self.name)

    @property
    def meta_key(self) -> str:
        return self.keys.meta(self.name)

    def meta(self) -> dict[str, str]:
        held: Any = self.client.hgetall(self.meta_key)
        return {name.decode(): value.decode() for name, value in held.items()}

    def set_meta(self, **fields: str | int) -> None:
        for name, value in fields.items():
            self.client.hset(self.meta_key, name, value)

    def generations(self) -> list[Generation]:
        words = [word.split(":") for word in self.meta()["gens"].split()]
        return [Generation(int(number), StreamID.parse(start), replid) for number, start, replid in words]

    def raw(self) -> list[Any]:
        entries: Any = self.client.xrange(self.key)
        return list(entries)

    def entries(self) -> list[Entry]:
        """The frames, oldest first; foreign entries are passed over as any reader must."""
        found = []
        for id, fields in self.raw():
            try:
                frame = Frame.parse(fields.get(b"f", b""))
            except FrameError:
                continue
            found.append(Entry(StreamID.parse(id.decode()), frame, int(fields[b"b"])))
        return found

    def messages(self) -> list[str]:
        return [record.message for entry in self.entries() for record in entry.frame.records()[1]]

    def now(self) -> int:
        """Redis time in ms."""
        time: Any = self.client.time()
        return int(time[0]) * 1000 + int(time[1]) // 1000

    def add_foreign(self, id: str = "*") -> str:
        with hung_up(self.client):
            reply: Any = self.client.xadd(self.key, {"note": "not ours"}, id=id)
        return str(reply.decode())


@dataclass
class Producer:
    """One producer of a stream; appends the frames it is told to, each call with a new epoch word."""

    stream: Stream
    client: redis.Redis
    id: bytes = field(default_factory=new_producer)

    @property
    def key(self) -> str:
        return self.stream.keys.mark(self.stream.name, self.id)

    def mark(self) -> str | None:
        held: Any = self.client.get(self.key)
        return None if held is None else str(held.decode())

    def frame(self, first: int, count: int = 1, *, shed: int = 0, padding: int = 0) -> bytes:
        """Records whose message is their own seq; `shed` are counted as DEBUG."""
        messages = [str(seq) + "x" * padding for seq in range(first, first + count)]
        records = [Record(time=NOON, level_number=20, logger="t", message=message) for message in messages]
        counts: Shed = (shed, 0, 0, 0, 0)
        return make_frame(self.id, first, Facts(), records, shed=counts, compress=False)

    def append(
        self,
        first: int,
        count: int = 1,
        *,
        shed: int = 0,
        epoch: str | None = None,
        padding: int = 0,
        age: int = DEFAULT_AGE,
        size: int = DEFAULT_SIZE,
        mark_ttl: int = MARK_TTL,
        publish: str = "PUBLISH",
    ) -> Answer:
        names, arguments = append_call(
            self.stream.keys,
            self.stream.name,
            self.frame(first, count, shed=shed, padding=padding),
            producer=self.id,
            count=count,
            first_seq=first,
            shed=shed,
            epoch=new_epoch() if epoch is None else epoch,
            mark_ttl=mark_ttl,
            age=age,
            size=size,
            publish=publish,
        )
        with hung_up(self.client):
            return Answer.parse(self.client.eval(SCRIPT, len(names), *names, *arguments))


@contextmanager
def hung_up(client: redis.Redis) -> Iterator[None]:
    """fakeredis hangs up after an error reply, which the next command on the connection would stumble over."""
    try:
        yield
    except redis.ResponseError:
        client.connection_pool.disconnect()
        raise
