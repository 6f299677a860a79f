"""What dialects have in common: a message for each record, made of its entry alone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import msgspec

from tailrace.wire import FrameError, StreamID
from tailrace_relay.dialect import CursorAt
from tailrace_relay.dialects.entry import OWN, Entry, entries, entry_of_gap, own_entry
from tailrace_relay.outbox import Message, Ping, Several
from tailrace_relay.position import Position
from tailrace_relay.reader import Gap
from tailrace_relay.render import Predicate, RenderedPiece

__all__ = ["Speech", "failure_of"]

_encode = msgspec.json.Encoder().encode

_PING = Ping()


def failure_of(text: str) -> Message:
    """What was wrong, in dialects that have a word for it: `error`."""
    return Message("error", (_encode({"type": "error", "message": text}),))


class Speech(ABC):
    """A dialect whose messages are records. Subclasses are frozen dataclasses and say what an entry looks like."""

    # Whether each message has the cursor behind its record as its ID, for clients that come again with it.
    resumes: ClassVar[bool] = False

    @abstractmethod
    def content(self, entry: Entry) -> Any:
        """What a client gets for one entry, before it is JSON."""

    def welcome(self) -> Message | None:
        """What a client gets before anything else."""
        return None

    def failure(self, text: str) -> Message:
        """What was wrong, and what would be right."""
        return self.own("ERROR", text)

    def own(self, level: str, text: str, module: str = OWN) -> Message:
        """Something that Tailrace itself has to say, as a record."""
        return Several("record", (_encode(self.content(own_entry(level, text, module))),))

    def shown(self, piece: RenderedPiece, places: Sequence[int]) -> bytes:
        """The records at these places, a line each: the ID, a blank and the message.

        Raises:
            FrameError: when a value has no form in JSON.
        """
        try:
            lines = [b"%s %s" % (each.id.encode(), _encode(self.content(each))) for each in entries(piece, places)]
        except (TypeError, ValueError, RecursionError) as error:
            raise FrameError(f"a record cannot be shown: {error}") from error
        return b"\n".join(lines)

    # What sessions ask for.

    def hello(self, gateway: str, streams: Iterable[dict[str, Any]], cursor: str, *, complete: bool) -> Message | None:
        return None

    def part(self, piece: RenderedPiece, predicate: Predicate | None) -> bytes:
        return self.shown(piece, piece.places(predicate))

    def records(self, stream: str, parts: Sequence[bytes], position: Position, cursor: CursorAt) -> Message:
        # JSON has no raw line ends, and IDs have no blanks.
        pairs = [line.split(b" ", 1) for part in parts for line in part.split(b"\n")]
        ids: list[str] = []
        if self.resumes:
            places = (position._replace(id=StreamID.parse(id.decode())) for id, _ in pairs)
            ids = [cursor(stream, place) for place in places]
        return Several("records", [text for _, text in pairs], ids)

    def gap(self, stream: str, gap: Gap, cursor: CursorAt) -> Message | None:
        entry = entry_of_gap(stream, gap)
        if entry is None:
            return None
        ids = [cursor(stream, gap.position)] if self.resumes else []
        return Several("gap", (_encode(self.content(entry)),), ids)

    def heartbeat(self, cursor: str) -> Message | None:
        return _PING

    def live(self, cursor: str) -> Message | None:
        return None
