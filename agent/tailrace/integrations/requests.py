"""What all records of one request share, from its first line and its headers. The same for ASGI, WSGI and Django."""

from __future__ import annotations

from typing import Any

from tailrace.correlation.context import Binding, current_context, with_fields
from tailrace.correlation.traceparent import parse_traceparent

__all__ = ["bind_request"]

# Characters that are kept.
LONGEST_ID, LONGEST_METHOD, LONGEST_PATH = 128, 32, 1024


def bind_request(*, traceparent: str, request_id: str, method: str, path: str) -> Binding:
    """Bind the trace of a `traceparent`, the request's ID and what it asks for, where they are there and usable.

    Args:
        path: without the query, which may hold secrets.
    """
    fields: dict[str, Any] = {}
    if request_id and request_id.isprintable():
        fields["request_id"] = request_id[:LONGEST_ID]
    if method:
        fields["method"] = method[:LONGEST_METHOD]
    if path:
        fields["path"] = path[:LONGEST_PATH]
    context = with_fields(current_context.get(), fields, parse_traceparent(traceparent))
    return Binding(current_context.set(context))
