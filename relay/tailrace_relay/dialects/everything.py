"""All streams over a WebSocket: what `/ws/logs` and `/ws/monitor` have in common."""

from __future__ import annotations

from tailrace_relay.dialects.choosing import tail_or
from tailrace_relay.dialects.following import follow
from tailrace_relay.dialects.socket import Asked
from tailrace_relay.dialects.speech import Speech
from tailrace_relay.gateway import Gateway
from tailrace_relay.outbox import Message, Outbox
from tailrace_relay.selection import Selection, parse_query
from tailrace_relay.session import Session

__all__ = ["EVERY_STREAM", "RUNS", "EverythingOpening"]

EVERY_STREAM = ("*",)

# What a process has logged within a run stands in its own stream, too, most of the time: with these it comes twice.
RUNS = ("run:*",)


class EverythingOpening:
    """Live from now on, or with `tail=` the last so many before it; `level=` and above.

    Args:
        level: where the client names none.
        without: globs of streams that are left out.
    """

    def __init__(self, gateway: Gateway, speech: Speech, *, level: str = "", without: tuple[str, ...] = ()) -> None:
        self._gateway = gateway
        self._speech = speech
        self._level = level
        self._without = without

    async def open(self, asked: Asked, outbox: Outbox) -> Session:
        tail = tail_or(0, asked.parameters.get("tail", ""))
        query = parse_query("", asked.parameters.get("level") or self._level)
        selection = asked.grant.select(Selection(EVERY_STREAM, query, without=self._without))
        welcome = self._speech.welcome()
        if welcome is not None:
            outbox.write(welcome)
        return await follow(self._gateway, selection, outbox, self._speech, tail=tail)

    def failure(self, text: str) -> Message:
        return self._speech.failure(text)

    def answer(self, text: str) -> None:
        return None
