"""`WS /ws/logs`: what a server logs, from INFO on, as it comes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tailrace_relay.dialects.entry import Entry
from tailrace_relay.dialects.everything import EverythingOpening
from tailrace_relay.dialects.serving import Served
from tailrace_relay.dialects.socket import DialectSocket
from tailrace_relay.dialects.speech import Speech
from tailrace_relay.gateway import Gateway
from tailrace_relay.outbox import Message

__all__ = ["LogsSpeech", "serve_logs"]

WELCOME = "🌐 Connected to server log stream"


@dataclass(frozen=True)
class LogsSpeech(Speech):
    """A record: `timestamp`, `level`, `message`, `module`."""

    def content(self, entry: Entry) -> Any:
        module = entry.module or entry.logger
        return {"timestamp": entry.time, "level": entry.level, "message": entry.text, "module": module}

    def welcome(self) -> Message:
        return self.own("INFO", WELCOME, module="websocket")


def serve_logs(gateway: Gateway) -> Served:
    """Its one WebSocket."""
    socket = DialectSocket(gateway, EverythingOpening(gateway, LogsSpeech(), level="INFO"))
    return Served(sockets=[("/ws/logs", socket)])
