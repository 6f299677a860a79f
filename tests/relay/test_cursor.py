from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tailrace.wire import ZERO, StreamID
from tailrace.wire.ids import LARGEST
from tailrace_relay.cursor import ACTIVE, Cursor, format_cursor
from tailrace_relay.errors import CursorError
from tailrace_relay.position import START, Position

NAMES = st.from_regex(re.compile(r"[A-Za-z0-9._:-]{1,40}", re.ASCII), fullmatch=True)
NUMBERS = st.integers(0, LARGEST)
POSITIONS = st.builds(
    Position,
    st.builds(StreamID, NUMBERS, NUMBERS),
    st.from_regex(re.compile(r"[0-9a-f]{10}", re.ASCII), fullmatch=True),
    st.integers(0, 9_999_999_999_999),
)
HOUR = 3_600_000


@pytest.mark.parametrize("text", ["0-0", "1763683200000-42", "1763683200000-0", f"{LARGEST}-{LARGEST}"])
def test_a_bare_stream_id_is_a_cursor(text: str) -> None:
    assert Cursor.parse(text) == Cursor(single=Position(StreamID.parse(text)))


def test_a_cursor_of_one_stream_carries_its_numbering() -> None:
    position = Position(StreamID(1_763_683_200_000, 42), "4f1c", 1_763_683_200_123)
    assert Cursor.parse("1763683200000-42~4f1c~1763683200123") == Cursor(single=position)


def test_a_cursor_of_several_streams_is_a_time_and_their_positions() -> None:
    cursor = Cursor.parse("1000~api~5-7~4f1c~0~run:8~9-9~aa~12")
    assert cursor.single is None
    assert cursor.as_of == 1000
    assert cursor.positions == {
        "api": Position(StreamID(5, 7), "4f1c", 0),
        "run:8": Position(StreamID(9, 9), "aa", 12),
    }


def test_a_time_alone_is_a_cursor_of_several_streams() -> None:
    assert Cursor.parse("1000") == Cursor(as_of=1000)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "~",
        "abc",
        "1-",
        "-1",
        "1-2-3",
        "01-2",
        "1-2~",
        "1-2~e1",
        "1-2~e1~0~more",
        "1-2~e 1~0",
        "1-2~é~0",
        "1-2~e1~-1",
        "1-2~e1~12345678901234567",
        f"1-2~{'e' * 33}~0",
        f"{LARGEST + 1}-1",
        f"1-{LARGEST + 1}",
        "12345678901234567",
        "1000~api",
        "1000~api~1-2",
        "1000~api~1-2~e1~0~",
        "1000~a b~1-2~e1~0",
        "1000~~1-2~e1~0",
        "1000~api~1~e1~0",
        "１-２",
        "1000\n",
        "1-2\n",
    ],
)
def test_nonsense_is_refused_with_a_word_of_advice(text: str) -> None:
    with pytest.raises(CursorError) as caught:
        Cursor.parse(text)
    assert caught.value.parameter == "after"
    assert "cursor" in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_cursor_beyond_the_limit_is_refused_with_advice() -> None:
    words = "".join(f"~stream-{number}~1763683200000-1~4f1c00aa11~0" for number in range(450))
    with pytest.raises(CursorError, match="16384 is the limit: follow fewer streams"):
        Cursor.parse(f"1763683200000{words}")


def test_of_many_streams_those_active_last_are_named_and_the_time_comes_nearer() -> None:
    now = 9 * HOUR
    positions = [
        (f"run:{number:04}", Position(StreamID(now - number * 2_000, 1), "4f1c00aa11", now - HOUR), True)
        for number in range(1500)
    ]
    cursor = Cursor.parse(format_cursor(now, positions))
    assert cursor.as_of == now - HOUR // 10
    assert list(cursor.positions) == [name for name, position, _ in positions if position.id.ms > cursor.as_of]


def test_more_streams_than_a_cursor_can_hold_still_make_a_text_that_says_so_when_it_comes_back() -> None:
    positions = [(f"stream-{number}", Position(StreamID(9 * HOUR, 1), "e1"), True) for number in range(1000)]
    with pytest.raises(CursorError, match="follow fewer streams"):
        Cursor.parse(format_cursor(9 * HOUR, positions))


@given(POSITIONS)
def test_one_position_survives_being_written(position: Position) -> None:
    assert Cursor.parse(str(position)).single == position


@given(st.integers(HOUR, LARGEST), st.dictionaries(NAMES, POSITIONS, max_size=8))
def test_several_positions_survive_being_written(now: int, positions: dict[str, Position]) -> None:
    text = format_cursor(now, ((name, position, False) for name, position in positions.items()))
    assert Cursor.parse(text) == Cursor(as_of=now - ACTIVE, positions=positions)
    assert quote(text, safe="~:") == text


@given(POSITIONS, st.booleans(), st.integers(0, LARGEST))
def test_a_stream_is_left_out_only_when_it_is_quiet_and_read_to_its_end(
    position: Position, newest: bool, now: int
) -> None:
    cursor = Cursor.parse(format_cursor(now, [("api", position, newest)]))
    quiet = position.id.ms <= max(now - ACTIVE, 0)
    assert cursor.positions == ({} if quiet and newest else {"api": position})
    # Whatever comes later comes after the as-of time.
    assert not (quiet and newest) or position.id.ms <= cursor.as_of


def test_the_place_before_the_first_record_is_kept() -> None:
    before = Position(ZERO, "e1", 0)
    assert Cursor.parse(format_cursor(9 * HOUR, [("api", before, False)])).positions == {"api": before}


def test_a_stream_that_never_was_has_no_place() -> None:
    assert Cursor.parse(format_cursor(9 * HOUR, [("api", START, False)])).positions == {}


def test_a_clock_that_is_not_known_yet_leaves_nothing_out() -> None:
    place = Position(StreamID(1, 1), "e1", 0)
    assert Cursor.parse(format_cursor(0, [("api", place, True)])).positions == {"api": place}
