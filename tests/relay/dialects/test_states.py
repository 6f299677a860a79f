from __future__ import annotations

from typing import Any

import pytest

from tailrace.wire.presence import SILENCE, Announcement
from tailrace_relay.dialects.states import changes, service_states

NOW = 1_000_000


def said(service: str, instance: str = "i", *, ago: int = 0, started: int = 0, **more: Any) -> Announcement:
    about: dict[str, Any] = {"host": "h", "pid": 1, "version": "1", "started": started, "at": NOW - ago}
    return Announcement(service=service, instance=instance, **(about | more))


def test_a_service_runs_as_long_as_one_of_its_processes_does() -> None:
    states = service_states(
        [
            said("web", "a", ended=True),
            said("web", "b", ago=SILENCE),
            said("job", ended=True, ago=5),
            said("job", "x", ago=SILENCE + 1),
            said("old", ago=SILENCE + 1),
        ],
        NOW,
    )
    assert {name: state.status for name, state in states.items()} == {"job": "exited", "old": "lost", "web": "running"}


@pytest.mark.parametrize(
    ("healths", "expected"),
    [
        ((), "none"),
        (("healthy",), "healthy"),
        (("healthy", "starting"), "starting"),
        (("healthy", "unhealthy", "starting"), "unhealthy"),
        (("odd",), "none"),
    ],
)
def test_of_several_containers_the_worst_health_counts(healths: tuple[str, ...], expected: str) -> None:
    announced = [said("web"), *(said("web", health, attributes={"health": health}) for health in healths)]
    gone = said("web", "gone", ended=True, attributes={"health": "unhealthy"})
    assert service_states([*announced, gone], NOW)["web"].health == expected


def test_the_container_is_named_else_the_agent_that_began_last() -> None:
    agents = [said("web", "a", started=1), said("web", "b", started=2), said("web", "c", started=9, ended=True)]
    assert service_states(agents, NOW)["web"].container_id == "b"
    container = said("web", "d", started=0, attributes={"container.id": "3f2a"})
    assert service_states([*agents, container], NOW)["web"].container_id == "3f2a"


def test_changes_are_those_of_status_and_health() -> None:
    before = service_states([said("a"), said("b", started=1), said("c")], NOW)
    after = service_states([said("a", ended=True), said("b", started=2), said("d")], NOW)
    assert changes(before, after) == [
        {"service": "a", "status": "exited", "health": "none"},
        {"service": "d", "status": "running", "health": "none"},
    ]
    assert changes(after, after) == []
