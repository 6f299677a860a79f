"""What a grant lets pass."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tailrace_relay.auth import ANYONE, Action, Grant
from tailrace_relay.errors import Forbidden
from tailrace_relay.globs import compile_globs, covers
from tailrace_relay.query import Query
from tailrace_relay.selection import Selection

READER = Grant(("api", "run:*"), frozenset({Action.READ}), Query.parse("level:>=error"))


def test_streams_are_matched_whole_and_case_counts() -> None:
    for name in ("api", "run:1", "run:"):
        READER.require(Action.READ, name)
    for name in ("API", "ap", "api2", "api.x", "xapi", "run", "run.1", "xrun:1"):
        with pytest.raises(Forbidden):
            READER.require(Action.READ, name)


def test_an_action_includes_no_other() -> None:
    for action in Action:
        alone = Grant(("*",), frozenset({action}))
        for other in Action:
            assert alone.may(other, "api") == (other == action)


def test_a_selection_of_globs_is_cut_to_what_may_be_read_and_seen() -> None:
    cut = READER.select(Selection.parse("*,api", query="timeout"))
    assert [name for name in ("api", "run:1", "other", "runs") if cut.matcher()(name)] == ["api", "run:1"]
    assert cut.query == Query.parse("level:>=error timeout")


def test_a_stream_that_is_named_outright_must_be_allowed() -> None:
    with pytest.raises(Forbidden, match="'secret'"):
        READER.select(Selection.parse("run:*,secret"))
    with pytest.raises(Forbidden):
        Grant(("*",), frozenset({Action.WRITE})).select(Selection.parse("*"))


def test_equal_grants_share_a_group_and_everybody_has_the_same_one_without_tokens() -> None:
    other = Grant(READER.streams, READER.actions, READER.query, holder="somebody", expires=1.0)
    assert READER.select(Selection.parse("*")) == other.select(Selection.parse("*"))
    assert ANYONE.select(Selection.parse("*")) == Selection.parse("*")


@pytest.mark.parametrize(
    ("wide", "narrow", "expected"),
    [
        ("*", "*", True),
        ("run:*", "run:*", True),
        ("run:*", "run:a*", True),
        ("run:*", "run:?", True),
        ("run:*", "*", False),
        ("run:*", "run*", False),
        ("a?", "a*", False),
        ("a?*", "a*", False),
        ("?" * 128, "*", False),
        ("a?c", "a?c", True),
        ("abc", "a?c", False),
    ],
)
def test_a_glob_covers_another_when_it_matches_all_that_the_other_does(wide: str, narrow: str, expected: bool) -> None:
    assert covers(wide, narrow) is expected


GLOBS = st.text("ab*?", min_size=1, max_size=5)


@given(GLOBS, GLOBS, st.text("ab", max_size=6))
def test_what_is_covered_matches(wide: str, narrow: str, name: str) -> None:
    if covers(wide, narrow) and compile_globs((narrow,))(name):
        assert compile_globs((wide,))(name)


def test_admin_of_a_glob_needs_one_as_wide() -> None:
    admin = Grant(("run:*",), frozenset({Action.ADMIN}))
    admin.require(Action.ADMIN, "run:a*")
    with pytest.raises(Forbidden):
        admin.require(Action.ADMIN, "*")
