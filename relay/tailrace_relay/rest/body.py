"""The body of a request, of a bounded length."""

from __future__ import annotations

from fastapi import Request

__all__ = ["read_body"]


async def read_body(request: Request, most: int) -> bytes | None:
    """The body; None when it has more than `most` bytes, of which no more are read."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            return None
        parts.append(part)
    return b"".join(parts)
