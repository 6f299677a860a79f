"""`GET /api/streams/{stream}/records/download`: a file of exactly what is selected."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from tailrace_relay.auth import grant_of
from tailrace_relay.auth.door import address_of
from tailrace_relay.auth.lease import while_valid
from tailrace_relay.download import FORMATS, Format, file_name, write_file
from tailrace_relay.errors import TooMany, Unauthorized, Unavailable
from tailrace_relay.gateway import Gateway
from tailrace_relay.position import Position
from tailrace_relay.problems import problem, refusal
from tailrace_relay.reader import Gap
from tailrace_relay.rest.meta import meta_of
from tailrace_relay.rest.wanted import Wanted
from tailrace_relay.scan import Found, scan
from tailrace_relay.sse import CUT_OFF

__all__ = ["download_answer", "download_routes"]

logger = logging.getLogger("tailrace.relay")

# Seconds after which there may be room for one more.
RETRY_AFTER = "5"


def download_routes(gateway: Gateway) -> APIRouter:
    """Files."""
    router = APIRouter()

    @router.get("/api/streams/{stream}/records/download")
    async def download(
        stream: str,
        request: Request,
        wanted: Annotated[Wanted, Depends()],
        format: Annotated[Literal["txt", "json", "jsonl", "csv"], Query(description="of the file")] = "txt",
    ) -> Response:
        """All that matches, up to the newest record of this moment, as a file."""
        meta = await meta_of(gateway, request, stream)
        start = await wanted.floor(gateway.history, stream)
        items = scan(gateway.history, stream, wanted.query, start, meta.last.n)
        return download_answer(gateway, FORMATS[format](), stream, format, items)

    return router


def download_answer(
    gateway: Gateway, form: Format, stream: str, suffix: str, items: AsyncIterator[Found | Gap | Position]
) -> Response:
    """What is found in a stream, as a file."""
    if gateway.downloads.locked():
        return problem(
            503, "as many downloads are under way as this gateway serves", headers={"Retry-After": RETRY_AFTER}
        )
    headers = {"Content-Disposition": f'attachment; filename="{file_name(stream, suffix)}"'}
    return Download(gateway, write_file(form, stream, items), headers=headers, media_type=form.media_type)


class Download(StreamingResponse):
    """A file that is cut off, not ended, when Redis goes away: nobody must take the half for the whole."""

    def __init__(self, gateway: Gateway, parts: AsyncIterator[bytes], **options: Any) -> None:
        self._gateway = gateway
        self._parts = parts
        super().__init__(parts, **options)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        grant = grant_of(scope)
        try:
            place = self._gateway.limits.download(address_of(scope), grant.holder)
        except TooMany as error:
            await refusal(error)(scope, receive, send)
            return
        self.body_iterator = while_valid(grant, self._gateway.settings.token_grace, self._counted())
        try:
            await super().__call__(scope, receive, send)
        except (Unavailable, Unauthorized) as error:
            cut_off = scope.get("state", {}).get(CUT_OFF)
            if cut_off is None:
                raise
            logger.warning("a download was cut off: %s", error)
            cut_off()
        finally:
            place.close()

    async def _counted(self) -> AsyncGenerator[bytes, None]:
        async with self._gateway.downloads:
            async for part in self._parts:
                if part:
                    yield part
