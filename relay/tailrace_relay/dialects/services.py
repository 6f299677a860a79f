"""`/api/logs…`: services with their last lines, and their lines as they come, as viewers of containers have them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tailrace_relay import codes
from tailrace_relay.dialects.choosing import is_value, query_of, tail_or
from tailrace_relay.dialects.entry import Entry
from tailrace_relay.dialects.everything import EVERY_STREAM, RUNS
from tailrace_relay.dialects.following import follow
from tailrace_relay.dialects.socket import Asked
from tailrace_relay.dialects.speech import Speech, failure_of
from tailrace_relay.dialects.states import STATES
from tailrace_relay.gateway import Gateway
from tailrace_relay.outbox import Message, Outbox
from tailrace_relay.selection import Selection
from tailrace_relay.session import Session
from tailrace_relay.status import Listening, View

__all__ = ["TAIL", "LinesOpening", "ServiceSpeech", "StatesOpening", "line_of", "selection_of"]

# Lines where the front end does not say how many.
TAIL = 100

# Sources of text that was made for people already.
CAPTURED = ("stdout", "stderr", "file")


def selection_of(service: str) -> Selection:
    """The records of a service, in all streams but those of runs."""
    return Selection(EVERY_STREAM, query_of(is_value("service", service)), without=RUNS)


def line_of(entry: Entry) -> str:
    """A record as text: what was captured as it is, what was logged with its level and logger."""
    return entry.text if entry.source in CAPTURED else f"{entry.level} {entry.logger}: {entry.text}"


def not_running(service: str) -> str:
    """What is said of a service that nobody knows, or that has ended."""
    return f"Service {service} not found or not running"


@dataclass(frozen=True)
class ServiceSpeech(Speech):
    """A line of a service, without its time."""

    service: str

    def content(self, entry: Entry) -> Any:
        return {"type": "log", "service": self.service, "content": line_of(entry)}


class LinesOpening:
    """`WS /api/logs/ws/{service}`."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def open(self, asked: Asked, outbox: Outbox) -> Session | None:
        service = asked.path["service"]
        tail = tail_or(TAIL, asked.parameters.get("tail", ""))
        selection = asked.grant.select(selection_of(service))
        state = (await self._gateway.status.state(View(STATES, asked.grant))).get(service)
        if state is None or not state.running:
            outbox.write(self.failure(not_running(service)))
            outbox.close(codes.NORMAL, "")
            return None
        return await follow(self._gateway, selection, outbox, ServiceSpeech(service), tail=tail, likely=state.streams)

    def failure(self, text: str) -> Message:
        return failure_of(text)

    def answer(self, text: str) -> None:
        return None


class StatesOpening:
    """`WS /api/logs/ws/status`."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def open(self, asked: Asked, outbox: Outbox) -> Listening:
        return await self._gateway.status.listen(outbox, View(STATES, asked.grant))

    def failure(self, text: str) -> Message:
        return failure_of(text)

    def answer(self, text: str) -> None:
        return None
