"""The frame: 1 to 512 records of one producer, packed and compressed once.

offset size  big-endian
0      2     magic "TR"
2      1     version, 1
3      1     codec: 0 none, 1 deflate (zlib format, RFC 1950)
4      4     CRC-32 of all bytes after this field
8      16    producer
24     8     first seq
32     2     count, 1 to 512
34     1     highest level; 255 means 255 or above
35     1     reserved, 0
36     4     size of the body in bytes before the codec
40     8     earliest record time, µs since 1970 UTC
48     8     latest record time
56     20    shed before the first record, by level class: 5 x 4 bytes
76           body: msgpack array [facts, record, ...] of 1 + count elements, through the codec
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import msgpack

from tailrace.errors import FrameError
from tailrace.wire.ids import LARGEST
from tailrace.wire.levels import UNBOUNDED
from tailrace.wire.record import MAX_TIME, Facts, Record, pack_record, unpack_record

__all__ = ["MAX_BODY", "MAX_RECORDS", "NOTHING_SHED", "Frame", "Shed", "join_frame", "make_frame"]

VERSION = 1
PLAIN, DEFLATE = 0, 1

# Records in one frame: the agent's batch; also bounds what a reader unpacks at once.
MAX_RECORDS = 512

# Bytes of one unpacked body. A frame is cut at 512 KiB plus one record, so this is generous; it bounds what a
# hostile frame can make a reader inflate.
MAX_BODY = 8 << 20

# Elements of one array or map: far beyond what an agent writes.
MAX_LENGTH = 1 << 14

# Arrays and maps of one body that is larger than an agent's: a byte of msgpack can cost a reader seventy bytes.
MAX_CONTAINERS = 1 << 16
USUAL_BODY = 1 << 20

# Below this many bytes deflate gains less than its own overhead.
MIN_DEFLATE = 128

Shed = tuple[int, int, int, int, int]
NOTHING_SHED: Shed = (0, 0, 0, 0, 0)

_HEADER = struct.Struct(">2sBBI16sQHBBIQQ5I")
_CHECKED_FROM = 8


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame whose header has been read and whose bytes are whole; the body waits until it is asked for."""

    producer: bytes
    first_seq: int
    count: int
    highest_level: int
    earliest: int
    latest: int
    shed_by_class: Shed
    codec: int
    body_size: int
    data: bytes

    @property
    def shed(self) -> int:
        """How many records were shed just before the first one; they take numbers but are in no frame."""
        return sum(self.shed_by_class)

    @property
    def last_seq(self) -> int:
        return self.first_seq + self.count - 1

    @classmethod
    def parse(cls, data: bytes) -> Frame:
        """Read the header and check the whole.

        Raises:
            FrameError: naming what is wrong.
        """
        if len(data) < _HEADER.size:
            raise FrameError(f"{len(data)} bytes are too few for a header of {_HEADER.size}")
        magic, version, codec, crc, producer, first, count, level, reserved, size, *rest = _HEADER.unpack_from(data)
        if magic != b"TR":
            raise FrameError(f"the magic is {magic!r}; right would be b'TR'")
        if version != VERSION:
            raise FrameError(f"version {version} is not known; this reader knows {VERSION}")
        if zlib.crc32(memoryview(data)[_CHECKED_FROM:]) != crc:
            raise FrameError("the checksum does not match: the frame is damaged")
        if codec not in (PLAIN, DEFLATE):
            raise FrameError(f"codec {codec} is not known")
        if not 1 <= count <= MAX_RECORDS:
            raise FrameError(f"count {count} is not within 1 to {MAX_RECORDS}")
        if first < 1 or first + count - 1 > LARGEST:
            raise FrameError(f"first seq {first} is not within 1 to 2^53 - 1")
        if size > MAX_BODY:
            raise FrameError(f"a body of {size} bytes is beyond the limit of {MAX_BODY}")
        if reserved:
            raise FrameError(f"the reserved byte is {reserved}; right would be 0")
        earliest, latest, *shed = rest
        if not earliest <= latest <= MAX_TIME:
            raise FrameError(f"the record times {earliest} to {latest} are no span within the years 1970 to 9999")
        if sum(shed) >= first:
            raise FrameError(f"{sum(shed)} shed records do not fit before first seq {first}")
        a, b, c, d, e = shed
        return cls(producer, first, count, level, earliest, latest, (a, b, c, d, e), codec, size, data)

    def body(self) -> bytes:
        """The body before the codec: a msgpack array.

        Raises:
            FrameError: when it does not inflate to exactly the size that the header says.
        """
        packed = memoryview(self.data)[_HEADER.size :]
        body = bytes(packed) if self.codec == PLAIN else _inflate(packed, self.body_size)
        if len(body) != self.body_size:
            raise FrameError(f"the body has {len(body)} bytes; its header says {self.body_size}")
        return body

    def records(self) -> tuple[Facts, list[Record]]:
        """The shared facts and the records.

        Raises:
            FrameError: naming what is wrong with the body or with a record in it.
        """
        items = _unpack(self.body())
        if not isinstance(items, list) or len(items) != self.count + 1:
            raise FrameError(f"the body is no array of {self.count + 1} elements")
        facts, records = Facts.unpack(items[0]), [unpack_record(item) for item in items[1:]]
        for record in records:
            if not self.earliest <= record.time <= self.latest:
                raise FrameError(f"a record's time {record.time} is not within the span that the header says")
            if record.level_number > self.highest_level != UNBOUNDED:
                raise FrameError(f"a record's level {record.level_number} is above the highest that the header says")
        return facts, records


def make_frame(
    producer: bytes,
    first_seq: int,
    facts: Facts,
    records: Sequence[Record],
    *,
    shed: Shed = NOTHING_SHED,
    compress: bool = True,
) -> bytes:
    """Make a frame of whole records.

    Raises:
        FrameError: for no or too many records, or a body beyond `MAX_BODY`.
    """
    times = [record.time for record in records]
    return join_frame(
        producer,
        first_seq,
        facts.pack(),
        [pack_record(record) for record in records],
        highest_level=max((record.level_number for record in records), default=0),
        earliest=min(times, default=0),
        latest=max(times, default=0),
        shed=shed,
        compress=compress,
    )


def join_frame(
    producer: bytes,
    first_seq: int,
    facts: bytes,
    records: Sequence[bytes],
    *,
    highest_level: int,
    earliest: int,
    latest: int,
    shed: Shed = NOTHING_SHED,
    compress: bool = True,
) -> bytes:
    """Join packed records to a frame without unpacking them.

    Args:
        producer: 16 bytes.
        first_seq: the seq of the first record, from 1.
        facts: `Facts.pack()`.
        records: packed records, 1 to `MAX_RECORDS`.
        highest_level: the highest level number among them.
        earliest, latest: the bounds of their times, µs since 1970.
        shed: records shed just before the first one, by level class.
        compress: deflate level 1, where that pays.

    Raises:
        FrameError: for no or too many records, or a body beyond `MAX_BODY`.
    """
    if not 1 <= len(records) <= MAX_RECORDS:
        raise FrameError(f"count {len(records)} is not within 1 to {MAX_RECORDS}")
    body = b"".join((_array_header(1 + len(records)), facts, *records))
    size = len(body)
    if size > MAX_BODY:
        raise FrameError(f"a body of {size} bytes is beyond the limit of {MAX_BODY}")
    codec = PLAIN
    if compress and size >= MIN_DEFLATE:
        codec, body = DEFLATE, zlib.compress(body, 1)
    header = _HEADER.pack(
        b"TR",
        VERSION,
        codec,
        0,
        producer,
        first_seq,
        len(records),
        min(max(highest_level, 0), UNBOUNDED),
        0,
        size,
        max(earliest, 0),
        max(latest, 0),
        *shed,
    )
    crc = zlib.crc32(body, zlib.crc32(header[_CHECKED_FROM:]))
    return b"".join((header[:4], crc.to_bytes(4), header[_CHECKED_FROM:], body))


def _array_header(length: int) -> bytes:
    return bytes((0x90 | length,)) if length < 16 else b"\xdc" + length.to_bytes(2)


def _unpack(body: bytes) -> object:
    containers = 0

    def count(container: object) -> object:
        nonlocal containers
        containers += 1
        if containers > MAX_CONTAINERS:
            raise FrameError(f"the body holds more than {MAX_CONTAINERS} arrays and maps")
        return container

    hook = count if len(body) > USUAL_BODY else None
    try:
        return msgpack.unpackb(body, object_hook=hook, list_hook=hook, max_array_len=MAX_LENGTH, max_map_len=MAX_LENGTH)
    except FrameError:
        raise
    except Exception as error:  # msgpack raises ValueError, its own kinds and RecursionError
        raise FrameError(f"the body is no msgpack: {error}") from error


def _inflate(packed: memoryview, size: int) -> bytes:
    inflater = zlib.decompressobj()
    try:
        body = inflater.decompress(packed, size + 1)
    except zlib.error as error:
        raise FrameError(f"the body does not inflate: {error}") from error
    if not inflater.eof or inflater.unused_data:
        raise FrameError(f"the body does not inflate to the {size} bytes that its header says")
    return body
