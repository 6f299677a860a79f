"""Marks: what a child says is recorded is passed on and not recorded, however it is cut into pieces."""

from __future__ import annotations

import os
import tempfile
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tailrace.command.marks import MOST_BETWEEN, Parent, Unmarker
from tailrace.config import Config

PARENT = Parent(7, "0123456789abcdef", "ab", frozenset(("1:2", "1:3")))
BEGIN, END = (mark.encode() for mark in PARENT.marks)


def fed(*pieces: bytes) -> tuple[bytes, bytes]:
    unmarker = Unmarker(PARENT)
    passed, recorded = b"", b""
    for piece in pieces:
        one, other = unmarker.feed(piece)
        passed, recorded = passed + one, recorded + other
    held = unmarker.release()
    return passed + held, recorded + held


def test_what_is_between_marks_is_passed_on_and_not_recorded() -> None:
    data = b"a\n" + BEGIN + b"logged\n" + END + b"b\n" + BEGIN + b"too\n" + END
    assert fed(data) == (b"a\nlogged\nb\ntoo\n", b"a\nb\n")


@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=9)), max_size=6), st.lists(st.integers(0, 400), max_size=8))
def test_pieces_of_any_size_make_no_difference(parts: list[tuple[bool, bytes]], cuts: list[int]) -> None:
    data = b"".join(BEGIN + text + END if marked else text for marked, text in parts)
    places = sorted({0, *(min(cut, len(data)) for cut in cuts), len(data)})
    pieces = [data[a:b] for a, b in pairwise(places)]
    expected = b"".join(text for _, text in parts), b"".join(text for marked, text in parts if not marked)
    assert fed(*pieces) == expected


def test_marks_with_another_word_are_text() -> None:
    data = Parent(7, "f" * 16, "ab", frozenset()).marks[0].encode() + b"hidden?\n"
    assert fed(data) == (data, data)


def test_what_looks_like_the_beginning_of_a_mark_is_held_and_released() -> None:
    unmarker = Unmarker(PARENT)
    assert unmarker.feed(b"colour \x1b") == (b"colour ", b"colour ")
    assert unmarker.holds
    assert unmarker.feed(b"[31m") == (b"\x1b[31m", b"\x1b[31m")
    assert not unmarker.holds


def test_a_begin_without_an_end_ends_after_a_megabyte() -> None:
    unmarker = Unmarker(PARENT)
    unmarker.feed(BEGIN)
    assert unmarker.feed(b"x" * (MOST_BETWEEN - 1))[1] == b""
    assert unmarker.feed(b"yy")[1] == b"yy"
    assert unmarker.feed(b"z")[1] == b"z"


def test_a_wrapper_within_a_wrapper_passes_everything_on_in_marks_of_the_outer_one() -> None:
    inner = Unmarker(Parent(8, "f" * 16, "ab", frozenset()), PARENT)
    begin, end = (mark.encode() for mark in Parent(8, "f" * 16, "ab", frozenset()).marks)
    passed, recorded = inner.feed(b"a\n" + begin + b"logged\n" + end)
    assert (passed, recorded) == (BEGIN + b"a\nlogged\n" + END, b"a\n")
    assert fed(passed) == (b"a\nlogged\n", b"")
    assert inner.feed(begin) == (b"", b"")


def test_a_parent_knows_whether_it_writes_to_the_same_stream() -> None:
    config = Config.load({}, stream="s")
    parent = Parent.here(config, [])
    assert parent.writes_as(Config.load({}, stream="s", service="other"))
    for other in ({"stream": "t"}, {"stream": "s", "prefix": "p"}, {"stream": "s", "url": "redis://elsewhere"}):
        assert not parent.writes_as(Config.load({}, **other))


def test_a_parent_is_read_as_it_is_written() -> None:
    assert Parent.parse(str(PARENT)) == PARENT
    for text in ("", "7", "7 ab", "7 ab cd", "x ab cd 1:2", "another tool's"):
        assert Parent.parse(text) is None


def test_a_parent_knows_its_own_pipes() -> None:
    reading, writing = os.pipe()
    with tempfile.TemporaryFile() as file:
        parent = Parent.here(Config.load({}), [reading])
        assert parent.reads(writing)
        assert not parent.reads(file.fileno())
    os.close(reading)
    os.close(writing)
    assert not parent.reads(writing)
