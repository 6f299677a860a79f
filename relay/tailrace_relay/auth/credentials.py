"""Where a request carries its token: header, WebSocket subprotocol, address or cookie."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

from starlette.requests import cookie_parser

__all__ = ["CREDENTIAL", "SUBPROTOCOL", "Credential", "acceptance", "header", "take_credential"]

# Where a request's scope has its credential, or None, from the very beginning on.
CREDENTIAL = "tailrace.credential"

# A browser can send no header with a WebSocket, but subprotocols: this one, which is taken, and behind it
# `bearer.<token>`, which is never sent back.
SUBPROTOCOL = "tailrace"
_BEARER = "bearer."


class Credential(NamedTuple):
    """A token.

    Attributes:
        ambient: the browser sent it by itself, whatever page made it: a cookie.
    """

    token: str
    ambient: bool


def take_credential(scope: MutableMapping[str, Any], cookie: str) -> Credential | None:
    """The token of a request, which is no longer in its address afterwards; None without one.

    The first of these counts: the header Authorization, a subprotocol, `?token=`, the cookie.
    """
    in_address = _take_from_address(scope)
    scheme, _, given = header(scope, b"authorization").partition(" ")
    if scheme.lower() == "bearer" and given.strip():
        return Credential(given.strip(), ambient=False)
    for name in scope.get("subprotocols", ()):
        if name.startswith(_BEARER):
            return Credential(name.removeprefix(_BEARER), ambient=False)
    if in_address:
        return Credential(in_address, ambient=False)
    return _of_cookie(header(scope, b"cookie"), cookie)


def acceptance(scope: MutableMapping[str, Any]) -> dict[str, Any]:
    """The message that accepts a WebSocket, with our subprotocol where it was offered."""
    offered = SUBPROTOCOL in scope.get("subprotocols", ())
    return {"type": "websocket.accept"} | ({"subprotocol": SUBPROTOCOL} if offered else {})


def header(scope: MutableMapping[str, Any], name: bytes) -> str:
    """A header of a request; empty without it."""
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def _take_from_address(scope: MutableMapping[str, Any]) -> str:
    kept, token = [], ""
    for part in scope["query_string"].split(b"&"):
        name, _, value = part.decode("latin-1").partition("=")
        if unquote_plus(name) == "token":
            token = token or unquote_plus(value)
        else:
            kept.append(part)
    scope["query_string"] = b"&".join(kept)
    return token


def _of_cookie(text: str, name: str) -> Credential | None:
    found = cookie_parser(text).get(name)
    return Credential(found, ambient=True) if found else None
