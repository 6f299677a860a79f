"""`WS /api/live`: subscriptions over a WebSocket, as a raw ASGI application (docs/PROTOCOL.md, B4)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from tailrace_relay import codes, messages
from tailrace_relay.errors import ParameterError, Unavailable
from tailrace_relay.gateway import Gateway
from tailrace_relay.origins import origin_allowed
from tailrace_relay.outbox import Outbox, PreparedOutbox, QueuedOutbox
from tailrace_relay.selection import parse_subscription
from tailrace_relay.session import Session
from tailrace_relay.websocket_protocol import CONNECTION

__all__ = ["MAX_MESSAGE", "LiveSocket"]

# Bytes of one message from a client.
MAX_MESSAGE = 64 << 10

# Subscriptions of one connection.
MAX_SUBSCRIPTIONS = 16

# Characters of a subscription's id.
MAX_ID = 64

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_decode = msgspec.json.Decoder(dict[str, Any]).decode


class LiveSocket:
    """Serves one WebSocket after the other; what it knows of one lives in a `_Connection`."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        parameters = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        refusal = self._refusal(scope)
        await send({"type": "websocket.accept"})
        prepared = scope.get("state", {}).get(CONNECTION)
        if prepared is not None:
            # Whoever called us holds the scope for as long as the connection lives: empty, it is 2 KiB less.
            scope.clear()
        outbox = QueuedOutbox(send) if prepared is None else PreparedOutbox(prepared)
        writer = asyncio.create_task(outbox.run()) if isinstance(outbox, QueuedOutbox) else None
        connection = _Connection(self._gateway, outbox)
        try:
            if refusal is not None:
                outbox.close(*refusal)
            elif parameters:
                await connection.subscribe_first(parameters)
            del parameters
            await connection.serve(receive)
        finally:
            connection.end()
            if writer is not None:
                await writer

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"] if name in (b"origin", b"host")}
        origin, allowed = headers.get(b"origin"), self._gateway.settings.allowed_origins
        if origin_allowed(origin, headers.get(b"host"), allowed):
            return None
        return codes.ORIGIN, f"origin {origin!r} is not allowed; see TAILRACE_ALLOWED_ORIGINS"


class _Connection:
    """One client: its outbox and its subscriptions."""

    __slots__ = ("_gateway", "_outbox", "_sessions")

    def __init__(self, gateway: Gateway, outbox: Outbox) -> None:
        self._gateway = gateway
        self._outbox = outbox
        self._sessions: dict[str | None, Session] = {}
        gateway.add(outbox)

    async def subscribe_first(self, parameters: Mapping[str, str]) -> None:
        """The subscription that the address asks for; a mistake in it ends the connection."""
        try:
            await self._subscribe(parameters, None)
        except ParameterError as error:
            self._outbox.write(messages.error("bad_request", str(error), error.details))
            self._outbox.close(codes.BAD_PARAMETER, str(error))

    async def serve(self, receive: Receive) -> None:
        """Answer the client until it is gone."""
        while True:
            event = await receive()
            if event["type"] == "websocket.disconnect":
                return
            text = event.get("text") or event.get("bytes") or ""
            if not await self._handle(text):
                self._outbox.close(codes.BAD_MESSAGE, "a message is a JSON object of at most 64 KiB")

    def end(self) -> None:
        """Let go of everything."""
        for session in self._sessions.values():
            session.leave()
        self._gateway.remove(self._outbox)
        self._outbox.close(codes.NORMAL, "")

    async def _handle(self, text: str | bytes) -> bool:
        """Do what a message asks for; False when it is none."""
        try:
            if len(text) > MAX_MESSAGE:
                return False
            message = _decode(text)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return False
        id = message.get("id")
        try:
            await self._obey(message, id)
        except ParameterError as error:
            name = id if isinstance(id, str) else None
            self._outbox.write(messages.error("bad_request", str(error), error.details, name))
        return True

    async def _obey(self, message: dict[str, Any], id: Any) -> None:
        kind = message.get("type")
        if kind == "ping":
            self._outbox.write(messages.pong())
        elif kind == "subscribe":
            await self._subscribe(_parameters(message), _subscription_id(id))
        elif kind == "unsubscribe":
            self._unsubscribe(_subscription_id(id))
        else:
            raise ParameterError(
                "type", f"not a type: {str(kind)[:64]!r}; right would be subscribe, unsubscribe or ping"
            )

    async def _subscribe(self, parameters: Mapping[str, str], id: str | None) -> None:
        if id in self._sessions:
            raise ParameterError("id", f"there is a subscription {id!r} already; unsubscribe it first")
        if len(self._sessions) >= MAX_SUBSCRIPTIONS:
            raise ParameterError("id", f"{MAX_SUBSCRIPTIONS} subscriptions are the limit of one connection")
        selection, start = parse_subscription(parameters)
        try:
            self._sessions[id] = await self._gateway.catch_up.open(selection, start, self._outbox, id)
        except Unavailable as error:
            self._outbox.write(messages.error("unavailable", str(error), None, id))
            self._outbox.close(codes.UNAVAILABLE, "Redis does not answer; come again")

    def _unsubscribe(self, id: str | None) -> None:
        session = self._sessions.pop(id, None)
        if session is None:
            raise ParameterError("id", f"there is no subscription {id!r}")
        session.leave()


def _subscription_id(id: Any) -> str | None:
    if id is None or (isinstance(id, str) and 0 < len(id) <= MAX_ID):
        return id
    raise ParameterError("id", f"an id is a text of 1 to {MAX_ID} characters, or absent")


def _parameters(message: Mapping[str, Any]) -> dict[str, str]:
    """A subscribe message's members as a request's parameters have them: `streams` may be a list, `tail` a number."""
    parameters: dict[str, str] = {}
    for name in ("streams", "after", "tail", "level", "query"):
        value = message.get(name)
        if name == "streams" and isinstance(value, list) and all(isinstance(item, str) for item in value):
            value = ",".join(value)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if value is not None and not isinstance(value, str):
            raise ParameterError(name, f"{name} is {type(value).__name__}; right would be a text")
        parameters[name] = value or ""
    return parameters
