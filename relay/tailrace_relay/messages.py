"""The messages that a gateway sends (docs/PROTOCOL.md, B3)."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from tailrace.wire import StreamID
from tailrace_relay.outbox import Message
from tailrace_relay.reader import Gap

__all__ = [
    "PROTOCOL",
    "error",
    "gap",
    "gap_json",
    "heartbeat",
    "hello",
    "live",
    "pong",
    "records",
    "services",
    "token",
]

PROTOCOL = 1

_encode = msgspec.json.Encoder().encode


def hello(
    gateway: str, streams: Iterable[dict[str, Any]], cursor: str, subscription: str | None, *, complete: bool
) -> Message:
    """The first message of a subscription; `complete`: no query leaves any record out, nor does the token's."""
    content = {"protocol": PROTOCOL, "gateway": gateway, "streams": list(streams), "complete": complete}
    return _message("hello", content, cursor, subscription)


def records(stream: str, rendered: Sequence[bytes], cursor: str, subscription: str | None) -> Message:
    """Records that are rendered already, one or several in each part, joined without encoding them again."""
    head = _encode({"type": "records", **_named(subscription), "stream": stream})[:-1]
    parts = [part for text in rendered for part in (b",", text)][1:]
    return Message("records", (head, b',"records":[', *parts, b'],"cursor":"%s"}' % cursor.encode()), cursor)


def gap(stream: str, notice: Gap, cursor: str, subscription: str | None) -> Message:
    """A notice in place of records."""
    return _message("gap", {"stream": stream, **gap_json(notice)}, cursor, subscription)


def gap_json(notice: Gap) -> dict[str, Any]:
    """A gap as an object: count, after, before, reason, and by_level where it is known."""
    content = {
        "count": notice.count,
        "after": _id(notice.after),
        "before": _id(notice.before),
        "reason": notice.reason,
    }
    return content | {"by_level": notice.by_level} if notice.by_level else content


def heartbeat(cursor: str | None, subscription: str | None) -> Message:
    """A sign of life that keeps the cursor, if there is one, fresh."""
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return _message("heartbeat", {"time": now}, cursor, subscription)


def live(cursor: str, subscription: str | None) -> Message:
    """The client has caught up: what comes from here on is live."""
    return _message("status", {"state": "live"}, cursor, subscription)


def token(state: str, expires: float | None) -> Message:
    """A token was `accepted`, or has `expired`; when it will expire, in seconds since 1970."""
    ends = {} if expires is None else {"expires": expires}
    return _message("status", {"state": f"token_{state}", **ends}, None, None)


def services(state: str, content: Mapping[str, Any]) -> Message:
    """What is known of services: all of them, what has changed, or that nothing can be known."""
    return _message("status", {"state": state, **content}, None, None)


def pong() -> Message:
    """The answer to a ping."""
    return _message("pong", {}, None, None)


def error(
    code: str, text: str, details: Mapping[str, str | int] | None = None, subscription: str | None = None
) -> Message:
    """What was wrong, and what would be right; `details` say where."""
    return _message("error", {"code": code, "message": text, **(details or {})}, None, subscription)


def _message(type: str, content: dict[str, Any], cursor: str | None, subscription: str | None) -> Message:
    end = {} if cursor is None else {"cursor": cursor}
    return Message(type, (_encode({"type": type, **_named(subscription), **content, **end}),), cursor)


def _named(subscription: str | None) -> dict[str, str]:
    return {} if subscription is None else {"subscription": subscription}


def _id(id: StreamID | None) -> str | None:
    return None if id is None else str(id)
