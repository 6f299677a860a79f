"""`GET /api/services`, and `GET /api/status` as JSON or as an event stream."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from tailrace_relay.auth import Action, grant_of
from tailrace_relay.gateway import Gateway
from tailrace_relay.rest.answers import encoded, json_answer
from tailrace_relay.sse import EventStream
from tailrace_relay.status import SERVICES, View

__all__ = ["service_routes"]

EVENTS = "text/event-stream"

CHANGED = 'event: status\ndata: {"type":"status","state":"changed","services":[],"removed":["mail"]}\n\n'


def service_routes(gateway: Gateway) -> APIRouter:
    """How services are."""
    router = APIRouter()

    @router.get("/api/services")
    async def services(request: Request) -> Response:
        """Each service with its instances by state, `health` and the reasons for it, its last record and its rates."""
        found = await gateway.status.state(View(grant=grant_of(request.scope)))
        return encoded({"services": list(found.values())})

    @router.get(
        "/api/status",
        responses={200: {"content": {EVENTS: {"example": CHANGED}}, "description": "the state; its changes"}},
    )
    async def status(request: Request) -> Response:
        """The state of all services; for who accepts `text/event-stream`, and as a WebSocket, also what changes."""
        view = View(grant=grant_of(request.scope))
        view.grant.require_action(Action.READ)
        if EVENTS in request.headers.get("accept", ""):
            # Whatever can be known to fail must fail while a status can still say so.
            await gateway.history.now()
            answer: Response = EventStream(gateway, lambda outbox: gateway.status.listen(outbox, view))
        else:
            answer = json_answer(SERVICES.whole(await gateway.status.state(view)).text)
        answer.headers["Vary"] = "Accept"
        return answer

    return router
