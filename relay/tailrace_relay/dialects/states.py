"""What services do, by what agents and containers say of themselves, and how viewers are told of it. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec

from tailrace.wire.presence import Announcement, State
from tailrace_relay.outbox import Message, Ping
from tailrace_relay.services import instances_of

__all__ = ["STATES", "ServiceState", "States", "changes", "service_states"]

_encode = msgspec.json.Encoder().encode

_PING = Ping()

# Of a service with several containers the worst counts; without any health check it is `none`, as Docker says.
NO_HEALTH = "none"
WORST_FIRST = ("unhealthy", "starting", "healthy")


@dataclass(frozen=True, slots=True)
class ServiceState:
    """One service.

    Attributes:
        status: `running` as long as one of its processes or containers does; else what became of the one heard last.
        health: of its containers.
        container_id: of the container that runs, else of the agent; of several, the one that began last.
        streams: that it writes to.
    """

    service: str
    status: str
    health: str
    container_id: str
    streams: tuple[str, ...]

    @property
    def running(self) -> bool:
        return self.status == State.RUNNING


def service_states(said: Iterable[Announcement], now: int) -> dict[str, ServiceState]:
    """The services, in the order of their names.

    Args:
        now: ms since 1970, by the clock of Redis.
    """
    return {service: _state(service, instances, now) for service, instances in instances_of(said).items()}


def changes(before: Mapping[str, ServiceState], after: Mapping[str, ServiceState]) -> list[dict[str, str]]:
    """What is to be told of services whose status or health is another one, or that are new."""
    return [
        {"service": each.service, "status": each.status, "health": each.health}
        for each in after.values()
        if (known := before.get(each.service)) is None or (known.status, known.health) != (each.status, each.health)
    ]


class States:
    """All services first, then those whose status or health is another one."""

    def read(self, said: Iterable[Announcement], now: int) -> Mapping[str, ServiceState]:
        return service_states(said, now)

    def whole(self, state: Mapping[str, ServiceState] | None) -> Message | None:
        return None if state is None else _update(changes({}, state))

    def change(self, before: Mapping[str, ServiceState], after: Mapping[str, ServiceState]) -> Message | None:
        news = changes(before, after)
        return _update(news) if news else None

    def heartbeat(self) -> Message:
        return _PING


STATES = States()


def _update(news: list[dict[str, str]]) -> Message:
    return Message("status_update", (_encode({"type": "status_update", "changes": news}),))


def _state(service: str, said: list[Announcement], now: int) -> ServiceState:
    running = [each for each in said if each.state(now) is State.RUNNING]
    last = max(said, key=lambda each: each.at)
    shown = running or [last]
    health = {each.attributes.get("health", NO_HEALTH) for each in shown}
    newest = max(shown, key=lambda each: (bool(each.attributes.get("container.id")), each.started))
    return ServiceState(
        service=service,
        status=(State.RUNNING if running else last.state(now)).value,
        health=next((word for word in WORST_FIRST if word in health), NO_HEALTH),
        container_id=newest.attributes.get("container.id") or newest.instance,
        streams=tuple(dict.fromkeys(stream for each in said for stream in each.streams)),
    )
