from __future__ import annotations

import struct
import tracemalloc
import zlib
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tailrace.wire import (
    MAX_BODY,
    MAX_RECORDS,
    Facts,
    Frame,
    FrameError,
    Record,
    Shed,
    join_frame,
    make_frame,
    pack_record,
)
from tailrace.wire.record import MAX_TIME
from tests.agent.wire.strategies import FACTS, PRODUCERS, places, record_lists

PRODUCER = bytes(range(16))
FACTS_OF_A_WORKER = Facts(service="api", host="web-1", pid=4711, process="gunicorn")
NOON = 1_763_683_200_000_000
HEADER = struct.Struct(">2sBBI16sQHBBIQQ5I")
SIZE = HEADER.size


def some_records(count: int = 3) -> list[Record]:
    return [Record(time=NOON + i, level_number=20, logger="app", message=f"request {i} done") for i in range(count)]


WHOLE = make_frame(PRODUCER, 10, FACTS_OF_A_WORKER, some_records(), shed=(1, 2, 0, 0, 0))
UNCOMPRESSED = make_frame(PRODUCER, 10, FACTS_OF_A_WORKER, some_records(), compress=False)


def forged(
    body: bytes,
    *,
    magic: bytes = b"TR",
    version: int = 1,
    codec: int = 0,
    first: int = 1,
    count: int = 1,
    level: int = 255,
    reserved: int = 0,
    size: int | None = None,
    earliest: int = 0,
    latest: int = MAX_TIME,
    shed: Shed = (0, 0, 0, 0, 0),
) -> bytes:
    """A frame with a right checksum, whatever else is wrong with it."""
    size = len(body) if size is None else size
    header = HEADER.pack(
        magic, version, codec, 0, PRODUCER, first, count, level, reserved, size, earliest, latest, *shed
    )
    crc = zlib.crc32(header[8:] + body)
    return header[:4] + crc.to_bytes(4) + header[8:] + body


def body_of(*items: Any) -> bytes:
    packed: bytes = msgpack.packb(list(items))
    return packed


def read(data: bytes) -> list[Record]:
    return Frame.parse(data).records()[1]


ONE = body_of({}, [NOON, 20, "app", "hello", None, None, None, None])


@given(PRODUCERS, places(), FACTS, record_lists(), st.booleans())
def test_any_frame_survives_the_round_trip(
    producer: bytes, place: tuple[int, Shed], facts: Facts, records: list[Record], compress: bool
) -> None:
    first_seq, shed = place
    frame = Frame.parse(make_frame(producer, first_seq, facts, records, shed=shed, compress=compress))
    assert frame.records() == (facts, records)
    assert (frame.producer, frame.first_seq, frame.shed_by_class) == (producer, first_seq, shed)


@given(record_lists())
def test_the_header_tells_what_a_reader_may_skip_by(records: list[Record]) -> None:
    frame = Frame.parse(make_frame(PRODUCER, 1, Facts(), records))
    assert frame.count == len(records)
    assert frame.last_seq == len(records)
    assert frame.earliest == min(record.time for record in records)
    assert frame.latest == max(record.time for record in records)
    assert frame.highest_level == min(max(0, *(record.level_number for record in records)), 255)


def test_the_layout_is_that_of_the_protocol() -> None:
    header = HEADER.unpack_from(UNCOMPRESSED)
    body = UNCOMPRESSED[SIZE:]
    assert SIZE == 76
    assert header[:3] == (b"TR", 1, 0)
    assert header[3] == zlib.crc32(UNCOMPRESSED[8:])
    assert header[4:] == (PRODUCER, 10, 3, 20, 0, len(body), NOON, NOON + 2, 0, 0, 0, 0, 0)
    assert msgpack.unpackb(body)[0] == {"service": "api", "host": "web-1", "pid": 4711, "process": "gunicorn"}


def test_joining_packed_records_gives_the_same_bytes() -> None:
    packed = [pack_record(record) for record in some_records()]
    joined = join_frame(
        PRODUCER,
        10,
        FACTS_OF_A_WORKER.pack(),
        packed,
        highest_level=20,
        earliest=NOON,
        latest=NOON + 2,
        shed=(1, 2, 0, 0, 0),
    )
    assert joined == WHOLE


def test_only_bodies_that_gain_are_compressed() -> None:
    assert Frame.parse(WHOLE).codec == 1
    assert Frame.parse(UNCOMPRESSED).codec == 0
    assert Frame.parse(make_frame(PRODUCER, 1, Facts(), some_records(1))).codec == 0


def test_shed_records_take_numbers_before_the_first() -> None:
    frame = Frame.parse(WHOLE)
    assert (frame.shed, frame.shed_by_class) == (3, (1, 2, 0, 0, 0))
    assert (frame.first_seq, frame.last_seq) == (10, 12)


@pytest.mark.parametrize("count", [0, MAX_RECORDS + 1])
def test_a_frame_of_no_or_too_many_records_is_not_made(count: int) -> None:
    with pytest.raises(FrameError, match=f"count {count} is not within 1 to 512"):
        make_frame(PRODUCER, 1, Facts(), some_records(count))


def test_a_frame_beyond_the_largest_body_is_not_made() -> None:
    records = [Record(time=NOON, level_number=20, logger="app", message="x" * (MAX_BODY // 2))] * 2
    with pytest.raises(FrameError, match=f"beyond the limit of {MAX_BODY}"):
        make_frame(PRODUCER, 1, Facts(), records)


@given(st.sampled_from([WHOLE, UNCOMPRESSED]), st.data())
def test_a_flipped_bit_anywhere_is_noticed(whole: bytes, data: st.DataObject) -> None:
    bit = data.draw(st.integers(0, len(whole) * 8 - 1))
    damaged = bytearray(whole)
    damaged[bit // 8] ^= 1 << bit % 8
    with pytest.raises(FrameError):
        read(bytes(damaged))


@pytest.mark.parametrize("whole", [WHOLE, UNCOMPRESSED])
def test_a_frame_cut_anywhere_is_noticed(whole: bytes) -> None:
    for length in range(len(whole)):
        with pytest.raises(FrameError, match="too few for a header of 76" if length < SIZE else "checksum"):
            Frame.parse(whole[:length])


@given(st.binary(min_size=1))
def test_an_extended_frame_is_noticed(more: bytes) -> None:
    with pytest.raises(FrameError, match="the checksum does not match: the frame is damaged"):
        Frame.parse(WHOLE + more)


@given(st.binary(max_size=200) | st.binary(max_size=200).map(lambda tail: WHOLE[:8] + tail))
def test_no_bytes_raise_anything_but_a_frame_error(data: bytes) -> None:
    with pytest.raises(FrameError, match=r"\w+"):
        read(data)


@given(st.binary(max_size=300), st.sampled_from([0, 1]), st.integers(1, MAX_RECORDS))
def test_no_body_raises_anything_but_a_frame_error(body: bytes, codec: int, count: int) -> None:
    with pytest.raises(FrameError, match=r"\w+"):
        read(forged(body, codec=codec, count=count))
    with pytest.raises(FrameError, match=r"\w+"):
        read(forged(zlib.compress(body), codec=1, size=len(body), count=count))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "0 bytes are too few for a header of 76"),
        (forged(ONE, magic=b"TX"), "the magic is b'TX'; right would be b'TR'"),
        (forged(ONE, version=0), "version 0 is not known"),
        (forged(ONE, version=2), "version 2 is not known"),
        (forged(ONE, codec=2), "codec 2 is not known"),
        (forged(ONE, codec=255), "codec 255 is not known"),
        (forged(ONE, count=0), "count 0 is not within 1 to 512"),
        (forged(ONE, count=513), "count 513 is not within 1 to 512"),
        (forged(ONE, first=0), "first seq 0 is not within 1 to 2\\^53 - 1"),
        (forged(ONE, first=2**53), "first seq 9007199254740992 is not within"),
        (forged(ONE, first=2**53 - 1, count=2), "first seq 9007199254740991 is not within"),
        (forged(ONE, reserved=1), "the reserved byte is 1"),
        (forged(ONE, size=MAX_BODY + 1), f"a body of {MAX_BODY + 1} bytes is beyond the limit"),
        (forged(ONE, size=2**32 - 1), "beyond the limit"),
        (forged(ONE, earliest=2, latest=1), "the record times 2 to 1 are no span"),
        (forged(ONE, latest=MAX_TIME + 1), "are no span within the years 1970 to 9999"),
        (forged(ONE, first=3, shed=(1, 1, 1, 0, 0)), "3 shed records do not fit before first seq 3"),
        (forged(ONE, shed=(2**32 - 1,) * 5), "do not fit before first seq 1"),
    ],
)
def test_a_header_that_no_frame_has_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(FrameError, match=reason):
        Frame.parse(data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (forged(ONE, size=len(ONE) - 1), "the body has 27 bytes; its header says 26"),
        (forged(ONE, size=len(ONE) + 1), "the body has 27 bytes; its header says 28"),
        (forged(ONE, codec=1), "the body does not inflate"),
        (forged(b"", codec=1), "the body does not inflate"),
        (forged(zlib.compress(ONE)[:-1], codec=1, size=len(ONE)), "does not inflate to the 27 bytes"),
        (forged(zlib.compress(ONE) + b"x", codec=1, size=len(ONE)), "does not inflate to the 27 bytes"),
        (forged(zlib.compress(ONE), codec=1, size=len(ONE) - 1), "the body has 27 bytes; its header says 26"),
        (forged(zlib.compress(ONE), codec=1, size=len(ONE) + 1), "the body has 27 bytes; its header says 28"),
        (forged(ONE, count=2), "the body is no array of 3 elements"),
        (forged(ONE, level=19), "a record's level 20 is above the highest that the header says"),
        (forged(ONE, earliest=NOON + 1), "time 1763683200000000 is not within the span that the header says"),
        (forged(ONE, latest=NOON - 1), "time 1763683200000000 is not within the span that the header says"),
    ],
)
def test_a_header_that_lies_about_the_body_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(FrameError, match=reason):
        Frame.parse(data).records()


PLACES = [NOON, 20, "app", "hello", None, None, None, None]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "the body is no msgpack"),
        (b"\xc1\xc1", "the body is no msgpack"),
        (ONE + b"\xc0", "the body is no msgpack"),
        (ONE[:-1], "the body is no msgpack"),
        (body_of({}, [NOON, 20, "app", b"\xff"]).replace(b"\xc4\x01\xff", b"\xa1\xff"), "the body is no msgpack"),
        (msgpack.packb({"facts": 1}), "the body is no array of 2 elements"),
        (msgpack.packb(7), "the body is no array of 2 elements"),
        (body_of([], PLACES), "the shared facts are no map but list"),
        (body_of({"pid": "x"}, PLACES), "shared fact 'pid' is str"),
        (body_of({}, "text"), "a record is no array but str"),
        (body_of({}, PLACES[:5]), "a record has 5 elements"),
        (body_of({}, [*PLACES, {"fields": {1: 2}}]), "the body is no msgpack: int is not allowed for map key"),
        (body_of({}, [*PLACES, {"fields": {b"k": 2}}]), "a key in fields is no str"),
        (body_of({}, [*PLACES, {"metadata": b"\x00"}]), "metadata holds bytes"),
        (body_of({}, [*PLACES, {"metadata": msgpack.ExtType(9, b"")}]), "metadata holds ExtType"),
        (b"\x91" * 2000 + b"\xc0", "the body is no msgpack"),
        (b"\x92\x80\x99" + body_of(*PLACES)[1:] + b"\x81\xa8metadata" + b"\x91" * 500 + b"\xc0", "more than 100 deep"),
        (b"\xdd\xff\xff\xff\xff", "the body is no msgpack"),
        (b"\xdf\xff\xff\xff\xff", "the body is no msgpack"),
        (b"\xc6\xff\xff\xff\xff", "the body is no msgpack"),
    ],
)
@pytest.mark.parametrize("compress", [False, True])
def test_a_body_that_no_frame_has_is_refused(body: bytes, reason: str, compress: bool) -> None:
    packed = zlib.compress(body) if compress else body
    with pytest.raises(FrameError, match=reason):
        read(forged(packed, codec=int(compress), size=len(body)))


def bomb(body: bytes, size: int | None = None) -> bytes:
    return forged(zlib.compress(body, 9), codec=1, size=len(body) if size is None else size)


BOMBS = {
    "inflates to 64 times what its header says": bomb(b"\x00" * (64 * MAX_BODY), size=MAX_BODY),
    "inflates beyond a small size": bomb(b"\x00" * (8 * MAX_BODY), size=42),
    "millions of empty arrays": bomb(b"\xdd" + MAX_BODY.to_bytes(4) + b"\x90" * (MAX_BODY - 5)),
    "millions of empty maps in short arrays": bomb((b"\xdc\x40\x00" + b"\x80" * 0x4000) * (MAX_BODY // 0x4003)),
    "long arrays within each other": bomb((b"\xdd\x00\x7f\xff\xff" * 1000).ljust(MAX_BODY, b"\xc0")),
    "the longest arrays allowed within each other": bomb((b"\xdc\x40\x00" * 1000).ljust(MAX_BODY, b"\xc0")),
}


@pytest.mark.parametrize("data", list(BOMBS.values()), ids=list(BOMBS))
def test_a_bomb_is_refused_within_bounded_memory(data: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(FrameError, match=r"does not inflate|no msgpack|arrays and maps"):
            read(data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(data) < 1 << 20
    assert peak < 20 * MAX_BODY
