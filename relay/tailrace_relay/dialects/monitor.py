"""`WS /ws/monitor`: what the system logs, and what it was made to do (audit), each told from the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tailrace_relay.dialects.entry import Entry
from tailrace_relay.dialects.everything import RUNS, EverythingOpening
from tailrace_relay.dialects.serving import Served
from tailrace_relay.dialects.socket import DialectSocket
from tailrace_relay.dialects.speech import Speech
from tailrace_relay.gateway import Gateway

__all__ = ["MonitorSpeech", "serve_monitor"]

AUDIT = "audit"


@dataclass(frozen=True)
class MonitorSpeech(Speech):
    """A record as `system_log`, an audit event as `audit_log`; what a record has not is null."""

    def content(self, entry: Entry) -> Any:
        said = {"timestamp": entry.millisecond, "level": entry.level, "logger": entry.logger, "message": entry.text}
        if entry.kind == AUDIT:
            more = {"action": entry.rest.action, "metadata": _metadata(entry)}
            return {"type": "audit_log", "data": said | more}
        place = {"module": entry.module, "function": entry.function, "line": entry.line}
        return {"type": "system_log", "data": said | place}


def serve_monitor(gateway: Gateway) -> Served:
    """Its one WebSocket."""
    socket = DialectSocket(gateway, EverythingOpening(gateway, MonitorSpeech(), without=RUNS))
    return Served(sockets=[("/ws/monitor", socket)])


def _metadata(entry: Entry) -> Any:
    """That of the event; where it has none, the caller's fields."""
    return entry.fields if entry.rest.metadata is None else entry.rest.metadata
