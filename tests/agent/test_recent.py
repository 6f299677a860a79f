"""What became of a process's records lately: differences of counters over about half a minute."""

from __future__ import annotations

from tailrace.recent import LOOKS, Lag, Recent, errors_among
from tailrace.wire import Record


def test_the_first_look_says_nothing_and_later_ones_by_how_much_it_grew() -> None:
    recent = Recent()
    assert recent.look(1_000, 50, 5, 0) == ()
    assert recent.look(4_000, 80, 6, 1) == (3_000, 30, 1, 1)
    assert recent.look(7_000, 80, 6, 1) == (6_000, 30, 1, 1)


def test_it_looks_back_half_a_minute() -> None:
    recent = Recent()
    found = [recent.look(1_000 + 3_000 * look, 10 * look, look, 0) for look in range(100)]
    assert found[-1] == (30_000, 100, 10, 0)


def test_a_counter_that_fell_back_has_not_grown() -> None:
    recent = Recent()
    recent.look(1_000, 50, 5, 0)
    assert recent.look(4_000, 40, 7, 0) == (3_000, 0, 2, 0)


def test_a_clock_that_was_set_back_begins_anew() -> None:
    recent = Recent()
    recent.look(60_000, 1, 0, 0)
    assert recent.look(1_000, 2, 0, 0) == ()
    assert recent.look(4_000, 5, 0, 0) == (3_000, 3, 0, 0)


def test_errors_are_records_of_error_and_above() -> None:
    levels = [10, 20, 30, 39, 40, 45, 50]
    assert errors_among(Record(time=1, level_number=level, logger="t", message="m") for level in levels) == 3


def test_what_is_always_a_little_behind_has_no_lag() -> None:
    lag = Lag()
    assert [lag.look(3_000 * look, 60 * look + 1, 60 * look) for look in range(100)] == [0] * 100


def test_what_does_not_arrive_waits_since_it_was_first_seen() -> None:
    lag = Lag()
    assert [lag.look(3_000 * look, 60 * look, 60) for look in range(1, 6)] == [0, 0, 3_000, 6_000, 9_000]
    assert lag.look(18_000, 360, 180) == 6_000
    assert lag.look(21_000, 360, 360) == 0


def test_a_long_wait_is_known_from_its_start_and_takes_no_more_memory() -> None:
    lag = Lag()
    assert [lag.look(3_000 * look, look + 1, 0) for look in range(1_000)][-1] == 999 * 3_000
    assert len(lag._looks) == LOOKS


def test_a_clock_that_was_set_back_is_no_lag() -> None:
    lag = Lag()
    lag.look(60_000, 1, 0)
    assert lag.look(1_000, 2, 0) == 0
