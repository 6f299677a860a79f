"""`GET /api/agents`."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter
from starlette.responses import Response

from tailrace_relay.gateway import Gateway
from tailrace_relay.rest.answers import encoded

__all__ = ["agent_routes"]


def agent_routes(gateway: Gateway) -> APIRouter:
    """Who logs."""
    router = APIRouter()

    @router.get("/api/agents")
    async def list_agents() -> Response:
        """The processes that log, with what they say of themselves, and `state`: `running`, `exited` or `lost`."""
        said, now = await gateway.history.announcements(), await gateway.history.now()
        return encoded({"agents": [{**asdict(each), "state": each.state(now).value} for each in said]})

    return router
