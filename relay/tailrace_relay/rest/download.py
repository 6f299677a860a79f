"""`GET /api/streams/{stream}/records/download`: a file of exactly what is selected."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from tailrace_relay.download import FORMATS, file_name, write_file
from tailrace_relay.errors import Unavailable
from tailrace_relay.gateway import Gateway
from tailrace_relay.problems import problem
from tailrace_relay.rest.meta import meta_of
from tailrace_relay.rest.wanted import Wanted
from tailrace_relay.scan import scan
from tailrace_relay.sse import CUT_OFF

__all__ = ["download_routes"]

logger = logging.getLogger("tailrace.relay")

# Seconds after which there may be room for one more.
RETRY_AFTER = "5"


def download_routes(gateway: Gateway) -> APIRouter:
    """Files."""
    router = APIRouter()

    @router.get("/api/streams/{stream}/records/download")
    async def download(
        stream: str,
        wanted: Annotated[Wanted, Depends()],
        format: Annotated[Literal["txt", "json", "jsonl", "csv"], Query(description="of the file")] = "txt",
    ) -> Response:
        """All that matches, up to the newest record of this moment, as a file."""
        meta = await meta_of(gateway, stream)
        if gateway.downloads.locked():
            return problem(
                503, "as many downloads are under way as this gateway serves", headers={"Retry-After": RETRY_AFTER}
            )
        start = await wanted.floor(gateway.history, stream)
        form = FORMATS[format]()
        items = scan(gateway.history, stream, wanted.query, start, meta.last.n)
        headers = {
            "Content-Disposition": f'attachment; filename="{file_name(stream, format)}"',
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        }
        return Download(_counted(gateway, write_file(form, stream, items)), headers=headers, media_type=form.media_type)

    return router


class Download(StreamingResponse):
    """A file that is cut off, not ended, when Redis goes away: nobody must take the half for the whole."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        except Unavailable as error:
            cut_off = scope.get("state", {}).get(CUT_OFF)
            if cut_off is None:
                raise
            logger.warning("a download was cut off: %s", error)
            cut_off()


async def _counted(gateway: Gateway, parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async with gateway.downloads:
        async for part in parts:
            if part:
                yield part
