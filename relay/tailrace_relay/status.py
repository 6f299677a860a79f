"""The status of services, live: one look at Redis for all who listen, and nobody looks when nobody does.

Redis -> StatusWatch, every two seconds -> Board, for each view -> listeners
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from tailrace.wire.presence import Announcement
from tailrace_relay import messages
from tailrace_relay.auth import ANYONE, Action, Grant
from tailrace_relay.board import Board, Listener, State, Telling
from tailrace_relay.errors import Unavailable
from tailrace_relay.history import History
from tailrace_relay.outbox import Message, Outbox
from tailrace_relay.services import Service, services_of

__all__ = ["SERVICES", "Listening", "Services", "StatusWatch", "View"]

logger = logging.getLogger("tailrace.relay")

SECONDS = 1.0

# Between two looks: agents speak every three seconds.
LOOK = 2 * SECONDS

# How often it is looked whether a heartbeat is due.
BEAT = 1 * SECONDS


class Services:
    """As docs/PROTOCOL.md, B8, has it."""

    def read(self, said: Iterable[Announcement], now: int) -> Mapping[str, Service]:
        return services_of(said, now)

    def whole(self, state: State | None) -> Message:
        if state is None:
            return messages.services("unavailable", {})
        return messages.services("services", {"services": list(state.values())})

    def change(self, before: State, after: State) -> Message | None:
        changed = [service for name, service in after.items() if before.get(name) != service]
        removed = [name for name in before if name not in after]
        if not changed and not removed:
            return None
        return messages.services("changed", {"services": changed, "removed": removed})

    def heartbeat(self) -> Message:
        return messages.heartbeat(None, None)


SERVICES = Services()


class View(NamedTuple):
    """What clients are told: clients with equal views share what is written."""

    telling: Telling = SERVICES
    grant: Grant = ANYONE


class StatusWatch:
    """Looks at the announcements while somebody listens."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._boards: dict[View, Board] = {}
        self._watching: asyncio.Task[None] | None = None
        # The look that is under way, for all who come meanwhile.
        self._under_way: asyncio.Task[Look] | None = None
        # How often Redis was asked.
        self.looks = 0

    @property
    def watches(self) -> bool:
        """Whether somebody listens, or did a moment ago."""
        return self._watching is not None and not self._watching.done()

    async def state(self, view: View) -> State:
        """The present state.

        Raises:
            Forbidden: when nothing may be read.
            Unavailable: when Redis does not answer.
        """
        view.grant.require_action(Action.READ)
        return (await self._look()).state(view)

    async def listen(self, outbox: Outbox, view: View) -> Listening:
        """Write the present state to an outbox, and from then on what changes.

        Raises:
            Forbidden: when nothing may be read.
            Unavailable: when Redis does not answer.
        """
        view.grant.require_action(Action.READ)
        if view not in self._boards:
            found = await self._look()
            board = self._boards.setdefault(view, Board(view.telling))
            board.renew(found.state(view), _now())
        if not self.watches:
            self._watching = asyncio.create_task(self._watch())
        listener = Listener(outbox)
        self._boards[view].greet(listener)
        return Listening(self, view, listener)

    def leave(self, view: View, listener: Listener) -> None:
        """Write to it no more."""
        board = self._boards.get(view)
        if board is not None:
            board.listeners.discard(listener)
            if not board.listeners:
                del self._boards[view]

    async def stop(self) -> None:
        """Look no more."""
        self._boards.clear()
        works = [work for work in (self._watching, self._under_way) if work is not None]
        for work in works:
            work.cancel()
        await asyncio.gather(*works, return_exceptions=True)

    async def _watch(self) -> None:
        beating = asyncio.create_task(self._beat())
        try:
            await asyncio.sleep(LOOK)
            while self._boards:
                await self._renew()
                await asyncio.sleep(LOOK)
        finally:
            beating.cancel()

    async def _renew(self) -> None:
        try:
            found = await self._look()
            for view, board in list(self._boards.items()):
                board.renew(found.state(view), _now())
        except Unavailable as error:
            logger.warning("the status of services is not known: %s", error)
            for board in self._boards.values():
                board.lose(_now())
        except Exception:  # the next look must come, whatever the reason
            logger.exception("the status of services could not be told")

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT)
            for board in self._boards.values():
                board.beat(_now())

    async def _look(self) -> Look:
        if self._under_way is None or self._under_way.done():
            self._under_way = asyncio.create_task(self._ask())
        return await asyncio.shield(self._under_way)

    async def _ask(self) -> Look:
        self.looks += 1
        said = await self._history.announcements()
        return Look(said, await self._history.now())


class Look(NamedTuple):
    """What was announced at a time, in ms."""

    said: list[Announcement]
    now: int

    def state(self, view: View) -> State:
        """What of it is seen."""
        seen = map(view.grant.seen, self.said)
        return view.telling.read((said for said in seen if said is not None), self.now)


class Listening(NamedTuple):
    """A client that is written to until it leaves."""

    watch: StatusWatch
    view: View
    listener: Listener

    def leave(self) -> None:
        """Write to it no more; harmless when it has left."""
        self.watch.leave(self.view, self.listener)


def _now() -> float:
    return asyncio.get_running_loop().time()
