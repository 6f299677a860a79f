"""The watch: which containers there are and what happens to them, as the engine tells it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tailrace.docker.container import Container
from tailrace.docker.engine import Answer, Engine, EngineAway, EngineError, EngineRefuses
from tailrace.docker.events import DESTROYED, Event, Events
from tailrace.docker.response import ResponseError
from tailrace.docker.roster import Roster
from tailrace.docker.stamp import SECOND
from tailrace.shipper.backlog import Backoff

__all__ = ["Watch"]

# Seconds between two looks at which containers there are, besides what the engine tells: it drops events for whoever
# is slow to take them, as we are while Redis is away.
LIST_EVERY = 30.0

# Nanoseconds before our beginning from which on events are asked for. The engine answers before it listens itself: what
# happens in between would be heard by nobody.
OVERLAP = 10 * SECOND

# Seconds of rest after a question about a container that was not answered.
REST = 1.0

# Containers looked at between two looks at what has come: each takes the engine about a millisecond.
LOOKS_AT_ONCE = 8

NOT_FOUND = 404


class Watch:
    """Keeps a roster up to date.

    Args:
        say: gets what a person should know.

    Attributes:
        answer: the events; None while the engine is away.
    """

    def __init__(self, engine: Engine, roster: Roster, say: Callable[[str], object]) -> None:
        self.answer: Answer | None = None
        self._engine = engine
        self._roster = roster
        self._say = say
        self._events = Events(time.time_ns() - OVERLAP)
        # Those to be looked at, in the order in which something happened to them.
        self._looks: dict[str, None] = {}
        self._look_at = self._list_at = self._connect_at = 0.0
        self._failures = 0

    @property
    def due_at(self) -> float:
        """When `work` has something to do, by the monotonic clock."""
        if self.answer is None:
            return self._connect_at
        return min(self._list_at, self._look_at) if self._looks else self._list_at

    def connect(self) -> None:
        """Hear what happens from now on, and see what there is.

        Raises:
            EngineError: when the engine does not answer.
        """
        # It may have been replaced by another version.
        self._engine.forget_version()
        answer = self._engine.open("/events", **self._events.query)
        try:
            answer.wait_for_head()
            self._list(look_at_all=True)
        except EngineError:
            answer.close()
            raise
        self.answer = answer

    def work(self) -> None:
        """Do what is due: connect again, list, look.

        Raises:
            Stopped, RedisStaysAway: as `Sender.send`.
        """
        now = time.monotonic()
        try:
            if self.answer is None and now >= self._connect_at:
                self.connect()
                self._failures = 0
                self._say("the Docker engine is there again")
            elif self.answer is not None and now >= self._list_at:
                self._list(look_at_all=False)
        except EngineError as error:
            self._disconnect(error)
        if self.answer is not None and now >= self._look_at:
            self._look_at_some()

    def hear(self) -> None:
        """Take the events that have come.

        Raises:
            Stopped, RedisStaysAway: as `Sender.send`.
        """
        answer = self.answer
        if answer is None:
            return
        try:
            for part in answer.read():
                for event in self._events.feed(part.data):
                    self._note(event)
            if answer.complete:
                raise EngineAway("the Docker engine tells no more events")
        except (EngineError, ResponseError) as error:
            self._disconnect(error)

    def look_at(self, id: str) -> None:
        """Look at a container soon."""
        self._looks[id] = None

    def close(self) -> None:
        """Hear nothing any more."""
        if self.answer is not None:
            self.answer.close()
            self.answer = None

    def _disconnect(self, error: Exception) -> None:
        if self._failures == 0:
            self._say(f"{error}; trying again")
        self._failures += 1
        self._connect_at = time.monotonic() + Backoff().delay(self._failures)
        self._events = Events(self._events.latest)
        self.close()

    def _note(self, event: Event) -> None:
        if event.action == DESTROYED:
            self._looks.pop(event.id, None)
            self._roster.gone(event.id)
        else:
            self.look_at(event.id)

    def _list(self, *, look_at_all: bool) -> None:
        found = self._engine.get("/containers/json", all="1")
        self._list_at = time.monotonic() + LIST_EVERY
        states = {str(each.get("Id")): str(each.get("State")) for each in _maps(found)}
        known = self._roster.statuses
        for id in known.keys() - states.keys():
            self._roster.gone(id)
        # Those that run first: the others can wait.
        for id, state in sorted(states.items(), key=lambda each: each[1] != "running"):
            if look_at_all or known.get(id) != state:
                self.look_at(id)

    def _look_at_some(self) -> None:
        for id in list(self._looks)[:LOOKS_AT_ONCE]:
            del self._looks[id]
            try:
                container = Container.parse(self._engine.get(f"/containers/{id}/json"))
            except EngineRefuses as error:
                if error.status == NOT_FOUND:
                    self._roster.gone(id)
                    continue
                return self._rest(id)
            except EngineError:
                return self._rest(id)
            if container.id == id:
                self._roster.seen(container)
        return None

    def _rest(self, id: str) -> None:
        self.look_at(id)
        self._look_at = time.monotonic() + REST


def _maps(found: Any) -> list[dict[str, Any]]:
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
