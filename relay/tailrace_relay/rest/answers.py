"""Answers in JSON."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response

__all__ = ["encoded", "json_answer"]

_encode = msgspec.json.Encoder().encode


def json_answer(body: bytes) -> Response:
    """What is true now and may be another thing soon."""
    return Response(body, media_type="application/json", headers={"Cache-Control": "no-store"})


def encoded(content: Any) -> Response:
    """The same of what is no JSON yet."""
    return json_answer(_encode(content))
