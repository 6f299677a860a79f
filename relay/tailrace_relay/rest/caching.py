"""Which pages of history may be kept by clients, for how long, and how they ask whether theirs still holds."""

from __future__ import annotations

import hashlib

from fastapi import Request
from starlette.responses import Response

from tailrace_relay.cursor import Cursor
from tailrace_relay.errors import CursorError
from tailrace_relay.pages import HistoryPage
from tailrace_relay.position import START, Position, StreamMeta

__all__ = ["is_immutable", "pin_of", "tagged"]

# Seconds that an immutable page is kept without asking: bounds how long somebody still sees what was cleared.
FRESH = 3600

# Bytes of a tag: no two bodies will ever have the same.
TAG_BYTES = 16

# What somebody sees depends on who asks.
VARY = "Authorization, Cookie"


def pin_of(before: str) -> Position:
    """The numbering that the end of a span names; `START` where it is a bare ID."""
    try:
        return Cursor.parse(before).single or START
    except CursorError:
        return START


def is_immutable(page: HistoryPage, meta: StreamMeta, end: Position) -> bool:
    """Whether the same request can have no other answer with as many records: the page need never be asked for again.

    What lies before the end is named by its epoch and generation: if it is ever withdrawn, whoever is told so gets
    cursors of another generation, and asks for another page. A bare ID may stand for another record after a fork.

    Args:
        end: the cursor before which the page ends; with an empty epoch when it is a bare ID.
    """
    if end.epoch != meta.epoch or not 0 < end.id.n <= meta.last.n:
        return False
    last = end._replace(id=end.id._replace(n=end.id.n - 1))
    if meta.common(last).n < last.id.n:
        return False
    # Shed records were never there. Any other gap says that something was, or may still be.
    return all(gap.reason == "agent_dropped" for gap in page.gaps)


def tagged(request: Request, body: bytes, *, immutable: bool) -> Response:
    """The answer with an ETag, or 304 to who has it already."""
    tag = f'"{hashlib.blake2b(body, digest_size=TAG_BYTES).hexdigest()}"'
    kept = f"private, max-age={FRESH}, immutable" if immutable else "private, no-cache"
    headers = {"ETag": tag, "Cache-Control": kept, "Vary": VARY}
    if _has(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


def _has(tags: str, tag: str) -> bool:
    """Whether a client has it; proxies that compress make a tag weak."""
    return any(each.strip().removeprefix("W/") in (tag, "*") for each in tags.split(","))
