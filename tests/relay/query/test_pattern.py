"""What an expression may cost: what takes too long for each character is refused, and no text is looked at for ever."""

from __future__ import annotations

import pytest

from tailrace_relay.query import Query, QueryError
from tailrace_relay.query.pattern import SEEN, found_in, is_whole
from tailrace_relay.query.syntax import Glob, Regex, Wildcard


@pytest.mark.parametrize(
    "expression",
    [
        "a[ab]{600}c",
        "a.{100}c",
        "a(.{0,10}){10}c",
        "(?:(?:a?){30}){30}",
        "a" + "[ab]" * 600,
        r"\p{L}+",
    ],
)
def test_an_expression_that_costs_too_much_is_refused_with_the_limit(expression: str) -> None:
    with pytest.raises(QueryError) as refused:
        Query.parse(f"x /{expression}/")
    assert "512 is the limit" in str(refused.value)
    assert (refused.value.position, refused.value.length) == (2, len(expression) + 2)


@pytest.mark.parametrize(
    "expression",
    [
        r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}",
        "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        "error.{0,50}timeout",
        "a[ab]{60}c",
        "(?i)(timeout|refused|reset|unreachable|denied|unauthorized|forbidden|exception|traceback)",
        r"[\w.+-]+@[\w-]+\.[\w.-]+",
    ],
)
def test_an_expression_for_people_is_not(expression: str) -> None:
    assert Query.parse(f"/{expression}/").predicate is not None


def test_a_glob_of_many_wildcards_is_refused_too() -> None:
    with pytest.raises(QueryError, match="512 is the limit"):
        Query.parse("a" + "?" * 200 + "b")


def test_an_expression_looks_at_the_beginning_of_a_long_text() -> None:
    find = found_in(Regex("end", False))
    assert find("x" * (SEEN - 3) + "end")
    assert not find("x" * (SEEN - 2) + "end")
    assert found_in(Regex("^x+$", False))("x" * SEEN + "y")


def test_a_glob_does_so_too_unless_it_is_a_beginning_or_an_end() -> None:
    long = "a" * SEEN + "b"
    assert is_whole(Glob(("a", Wildcard.ANY)))(long)
    assert is_whole(Glob((Wildcard.ANY, "b")))(long)
    assert not is_whole(Glob(("a", Wildcard.ANY, "b")))(long)
    assert is_whole(Glob(("a", Wildcard.ANY, "b")))("a" * (SEEN - 1) + "b")
