"""The header `traceparent`, by the examples and rules of its specification."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tailrace.correlation.traceparent import parse_traceparent

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.mark.parametrize("text", [f"00-{TRACE}-{SPAN}-01", f" 00-{TRACE}-{SPAN}-00\t", f"01-{TRACE}-{SPAN}-01-later"])
def test_a_valid_one_names_trace_and_span(text: str) -> None:
    assert parse_traceparent(text) == (TRACE, SPAN)


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE[1:]}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01\nx",
    ],
)
def test_an_invalid_one_is_ignored(text: str) -> None:
    assert parse_traceparent(text) is None


@given(st.text())
def test_nothing_makes_it_raise(text: str) -> None:
    parse_traceparent(text)
