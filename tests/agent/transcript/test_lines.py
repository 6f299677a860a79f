"""Lines: whatever the pieces, the same lines come out, of bounded length."""

from __future__ import annotations

import tracemalloc
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tailrace.transcript.lines import Line, LineAssembler
from tailrace.values import clean_text, cut_text


def texts(*pieces: str) -> list[str]:
    lines = LineAssembler()
    return [line.text for piece in pieces for line in lines.feed(piece)] + [line.text for line in lines.flush()]


@given(st.lists(st.text(alphabet="ab \r\n\udc80é", max_size=6)))
def test_how_a_text_was_cut_into_pieces_does_not_show(pieces: list[str]) -> None:
    assert texts(*pieces) == texts("".join(pieces))


@given(st.text(alphabet="aé€😀\r\n"), st.integers(1, 5))
def test_bytes_give_the_lines_of_their_text(text: str, size: int) -> None:
    lines, data = LineAssembler(), text.encode()
    found = [line for at in range(0, len(data), size) for line in lines.feed_bytes(data[at : at + size])]
    assert [line.text for line in found + lines.flush()] == texts(text)


def test_bytes_that_are_no_text_become_escapes() -> None:
    lines = LineAssembler()
    assert [line.text for line in lines.feed_bytes(b"a\xff\nb\xe2\x82")] == ["a\\xff"]
    assert lines
    assert [line.text for line in lines.flush()] == ["b\\xe2\\x82"]
    assert not lines


def test_lines_are_numbered_and_blank_ones_are_none() -> None:
    lines = LineAssembler()
    assert lines.feed("a\n\n  \r\nb\n") == [Line(1, "a"), Line(2, "b")]
    assert lines.feed("c") == []
    assert lines.flush() == [Line(3, "c")]
    assert lines.flush() == []


def test_blank_lines_are_kept_where_they_matter() -> None:
    assert LineAssembler(keep_blank=True).feed("a\n\nb\n") == [Line(1, "a"), Line(2, ""), Line(3, "b")]


def test_assemblers_may_share_their_numbers() -> None:
    numbers = count(1)
    one, other = LineAssembler(numbers), LineAssembler(numbers)
    assert [one.feed("a\n"), other.feed("b\n"), one.feed("c\n")] == [[Line(1, "a")], [Line(2, "b")], [Line(3, "c")]]


@pytest.mark.parametrize(
    ("printed", "remains"),
    [
        ("a\r\nb\r\n", ["a", "b"]),
        ("  1%\r 50%\r100%\n", ["100%"]),
        ("\r 50%\r100%\n", ["100%"]),  # the bar begins with its `\r`
        (" 50%\r100%\r\n", ["100%"]),  # and here it ends with it
        ("100%\r", ["100%"]),
        ("100%\r    \rdone\n", ["done"]),  # it is wiped away at its end
        ("100%\r    \r", []),
        ("\r\r\n", []),
        ("a\x0bb\u2028c\x85d\n", ["a\x0bb\u2028c\x85d"]),  # what `str.splitlines` takes for ends is none
    ],
)
def test_what_is_overwritten_leaves_what_stood_there_last(printed: str, remains: list[str]) -> None:
    assert texts(printed) == remains
    assert texts(*printed) == remains


@pytest.mark.parametrize("letter", ["x", "é", "\udc80"])
@pytest.mark.parametrize("size", [16_000, 70_000, 300_000])
def test_a_long_line_is_cut_as_any_long_text(letter: str, size: int) -> None:
    text = letter * size
    expected = [cut_text(clean_text(text))]
    assert texts(text + "\n") == expected
    assert texts(*(text[at : at + 999] for at in range(0, size, 999))) == expected


def test_a_line_without_an_end_takes_no_more_memory_than_a_long_one() -> None:
    lines = LineAssembler()
    piece = "x" * 100_000
    tracemalloc.start()
    for _ in range(200):
        lines.feed(piece)
        lines.feed("x\r" + "y")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 * len(piece)
    assert [line.text for line in lines.flush()] == ["y"]
