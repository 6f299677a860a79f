"""Which web pages may connect: those of the gateway's own host, and the allowed origins."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["origin_allowed"]


def origin_allowed(origin: str | None, host: str | None, allowed: Sequence[str]) -> bool:
    """Whether a request may come from a page of this origin.

    Args:
        origin: the Origin header; None when there is none, as from programs, which no page can misuse.
        host: the Host header.
        allowed: origins such as `https://app.example.com`, or `*` for any.
    """
    if origin is None or "*" in allowed or origin.rstrip("/").lower() in {item.lower() for item in allowed}:
        return True
    scheme, _, place = origin.lower().partition("://")
    return host is not None and scheme in ("http", "https") and place == host.lower()
