"""Server-sent events as the HTML standard reads them. Pure."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Event", "EventParser"]


class Event(NamedTuple):
    """One event; `id` is the last ID given so far, in this event or before it."""

    type: str
    data: bytes
    id: str


class EventParser:
    """Bytes as they come in, events out."""

    def __init__(self) -> None:
        # The line that has not ended yet, in pieces.
        self._line: list[bytes] = []
        self._after_return = False
        self._type = ""
        self._data: list[bytes] = []
        self._id = ""

    def feed(self, data: bytes) -> list[Event]:
        """The events that these bytes complete."""
        if not data:
            return []
        if self._after_return and data.startswith(b"\n"):
            data = data[1:]  # the second half of a line end
        self._after_return = data.endswith(b"\r")
        *lines, rest = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        events = []
        for line in lines:
            event = self._take(b"".join((*self._line, line)))
            self._line.clear()
            if event is not None:
                events.append(event)
        self._line.append(rest)
        return events

    def _take(self, line: bytes) -> Event | None:
        if not line:
            return self._dispatch()
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"event":
            self._type = value.decode()
        elif name == b"data":
            self._data.append(value)
        elif name == b"id" and b"\0" not in value:
            self._id = value.decode()
        return None  # a comment, or a field that is none of ours

    def _dispatch(self) -> Event | None:
        data, self._data = self._data, []
        type, self._type = self._type, ""
        return Event(type or "message", b"\n".join(data), self._id) if data else None
