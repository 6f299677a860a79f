"""An announcement survives the round trip, tells its state by its age, and a damaged one is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tailrace.errors import FrameError
from tailrace.wire.presence import SILENCE, Announcement, State

SAID = Announcement(
    instance="ab" * 16,
    service="api",
    host="h",
    pid=7,
    version="1",
    started=1_000,
    at=60_000,
    command="gunicorn",
    streams=("api", "run:1"),
    emitted=12,
    shipped=10,
    shed=(1, 0, 0, 0, 0),
    lag=5,
    attributes={"status": "running", "health": "healthy"},
)


def test_it_survives_the_round_trip() -> None:
    assert Announcement.parse(SAID.pack()) == SAID
    assert Announcement.parse(SAID.pack().encode()) == SAID


def test_unknown_names_are_passed_over_and_missing_ones_have_defaults() -> None:
    value = {name: json.loads(SAID.pack())[name] for name in ("instance", "service", "host", "pid", "version")}
    found = Announcement.parse(json.dumps({**value, "started": 1, "at": 2, "later": True}))
    assert (found.emitted, found.streams, found.ended, found.attributes) == (0, (), False, {})


def test_of_many_long_attributes_some_remain() -> None:
    many = {str(number): "x" * 1000 for number in range(50)}
    found = Announcement.parse(replace(SAID, attributes=many).pack()).attributes
    assert len(found) == 16
    assert set(found.values()) == {"x" * 256}


def test_silence_is_lost_and_a_goodbye_is_not() -> None:
    assert SAID.state(SAID.at + SILENCE) is State.RUNNING
    assert SAID.state(SAID.at + SILENCE + 1) is State.LOST
    assert SILENCE < 10_000
    assert replace(SAID, ended=True).state(SAID.at + 10 * SILENCE) is State.EXITED


@pytest.mark.parametrize(
    "change",
    [
        {"pid": "7"},
        {"pid": True},
        {"streams": "api"},
        {"shed": [1, "x"]},
        {"service": 1},
        {"ended": 0},
        {"at": None},
        {"attributes": {"x": 1}},
    ],
)
def test_a_wrong_type_is_refused_by_name(change: dict[str, Any]) -> None:
    with pytest.raises(FrameError, match=next(iter(change))):
        Announcement.parse(json.dumps({**json.loads(SAID.pack()), **change}))


@pytest.mark.parametrize("packed", ["", "[]", "7", "{", '{"pid": 1}', "x" * 100_000])
def test_what_is_none_is_refused(packed: str) -> None:
    with pytest.raises(FrameError):
        Announcement.parse(packed)


@given(st.text() | st.binary())
def test_nothing_else_is_raised(packed: str | bytes) -> None:
    try:
        Announcement.parse(packed)
    except FrameError:
        pass
