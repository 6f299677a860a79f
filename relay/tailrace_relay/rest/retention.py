"""`/api/retention`: how long and how much streams keep."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from tailrace_relay.auth import Action, grant_of
from tailrace_relay.errors import ParameterError
from tailrace_relay.gateway import Gateway
from tailrace_relay.problems import problem
from tailrace_relay.rest.answers import encoded
from tailrace_relay.rest.body import read_body
from tailrace_relay.retention import DEFAULT, parse_limits
from tailrace_relay.selection import check_pattern

__all__ = ["retention_routes"]

# Bytes of a body, which has two numbers.
MAX_BODY = 4096


def retention_routes(gateway: Gateway) -> APIRouter:
    """Rules by name and pattern."""
    router = APIRouter()

    @router.get("/api/retention")
    async def rules(request: Request) -> Response:
        """The limits of every pattern, and those of all other streams: ms and bytes, 0 without limit."""
        grant_of(request.scope).require_action(Action.ADMIN)
        found = await gateway.keeper.rules()
        limits = {pattern: asdict(each) for pattern, each in found.limits.items()}
        return encoded({"default": asdict(DEFAULT), "rules": limits})

    @router.put("/api/retention/{pattern}")
    async def set_rule(pattern: str, request: Request) -> Response:
        """Set the limits of a stream or a pattern: `{"age": "30d", "bytes": "1GiB"}`. They hold at once."""
        grant_of(request.scope).require(Action.ADMIN, check_pattern("pattern", pattern))
        limits = parse_limits(_object(await _body(request)))
        await gateway.keeper.set(pattern, limits)
        return encoded({"pattern": pattern, **asdict(limits)})

    @router.delete("/api/retention/{pattern}")
    async def remove_rule(pattern: str, request: Request) -> Response:
        """Take limits back."""
        grant_of(request.scope).require(Action.ADMIN, check_pattern("pattern", pattern))
        if not await gateway.keeper.set(pattern, None):
            return problem(404, f"no limits are set for {pattern!r}", "pattern")
        return encoded({"pattern": pattern})

    return router


async def _body(request: Request) -> bytes:
    body = await read_body(request, MAX_BODY)
    if body is None:
        raise ParameterError("body", f"more than {MAX_BODY} bytes")
    return body


def _object(body: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ParameterError("body", f'not a JSON object ({error}); right would be {{"age": "30d"}}') from error
