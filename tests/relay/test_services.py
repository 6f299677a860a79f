"""Services, from what their instances say: how many there are, how they are, and how much they log."""

from __future__ import annotations

from typing import Any

import pytest

from tailrace.wire.presence import SILENCE, Announcement
from tailrace_relay.services import Service, services_of
from tests.relay.announcing import said

NOW = 1_763_683_200_000


def running(instance: str = "aa", **facts: Any) -> Announcement:
    return said(instance, at=NOW, **facts)


def lost(instance: str = "bb") -> Announcement:
    return said(instance, at=NOW - SILENCE - 1)


def exited(instance: str = "cc") -> Announcement:
    return said(instance, at=NOW - 30_000, ended=True)


def api_of(*announcements: Announcement) -> Service:
    return services_of(announcements, NOW)["api"]


@pytest.mark.parametrize(
    ("announcements", "health", "reasons", "counts"),
    [
        ([running("a"), running("b"), exited()], "healthy", [], (2, 1, 0)),
        ([running(), lost()], "degraded", ["lost"], (1, 0, 1)),
        ([lost(), exited()], "down", ["lost"], (0, 1, 1)),
        ([exited()], "stopped", [], (0, 1, 0)),
        ([running(lag=10_000)], "healthy", [], (1, 0, 0)),
        ([running(lag=10_001)], "degraded", ["behind"], (1, 0, 0)),
        ([running(recent=(30_000, 5, 0, 1))], "degraded", ["losing"], (1, 0, 0)),
        ([running(shed=(1, 0, 0, 0, 0), recent=(30_000, 5, 0, 0))], "healthy", [], (1, 0, 0)),
        ([running(attributes={"status": "running", "health": "healthy"})], "healthy", [], (1, 0, 0)),
        ([running(attributes={"health": "unhealthy"})], "degraded", ["unhealthy"], (1, 0, 0)),
        ([running(attributes={"status": "restarting"}), lost()], "degraded", ["lost", "unhealthy"], (1, 0, 1)),
    ],
)
def test_health_says_how_it_is_and_why(
    announcements: list[Announcement], health: str, reasons: list[str], counts: tuple[int, int, int]
) -> None:
    found = api_of(*announcements)
    assert (found["health"], found["reasons"]) == (health, reasons)
    assert found["instances"] == dict(zip(("running", "exited", "lost"), counts, strict=True))


def test_rates_are_the_sums_of_those_that_run() -> None:
    found = api_of(running("a", recent=(30_000, 300, 30, 0)), running("b", recent=(3_000, 6, 0, 0)), lost())
    assert (found["rate"], found["error_rate"]) == (12.0, 1.0)


def test_rates_are_unknown_where_nobody_says_them_and_nothing_where_nobody_runs() -> None:
    assert (api_of(running())["rate"], api_of(running())["error_rate"]) == (None, None)
    assert (api_of(lost())["rate"], api_of(lost())["error_rate"]) == (0, 0)


@pytest.mark.parametrize("recent", [(0, 1, 1, 1), (3_000,), (3_000, -1, 0, 0), (-1, 1, 1, 1), (1, 2, 3, 4, 5)])
def test_what_cannot_be_is_no_rate(recent: tuple[int, ...]) -> None:
    found = api_of(running(recent=recent))
    assert (found["rate"], found["health"]) == (None, "healthy")


def test_the_last_record_is_the_newest_of_any_instance() -> None:
    newest = {"stream": "api", "id": f"{NOW}-9"}
    found = api_of(running("a", last={"stream": "api", "id": f"{NOW - 1}-10"}), said("b", ended=True, last=newest))
    assert found["last"] == {**newest, "time": "2025-11-21T00:00:00.000Z"}
    assert api_of(running())["last"] is None


@pytest.mark.parametrize(
    "last", [{"id": "1-1"}, {"stream": "api"}, {"stream": "<b>", "id": "1-1"}, {"stream": "a", "id": "x"}]
)
def test_a_last_record_that_cannot_be_is_none(last: dict[str, str]) -> None:
    assert api_of(running(last=last))["last"] is None


def test_a_time_beyond_all_time_is_its_end() -> None:
    found = api_of(running(last={"stream": "api", "id": f"{(1 << 53) - 1}-9"}))
    assert found["last"]["time"] == "9999-12-31T23:59:59.999Z"


def test_services_come_by_name_with_the_streams_of_all_their_instances() -> None:
    found = services_of(
        [running("a", service="b"), running("b", streams=("y", "x")), running("c", streams=("z", "x"))], NOW
    )
    assert list(found) == ["api", "b"]
    assert found["api"]["streams"] == ["x", "y", "z"]
    many = tuple(f"run:{number:03}" for number in range(60))
    more = tuple(f"run:{number:03}" for number in range(30, 90))
    assert api_of(running("a", streams=many), running("b", streams=more))["streams"] == sorted({*many, *more})[:64]
