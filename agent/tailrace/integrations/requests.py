"""What all records of one request share, from its headers. The same for ASGI and WSGI."""

from __future__ import annotations

from typing import Any

from tailrace.correlation.context import Binding, current_context, with_fields
from tailrace.correlation.traceparent import parse_traceparent

__all__ = ["bind_request"]

LONGEST_ID = 128


def bind_request(traceparent: str, request_id: str) -> Binding:
    """Bind the trace of a `traceparent` and the request's ID, where they are there and usable."""
    fields: dict[str, Any] = {}
    if request_id and request_id.isprintable():
        fields["request_id"] = request_id[:LONGEST_ID]
    context = with_fields(current_context.get(), fields, parse_traceparent(traceparent))
    return Binding(current_context.set(context))
