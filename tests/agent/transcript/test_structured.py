"""Lines that are JSON objects: what libraries of many languages write comes out as one and the same record."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tailrace.transcript.structured import Structured, recognise

NOON = 1_767_268_800_000_000  # 2026-01-01T12:00:00Z


def read(**values: Any) -> Structured:
    found = recognise(json.dumps(values))
    assert found is not None
    return found


def test_structlog() -> None:
    found = read(event="paid", level="warning", timestamp="2026-01-01T12:00:00.000001Z", logger="shop", amount=5)
    assert found == Structured(
        message="paid", level_number=30, level="WARNING", time=NOON + 1, logger="shop", fields={"amount": 5}
    )


def test_pino() -> None:
    error = {"type": "Error", "message": "no", "stack": "Error: no\n    at a.js:1:1"}
    found = read(level=50, time=NOON // 1000, pid=7, hostname="h", name="api", msg="failed", err=error)
    assert (found.level_number, found.time, found.logger, found.message) == (40, NOON, "api", "failed")
    assert found.exception == "Error: no\n    at a.js:1:1"
    assert found.fields == {"pid": 7, "hostname": "h", "err": {"type": "Error", "message": "no"}}


def test_python_json_logger() -> None:
    found = read(asctime="2026-01-01 12:00:00,250", levelname="ERROR", name="app", message="x", exc_info="Traceback…")
    local = time.mktime((2026, 1, 1, 12, 0, 0, 0, 0, -1))
    assert (found.time, found.level_number, found.exception) == (int(local * 1e6) + 250_000, 40, "Traceback…")
    assert (found.logger, found.fields) == ("app", {})


def test_elastic_common_schema_with_dots_and_nested() -> None:
    dotted: dict[str, Any] = {
        "@timestamp": "2026-01-01T12:00:00Z",
        "log.level": "info",
        "message": "x",
        "trace.id": "ab",
    }
    nested: dict[str, Any] = {
        "@timestamp": "2026-01-01T12:00:00Z", "log": {"level": "info"}, "message": "x", "trace": {"id": "ab"},
    }  # fmt: skip
    assert read(**dotted) == read(**nested)
    assert (read(**nested).trace_id, read(**nested).fields) == ("ab", {})


def test_zap_with_seconds_and_a_fraction() -> None:
    found = read(level="info", ts=1767268800.25, caller="a.go:1", msg="x")
    assert (found.time, found.fields) == (NOON + 250_000, {"caller": "a.go:1"})


@pytest.mark.parametrize(
    "value",
    [
        NOON // 1_000_000,
        NOON // 1_000_000 + 0.0,
        NOON // 1000,
        NOON,
        NOON * 1000,
        str(NOON // 1000),
        "2026-01-01T12:00:00Z",
        "2026-01-01T13:00:00.000000000+01:00",
    ],
)
def test_a_time_is_read_in_any_unit(value: object) -> None:
    assert read(msg="x", time=value).time == NOON


@pytest.mark.parametrize("value", [0.25, -1, True, None, "soon", "", [1], 1e30, float("nan"), float("inf"), 10**400])
def test_what_is_no_time_stays_a_field(value: object) -> None:
    found = read(msg="x", time=value)
    assert found.time is None
    assert "time" in found.fields


@pytest.mark.parametrize(
    ("value", "number", "name"),
    [
        ("trace", 5, "TRACE"), ("Debug", 10, "DEBUG"), ("INFO", 20, "INFO"), ("notice", 25, "NOTICE"),
        ("warn", 30, "WARNING"), ("err", 40, "ERROR"), ("panic", 50, "CRITICAL"), ("40", 30, "WARNING"),
        (10, 5, "TRACE"), (20, 10, "DEBUG"), (30, 20, "INFO"), (40, 30, "WARNING"), (50, 40, "ERROR"),
        (60, 50, "CRITICAL"),
    ],
)  # fmt: skip
def test_levels_as_text_and_as_numbers(value: object, number: int, name: str) -> None:
    found = read(msg="x", severity=value)
    assert (found.level_number, found.level) == (number, name)


@pytest.mark.parametrize("value", ["loud", 7, 61, 10**400, 30.5, True, None, ["info"]])
def test_what_is_no_level_stays_a_field(value: object) -> None:
    found = read(msg="x", level=value)
    assert (found.level_number, "level" in found.fields) == (None, True)


def test_the_next_name_is_tried_where_the_first_is_of_no_use() -> None:
    found = read(msg={"a": 1}, message="x", level="loud", severity="error", trace_id="0000", traceId="12")
    assert (found.message, found.level_number, found.trace_id) == ("x", 40, "12")
    assert found.fields == {"msg": {"a": 1}, "level": "loud", "trace_id": "0000"}


def test_an_object_with_a_level_and_no_message_is_its_own_message() -> None:
    line = '{"level": "error", "code": 7}'
    found = recognise(line)
    assert found == Structured(message=line, level_number=40, level="ERROR", fields={"code": 7})


@pytest.mark.parametrize(
    "line",
    [
        "", "text", "{", "{}", "{text}", "[1, 2]", '"msg"', "12", '{"total": 5}', '{"msg": "x"',
        '{"msg": "x"} and more',
        '{"msg": [1]}', '{"msg": "x", "n": ' + "9" * 5000 + "}",
        '{"msg": "x", "a": ' + "[" * 7 + "]" * 7 + "}",
        '{"msg": "x", "a": ' + "[" * 30_000 + "]" * 30_000 + "}",
        '{"msg": "' + "x" * (64 << 10) + '"}',
    ],
)  # fmt: skip
def test_any_other_line_is_text(line: str) -> None:
    assert recognise(line) is None


def test_hostile_text_is_made_harmless() -> None:
    found = recognise(
        '{"msg": "\\ud800", "\\udfff": NaN, "logger": "' + "l" * 1000 + '", "span_id": "' + "5" * 1000 + '"}'
    )
    assert found is not None
    assert found.message == "\\ud800"
    assert len(found.logger or "") == 256
    assert found.fields == {"\\udfff": "nan", "span_id": "5" * 1000}


@given(
    st.dictionaries(
        st.sampled_from(["msg", "level", "time", "logger", "exception", "trace_id", "log", "error", "x"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["level", "stack", "y"]), inner),
            max_leaves=8,
        ),
    )
)
def test_it_never_raises_and_leaves_nothing_out(values: dict[str, Any]) -> None:
    found = recognise(json.dumps(values))
    if found is not None and "x" in values:
        assert "x" in found.fields
