"""`SSE /api/monitoring/advanced/logs/stream`: the last records and then each as it comes, with what belongs to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from tailrace_relay.auth import grant_of
from tailrace_relay.cursor import Cursor
from tailrace_relay.dialects.choosing import has_levels, has_message, query_of
from tailrace_relay.dialects.entry import Entry
from tailrace_relay.dialects.everything import EVERY_STREAM, RUNS
from tailrace_relay.dialects.following import follow
from tailrace_relay.dialects.serving import Served
from tailrace_relay.dialects.speech import Speech
from tailrace_relay.errors import CursorError
from tailrace_relay.gateway import Gateway
from tailrace_relay.outbox import Message, Outbox
from tailrace_relay.selection import Selection, Start
from tailrace_relay.session import Session
from tailrace_relay.sse import EventStream

__all__ = ["EventsSpeech", "serve_events"]

# Records that a page begins with.
TAIL = 50

NOT_RESUMED = "it is not known where this page stood; these are the last records, there may be others before them"

EXAMPLE = """id: 1763683189000~billing~1763686789000-42~4f1c~0
data: {"timestamp":"2026-11-21T00:16:29.123456Z","level":"ERROR","message":"card refused",\
"metadata":{"order":17,"logger":"billing.pay"}}

: ping
"""


@dataclass(frozen=True)
class EventsSpeech(Speech):
    """A record: `timestamp`, `level`, `message`, and as `metadata` its logger and free fields."""

    resumes = True

    def content(self, entry: Entry) -> Any:
        return {
            "timestamp": entry.time,
            "level": entry.level,
            "message": entry.text,
            "metadata": {**_free(entry), "logger": entry.logger},
        }

    def heartbeat(self, cursor: str) -> Message | None:
        return None  # the gateway pings all event streams


def serve_events(gateway: Gateway) -> Served:
    """Its one route."""
    router = APIRouter(tags=["events"])
    speech = EventsSpeech()

    @router.get(
        "/api/monitoring/advanced/logs/stream",
        status_code=200,
        response_class=EventStream,
        responses={200: {"content": {"text/event-stream": {"example": EXAMPLE}}, "description": "a record each"}},
    )
    async def stream(
        request: Request,
        level: Annotated[str, Query(description="exactly these levels, separated by commas")] = "",
        search: Annotated[str, Query(description="what the message must have in it, in any case")] = "",
    ) -> Response:
        """The last 50 records and then each as it comes; the browser's EventSource resumes by itself."""
        query = query_of(has_levels(level), has_message(search))
        selection = grant_of(request.scope).select(Selection(EVERY_STREAM, query, without=RUNS))
        # Whatever can be known to fail must fail while a status can still say so.
        await gateway.history.now()
        last = request.headers.get("last-event-id", "")
        return EventStream(
            gateway, lambda outbox: _begin(gateway, selection, speech, last, outbox), speech.failure, None
        )

    return Served(routers=[router])


async def _begin(gateway: Gateway, selection: Selection, speech: Speech, last: str, outbox: Outbox) -> Session:
    after = _place(last)
    if after is not None:
        return await follow(gateway, selection, outbox, speech, after=Start(after=after))
    if last:
        outbox.write(speech.own("WARNING", NOT_RESUMED))
    return await follow(gateway, selection, outbox, speech, tail=TAIL)


def _place(last: str) -> Cursor | None:
    """Where a page stood; None where nobody can tell: too many streams, or an ID that is none of ours."""
    try:
        cursor = Cursor.parse(last) if last else None
    except CursorError:
        return None
    return None if cursor is None or cursor.single is not None else cursor


def _free(entry: Entry) -> dict[str, Any]:
    metadata, action = entry.rest.metadata, entry.rest.action
    free = metadata if isinstance(metadata, dict) else {} if metadata is None else {"metadata": metadata}
    return {**free, **entry.fields, **({} if action is None else {"action": action})}
