"""What Redis holds of a stream, taken apart and checked: every number is a record or declared, none comes twice."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import redis

from tailrace.wire import Frame, Keys, Record, StreamID
from tests.servers import wait_for


@dataclass
class Delivered:
    """Attributes:
    records: by producer, in order.
    declared: records declared as shed, by level class.
    last_seq: by producer.
    """

    records: dict[bytes, list[Record]] = field(default_factory=dict)
    declared: list[int] = field(default_factory=lambda: [0] * 5)
    last_seq: dict[bytes, int] = field(default_factory=dict)

    def add(self, id: StreamID, frame: Frame) -> None:
        before = self.last_seq.get(frame.producer, 0)
        assert frame.first_seq - frame.shed == before + 1, "the numbers of a producer follow one another"
        self.last_seq[frame.producer] = frame.last_seq
        self.records.setdefault(frame.producer, []).extend(frame.records()[1])
        self.declared = [a + b for a, b in zip(self.declared, frame.shed_by_class, strict=True)]

    @property
    def all(self) -> list[Record]:
        return [record for records in self.records.values() for record in records]

    @property
    def messages(self) -> list[str]:
        return [record.message for record in self.all]

    @property
    def numbered(self) -> int:
        """How many records were given numbers."""
        return sum(self.last_seq.values())


def delivered(client: redis.Redis, prefix: str, stream: str) -> Delivered:
    """Everything in the stream; asserts that its IDs count every record."""
    found = Delivered()
    last = 0
    entries: Any = client.xrange(Keys(prefix).stream(stream))
    for id_bytes, entry in entries:
        id = StreamID.parse(id_bytes.decode())
        frame = Frame.parse(entry[b"f"])
        assert id.n == last + frame.shed + frame.count
        last = id.n
        found.add(id, frame)
    return found


def numbered(client: redis.Redis, prefix: str, stream: str) -> int:
    """How many records the stream has given numbers, as its last ID says: cheap to ask again and again."""
    entries: Any = client.xrevrange(Keys(prefix).stream(stream), count=1)
    return StreamID.parse(entries[0][0].decode()).n if entries else 0


def wait_for_records(client: redis.Redis, prefix: str, stream: str, number: int, timeout: float = 20) -> Delivered:
    """What is delivered once there are so many records, shed ones included."""
    wait_for(lambda: numbered(client, prefix, stream) >= number, timeout, f"{number} records")
    return delivered(client, prefix, stream)
