"""What a dialect puts on a gateway: WebSockets and routes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter

from tailrace_relay.accepting import Receive, Scope, Send

__all__ = ["Served", "Socket", "examples"]

# An application that serves the WebSockets of one address.
Socket = Callable[[Scope, Receive, Send], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Served:
    """The addresses of a dialect.

    Attributes:
        sockets: paths of WebSockets as Starlette writes them, such as `/runs/{run_id}/logs/stream`; the first that
            matches counts.
        routers: all other routes.
    """

    sockets: Sequence[tuple[str, Socket]] = ()
    routers: Sequence[APIRouter] = ()


def examples(*values: Any) -> dict[str, Any]:
    """A response of OpenAPI that shows these values."""
    named = {f"example {number}": {"value": value} for number, value in enumerate(values, 1)}
    return {"content": {"application/json": {"examples": named}}}
