"""The header `traceparent` of W3C Trace Context, level 1: which trace and span a request belongs to. Pure."""

from __future__ import annotations

import re

__all__ = ["parse_traceparent"]

# Version, trace ID, parent ID, flags; later versions may go on behind another dash.
_FORM = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?", re.ASCII)

NO_TRACE, NO_SPAN, INVALID_VERSION, FIRST_VERSION = "0" * 32, "0" * 16, "ff", "00"


def parse_traceparent(text: str) -> tuple[str, str] | None:
    """Trace ID and span ID of a header's value; None for one that the specification has ignored."""
    found = _FORM.fullmatch(text.strip(" \t"))
    if found is None:
        return None
    version, trace, span, more = found.groups()
    if version == INVALID_VERSION or trace == NO_TRACE or span == NO_SPAN or (version == FIRST_VERSION and more):
        return None
    return trace, span
