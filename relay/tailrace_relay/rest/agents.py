"""`GET /api/agents`."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter, Request
from starlette.responses import Response

from tailrace_relay.auth import Action, grant_of
from tailrace_relay.gateway import Gateway
from tailrace_relay.rest.answers import encoded

__all__ = ["agent_routes"]


def agent_routes(gateway: Gateway) -> APIRouter:
    """Who logs."""
    router = APIRouter()

    @router.get("/api/agents")
    async def list_agents(request: Request) -> Response:
        """The processes that log, with what they say of themselves, and `state`: `running`, `exited` or `lost`.

        With a token, those that log to a stream which it allows to read.
        """
        grant = grant_of(request.scope)
        grant.require_action(Action.READ)
        said, now = await gateway.history.announcements(), await gateway.history.now()
        seen = [each for each in map(grant.seen, said) if each is not None]
        return encoded({"agents": [{**asdict(each), "state": each.state(now).value} for each in seen]})

    return router
