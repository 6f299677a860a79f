"""What the instances of each service say of themselves, taken together. No I/O.

All of it comes from the announcements (docs/PROTOCOL.md, A11), so that every gateway says the same at its first look.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from tailrace.wire import StreamID, StreamIDError, StreamNameError, check_stream_name
from tailrace.wire.presence import Announcement, State
from tailrace_relay.moments import format_moment

__all__ = ["Service", "instances_of", "services_of"]

# A service as clients get it.
Service = dict[str, Any]

# Whose records have waited for Redis for so long, in ms, is behind.
BEHIND = 10_000

# Streams of one service that are named: those that sort first; processes with thousands of runs have as many.
MOST_STREAMS = 64

# What an engine says of a container that runs, but not as it should.
UNWELL = {"paused", "restarting", "removing", "dead"}


def services_of(announcements: Iterable[Announcement], now: int) -> dict[str, Service]:
    """Each service that was heard of lately, by its name, in the order of the names.

    Args:
        now: ms since 1970, by the clock of Redis.
    """
    return {name: _service(name, instances, now) for name, instances in instances_of(announcements).items()}


def instances_of(announcements: Iterable[Announcement]) -> dict[str, list[Announcement]]:
    """What the instances of each service say, by its name, in the order of the names."""
    found: dict[str, list[Announcement]] = {}
    for each in announcements:
        found.setdefault(each.service, []).append(each)
    return dict(sorted(found.items()))


def _service(name: str, instances: list[Announcement], now: int) -> Service:
    states = Counter(each.state(now) for each in instances)
    running = [each for each in instances if each.state(now) is State.RUNNING]
    reasons = _reasons(running, states[State.LOST])
    rate, error_rate = _rates(running)
    return {
        "service": name,
        "health": _health(len(running), reasons),
        "reasons": reasons,
        "instances": {state.value: states[state] for state in State},
        "last": _last(instances),
        "rate": rate,
        "error_rate": error_rate,
        "streams": sorted({stream for each in instances for stream in each.streams})[:MOST_STREAMS],
    }


def _health(running: int, reasons: list[str]) -> str:
    if running:
        return "degraded" if reasons else "healthy"
    return "down" if reasons else "stopped"


def _reasons(running: list[Announcement], lost: int) -> list[str]:
    """What is wrong, in words that programs can compare."""
    found = {
        "lost": lost > 0,
        "behind": any(each.lag > BEHIND for each in running),
        "losing": any(recent[3] > 0 for each in running if (recent := _recent(each))),
        "unhealthy": any(_is_unwell(each) for each in running),
    }
    return [reason for reason, holds in found.items() if holds]


def _is_unwell(said: Announcement) -> bool:
    return said.attributes.get("health") == "unhealthy" or said.attributes.get("status") in UNWELL


def _rates(running: list[Announcement]) -> tuple[float | None, float | None]:
    """Records and errors per second of those that run; None when none of them says it."""
    recent = [found for each in running if (found := _recent(each))]
    if running and not recent:
        return None, None
    rates = [sum(found[which] * 1000 / found[0] for found in recent) for which in (1, 2)]
    return round(rates[0], 3), round(rates[1], 3)


def _recent(said: Announcement) -> tuple[int, ...]:
    """What it says of its last half minute; empty where that is nothing that can be."""
    found = said.recent
    return found if len(found) == 4 and found[0] > 0 and min(found) >= 0 else ()


def _last(instances: list[Announcement]) -> dict[str, str] | None:
    """The newest record of any of them."""
    found = [last for each in instances if (last := _named(each)) is not None]
    if not found:
        return None
    id, stream = max(found)
    return {"stream": stream, "id": str(id), "time": format_moment(id.ms)}


def _named(said: Announcement) -> tuple[StreamID, str] | None:
    try:
        return StreamID.parse(said.last["id"]), check_stream_name(said.last["stream"])
    except (KeyError, StreamIDError, StreamNameError):
        return None  # another version says it in another way
