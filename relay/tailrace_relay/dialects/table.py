"""All dialects by the names that the setting `TAILRACE_DIALECTS` has for them."""

from __future__ import annotations

from collections.abc import Callable

from tailrace_relay.dialects.events import serve_events
from tailrace_relay.dialects.logs import serve_logs
from tailrace_relay.dialects.monitor import serve_monitor
from tailrace_relay.dialects.run_routes import serve_runs
from tailrace_relay.dialects.service_routes import serve_services
from tailrace_relay.dialects.serving import Served
from tailrace_relay.gateway import Gateway

__all__ = ["DIALECTS", "served_dialects"]

DIALECTS: dict[str, Callable[[Gateway], Served]] = {
    "logs": serve_logs,
    "monitor": serve_monitor,
    "services": serve_services,
    "events": serve_events,
    "runs": serve_runs,
}


def served_dialects(gateway: Gateway) -> list[Served]:
    """Those that are switched on."""
    return [DIALECTS[name](gateway) for name in gateway.settings.dialects]
