"""What clients of one view are told of services, the whole first and then what changes. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from tailrace.wire.presence import Announcement
from tailrace_relay.hub import HEARTBEAT
from tailrace_relay.outbox import Message, Outbox

__all__ = ["Board", "Listener", "State", "Telling"]

# Services by their name, in whatever form a telling has them.
State = Mapping[str, Any]


class Telling(Protocol):
    """In which words services are told of; None where there is no word. Hashable: equal ones share what is made."""

    def read(self, said: Iterable[Announcement], now: int) -> State:
        """The services, by what is said of them at a time in ms."""

    def whole(self, state: State | None) -> Message | None:
        """All of them; None where they cannot be known."""

    def change(self, before: State, after: State) -> Message | None:
        """What is another than before."""

    def heartbeat(self) -> Message | None:
        """A sign of life."""


@dataclass(eq=False, slots=True)
class Listener:
    """A client: where it is written to, and whether it knows what its board has said last."""

    outbox: Outbox
    level: bool = False


class Board:
    """What is known to clients of one view, and the messages that say it, made once for all of them. No I/O.

    A client that has not taken what was written is passed over, and then told the whole state instead of what it
    has missed: nothing queues up for it.
    """

    def __init__(self, telling: Telling) -> None:
        self.telling = telling
        self.listeners: set[Listener] = set()
        self.written_at = 0.0
        self._services: State | None = None
        self._known = False
        self._whole: Message | None = None

    def renew(self, services: State, now: float) -> None:
        """Tell what has changed; after `lose`, and at first, all."""
        before, self._services = self._services, services
        change = None if before is None else self.telling.change(before, services)
        if not self._known:
            self._known, self._whole, self.written_at = True, None, now
            self._forget()
        elif change is not None:
            self._whole = None
        self._tell(change, now)

    def lose(self, now: float) -> None:
        """Tell, once, that nothing can be known at the moment."""
        if self._known:
            self._known, self._whole = False, None
            self._forget()
        self._tell(None, now)

    def beat(self, now: float) -> None:
        """A sign of life for who has been told nothing for a while."""
        if now - self.written_at >= HEARTBEAT:
            heartbeat = self.telling.heartbeat()
            for listener in self.listeners:
                if not listener.outbox.behind:
                    _write(listener.outbox, heartbeat)
            self.written_at = now

    def greet(self, listener: Listener) -> None:
        """Tell a new client the present state."""
        self.listeners.add(listener)
        listener.level = _write(listener.outbox, self._state())

    def _forget(self) -> None:
        for listener in self.listeners:
            listener.level = False

    def _tell(self, change: Message | None, now: float) -> None:
        for listener in self.listeners:
            if listener.outbox.behind:
                listener.level = listener.level and change is None
            elif not listener.level:
                listener.level = _write(listener.outbox, self._state())
                self.written_at = now
            elif change is not None:
                listener.level = listener.outbox.write(change)
                self.written_at = now

    def _state(self) -> Message | None:
        if self._whole is None:
            self._whole = self.telling.whole(self._services if self._known else None)
        return self._whole


def _write(outbox: Outbox, message: Message | None) -> bool:
    return message is None or outbox.write(message)
