from __future__ import annotations

from collections import Counter
from datetime import datetime
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tailrace_relay.histogram import WIDTHS, Histogram

NOON = 1_763_683_200_000_000
SECOND = 1_000_000

TIMES = st.integers(0, 253_402_300_799_999_999) | st.integers(NOON - 100 * SECOND, NOON + 100 * SECOND)
LEVELS = st.sampled_from(["INFO", "ERROR"])


def micros(text: str) -> int:
    return round(
        (datetime.fromisoformat(text) - datetime.fromisoformat("1970-01-01T00:00:00Z")).total_seconds() * SECOND
    )


def test_each_width_is_a_multiple_of_the_one_before() -> None:
    assert all(wider % width == 0 for width, wider in pairwise(WIDTHS))


@given(st.lists(st.tuples(TIMES, LEVELS), min_size=1, max_size=60), st.integers(1, 20))
def test_every_record_is_in_the_bucket_of_its_time(records: list[tuple[int, str]], most: int) -> None:
    histogram = Histogram(most)
    for time, level in records:
        histogram.add(time, level)
    content = histogram.content()
    width = round(content["seconds"] * SECOND)
    expected: dict[int, Counter[str]] = {}
    for time, level in records:
        expected.setdefault(time // width * width, Counter())[level] += 1
    found = {micros(bucket["time"]): bucket["by_level"] for bucket in content["buckets"]}
    assert found == {time: dict(counts) for time, counts in expected.items()}
    assert all(bucket["total"] == sum(bucket["by_level"].values()) for bucket in content["buckets"])
    assert list(found) == sorted(found)
    first, last = min(found), max(found)
    assert (last - first) // width < most or width == WIDTHS[-1]


def test_buckets_are_no_wider_than_they_must_be() -> None:
    histogram = Histogram(60)
    for second in range(60):
        histogram.add(NOON + second * SECOND, "INFO")
    assert histogram.content()["seconds"] == 1
    histogram.add(NOON + 60 * SECOND, "INFO")
    assert histogram.content()["seconds"] == 5


def test_without_records_there_are_no_buckets() -> None:
    assert Histogram(10).content() == {"seconds": 0.001, "buckets": []}
