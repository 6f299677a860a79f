"""`GET /api/logs` and `GET /api/logs/{service}`, and all that serves services."""

from __future__ import annotations

from collections import deque
from contextlib import aclosing
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from tailrace_relay.auth import grant_of
from tailrace_relay.dialects.choosing import tail_or
from tailrace_relay.dialects.entry import Entry, entries, entry_of_gap
from tailrace_relay.dialects.recent import Recent, find_recent
from tailrace_relay.dialects.services import TAIL, LinesOpening, StatesOpening, line_of, not_running, selection_of
from tailrace_relay.dialects.serving import Served, examples
from tailrace_relay.dialects.socket import DialectSocket
from tailrace_relay.dialects.states import STATES
from tailrace_relay.errors import ParameterError, Unavailable
from tailrace_relay.gateway import Gateway
from tailrace_relay.reader import Gap
from tailrace_relay.rest.answers import encoded
from tailrace_relay.scan import Found
from tailrace_relay.selection import MAX_TAIL
from tailrace_relay.status import View

__all__ = ["serve_services"]

# Characters of one answer; of more, the oldest lines are left out, and the first line says so.
MOST_TEXT = 32 << 20

SERVICES = {"services": [{"service": "billing", "status": "running", "container_id": "3f2a9c1b7d04"}]}
LINES = {
    "logs": ["2026-11-21T00:16:29.123456Z ERROR billing.pay: card refused"],
    "service": "billing",
    "count": 1,
}
NO_LINES = {"logs": [], "error": not_running("billing")}


def serve_services(gateway: Gateway) -> Served:
    """Two WebSockets, of which that of all services is looked at first, and the routes."""
    sockets = [
        ("/api/logs/ws/status", DialectSocket(gateway, StatesOpening(gateway))),
        ("/api/logs/ws/{service:path}", DialectSocket(gateway, LinesOpening(gateway))),
    ]
    return Served(sockets, [_routes(gateway)])


def _routes(gateway: Gateway) -> APIRouter:
    router = APIRouter(tags=["services"])

    @router.get("/api/logs", responses={200: examples(SERVICES)})
    async def services(request: Request) -> Response:
        """The services that run."""
        states = await gateway.status.state(View(STATES, grant_of(request.scope)))
        shown = ("service", "status", "container_id")
        found = [{name: getattr(each, name) for name in shown} for each in states.values() if each.running]
        return encoded({"services": found})

    @router.get(
        "/api/logs/{service:path}",
        responses={
            200: examples(LINES, NO_LINES),
            400: examples({"logs": [], "error": "tail: not a tail: '0'; right would be 1 to 10000"}),
            503: examples({"logs": [], "error": "Redis does not answer: timed out"}),
        },
    )
    async def lines(
        service: str,
        request: Request,
        tail: Annotated[str, Query(description=f"lines at most, 1 to {MAX_TAIL}")] = "",
    ) -> Response:
        """The last lines of a service, oldest first, each with its time at the beginning."""
        try:
            count = tail_or(TAIL, tail)
            grant = grant_of(request.scope)
            selection = grant.select(selection_of(service))
            state = (await gateway.status.state(View(STATES, grant))).get(service)
            if state is None:
                return encoded({"logs": [], "error": not_running(service)})
            async with gateway.scans:
                recent = await find_recent(gateway.history, selection, count, state.streams)
                found = await _lines(recent)
        except ParameterError as error:
            return _failed(400, f"{error.parameter}: {error}")
        except Unavailable as error:
            return _failed(503, str(error))
        return encoded({"logs": found, "service": service, "count": len(found)})

    return router


def _failed(status: int, text: str) -> Response:
    answer = encoded({"logs": [], "error": text})
    answer.status_code = status
    return answer


async def _lines(recent: Recent) -> list[str]:
    lines: deque[str] = deque()
    size = left_out = 0
    async with aclosing(recent.read()) as items:
        async for stream, item in items:
            for entry in _entries(stream, item):
                lines.append(f"{entry.time} {line_of(entry)}")
                size += len(lines[-1])
            while size > MOST_TEXT:
                size -= len(lines.popleft())
                left_out += 1
    if left_out:
        lines.appendleft(f"{lines[0].partition(' ')[0]} WARNING tailrace: {left_out} lines are left out: too much text")
    return list(lines)


def _entries(stream: str, item: Found | Gap) -> list[Entry]:
    if isinstance(item, Found):
        return entries(item.piece, item.places)
    missing = entry_of_gap(stream, item)
    return [] if missing is None else [missing]
