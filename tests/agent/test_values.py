"""Values from strangers: whatever is logged can be packed, and is bounded."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tailrace.values import clean, clean_text, cut_text, safe_repr


class Raises:
    def __repr__(self) -> str:
        raise RuntimeError("no")


class LyingMapping(Mapping[str, int]):
    def __getitem__(self, key: str) -> int:
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        raise RuntimeError("no")

    def __len__(self) -> int:
        return 3


@pytest.mark.parametrize(
    ("value", "cleaned"),
    [
        (None, None),
        (True, True),
        ("text", "text"),
        ("\ud800", "\\ud800"),
        (b"\xff\x00a", "\\xff\x00a"),
        (2**64 - 1, 2**64 - 1),
        (2**64, str(2**64)),
        (-(2**63) - 1, str(-(2**63) - 1)),
        (math.nan, "nan"),
        (-math.inf, "-inf"),
        ((1, 2), [1, 2]),
        ({1: 2, None: 3}, {"1": 2, "None": 3}),
        (Raises(), "<unrepr Raises>"),
    ],
)
def test_each_kind_of_value_has_its_text_or_number(value: object, cleaned: object) -> None:
    assert clean(value) == cleaned


def test_an_integer_too_long_to_write_is_described() -> None:
    assert clean(10**5000) == f"<int of {(10**5000).bit_length()} bits>"


def test_a_repr_is_cut_at_one_kib() -> None:
    assert len(safe_repr("x" * 10_000)) == 1024


def test_cycles_end_at_the_sixth_level() -> None:
    cycle: list[Any] = []
    cycle.append(cycle)
    assert str(clean(cycle)).count("[") <= 6 + 2 * 3


def test_large_collections_are_cut_with_a_remark() -> None:
    assert clean(dict.fromkeys(range(100)))["..."] == "36 more"
    assert clean(list(range(1000)))[-1] == "... 744 more"


def test_a_mapping_that_raises_becomes_its_repr() -> None:
    assert "LyingMapping" in clean(LyingMapping())


@given(st.text(st.characters(exclude_categories=[]), max_size=20))
def test_any_text_can_be_encoded(text: str) -> None:
    clean_text(text).encode()


@given(st.text(min_size=1, max_size=7))
def test_a_cut_text_stays_within_its_bounds(text: str) -> None:
    assert len(cut_text(text * 70_000).encode()) <= 64 << 10


def test_a_cut_text_keeps_its_ends_and_says_how_long_it_was() -> None:
    cut = cut_text("ä" * 2_500_000)
    assert cut.startswith("ä" * (24 << 10))
    assert cut.endswith("ä" * (4 << 10))
    assert "cut from 5000000 bytes, sha1 " in cut


def test_a_text_within_bounds_is_not_touched() -> None:
    text = "x" * (64 << 10)
    assert cut_text(text) == text


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.binary(max_size=9) | st.text(max_size=9),
        lambda inner: st.lists(inner) | st.dictionaries(st.integers() | st.text(max_size=5), inner) | st.tuples(inner),
    )
)
def test_whatever_is_cleaned_can_be_packed_and_read(value: object) -> None:
    packed = msgpack.packb(clean(value))
    msgpack.unpackb(packed, strict_map_key=True)


@pytest.mark.timeout(10)
def test_objects_that_hold_each_other_have_a_limited_number_of_parts() -> None:
    ring: list[object] = []
    ring.extend([ring] * 64)
    root: dict[str, object] = {"name": "root"}
    root["children"] = [{"name": number, "parent": root} for number in range(60)]

    def parts(value: object) -> int:
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return 1 + sum(map(parts, inner))

    for value in (ring, root):
        assert parts(clean(value)) < 5000


def test_long_texts_have_a_limited_length_together() -> None:
    found = clean([str(number) * 60_000 for number in range(10)] * 20)
    assert sum(map(len, found)) < 500_000
    assert found[0] == "0" * 60_000
