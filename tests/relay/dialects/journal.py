"""Records of any kind, written as agents write them, and what agents say of themselves."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

import redis

from tailrace.wire import (
    DEFAULT_AGE,
    DEFAULT_SIZE,
    MARK_TTL,
    NOTHING_SHED,
    SCRIPT,
    Answer,
    Facts,
    Keys,
    Record,
    Shed,
    StreamID,
    append_call,
    make_frame,
    new_epoch,
    new_producer,
)
from tailrace.wire.presence import Announcement, announce_commands
from tests.servers import wait_for

NOON = 1_763_683_200_000_000  # 2025-11-21T00:00:00Z


def record(message: str, number: int = 20, *, time: int = NOON, logger: str = "app.db", **more: Any) -> Record:
    return Record(time=time, level_number=number, logger=logger, message=message, **more)


@dataclass
class Journal:
    """Writes to streams of one prefix."""

    client: redis.Redis
    keys: Keys

    def write(self, stream: str, *records: Record | str, service: str = "api", shed: Shed = NOTHING_SHED) -> StreamID:
        """One frame of a producer of its own; gives the ID of its last record."""
        made = [record(each) if isinstance(each, str) else each for each in records]
        producer, first_seq = new_producer(), sum(shed) + 1
        frame = make_frame(producer, first_seq, Facts(service=service), made, shed=shed)
        names, arguments = append_call(
            self.keys,
            stream,
            frame,
            producer=producer,
            count=len(made),
            first_seq=first_seq,
            shed=sum(shed),
            epoch=new_epoch(),
            mark_ttl=MARK_TTL,
            age=DEFAULT_AGE,
            size=DEFAULT_SIZE,
        )
        self.client.zadd(self.keys.streams, {stream: self.now()})
        answer = Answer.parse(self.client.eval(SCRIPT, len(names), *names, *arguments))
        assert answer.id is not None
        return answer.id

    def announce(self, service: str, *, at: int | None = None, ended: bool = False, **more: Any) -> Announcement:
        """Say what an agent says of itself; gives it, to be said again."""
        now = self.now() if at is None else at
        about: dict[str, Any] = {
            "instance": secrets.token_hex(16),
            "host": "h",
            "pid": 7,
            "version": "1",
            "started": now,
        } | more
        said = Announcement(service=service, at=now, ended=ended, **about)
        for command in announce_commands(self.keys, said):
            self.client.execute_command(*command)  # type: ignore[no-untyped-call]
        return said

    def trim(self, stream: str, kept: int) -> None:
        """Take the oldest entries away, as retention does."""
        self.client.xtrim(self.keys.stream(stream), maxlen=kept, approximate=False)

    def pause(self) -> None:
        """Until Redis' clock has moved on: within a millisecond streams have no order."""
        now = self.now()
        wait_for(lambda: self.now() > now, 5.0, "the next millisecond")

    def now(self) -> int:
        seconds, micros = self.client.time()
        return int(seconds) * 1000 + int(micros) // 1000
