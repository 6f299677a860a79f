"""`GET /api/streams`."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from tailrace_relay.gateway import Gateway
from tailrace_relay.rest.answers import encoded

__all__ = ["stream_routes"]


def stream_routes(gateway: Gateway) -> APIRouter:
    """Which streams there are."""
    router = APIRouter()

    @router.get("/api/streams")
    async def list_streams() -> Response:
        """All streams, the most recently active first."""
        found = await gateway.history.streams()
        names = [name for name, _ in found]
        metas = await gateway.history.metas(names)
        oldest = await gateway.history.oldest(names)
        streams = []
        for name, activity in found:
            meta = metas[name]
            if meta is not None:
                first = oldest[name]
                streams.append(
                    {
                        "stream": name,
                        "epoch": meta.epoch,
                        "oldest": str(first) if first else None,
                        "newest": str(meta.last),
                        "records": meta.last.n - first.n + 1 if first else 0,
                        "bytes": meta.size,
                        "last_activity": activity,
                    }
                )
        return encoded({"streams": streams})

    return router
