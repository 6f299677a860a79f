"""Connections and answers that outlive their token."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from tailrace_relay import codes
from tailrace_relay.auth.grant import Grant
from tailrace_relay.errors import Unauthorized
from tailrace_relay.outbox import Outbox

__all__ = ["Lease", "while_valid"]

SECONDS = 1.0

# Event loops take no times that lie years ahead; after a day it is looked again.
LONGEST_SLEEP = 86_400 * SECONDS


async def while_valid(grant: Grant, grace: float, parts: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """The parts of a long answer, until some time after the token expired.

    Raises:
        Unauthorized: then.
    """
    async with aclosing(parts):
        async for part in parts:
            if grant.expires is not None and time.time() > grant.expires + grace:
                raise Unauthorized("the token has expired; come again with another")
            yield part


class Lease:
    """Ends a connection some time after its token expired, unless there is another one by then.

    Args:
        grace: seconds that a client has to come up with another.
        expired: called once when the token has expired.
    """

    __slots__ = ("_expired", "_grace", "_loop", "_outbox", "_timer")

    def __init__(self, grant: Grant, outbox: Outbox, grace: float, expired: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._outbox = outbox
        self._grace = grace
        self._expired = expired
        self._timer: asyncio.TimerHandle | None = None
        self.renew(grant)

    def renew(self, grant: Grant) -> None:
        """Go on for as long as another token holds."""
        self.end()
        if grant.expires is not None:
            self._wait(grant.expires)

    def end(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wait(self, expires: float) -> None:
        left = expires - time.time()
        if left > 0:
            self._timer = self._loop.call_later(min(left, LONGEST_SLEEP), self._wait, expires)
            return
        self._timer = self._loop.call_later(self._grace, self._close)
        self._expired()

    def _close(self) -> None:
        self._outbox.close(codes.UNAUTHORIZED, "the token has expired; come again with another and your cursor")
