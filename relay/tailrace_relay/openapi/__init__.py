"""The gateway's description for tools: `/openapi.json`, complete, with examples."""

from __future__ import annotations

from tailrace_relay.openapi.document import describe

__all__ = ["describe"]
