from __future__ import annotations

import fnmatch
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tailrace_relay.cursor import Cursor
from tailrace_relay.errors import CursorError, ParameterError
from tailrace_relay.query import Query
from tailrace_relay.selection import MAX_PATTERNS, MAX_TAIL, Selection, Start, parse_subscription

ALPHABET = "ab.:-"
PATTERNS = st.text(ALPHABET + "*?", min_size=1, max_size=12)
NAMES = st.text(ALPHABET, min_size=1, max_size=12)


def refused(parameter: str, **parameters: str) -> str:
    """Why a subscription is refused; the error names the parameter."""
    with pytest.raises(ParameterError) as caught:
        parse_subscription({"streams": "api"} | parameters)
    assert caught.value.parameter == parameter
    return str(caught.value)


@given(st.lists(PATTERNS, min_size=1, max_size=5), NAMES)
def test_globs_match_as_those_of_the_shell(patterns: list[str], name: str) -> None:
    matches = Selection.parse(",".join(patterns)).matcher()(name)
    assert matches == any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def test_streams_can_be_left_out() -> None:
    matches = Selection(("*",), without=("run:*", "test")).matcher()
    assert [name for name in ("api", "runs", "run:1", "test", "tests", "a:run:1") if matches(name)] == [
        "api",
        "runs",
        "tests",
        "a:run:1",
    ]
    assert Selection(("*",), without=("run:*",)) != Selection(("*",))


def test_a_dot_is_a_dot() -> None:
    matcher = Selection.parse("worker.billing").matcher()
    assert matcher("worker.billing")
    assert not matcher("worker-billing")


def test_hostile_globs_take_linear_time() -> None:
    """Exponential time would be years; a second is for a busy machine."""
    patterns = ["*a" * 60 + "*b", "*" * 128, "*?" * 64, "a*" * 63 + "b", "?*" * 60 + "c"]
    matcher = Selection.parse(",".join(patterns[:1] + patterns[3:])).matcher()
    began = time.process_time()
    for _ in range(100):
        assert not matcher("a" * 128)
    assert time.process_time() - began < 5


def test_equal_questions_are_equal_selections() -> None:
    assert (
        Selection.parse("b, a,,a ", "WARN")
        == Selection.parse("a,b", "30")
        == Selection(("a", "b"), Query.parse("level:>=30"))
    )
    assert hash(Selection.parse("b,a")) == hash(Selection.parse("a,b"))


@pytest.mark.parametrize(
    ("text", "level"),
    [("", 0), ("DEBUG", 10), ("info", 20), ("WARN", 30), ("WARNING", 30), ("FATAL", 50), ("CRITICAL", 50), ("35", 35)],
)
def test_levels_by_name_and_by_number(text: str, level: int) -> None:
    assert Selection.parse("api", text).query == Query.parse("", level=level)


def test_only_one_name_is_a_single_stream() -> None:
    assert Selection.parse("api").single
    assert not Selection.parse("api,run").single
    assert not Selection.parse("ap?").single
    assert Selection.parse("api,run:*").names == ("api",)


@pytest.mark.parametrize("streams", ["", " ", ",", " , "])
def test_without_a_stream_there_is_nothing_to_follow(streams: str) -> None:
    assert "streams=api" in refused("streams", streams=streams)


@pytest.mark.parametrize("streams", ["a b", "[ab]", "é", "a\nb", "../x", "a" * 129, "api,{x}", "a\0"])
def test_other_characters_are_refused(streams: str) -> None:
    assert "not a stream name or glob" in refused("streams", streams=streams)


def test_too_many_globs_are_refused() -> None:
    names = [f"s{number}" for number in range(MAX_PATTERNS + 1)]
    assert "64 is the limit" in refused("streams", streams=",".join(names))
    assert len(Selection.parse(",".join(names[1:])).names) == MAX_PATTERNS


@pytest.mark.parametrize("level", ["LOUD", "-1", "1e3", "3.5", "9" * 30, "٣", " "])
def test_other_levels_are_refused(level: str) -> None:
    refused("level", level=level)


def test_without_a_start_it_begins_now() -> None:
    assert parse_subscription({"streams": "api"})[1] == Start()


def test_a_cursor_wins_over_a_tail() -> None:
    assert parse_subscription({"streams": "api", "after": "0-0", "tail": "5"})[1] == Start(Cursor.parse("0-0"))


@pytest.mark.parametrize("tail", ["-1", "x", "1.5", "10001", "9" * 5000, "١", " 5", "+5"])
def test_other_tails_are_refused(tail: str) -> None:
    assert f"0 to {MAX_TAIL}" in refused("tail", tail=tail)


def test_tails_up_to_the_limit() -> None:
    assert parse_subscription({"streams": "api", "tail": "0"})[1] == Start()
    assert parse_subscription({"streams": "api", "tail": "10000"})[1].tail == MAX_TAIL


@pytest.mark.parametrize("after", ["0-0", "1763683200000-0", "1000~api~5-7~4f1c~0"])
def test_several_streams_begin_at_a_time_or_a_cursor_of_theirs(after: str) -> None:
    assert parse_subscription({"streams": "api,run:*", "after": after})[1].after == Cursor.parse(after)


@pytest.mark.parametrize("after", ["5-7", "5-7~4f1c~0", "0-0~4f1c~0"])
def test_a_place_in_one_stream_is_none_in_several(after: str) -> None:
    assert "a place in one stream" in refused("after", streams="api,run:*", after=after)


def test_a_nonsense_cursor_is_refused() -> None:
    with pytest.raises(CursorError):
        parse_subscription({"streams": "api", "after": "yesterday"})
