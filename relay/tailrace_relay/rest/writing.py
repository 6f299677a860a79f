"""`POST` and `DELETE /api/streams/{stream}/records`, `DELETE /api/streams/{stream}`, `POST /api/test/logs`."""

from __future__ import annotations

import asyncio
import re
import time
from typing import Annotated

from fastapi import APIRouter, Header, Request
from starlette.responses import Response

from tailrace.wire import Facts, Record, check_stream_name
from tailrace_relay.auth import Action, grant_of
from tailrace_relay.errors import ParameterError
from tailrace_relay.gateway import Gateway
from tailrace_relay.problems import problem
from tailrace_relay.rest.answers import encoded
from tailrace_relay.rest.body import read_body
from tailrace_relay.submission import MAX_BODY, Submission, SubmissionError, read_submission

__all__ = ["body_of", "key_of", "mistakes_answer", "refusal_of", "write_routes"]

JSON, LINES = ("application/json",), ("application/x-ndjson", "application/jsonl", "application/ndjson")

# A text in quotes, as the draft of the header has it, or without.
_KEY = re.compile(r'"([\x21\x23-\x7e]{1,255})"|([\x21\x23-\x7e]{1,255})', re.ASCII)

TEST_STREAM = "test"
TEST_LEVELS = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40, "CRITICAL": 50}


def write_routes(gateway: Gateway) -> APIRouter:
    """Records that come over HTTP."""
    router = APIRouter()

    @router.post("/api/streams/{stream}/records", status_code=201)
    async def write(
        stream: str,
        request: Request,
        content_type: Annotated[str, Header()] = "",
        content_encoding: Annotated[str, Header()] = "",
        idempotency_key: Annotated[str, Header(description="the same for each attempt at this request")] = "",
    ) -> Response:
        """Store one record, an array of them, or NDJSON; all of them or none. 200: they had been stored before."""
        check_stream_name(stream)
        grant = grant_of(request.scope)
        grant.require(Action.WRITE, stream)
        refusal = refusal_of(content_type, content_encoding)
        if refusal is not None:
            return refusal
        key = key_of(idempotency_key)
        try:
            # In a thread: what is hostile takes its time, which live clients need not wait for.
            submission = await asyncio.to_thread(
                read_submission,
                await body_of(request),
                lines=_media_type(content_type) in LINES,
                gzipped=content_encoding.lower() == "gzip",
                service=stream,
            )
            receipt = await gateway.writer.append(stream, submission, key, grant.subject)
        except SubmissionError as error:
            return mistakes_answer(error)
        answer = encoded({"stream": stream, "ids": [str(id) for id in receipt.ids]})
        answer.status_code = 200 if receipt.repeated else 201
        return answer

    @router.delete("/api/streams/{stream}/records")
    async def clear(stream: str, request: Request) -> Response:
        """Remove all records; the numbering goes on, and live clients get a `cleared` gap."""
        check_stream_name(stream)
        grant_of(request.scope).require(Action.CLEAR, stream)
        last = await gateway.writer.clear(stream)
        if last is None:
            return problem(404, f"there is no stream {stream!r}", "stream")
        return encoded({"stream": stream, "cleared": str(last)})

    @router.delete("/api/streams/{stream}")
    async def remove(stream: str, request: Request) -> Response:
        """Remove a stream with its numbering and the marks of its producers; who goes on writing begins it anew."""
        check_stream_name(stream)
        grant_of(request.scope).require(Action.ADMIN, stream)
        if not await gateway.writer.remove(stream):
            return problem(404, f"there is no stream {stream!r}", "stream")
        return encoded({"stream": stream})

    @router.post("/api/test/logs")
    async def write_test_logs(request: Request) -> Response:
        """Store one record of each level in the stream `test`."""
        grant_of(request.scope).require(Action.WRITE, TEST_STREAM)
        now = time.time_ns() // 1000
        records = [
            Record(time=now, level_number=number, logger="tailrace.test", message=f"Test {name} message", source="user")
            for name, number in TEST_LEVELS.items()
        ]
        await gateway.writer.append(TEST_STREAM, Submission(Facts(service=TEST_STREAM), records))
        return encoded({"status": "success", "message": "Test log messages generated"})

    return router


def refusal_of(content_type: str, encoding: str) -> Response | None:
    """The answer to a request in a form that is not taken; None to all others."""
    # Any page may send a form or plain text anywhere; JSON only where it is allowed to.
    if _media_type(content_type) not in (*JSON, *LINES):
        return problem(
            415, f"a body of {content_type or 'no type'}; right would be application/json or application/x-ndjson"
        )
    if encoding.lower() not in ("", "identity", "gzip"):
        return problem(415, f"a body encoded as {encoding}; right would be gzip or none")
    return None


def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def key_of(text: str) -> str:
    """An Idempotency-Key; empty where there is none.

    Raises:
        ParameterError: for what is no key.
    """
    found = _KEY.fullmatch(text)
    if text and found is None:
        raise ParameterError("Idempotency-Key", "not a key; right would be 1 to 255 visible characters of ASCII")
    return (found[1] or found[2]) if found else ""


async def body_of(request: Request) -> bytes:
    """The body of a request.

    Raises:
        SubmissionError: when it is too large.
    """
    body = await read_body(request, MAX_BODY)
    if body is None:
        raise SubmissionError(413, f"a body of more than {MAX_BODY} bytes; send less at a time")
    return body


def mistakes_answer(error: SubmissionError) -> Response:
    """The answer that names each mistake."""
    found = [
        {"pointer": error.pointer(each), "index": each.index, "field": each.field, "detail": each.detail}
        for each in error.mistakes
    ]
    return problem(error.status, str(error), details={"errors": found} if found else None)
