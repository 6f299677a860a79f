"""Which web pages may change something: the gateway's own and the allowed ones."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from tailrace_relay.gateway import Gateway
from tailrace_relay.origins import origin_allowed
from tailrace_relay.problems import problem

__all__ = ["foreign_page", "is_own_page"]


def is_own_page(gateway: Gateway, request: Request) -> bool:
    """Whether a request comes from the gateway's own page, an allowed one, or no page at all."""
    headers = request.headers
    return origin_allowed(headers.get("origin"), headers.get("host"), gateway.settings.allowed_origins)


def foreign_page() -> Response:
    """The answer to all others."""
    return problem(403, "pages of this origin may not write; see TAILRACE_ALLOWED_ORIGINS")
