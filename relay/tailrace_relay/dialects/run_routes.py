"""The routes of `/runs/{run_id}/logs`, and all that serves runs."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Query, Request
from starlette.responses import Response

from tailrace_relay.auth import Action, grant_of
from tailrace_relay.dialects.recent import find_recent
from tailrace_relay.dialects.run_files import RUN_FORMATS, missing
from tailrace_relay.dialects.run_page import RunPage
from tailrace_relay.dialects.run_wanted import RunWanted
from tailrace_relay.dialects.run_writing import read_run_submission
from tailrace_relay.dialects.runs import RunOpening, run_stream
from tailrace_relay.dialects.serving import Served, examples
from tailrace_relay.dialects.socket import DialectSocket
from tailrace_relay.gateway import Gateway
from tailrace_relay.reader import Gap
from tailrace_relay.rest.answers import encoded
from tailrace_relay.rest.download import download_answer
from tailrace_relay.rest.records import MAX_LIMIT
from tailrace_relay.rest.writing import body_of, key_of, mistakes_answer, refusal_of
from tailrace_relay.scan import Found
from tailrace_relay.submission import SubmissionError
from tailrace_relay.summary import Summary

__all__ = ["serve_runs"]

# The largest number that such a client can hold.
LARGEST_OFFSET = (1 << 53) - 1

LOG = {
    "id": "1763683200000-17",
    "run_id": "import-7f3a",
    "level": "INFO",
    "message": "12 files read",
    "timestamp": "2026-11-21T00:16:29.123456Z",
    "source": "user",
    "line_number": 17,
}
FILES = {
    "text/plain": {"example": "2026-11-21T00:16:29.123456Z INFO     import: 12 files read\n"},
    "application/json": {"example": [LOG]},
    "text/csv": {"example": f"{','.join(LOG)}\r\n{','.join(map(str, LOG.values()))}\r\n"},
}

# Bodies that are too large, of another type, and with mistakes in their records.
NOT_TAKEN: dict[int | str, dict[str, Any]] = {status: {} for status in (413, 415, 422)}

Wanted = Annotated[RunWanted, Depends()]


class RunRequest:
    """What is sent in for a run."""

    def __init__(
        self,
        run_id: str,
        request: Request,
        content_type: Annotated[str, Header()] = "",
        content_encoding: Annotated[str, Header()] = "",
        idempotency_key: Annotated[str, Header(description="the same for each attempt at this request")] = "",
    ) -> None:
        self.run_id = run_id
        self.request = request
        self.content_type = content_type
        self.content_encoding = content_encoding
        self.idempotency_key = idempotency_key

    @property
    def gzipped(self) -> bool:
        return self.content_encoding.lower() == "gzip"


Sent = Annotated[RunRequest, Depends()]


def serve_runs(gateway: Gateway) -> Served:
    """A WebSocket and the routes."""
    sockets = [("/runs/{run_id}/logs/stream", DialectSocket(gateway, RunOpening(gateway)))]
    return Served(sockets, [_reading(gateway), _writing(gateway)])


def _reading(gateway: Gateway) -> APIRouter:
    router = APIRouter(prefix="/runs/{run_id}/logs", tags=["runs"])

    @router.get("", responses={200: examples({"logs": [LOG], "total": 1, "limit": 100, "offset": 0})})
    async def page(
        request: Request,
        wanted: Wanted,
        limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="records on the page")] = 100,
        offset: Annotated[int, Query(ge=0, le=LARGEST_OFFSET, description="so many before it")] = 0,
    ) -> Response:
        """A page of a run's records, oldest first; `total` are all that match."""
        window = RunPage(wanted.run_id, offset, limit)
        async with gateway.scans, aclosing(wanted.scan(gateway)) as items:
            async for item in items:
                if isinstance(item, Found):
                    window.take(item)
                elif isinstance(item, Gap):
                    window.add(missing(wanted.stream, item))
                elif await request.is_disconnected():
                    break  # nobody waits for it any more
        return encoded({"logs": window.logs, "total": window.total, "limit": limit, "offset": offset})

    @router.get("/latest", responses={200: examples({"logs": [LOG], "count": 1})})
    async def latest(
        wanted: Wanted, limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="records at most")] = 100
    ) -> Response:
        """The newest records, the oldest of them first."""
        window = RunPage(wanted.run_id, 0, None)
        async with gateway.scans:
            recent = await find_recent(gateway.history, wanted.selection, limit)
            async with aclosing(recent.read()) as items:
                async for stream, item in items:
                    if isinstance(item, Found):
                        window.take(item)
                    else:
                        window.add(missing(stream, item))
        return encoded({"logs": window.logs, "count": window.total})

    @router.get("/summary", responses={200: examples({"total": 3, "by_level": {"INFO": 2, "ERROR": 1}})})
    async def summary(request: Request, wanted: Wanted) -> Response:
        """How many records there are of each level; `missing`, where some are."""
        found = Summary(1)
        async with gateway.scans, aclosing(wanted.scan(gateway)) as items:
            async for item in items:
                if isinstance(item, Found):
                    found.add(item)
                elif isinstance(item, Gap):
                    if missing(wanted.stream, item):
                        found.add_gap(item)
                elif await request.is_disconnected():
                    break
        totals = {"total": found.total, "by_level": found.content()["by_level"]}
        return encoded(totals | ({"missing": found.missing} if found.missing else {}))

    @router.get("/download", responses={200: {"content": FILES}})
    async def download(
        wanted: Wanted,
        format: Annotated[Literal["txt", "json", "csv"], Query(description="of the file")] = "txt",
    ) -> Response:
        """All that matches, up to the newest record of this moment, as a file."""
        # Whatever can be known to fail must fail while a status can still say so.
        await gateway.history.now()
        form = RUN_FORMATS[format](wanted.run_id)
        return download_answer(gateway, form, wanted.stream, format, wanted.scan(gateway))

    return router


def _writing(gateway: Gateway) -> APIRouter:
    router = APIRouter(prefix="/runs/{run_id}/logs", tags=["runs"])

    @router.post(
        "", status_code=201, responses={201: examples({"id": LOG["id"], "run_id": LOG["run_id"]}), **NOT_TAKEN}
    )
    async def write(sent: Sent) -> Response:
        """Store one record. 200: it had been stored before, under the same key."""
        return await _write(gateway, sent, many=False)

    @router.post(
        "/batch",
        status_code=201,
        responses={201: examples({"ids": [LOG["id"]], "run_id": LOG["run_id"], "count": 1}), **NOT_TAKEN},
    )
    async def write_batch(sent: Sent) -> Response:
        """Store several records: an array, or an object that has it as `logs`; all of them or none."""
        return await _write(gateway, sent, many=True)

    @router.delete("", responses={200: examples({"run_id": LOG["run_id"], "cleared": LOG["id"]})})
    async def clear(run_id: str, request: Request) -> Response:
        """Remove all records of a run; `cleared` is the ID of the last one, null where there was none."""
        stream = run_stream(run_id)
        grant_of(request.scope).require(Action.CLEAR, stream)
        last = await gateway.writer.clear(stream)
        return encoded({"run_id": run_id, "cleared": None if last is None else str(last)})

    return router


async def _write(gateway: Gateway, sent: RunRequest, *, many: bool) -> Response:
    stream, request = run_stream(sent.run_id), sent.request
    grant = grant_of(request.scope)
    grant.require(Action.WRITE, stream)
    refusal = refusal_of(sent.content_type, sent.content_encoding)
    if refusal is not None:
        return refusal
    key = key_of(sent.idempotency_key)
    try:
        body = await body_of(request)
        # In a thread: what is hostile takes its time, which live clients need not wait for.
        submission = await asyncio.to_thread(
            read_run_submission, body, run_id=sent.run_id, stream=stream, many=many, gzipped=sent.gzipped
        )
        receipt = await gateway.writer.append(stream, submission, key, grant.subject)
    except SubmissionError as error:
        return mistakes_answer(error)
    ids = [str(id) for id in receipt.ids]
    stored = {"ids": ids, "run_id": sent.run_id, "count": len(ids)} if many else {"id": ids[0], "run_id": sent.run_id}
    answer = encoded(stored)
    answer.status_code = 200 if receipt.repeated else 201
    return answer
