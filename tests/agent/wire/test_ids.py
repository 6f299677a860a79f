from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tailrace.wire import ZERO, StreamID, StreamIDError

LARGEST = 2**53 - 1
NUMBERS = st.integers(0, LARGEST)


@given(NUMBERS, NUMBERS)
def test_every_id_survives_the_way_through_text(ms: int, n: int) -> None:
    assert StreamID.parse(str(StreamID(ms, n))) == (ms, n)


def test_ids_are_written_in_full_and_without_exponent() -> None:
    assert str(StreamID(LARGEST, LARGEST)) == "9007199254740991-9007199254740991"
    assert str(ZERO) == "0-0"


def test_ids_compare_by_time_then_by_number() -> None:
    assert ZERO < StreamID(5, 9) < StreamID(10, 2) < StreamID(10, 10)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "1",
        "1-",
        "-1",
        "1-2-3",
        "01-2",
        "1-02",
        "+1-2",
        "1--2",
        " 1-2",
        "1-2 ",
        "1-2\n",
        "1_0-2",
        "1.0-2",
        "1e3-2",
        "0x1-2",
        "1-*",
        "$",
        "+",
        "١-٢",
        "²-1",
        "9007199254740992-1",
        "1-9007199254740992",
        "18446744073709551615-18446744073709551615",
        "9" * 5000 + "-1",
    ],
)
def test_any_other_text_is_refused_and_quoted(text: str) -> None:
    with pytest.raises(StreamIDError, match=r"not a stream ID: .* right would be <ms>-<n>") as caught:
        StreamID.parse(text)
    assert caught.value.text == text
    assert len(str(caught.value)) < 400


@given(st.text())
def test_no_text_raises_anything_else(text: str) -> None:
    try:
        assert str(StreamID.parse(text)) == text
    except StreamIDError:
        pass
