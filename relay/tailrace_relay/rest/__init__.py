"""REST: pages of history, streams, agents and health (docs/PROTOCOL.md, B6)."""

from tailrace_relay.rest.router import rest_router

__all__ = ["rest_router"]
