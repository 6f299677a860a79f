"""Dialects: in which words clients are told what a session gives. The gateway's own protocol is the first of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from tailrace_relay import messages
from tailrace_relay.outbox import Message
from tailrace_relay.position import Position
from tailrace_relay.reader import Gap
from tailrace_relay.render import Predicate, RenderedPiece

__all__ = ["NATIVE", "CursorAt", "Dialect", "Native"]

# The cursor of a reader behind a position in a stream.
CursorAt = Callable[[str, Position], str]


class Dialect(Protocol):
    """Makes messages, or None where a dialect has no word for it.

    Hashable: clients of equal selection and dialect share a group, for which each message is made once.
    """

    def hello(self, gateway: str, streams: Iterable[dict[str, Any]], cursor: str, *, complete: bool) -> Message | None:
        """The first message of a subscription; `complete`: no query leaves any record out, nor does the token's."""

    def part(self, piece: RenderedPiece, predicate: Predicate | None) -> bytes:
        """The records of a piece that match, in whatever form `records` takes them; empty when none does.

        Raises:
            FrameError: when a value has no form in JSON.
        """

    def records(self, stream: str, parts: Sequence[bytes], position: Position, cursor: CursorAt) -> Message:
        """Parts of one stream as one message, which leads to a position."""

    def gap(self, stream: str, gap: Gap, cursor: CursorAt) -> Message | None:
        """A notice in place of records."""

    def heartbeat(self, cursor: str) -> Message | None:
        """A sign of life."""

    def live(self, cursor: str) -> Message | None:
        """The client has caught up."""


@dataclass(frozen=True, slots=True)
class Native:
    """The gateway's own protocol (docs/PROTOCOL.md, B3).

    Attributes:
        subscription: by which the client tells it from its others.
    """

    subscription: str | None = None

    def hello(self, gateway: str, streams: Iterable[dict[str, Any]], cursor: str, *, complete: bool) -> Message:
        return messages.hello(gateway, streams, cursor, self.subscription, complete=complete)

    def part(self, piece: RenderedPiece, predicate: Predicate | None) -> bytes:
        return piece.matching(predicate)

    def records(self, stream: str, parts: Sequence[bytes], position: Position, cursor: CursorAt) -> Message:
        return messages.records(stream, parts, cursor(stream, position), self.subscription)

    def gap(self, stream: str, gap: Gap, cursor: CursorAt) -> Message:
        return messages.gap(stream, gap, cursor(stream, gap.position), self.subscription)

    def heartbeat(self, cursor: str) -> Message:
        return messages.heartbeat(cursor, self.subscription)

    def live(self, cursor: str) -> Message:
        return messages.live(cursor, self.subscription)


NATIVE = Native()
