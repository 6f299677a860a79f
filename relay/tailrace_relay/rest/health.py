"""`GET /api/health` and `/api/ready`."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from tailrace_relay.gateway import Gateway
from tailrace_relay.problems import problem
from tailrace_relay.rest.answers import encoded

__all__ = ["health_routes"]


def health_routes(gateway: Gateway) -> APIRouter:
    """For whoever decides whether to restart this process, and whether to send clients here."""
    router = APIRouter()

    @router.get("/api/health")
    async def health() -> Response:
        """Whether this process lives."""
        return encoded({"status": "alive", "gateway": gateway.name})

    @router.get("/api/ready")
    async def ready() -> Response:
        """Whether records reach clients through this gateway: measured, by a probe through Redis' pub/sub."""
        if gateway.ready:
            return encoded({"status": "ready", "gateway": gateway.name})
        return problem(503, "Redis' pub/sub does not deliver to this gateway", headers={"Retry-After": "1"})

    return router
