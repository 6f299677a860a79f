"""`WS /api/status`: the state of all services, and what changes in it (docs/PROTOCOL.md, B8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tailrace_relay import codes, messages
from tailrace_relay.auth import Grant
from tailrace_relay.errors import Forbidden, ParameterError, Unavailable
from tailrace_relay.gateway import Gateway
from tailrace_relay.outbox import Outbox
from tailrace_relay.status import Listening, View
from tailrace_relay.websocket import Connection

__all__ = ["StatusConnection"]


class StatusConnection(Connection):
    """One client. There is one status, so there is nothing to subscribe to."""

    __slots__ = ("_listening",)

    def __init__(self, gateway: Gateway, outbox: Outbox, grant: Grant) -> None:
        super().__init__(gateway, outbox, grant)
        self._listening: Listening | None = None

    async def begin(self, parameters: Mapping[str, str]) -> None:
        """Tell the present state, and then what changes."""
        try:
            self._listening = await self._gateway.status.listen(self._outbox, View(grant=self._grant))
        except Forbidden as error:
            self._outbox.write(messages.error("forbidden", str(error)))
            self._outbox.close(codes.FORBIDDEN, str(error))
        except Unavailable as error:
            self._outbox.write(messages.error("unavailable", str(error)))
            self._outbox.close(codes.UNAVAILABLE, "Redis does not answer; come again")

    def end(self) -> None:
        """Let go of everything."""
        if self._listening is not None:
            self._listening.leave()
        super().end()

    async def _obey(self, message: dict[str, Any], id: Any) -> None:
        kind = message.get("type")
        if kind in ("subscribe", "unsubscribe"):
            raise ParameterError("type", f"there is nothing to {kind} to here; records are at /api/live")
        await super()._obey(message, id)
