"""`WS /api/live`: subscriptions over a WebSocket, as a raw ASGI application (docs/PROTOCOL.md, B4)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from tailrace_relay import codes, messages
from tailrace_relay.accepting import Receive, Scope, Send, accept
from tailrace_relay.auth import Grant, grant_of
from tailrace_relay.auth.lease import Lease
from tailrace_relay.dialect import Native
from tailrace_relay.errors import Forbidden, ParameterError, Unauthorized, Unavailable
from tailrace_relay.gateway import Gateway
from tailrace_relay.limits import TOO_FAST, Bucket
from tailrace_relay.outbox import Outbox
from tailrace_relay.selection import parse_subscription
from tailrace_relay.session import Session

__all__ = ["MAX_MESSAGE", "Connection", "LiveSocket"]

# Bytes of one message from a client.
MAX_MESSAGE = 64 << 10

# Subscriptions of one connection.
MAX_SUBSCRIPTIONS = 16

# Characters of a subscription's id.
MAX_ID = 64

_decode = msgspec.json.Decoder(dict[str, Any]).decode


class LiveSocket:
    """Serves one WebSocket after the other; what it knows of one lives in a `Connection`."""

    def __init__(self, gateway: Gateway, connect: Callable[[Gateway, Outbox, Grant], Connection] | None = None) -> None:
        self._gateway = gateway
        self._connect = connect or Connection

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        parameters = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        grant = grant_of(scope)
        outbox, writer = await accept(scope, receive, send)
        connection = self._connect(self._gateway, outbox, grant)
        try:
            await connection.begin(parameters)
            connection.hold(grant)
            del parameters
            await connection.serve(receive)
        finally:
            connection.end()
            if writer is not None:
                await writer


class Connection:
    """One client: its outbox, its subscriptions and what it may see."""

    __slots__ = ("_bucket", "_gateway", "_grant", "_lease", "_outbox", "_sessions")

    def __init__(self, gateway: Gateway, outbox: Outbox, grant: Grant) -> None:
        self._gateway = gateway
        self._outbox = outbox
        self._grant = grant
        self._sessions: dict[str | None, Session] = {}
        # Most clients never say a word.
        self._bucket: Bucket | None = None
        self._lease: Lease | None = None
        gateway.add(outbox)

    async def begin(self, parameters: Mapping[str, str]) -> None:
        """The subscription that the address asks for, if it does; a mistake in it ends the connection."""
        if not parameters:
            return
        try:
            await self._subscribe(parameters, None)
        except ParameterError as error:
            self._outbox.write(messages.error("bad_request", str(error), error.details))
            self._outbox.close(codes.BAD_PARAMETER, str(error))
        except Forbidden as error:
            self._outbox.write(messages.error("forbidden", str(error)))
            self._outbox.close(codes.FORBIDDEN, str(error))

    async def serve(self, receive: Receive) -> None:
        """Answer the client until it is gone."""
        while True:
            event = await receive()
            if event["type"] == "websocket.disconnect":
                return
            text = event.get("text") or event.get("bytes") or ""
            if self._too_fast():
                self._outbox.close(codes.TOO_MANY, TOO_FAST)
            elif not await self._handle(text):
                self._outbox.close(codes.BAD_MESSAGE, "a message is a JSON object of at most 64 KiB")

    def end(self) -> None:
        """Let go of everything."""
        for session in self._sessions.values():
            session.leave()
        if self._lease is not None:
            self._lease.end()
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
        except Forbidden as error:
            self._outbox.write(messages.error("forbidden", str(error), None, id if isinstance(id, str) else None))
        return True

    async def _obey(self, message: dict[str, Any], id: Any) -> None:
        kind = message.get("type")
        if kind == "ping":
            self._outbox.write(messages.pong())
        elif kind == "subscribe":
            await self._subscribe(_parameters(message), _subscription_id(id))
        elif kind == "unsubscribe":
            self._unsubscribe(_subscription_id(id))
        elif kind == "token":
            await self._renew(message.get("token"))
        else:
            raise ParameterError(
                "type", f"not a type: {str(kind)[:64]!r}; right would be subscribe, unsubscribe, token or ping"
            )

    async def _subscribe(self, parameters: Mapping[str, str], id: str | None) -> None:
        if id in self._sessions:
            raise ParameterError("id", f"there is a subscription {id!r} already; unsubscribe it first")
        if len(self._sessions) >= MAX_SUBSCRIPTIONS:
            raise ParameterError("id", f"{MAX_SUBSCRIPTIONS} subscriptions are the limit of one connection")
        selection, start = parse_subscription(parameters)
        selection = self._grant.select(selection)
        try:
            self._sessions[id] = await self._gateway.catch_up.open(selection, start, self._outbox, Native(id))
        except Unavailable as error:
            self._outbox.write(messages.error("unavailable", str(error), None, id))
            self._outbox.close(codes.UNAVAILABLE, "Redis does not answer; come again")

    def _unsubscribe(self, id: str | None) -> None:
        session = self._sessions.pop(id, None)
        if session is None:
            raise ParameterError("id", f"there is no subscription {id!r}")
        session.leave()

    async def _renew(self, token: Any) -> None:
        """Take another token in place of the one that expires."""
        verifier = self._gateway.verifier
        if not isinstance(token, str):
            raise ParameterError("token", "token is no text")
        if not verifier.required:
            self._outbox.write(messages.token("accepted", None))
            return
        try:
            grant = await verifier.verify(token)
        except (Unauthorized, Unavailable) as error:
            code = "unauthorized" if isinstance(error, Unauthorized) else "unavailable"
            self._outbox.write(messages.error(code, str(error)))
            return
        if grant != self._grant:
            # What is under way was cut to what the old one allows.
            self._outbox.close(codes.UNAUTHORIZED, "the new token allows other things; come again with it")
            return
        self._outbox.write(messages.token("accepted", grant.expires))
        self.hold(grant)

    def hold(self, grant: Grant) -> None:
        """Be there for as long as a token holds."""
        self._grant = grant
        if self._lease is not None:
            self._lease.renew(grant)
        elif grant.expires is not None:
            self._lease = Lease(grant, self._outbox, self._gateway.settings.token_grace, self._expired)

    def _expired(self) -> None:
        self._outbox.write(messages.token("expired", None))

    def _too_fast(self) -> bool:
        now = time.monotonic()
        if self._bucket is None:
            self._bucket = Bucket(self._gateway.settings.limit_messages, now)
        return self._bucket.take(now) > 0


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
