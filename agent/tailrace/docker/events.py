"""What happens to containers, as the engine tells it: one JSON object after the other. No I/O here."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from tailrace.docker.response import ResponseError
from tailrace.docker.stamp import SECOND

__all__ = ["DESTROYED", "Event", "Events"]

# What makes a container be looked at. The engine takes `health_status` for all of its kinds.
ACTIONS = ("create", "start", "restart", "die", "stop", "pause", "unpause", "rename", "destroy", "health_status")
DESTROYED = "destroy"

FILTERS = json.dumps({"type": ["container"], "event": list(ACTIONS)})

# Bytes of one event, with all labels of its container.
LONGEST = 1 << 20


class Event(NamedTuple):
    """Something that happened to a container.

    Attributes:
        time: ns since 1970.
    """

    action: str
    id: str
    time: int


class Events:
    """Takes the body of the answer to `/events`.

    Attributes:
        latest: when the last one happened, ns since 1970; 0 while there was none.
    """

    def __init__(self, latest: int = 0) -> None:
        self.latest = latest
        self._buffer = b""

    @property
    def query(self) -> dict[str, str]:
        """What to ask: after a break also what has happened since. The last one comes again then."""
        seconds, nanoseconds = divmod(self.latest, SECOND)
        since = {"since": f"{seconds}.{nanoseconds:09d}"} if self.latest else {}
        return {"filters": FILTERS, **since}

    def feed(self, data: bytes) -> list[Event]:
        """Take some of it.

        Raises:
            ResponseError: when these are no events.
        """
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        if len(self._buffer) > LONGEST:
            raise ResponseError(f"an event of more than {LONGEST} bytes")
        return [event for line in lines if line.strip() and (event := self._event(line)) is not None]

    def _event(self, line: bytes) -> Event | None:
        try:
            found = json.loads(line)
        except ValueError as error:
            raise ResponseError(f"no event: {line[:64]!r}") from error
        if not isinstance(found, dict):
            return None
        time = found.get("timeNano")
        time = time if isinstance(time, int) else 0
        self.latest = max(self.latest, time)
        action, id = found.get("Action"), _id(found)
        return Event(action, id, time) if isinstance(action, str) and id else None


def _id(found: dict[str, Any]) -> str:
    actor = found.get("Actor")
    id = actor.get("ID") if isinstance(actor, dict) else None
    return id if isinstance(id, str) else ""
