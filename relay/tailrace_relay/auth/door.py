"""The door: every request comes through here, and has its grant behind it."""

from __future__ import annotations

import re

from starlette.types import ASGIApp, Receive, Scope, Send

from tailrace_relay import codes
from tailrace_relay.auth.credentials import CREDENTIAL, Credential, acceptance, header
from tailrace_relay.auth.grant import ANYONE, GRANT, Grant
from tailrace_relay.errors import Forbidden, RelayError, TooMany, Unauthorized
from tailrace_relay.gateway import Gateway
from tailrace_relay.limits import network_of
from tailrace_relay.origins import origin_allowed
from tailrace_relay.problems import refusal

__all__ = ["Door", "address_of", "is_open", "path_of"]

# What shows nothing of any stream: the viewer, which asks with a token then, and what probes and tools look at.
_OPEN = ("/", "/api/health", "/api/ready", "/openapi.json")
_OPEN_BELOW = ("/static/", "/r/")

# Bytes of a close frame's reason (RFC 6455, 5.5).
_MAX_REASON = 123

_UNSAFE = ("POST", "PUT", "PATCH", "DELETE")


class Door:
    """An ASGI application before another one. Whoever gets through has a grant in the scope.

    Refused are: who comes too often, has no good token where one is needed, or is a page of a foreign origin. A
    WebSocket is accepted first, so that its client is told why.
    """

    def __init__(self, app: ASGIApp, gateway: Gateway) -> None:
        self._app = app
        self._gateway = gateway

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send)
        elif scope["type"] == "http":
            await self._request(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._admit(scope, needed=not is_open(path_of(scope)))
        except RelayError as error:
            await refusal(error)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            grant = await self._admit(scope, needed=True)
            place = self._gateway.limits.open(address_of(scope), grant.holder)
        except RelayError as error:
            await _refuse(error, scope, receive, send)
            return
        try:
            await self._app(scope, receive, send)
        finally:
            place.close()

    async def _admit(self, scope: Scope, *, needed: bool) -> Grant:
        gateway = self._gateway
        credential: Credential | None = scope[CREDENTIAL]
        grant = ANYONE
        if needed:
            gateway.limits.request("address", address_of(scope))
            self._check_host(scope)
            self._check_origin(scope, credential)
        if needed and gateway.verifier.required:
            if credential is None:
                raise Unauthorized("a token is needed: as Authorization: Bearer <token>; see docs/API.md", given=False)
            grant = await gateway.verifier.verify(credential.token)
            gateway.limits.request("token", grant.holder)
        scope[GRANT] = grant
        return grant

    def _check_host(self, scope: Scope) -> None:
        """A page whose name somebody has pointed at this machine comes from its own origin, as it were."""
        allowed = self._gateway.settings.allowed_hosts
        host = re.sub(r":\d*$", "", header(scope, b"host")).lower()
        if allowed and host not in allowed:
            raise Forbidden(f"this gateway is not called {host[:64]!r}; see TAILRACE_ALLOWED_HOSTS")

    def _check_origin(self, scope: Scope, credential: Credential | None) -> None:
        """What a browser sends by itself says nothing of who asks: the page must be one of ours."""
        allowed = self._gateway.settings.allowed_origins
        if credential is not None and credential.ambient:
            allowed = tuple(origin for origin in allowed if origin != "*")
        elif scope["type"] == "http" and scope["method"] not in _UNSAFE:
            return
        origin = header(scope, b"origin") or None
        if not origin_allowed(origin, header(scope, b"host"), allowed):
            raise Forbidden(f"pages of the origin {origin!r} may not do this; see TAILRACE_ALLOWED_ORIGINS")


def is_open(path: str) -> bool:
    """Whether a path asks for no token."""
    return path in _OPEN or path.startswith(_OPEN_BELOW)


def path_of(scope: Scope) -> str:
    """Below where the relay is mounted."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


def address_of(scope: Scope) -> str:
    """By what limits know the client's address; empty where the server does not say."""
    client = scope.get("client")
    return network_of(client[0]) if client else ""


async def _refuse(error: RelayError, scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send(acceptance(scope))
    await send({"type": "websocket.close", "code": _code(error), "reason": _reason(error)})
    while (await receive())["type"] != "websocket.disconnect":
        pass


def _code(error: RelayError) -> int:
    if isinstance(error, Unauthorized):
        return codes.UNAUTHORIZED
    if isinstance(error, Forbidden):
        return codes.FORBIDDEN
    return codes.TOO_MANY if isinstance(error, TooMany) else codes.UNAVAILABLE


def _reason(error: RelayError) -> str:
    wait = f"; come again in {error.retry_after} s" if isinstance(error, TooMany) else ""
    return f"{error}{wait}".encode()[:_MAX_REASON].decode(errors="ignore")
