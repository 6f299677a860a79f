from __future__ import annotations

import json
from typing import Any

import pytest

from tailrace.wire import DEFAULT_AGE, DEFAULT_SIZE
from tailrace_relay.errors import ParameterError
from tailrace_relay.retention import Limits, Rules, parse_limits
from tailrace_relay.selection import check_pattern

DAY = 86_400_000


def rules(**limits: int) -> Rules:
    return Rules({pattern.encode(): json.dumps({"age": age, "bytes": 1}).encode() for pattern, age in limits.items()})


def test_the_most_exact_rule_wins() -> None:
    found = rules(**{"*": 1, "run:*": 2, "run:8*": 3, "run:8f3a": 4, "run:????": 5})
    ages = {name: limits.age for name in ("api", "run:1", "run:81", "run:8f3a") if (limits := found.of(name))}
    assert ages == {"api": 1, "run:1": 2, "run:81": 3, "run:8f3a": 4}
    assert rules(**{"run:*": 2}).of("api") is None


def test_what_cannot_be_read_is_passed_over() -> None:
    stored = {b"a": b"{}", b"b": b"no json", b"c d": b"{}", b"d": b'{"age": -1}', b"\xff": b"{}", b"e": b'{"age": "x"}'}
    assert Rules(stored).limits == {"a": Limits()}


@pytest.mark.parametrize(
    ("value", "age", "size"),
    [
        ({}, DEFAULT_AGE, DEFAULT_SIZE),
        ({"age": "30d"}, 30 * DAY, DEFAULT_SIZE),
        ({"age": "1h30m", "bytes": "1GiB"}, 5_400_000, 1 << 30),
        ({"age": 5000, "bytes": 1024}, 5000, 1024),
        ({"age": None, "bytes": None}, 0, 0),
        ({"age": 0}, 0, DEFAULT_SIZE),
        ({"age": "500us", "bytes": "0.5B"}, 1, 1),
        ({"bytes": "512MB"}, DEFAULT_AGE, 512_000_000),
    ],
)
def test_limits_have_units_or_none(value: dict[str, Any], age: int, size: int) -> None:
    assert parse_limits(value) == Limits(age, size)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ({"age": "5MB"}, "age"),
        ({"age": "7"}, "age"),
        ({"age": "-1d"}, "age"),
        ({"age": True}, "age"),
        ({"age": 1.5}, "age"),
        ({"age": 1 << 60}, "age"),
        ({"bytes": "1d"}, "bytes"),
        ({"bytes": []}, "bytes"),
        ({"size": 5}, "size"),
    ],
)
def test_a_limit_that_is_none_is_named(value: dict[str, Any], name: str) -> None:
    with pytest.raises(ParameterError, match="right would be") as caught:
        parse_limits(value)
    assert caught.value.parameter == name


@pytest.mark.parametrize("pattern", ["", "a b", "ä", "x" * 129, "a/b"])
def test_a_pattern_that_no_stream_can_match_is_refused(pattern: str) -> None:
    with pytest.raises(ParameterError, match="not a stream name or glob"):
        check_pattern("pattern", pattern)
