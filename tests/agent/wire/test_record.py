from __future__ import annotations

import datetime
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tailrace.wire import Facts, FrameError, Record, pack_record, unpack_record
from tailrace.wire.record import MAX_DEPTH, MAX_TIME
from tests.agent.wire.strategies import FACTS, records

PLACES: list[Any] = [1_763_683_200_000_000, 20, "app", "hello", "views", "index", 42, "MainThread"]


def unpacked(record: Record) -> Any:
    return msgpack.unpackb(pack_record(record))


@given(records())
def test_any_record_survives_the_round_trip(record: Record) -> None:
    assert unpack_record(unpacked(record)) == record


@given(FACTS)
def test_any_facts_survive_the_round_trip(facts: Facts) -> None:
    assert Facts.unpack(msgpack.unpackb(facts.pack())) == facts


def test_a_plain_record_is_an_array_of_eight() -> None:
    record = Record(time=1, level_number=20, logger="app", message="hi")
    assert unpacked(record) == [1, 20, "app", "hi", None, None, None, None]


def test_what_is_rare_stands_in_a_map_at_the_end() -> None:
    record = Record(time=1, level_number=25, logger="app", message="hi", level="NOTICE", kind="audit", action="login")
    assert unpacked(record)[8] == {"level": "NOTICE", "kind": "audit", "action": "login"}


def test_a_custom_level_keeps_its_name_and_another_gets_that_of_logging() -> None:
    assert Record(time=1, level_number=25, logger="", message="", level="NOTICE").level == "NOTICE"
    assert Record(time=1, level_number=25, logger="", message="").level == "Level 25"
    assert unpack_record([1, 25, "", "", None, None, None, None]).level == "Level 25"


def test_empty_facts_take_one_byte() -> None:
    assert Facts().pack() == b"\x80"


def test_what_a_later_version_adds_is_passed_over() -> None:
    assert unpack_record([*PLACES, {"mood": "calm", "action": "login"}, "tenth"]).action == "login"
    assert Facts.unpack({"service": "api", "cloud": ["eu", 1]}) == Facts(service="api")


def test_nil_means_absent() -> None:
    assert unpack_record([*PLACES, None]) == unpack_record(PLACES)
    assert unpack_record([*PLACES, {"action": None, "metadata": None}]) == unpack_record(PLACES)


@pytest.mark.parametrize(("place", "name"), list(enumerate(["time", "level_number", "logger", "message"])))
def test_a_required_element_must_not_be_nil(place: int, name: str) -> None:
    with pytest.raises(FrameError, match=rf"^{name} is NoneType; right would be (int|str)$"):
        unpack_record([*PLACES[:place], None, *PLACES[place + 1 :]])


@pytest.mark.parametrize("wrong", [True, 1.5, b"bytes", [], {}])
@pytest.mark.parametrize(
    ("place", "name"),
    list(enumerate(["time", "level_number", "logger", "message", "module", "function", "line", "thread"])),
)
def test_an_element_of_a_wrong_type_is_named(place: int, name: str, wrong: object) -> None:
    with pytest.raises(FrameError, match=rf"^{name} is {type(wrong).__name__}; right would be (int|str)$"):
        unpack_record([*PLACES[:place], wrong, *PLACES[place + 1 :]])


@pytest.mark.parametrize("name", ["level", "source", "kind", "exception", "trace_id", "span_id", "action", "fields"])
def test_a_wrong_type_in_the_rest_is_named(name: str) -> None:
    with pytest.raises(FrameError, match=rf"^{name} is int; right would be (str|dict)$"):
        unpack_record([*PLACES, {name: 7}])


@pytest.mark.parametrize(
    ("items", "reason"),
    [
        (None, "a record is no array but NoneType"),
        ("text", "a record is no array but str"),
        ({}, "a record is no array but dict"),
        ([], "a record has 0 elements; right would be 8 or more"),
        (PLACES[:7], "a record has 7 elements; right would be 8 or more"),
        ([*PLACES, "rest"], "the map of the rest is str"),
        ([-1, *PLACES[1:]], "time -1 is not within the years 1970 to 9999"),
        ([MAX_TIME + 1, *PLACES[1:]], "is not within the years 1970 to 9999"),
    ],
)
def test_what_is_no_record_is_refused(items: object, reason: str) -> None:
    with pytest.raises(FrameError, match=reason):
        unpack_record(items)


def test_the_latest_time_is_one_that_a_date_can_show() -> None:
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    assert (epoch + datetime.timedelta(microseconds=MAX_TIME)).isoformat() == "9999-12-31T23:59:59.999999+00:00"


@pytest.mark.parametrize("name", ["metadata", "fields"])
@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"bytes", "holds bytes, which JSON has not"),
        (msgpack.ExtType(5, b"x"), "holds ExtType, which JSON has not"),
        (msgpack.Timestamp(1, 2), "holds Timestamp, which JSON has not"),
        ({b"key": 1}, "a key in {name} is no str"),
        ([{1: 2}], "a key in {name} is no str"),
    ],
)
def test_the_callers_own_values_are_those_of_json(name: str, value: object, reason: str) -> None:
    with pytest.raises(FrameError, match=reason.format(name=name)):
        unpack_record([*PLACES, {name: {"inner": value}}])


def nested(depth: int) -> Any:
    value: Any = {}
    for _ in range(depth - 1):
        value = {"a": value}
    return value


def test_the_callers_own_values_are_nested_to_a_limit() -> None:
    assert unpack_record([*PLACES, {"fields": nested(MAX_DEPTH)}]).fields == nested(MAX_DEPTH)
    for name in ("fields", "metadata"):
        with pytest.raises(FrameError, match=f"{name} is nested more than {MAX_DEPTH} deep"):
            unpack_record([*PLACES, {name: nested(MAX_DEPTH + 1)}])


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (None, "the shared facts are no map but NoneType"),
        ([], "the shared facts are no map but list"),
        ({"pid": "1"}, "shared fact 'pid' is str; right would be int"),
        ({"pid": True}, "shared fact 'pid' is bool; right would be int"),
        ({"service": None}, "shared fact 'service' is NoneType; right would be str"),
        ({"host": b"h"}, "shared fact 'host' is bytes; right would be str"),
    ],
)
def test_what_are_no_facts_is_refused(facts: object, reason: str) -> None:
    with pytest.raises(FrameError, match=reason):
        Facts.unpack(facts)


_anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.binary(), inner),
)
_rest = st.dictionaries(st.sampled_from(["level", "source", "kind", "metadata", "fields", "exception"]), _anything)


@given(_anything | st.builds(lambda place, value, rest: [*PLACES[:place], value, *PLACES[place + 1 :], rest],
                             st.integers(0, 7), _anything, _rest))  # fmt: skip
def test_no_value_raises_anything_but_a_frame_error(items: object) -> None:
    try:
        assert isinstance(unpack_record(items), Record)
    except FrameError:
        pass
