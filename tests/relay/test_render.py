from __future__ import annotations

import json
import math
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tailrace.wire import Facts, Frame, FrameError, Record, StreamID, join_frame, make_frame
from tailrace_relay import render
from tailrace_relay.position import Position
from tailrace_relay.query import Query
from tailrace_relay.reader import Piece
from tailrace_relay.render import Predicate, RenderedPiece
from tests.agent.wire import strategies
from tests.agent.wire.test_vectors import load, vectors
from tests.relay.stored import NOON, PRODUCER, frame_of

LAST = StreamID(1_763_683_200_000, 42)


def piece_of(frame: Frame, skip: int = 0) -> Piece:
    return Piece(frame, LAST, skip, Position(LAST, "e1"))


def rendered(frame: Frame, skip: int = 0) -> list[dict[str, Any]]:
    return parsed(RenderedPiece("api", piece_of(frame, skip)).matching(None))


def parsed(matching: bytes) -> list[dict[str, Any]]:
    objects: list[dict[str, Any]] = json.loads(b"[%s]" % matching)
    return objects


def frame_with(*records: Any, facts: bytes | None = None, **header: int) -> Frame:
    """A frame of records as they are packed, whatever they hold."""
    bounds: dict[str, Any] = {"highest_level": 20, "earliest": NOON, "latest": NOON} | header
    packed = [msgpack.packb(record) for record in records]
    return Frame.parse(join_frame(PRODUCER, 1, facts or Facts().pack(), packed, compress=False, **bounds))


def expected(facts: Facts, record: Record, frame: Frame, place: int) -> dict[str, Any]:
    """The JSON of a record, from what the agent's own reader says and docs/PROTOCOL.md B1."""
    second, micros = divmod(record.time, 1_000_000)
    said = {
        "id": f"{LAST.ms}-{LAST.n - frame.count + 1 + place}",
        "level": record.level,
        "level_number": record.level_number,
        "logger": record.logger,
        "message": record.message,
        "source": record.source,
        "kind": record.kind,
        "stream": "api",
        "producer": frame.producer.hex(),
        "seq": frame.first_seq + place,
    }
    absent_when_empty = {name: getattr(facts, name) for name in ("service", "host", "pid", "process")}
    said |= {name: value for name, value in absent_when_empty.items() if value}
    for name in ("thread", "module", "function", "line", "line_number", "exception", "trace_id", "span_id", "action"):
        if getattr(record, name) is not None:
            said[name] = getattr(record, name)
    for name in ("metadata", "fields"):
        if getattr(record, name) is not None:
            said[name] = as_json(getattr(record, name))
    return said | {"time": (second, f"{micros:06d}Z")}


def as_json(value: Any) -> Any:
    """What JSON makes of a value: it has no infinities."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, list):
        return [as_json(item) for item in value]
    if isinstance(value, dict):
        return {key: as_json(item) for key, item in value.items()}
    return value


def with_time_parted(said: dict[str, Any]) -> dict[str, Any]:
    import datetime

    text, micros = said["time"].rsplit(".", 1)
    moment = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=datetime.UTC)
    return said | {"time": (round(moment.timestamp()), micros)}


def assert_like_the_agents_reader(frame: Frame) -> None:
    facts, records = frame.records()
    said = [with_time_parted(record) for record in rendered(frame)]
    assert said == [expected(facts, record, frame, place) for place, record in enumerate(records)]


@vectors("frames", "valid")
def test_a_valid_frame_says_what_the_agents_reader_says(vector: dict[str, Any]) -> None:
    assert_like_the_agents_reader(Frame.parse(bytes.fromhex(vector["hex"])))


@vectors("records", "valid")
def test_a_valid_record_says_what_the_agents_reader_says(vector: dict[str, Any]) -> None:
    items = msgpack.unpackb(bytes.fromhex(vector["hex"]))
    time, level = vector["record"]["time"], vector["record"]["level_number"]
    level = min(max(level, 0), 255)
    assert_like_the_agents_reader(frame_with(items, earliest=time, latest=time, highest_level=level))


@vectors("frames", "invalid")
def test_an_invalid_frame_is_refused(vector: dict[str, Any]) -> None:
    with pytest.raises(FrameError):
        RenderedPiece("api", piece_of(Frame.parse(bytes.fromhex(vector["hex"])))).matching(None)


@vectors("records", "invalid")
def test_an_invalid_record_is_refused(vector: dict[str, Any]) -> None:
    packed = bytes.fromhex(vector["hex"])
    frame = join_frame(PRODUCER, 1, Facts().pack(), [packed], highest_level=255, earliest=0, latest=2 * NOON)
    with pytest.raises(FrameError):
        RenderedPiece("api", piece_of(Frame.parse(frame))).matching(None)


@given(strategies.FACTS, strategies.record_lists(), st.integers(1, 1 << 40))
def test_any_record_says_what_the_agents_reader_says(facts: Facts, records: list[Record], first_seq: int) -> None:
    assert_like_the_agents_reader(Frame.parse(make_frame(PRODUCER, first_seq, facts, records)))


EXTENSIONS = st.builds(msgpack.ExtType, st.integers(0, 127), st.binary())
NUMBERS = st.booleans() | st.integers(-(1 << 63), (1 << 64) - 1) | st.floats()
LEAVES = st.none() | NUMBERS | st.text() | st.binary() | EXTENSIONS | st.datetimes().map(str)
KEYS = st.text() | st.integers(0, 99) | st.binary()
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=20)


@given(VALUES)
def test_any_metadata_is_rendered_or_refused_as_by_the_agents_reader(value: Any) -> None:
    frame = frame_with([NOON, 20, "t", "x", None, None, None, None, {"metadata": value}])
    try:
        frame.records()
    except FrameError:
        with pytest.raises(FrameError):
            RenderedPiece("api", piece_of(frame)).matching(None)
    else:
        assert_like_the_agents_reader(frame)


@given(st.binary(max_size=200))
def test_any_body_is_rendered_or_refused(body: bytes) -> None:
    data = join_frame(PRODUCER, 1, b"", [body], highest_level=255, earliest=0, latest=2 * NOON, compress=False)
    try:
        RenderedPiece("api", piece_of(Frame.parse(data))).matching(None)
    except FrameError:
        pass  # refused: that is one of the two


def test_the_exact_json_of_a_record() -> None:
    record = Record(
        time=1_763_683_200_123_456,
        level_number=40,
        logger="app.billing",
        message="Grüße\n\x1b[31m \u2028 \"quoted\"",
        module="views",
        function="pay",
        line=27,
        thread="MainThread",
        exception="Traceback",
        metadata=[1, None],
        fields={"a": {"b": 1.5}},
    )  # fmt: skip
    frame = Frame.parse(make_frame(PRODUCER, 9, Facts("shop", "web-1", 4711, "gunicorn"), [record]))
    text = RenderedPiece("api", piece_of(frame)).matching(None)
    assert text.decode() == (
        '{"id":"1763683200000-42","time":"2025-11-21T00:00:00.123456Z","level":"ERROR","level_number":40,'
        '"logger":"app.billing","message":"Grüße\\n\\u001b[31m \u2028 \\"quoted\\"","source":"logging","kind":"log",'
        '"thread":"MainThread","module":"views","function":"pay","line":27,"exception":"Traceback",'
        '"metadata":[1,null],"fields":{"a":{"b":1.5}},"service":"shop","host":"web-1","pid":4711,"process":"gunicorn",'
        '"stream":"api","producer":"000102030405060708090a0b0c0d0e0f","seq":9}'
    )


def test_ids_and_seqs_follow_from_the_place_in_the_frame() -> None:
    said = rendered(frame_of(["a", "b", "c"], first_seq=7), skip=1)
    assert [(record["message"], record["id"], record["seq"]) for record in said] == [
        ("b", "1763683200000-41", 8),
        ("c", "1763683200000-42", 9),
    ]


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (0, "1970-01-01T00:00:00.000000Z"),
        (1, "1970-01-01T00:00:00.000001Z"),
        (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
        (253_402_300_799_999_999, "9999-12-31T23:59:59.999999Z"),
    ],
)
def test_times_are_written_with_their_microseconds(time: int, text: str) -> None:
    frame = Frame.parse(make_frame(PRODUCER, 1, Facts(), [Record(time=time, level_number=0, logger="", message="")]))
    assert rendered(frame)[0]["time"] == text


def test_records_of_one_frame_may_lie_seconds_apart_and_out_of_order() -> None:
    times = [NOON + 999_999, NOON + 1_000_000, NOON + 61_000_001, NOON, NOON - 1, 0]
    records = [Record(time=time, level_number=20, logger="", message="") for time in times]
    said = [record["time"] for record in rendered(Frame.parse(make_frame(PRODUCER, 1, Facts(), records)))]
    assert said == [
        "2025-11-21T00:00:00.999999Z",
        "2025-11-21T00:00:01.000000Z",
        "2025-11-21T00:01:01.000001Z",
        "2025-11-21T00:00:00.000000Z",
        "2025-11-20T23:59:59.999999Z",
        "1970-01-01T00:00:00.000000Z",
    ]


@pytest.mark.parametrize("time", [-1, 253_402_300_800_000_000, (1 << 64) - 1])
def test_years_out_of_range_are_refused(time: int) -> None:
    with pytest.raises(FrameError, match="time"):
        RenderedPiece("api", piece_of(frame_with([time, 20, "t", "x", None, None, None, None])))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (math.nan, None),
        (math.inf, None),
        ((1 << 64) - 1, 18_446_744_073_709_551_615),
        (-(1 << 63), -9_223_372_036_854_775_808),
        ("\0\x7f\u202e\ud7ff\U0010ffff</script>", "\0\x7f\u202e\ud7ff\U0010ffff</script>"),
    ],
)
def test_values_at_the_edges(value: Any, said: Any) -> None:
    frame = frame_with([NOON, 20, "t", "x", None, None, None, None, {"metadata": [value]}])
    assert rendered(frame)[0]["metadata"] == [said]


def test_a_custom_level_keeps_its_name_and_an_odd_number_gets_one() -> None:
    custom = Record(time=NOON, level_number=25, logger="t", message="x", level="NOTICE")
    odd = Record(time=NOON, level_number=-7, logger="t", message="x")
    said = rendered(Frame.parse(make_frame(PRODUCER, 1, Facts(), [custom, odd])))
    assert [(record["level"], record["level_number"]) for record in said] == [("NOTICE", 25), ("Level -7", -7)]


def test_what_is_unknown_is_passed_over() -> None:
    facts = msgpack.packb({"service": "shop", "colour": "red"})
    frame = frame_with([NOON, 20, "t", "x", None, None, None, None, {"smell": [1]}, "more"], facts=facts)
    said = rendered(frame)[0]
    assert said["service"] == "shop"
    assert not {"colour", "smell"} & said.keys()


def at_least(level: int) -> Predicate | None:
    return Query.parse("", level=level).predicate


def test_only_what_matches_is_given() -> None:
    records = [Record(time=NOON, level_number=number, logger="t", message=str(number)) for number in (10, 40, 30, 50)]
    piece = RenderedPiece("api", piece_of(Frame.parse(make_frame(PRODUCER, 1, Facts(), records))))
    assert [record["message"] for record in parsed(piece.matching(at_least(40)))] == ["40", "50"]
    assert [n for n, _ in piece.numbered(piece.places(at_least(40)))] == [40, 42]
    assert [json.loads(text)["message"] for _, text in piece.numbered(piece.places(at_least(40)))] == ["40", "50"]
    assert len(parsed(piece.matching(None))) == len(piece.numbered(piece.places(None))) == 4
    assert piece.matching(at_least(60)) == b""


def test_records_are_rendered_once_for_all_who_ask_the_same() -> None:
    records = [Record(time=NOON, level_number=number, logger="t", message="x") for number in (20, 40)]
    piece = RenderedPiece("api", piece_of(Frame.parse(make_frame(PRODUCER, 1, Facts(), records))))
    assert piece.matching(None) is piece.matching(None)
    assert piece.matching(at_least(30)) is piece.matching(at_least(30))
    assert piece.matching(at_least(20)) is piece.matching(None), "a level that all records have"


def test_a_body_beyond_the_usual_is_bounded_by_the_agents_reader() -> None:
    """A megabyte and a half of empty lists would become a hundred megabytes of memory."""
    size = render.USUAL_BODY * 3 // 2
    many = [[] for _ in range(16_000)]  # type: ignore[var-annotated]
    bomb = msgpack.packb([NOON, 20, "t", "x", None, None, None, None, {"metadata": [many] * (size // 16_000)}])
    frame = join_frame(PRODUCER, 1, Facts().pack(), [bomb], highest_level=20, earliest=NOON, latest=NOON)
    with pytest.raises(FrameError, match="arrays and maps"):
        RenderedPiece("api", piece_of(Frame.parse(frame)))


def test_a_big_honest_body_is_rendered() -> None:
    message = "x" * (render.USUAL_BODY + 1)
    assert rendered(frame_of([message]))[0]["message"] == message


def test_the_vectors_are_there() -> None:
    assert load("frames")["valid"]
    assert load("records")["invalid"]
