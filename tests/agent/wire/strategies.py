"""What hypothesis draws records and frames from."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tailrace.wire import MAX_RECORDS, Facts, Record, Shed
from tailrace.wire.record import MAX_TIME

INT64 = st.integers(-(1 << 63), (1 << 64) - 1)
TEXT = st.text(max_size=40)
SHED_COUNT = st.integers(0, (1 << 32) - 1)
PRODUCERS = st.binary(min_size=16, max_size=16)

_scalars = st.none() | st.booleans() | INT64 | st.floats(allow_nan=False) | TEXT


def _containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4)


PLAIN = st.recursive(_scalars, _containers, max_leaves=12)


def optional(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


def records() -> st.SearchStrategy[Record]:
    return st.builds(
        Record,
        time=st.integers(0, MAX_TIME),
        level_number=st.sampled_from([0, 10, 20, 25, 30, 40, 50, 255, 256]) | INT64,
        logger=TEXT,
        message=st.text(max_size=300),
        module=optional(TEXT),
        function=optional(TEXT),
        line=optional(INT64),
        thread=optional(TEXT),
        level=st.sampled_from(["", "NOTICE", "Ünrühig", "INFO"]),
        source=st.sampled_from(["logging", "file", "stdout", ""]),
        kind=st.sampled_from(["log", "audit", "notice", ""]),
        line_number=optional(INT64),
        exception=optional(TEXT),
        trace_id=optional(TEXT),
        span_id=optional(TEXT),
        action=optional(TEXT),
        metadata=PLAIN,
        fields=optional(st.dictionaries(TEXT, PLAIN, max_size=4)),
    )


def record_lists() -> st.SearchStrategy[list[Record]]:
    short = st.lists(records(), min_size=1, max_size=4)
    # Lengths around those where the body's array header changes, without drawing hundreds of records.
    long = st.tuples(records(), st.sampled_from([14, 15, 16, MAX_RECORDS])).map(lambda drawn: [drawn[0]] * drawn[1])
    return short | long


FACTS = st.builds(Facts, service=TEXT, host=TEXT, pid=INT64, process=TEXT)


@st.composite
def places(draw: st.DrawFn) -> tuple[int, Shed]:
    """A first seq with as many shed records before it as fit."""
    shed: Shed = draw(st.just((0, 0, 0, 0, 0)) | st.tuples(*[SHED_COUNT] * 5))
    return draw(st.integers(sum(shed) + 1, 1 << 52)), shed
