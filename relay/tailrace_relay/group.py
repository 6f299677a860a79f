"""Live clients that asked for the same: their records are filtered once, encoded once, and written to each."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from tailrace.wire import FrameError
from tailrace_relay.cursor import format_cursor
from tailrace_relay.dialect import CursorAt, Dialect
from tailrace_relay.outbox import Message
from tailrace_relay.position import Position
from tailrace_relay.reader import Gap, Item, Piece
from tailrace_relay.render import RenderedPiece
from tailrace_relay.selection import Selection

if TYPE_CHECKING:
    from tailrace_relay.session import Session

__all__ = ["Counters", "Delivery", "Group", "Output", "Written"]

# A stream, the position in it, and the message that leads there; None when nothing on the way matched.
Written = tuple[str, Position, Message | None]

logger = logging.getLogger("tailrace.relay")

MS = 0.001

# The longest that a record waits for others to share a message with.
LONGEST_WAIT = 50 * MS

# A flush that took so long is followed by a wait of this many times as long, so that bigger groups flush less often.
WAIT_PER_COST = 4

# Bytes of JSON in one message, roughly: keeps a client's share of the work in small steps.
MESSAGE_BYTES = 256 << 10

# Bytes of frames that wait for the next flush; when it is full the group flushes at once.
PENDING_BYTES = 1 << 20


class Counters:
    """What the relay counts."""

    def __init__(self) -> None:
        self.evaluations = 0
        self.encodings = 0
        self.delivered = 0
        self.fell_behind = 0
        self.duplicates = 0
        self.damaged = 0
        self.repairs = 0


class Delivery:
    """An item on its way to groups; its records are unpacked at most once, and only if somebody needs them."""

    def __init__(self, stream: str, item: Item) -> None:
        self.stream = stream
        self.item = item
        self._rendered: RenderedPiece | None = None

    @property
    def size(self) -> int:
        return len(self.item.frame.data) if isinstance(self.item, Piece) else 0

    def rendered(self) -> RenderedPiece:
        """The records.

        Raises:
            FrameError: when the body is not what its header promised.
        """
        if self._rendered is None:
            assert isinstance(self.item, Piece)
            self._rendered = RenderedPiece(self.stream, self.item)
        return self._rendered


class Output:
    """Turns deliveries into messages, by one query and in one dialect; the way is the same live and in history."""

    def __init__(self, selection: Selection, dialect: Dialect, counters: Counters) -> None:
        self.selection = selection
        self.dialect = dialect
        self.counters = counters

    def messages(
        self,
        deliveries: Iterable[Delivery],
        cursor: CursorAt,
    ) -> Iterator[Written]:
        """Messages in the order of the deliveries, each with its stream and the position after it.

        A position without a message: nothing matched so far. `cursor` gives the cursor after a position.
        """
        batch: list[bytes] = []
        size = 0
        at: tuple[str, Position] | None = None

        def close() -> Iterator[Written]:
            nonlocal batch, size, at
            if at is not None:
                yield *at, self._records(*at, batch, cursor) if batch else None
            batch, size, at = [], 0, None

        for delivery in deliveries:
            if at is not None and (at[0] != delivery.stream or size > MESSAGE_BYTES or isinstance(delivery.item, Gap)):
                yield from close()
            item = delivery.item
            if isinstance(item, Piece):
                found = self._matching(delivery, item)
                if isinstance(found, bytes):
                    at = (delivery.stream, item.position)
                    if found:
                        batch.append(found)
                        size += len(found)
                    continue
                yield from close()
                item = found
            yield delivery.stream, item.position, self.dialect.gap(delivery.stream, item, cursor)
        yield from close()

    def _matching(self, delivery: Delivery, piece: Piece) -> bytes | Gap:
        query = self.selection.query
        outlook = query.outlook(delivery.stream, piece.frame)
        if not outlook.match:
            return b""
        self.counters.evaluations += 1
        try:
            return self.dialect.part(delivery.rendered(), query.predicate if outlook.fail else None)
        except FrameError:
            self.counters.damaged += 1
            return unreadable(piece)

    def _records(self, stream: str, position: Position, batch: list[bytes], cursor: CursorAt) -> Message:
        self.counters.encodings += 1
        return self.dialect.records(stream, batch, position, cursor)


class Group:
    """The live clients of one selection and dialect.

    `positions` is the end of the last *written* batch in each stream; joins, heartbeats and cursors use it.
    `moved` is set whenever it changes.
    """

    def __init__(self, output: Output, now: Callable[[], int], loop: asyncio.AbstractEventLoop) -> None:
        self.output = output
        self.matches = output.selection.matcher()
        self.positions: dict[str, Position] = {}
        # Clients that are live, and all that the group is there for.
        self.members: set[Session] = set()
        self.sessions: set[Session] = set()
        self.moved = asyncio.Event()
        self.written_at = loop.time()
        self._now = now
        self._loop = loop
        self._pending: list[Delivery] = []
        self._pending_bytes = 0
        self._timer: asyncio.TimerHandle | None = None
        self._flushed_at = 0.0
        self._cost = 0.0

    def add_stream(self, stream: str, position: Position) -> None:
        """Follow one more stream, from a position on."""
        self.positions[stream] = position
        for session in self.sessions - self.members:
            session.positions.setdefault(stream, position)

    def remove_stream(self, stream: str) -> None:
        """Follow a stream no more."""
        self.positions.pop(stream, None)
        for session in self.sessions - self.members:
            session.positions.pop(stream, None)

    def receive(self, delivery: Delivery) -> None:
        """Take what a stream gives; it is written with the next flush, within `LONGEST_WAIT`."""
        self._pending.append(delivery)
        self._pending_bytes += delivery.size
        if self._pending_bytes > PENDING_BYTES:
            self.flush()
        elif self._timer is None:
            wait = min(WAIT_PER_COST * self._cost, LONGEST_WAIT)
            self._timer = self._loop.call_at(max(self._flushed_at + wait, self._loop.time()), self.flush)

    def flush(self) -> None:
        """Write what waits to every member. Who cannot keep up leaves the members and catches up by itself."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        pending, self._pending, self._pending_bytes = self._pending, [], 0
        began = self._loop.time()
        try:
            self._write_all(pending)
        except Exception:  # whatever it was, no record may be lost by it: each client reads on by itself
            logger.exception("a batch could not be written")
            for session in list(self.members):
                self._let_fall(session)
        for delivery in pending:
            self.positions[delivery.stream] = delivery.item.position
        self._flushed_at = self._loop.time()
        self._cost = self._flushed_at - began
        self._tell_moved()

    def heartbeat(self) -> None:
        """Tell every member where it stands."""
        message = self.output.dialect.heartbeat(self.cursor())
        if message is not None:
            self._write(message)
        self.written_at = self._loop.time()

    def cursor(self) -> str:
        """The cursor of a live member."""
        return self._text(self.positions)

    def _cursor_after(self, stream: str, position: Position) -> str:
        return self._text(self.positions | {stream: position})

    def _text(self, positions: dict[str, Position]) -> str:
        if self.output.selection.single:
            return next((str(position) for position in positions.values()), "0-0")
        return format_cursor(self._now(), ((stream, position, True) for stream, position in positions.items()))

    def _write_all(self, pending: list[Delivery]) -> None:
        if not self.members:
            return
        for stream, position, message in self.output.messages(pending, self._cursor_after):
            if message is not None:
                self._write(message)
            self.positions[stream] = position

    def _write(self, message: Message) -> None:
        behind = [session for session in self.members if not session.outbox.write(message)]
        self.output.counters.delivered += len(self.members) - len(behind)
        self.written_at = self._loop.time()
        for session in behind:
            self._let_fall(session)

    def _let_fall(self, session: Session) -> None:
        self.members.discard(session)
        self.output.counters.fell_behind += 1
        session.fall_behind(dict(self.positions))

    def _tell_moved(self) -> None:
        self.moved.set()
        self.moved.clear()


def unreadable(piece: Piece) -> Gap:
    """The notice in place of records whose frame is whole but makes no sense."""
    before_first = piece.position.id._replace(n=piece.first_n - 1)
    return Gap(piece.count, before_first, piece.last._replace(n=piece.last.n + 1), "unreadable", piece.position)
