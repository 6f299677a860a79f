from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tailrace.wire import CLASSES, LevelError, by_class, level_class, level_name, parse_level


@pytest.mark.parametrize("number", [10, 20, 25, 30, 37, 40, 50, 60])
def test_levels_have_the_names_that_logging_gives_them(number: int) -> None:
    assert level_name(number) == logging.getLevelName(number)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("DEBUG", 10),
        ("INFO", 20),
        ("WARNING", 30),
        ("WARN", 30),
        ("ERROR", 40),
        ("CRITICAL", 50),
        ("FATAL", 50),
        ("NOTSET", 0),
        ("warning", 30),
        ("  Error ", 40),
        ("25", 25),
        ("0", 0),
        ("999999999", 999_999_999),
    ],
)
def test_a_level_is_read_by_name_or_number(text: str, number: int) -> None:
    assert parse_level(text) == number


@pytest.mark.parametrize(
    "text", ["", " ", "LOUD", "-1", "+1", "1.5", "1e3", "٢٠", "²", "9" * 10, "Level 25", "DEBUG\0"]
)
def test_any_other_text_is_refused_and_quoted(text: str) -> None:
    with pytest.raises(LevelError, match=r"not a level: .* right would be DEBUG") as caught:
        parse_level(text)
    assert caught.value.text == text


@given(st.text())
def test_no_text_raises_anything_else(text: str) -> None:
    try:
        assert parse_level(text) >= 0
    except LevelError:
        pass


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (-5, "DEBUG"),
        (0, "DEBUG"),
        (10, "DEBUG"),
        (19, "DEBUG"),
        (20, "INFO"),
        (25, "INFO"),
        (30, "WARNING"),
        (49, "ERROR"),
        (50, "CRITICAL"),
        (1_000_000, "CRITICAL"),
    ],
)
def test_losses_are_counted_by_the_standard_level_at_or_below(number: int, name: str) -> None:
    assert CLASSES[level_class(number)] == name


def test_counts_by_class_leave_out_the_zeros() -> None:
    assert by_class((300, 12, 0, 0, 1)) == {"DEBUG": 300, "INFO": 12, "CRITICAL": 1}
    assert by_class((0, 0, 0, 0, 0)) == {}
