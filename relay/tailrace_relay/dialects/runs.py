"""`/runs/{run_id}/logs`: what a run's page shows, and how a run's logs are sent in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tailrace.wire import StreamNameError, check_stream_name
from tailrace_relay.dialects.entry import Entry
from tailrace_relay.dialects.following import follow
from tailrace_relay.dialects.socket import Asked
from tailrace_relay.dialects.speech import Speech, failure_of
from tailrace_relay.errors import ParameterError
from tailrace_relay.gateway import Gateway
from tailrace_relay.outbox import Message, Outbox
from tailrace_relay.selection import Selection
from tailrace_relay.session import Session

__all__ = ["RunOpening", "RunSpeech", "run_content", "run_stream"]

# Records that a page begins with.
TAIL = 500

_PONG = Message("pong", (b"pong",))


def run_stream(run_id: str) -> str:
    """The stream of a run.

    Raises:
        ParameterError: for what can be no ID of a run.
    """
    try:
        return check_stream_name(f"run:{run_id}")
    except StreamNameError as error:
        raise ParameterError(
            "run_id", f"not a run's ID: {run_id[:64]!r}; right would be 1 to 124 of the characters A-Z a-z 0-9 . _ : -"
        ) from error


def run_content(entry: Entry, run_id: str) -> dict[str, Any]:
    """A record of a run; its ID is the stream ID, its line number that of the output, else its number in the stream."""
    number = entry.rest.line_number
    return {
        "id": entry.id,
        "run_id": run_id,
        "level": entry.level,
        "message": entry.text,
        "timestamp": entry.time,
        "source": entry.source,
        "line_number": entry.n if number is None else number,
    }


@dataclass(frozen=True)
class RunSpeech(Speech):
    """A record of a run."""

    run_id: str

    def content(self, entry: Entry) -> Any:
        return {"type": "log", "data": run_content(entry, self.run_id)}


class RunOpening:
    """`WS /runs/{run_id}/logs/stream`: the last 500 records, then live; also of a run that has not begun."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def open(self, asked: Asked, outbox: Outbox) -> Session:
        run_id = asked.path["run_id"]
        selection = asked.grant.select(Selection((run_stream(run_id),)))
        return await follow(self._gateway, selection, outbox, RunSpeech(run_id), tail=TAIL)

    def failure(self, text: str) -> Message:
        return failure_of(text)

    def answer(self, text: str) -> Message | None:
        return _PONG if text.strip() == "ping" else None
