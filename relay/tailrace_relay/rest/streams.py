"""`GET /api/streams`."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from tailrace_relay.auth import Action, grant_of
from tailrace_relay.gateway import Gateway
from tailrace_relay.horizon import horizon
from tailrace_relay.rest.answers import encoded
from tailrace_relay.retention import DEFAULT

__all__ = ["stream_routes"]


def stream_routes(gateway: Gateway) -> APIRouter:
    """Which streams there are."""
    router = APIRouter()

    @router.get("/api/streams")
    async def list_streams(request: Request) -> Response:
        """All streams that may be read, the most recently active first."""
        grant = grant_of(request.scope)
        grant.require_action(Action.READ)
        found = [(name, at) for name, at in await gateway.history.streams() if grant.may(Action.READ, name)]
        names = [name for name, _ in found]
        metas = await gateway.history.metas(names)
        oldest = await gateway.history.oldest(names)
        rules, now = await gateway.keeper.rules(), await gateway.history.now()
        streams = []
        for name, activity in found:
            meta = metas[name]
            if meta is not None:
                kept = horizon(meta, oldest[name], rules.of(name) or DEFAULT, now)
                streams.append({"stream": name, **kept, "last_activity": activity})
        return encoded({"streams": streams})

    return router
