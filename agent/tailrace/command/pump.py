"""The pump: a thread that passes one output of a child on, unchanged and at once, and makes records of it."""

from __future__ import annotations

import errno
import os
import select
import selectors
import threading
import time
from collections.abc import Callable

from tailrace.command.marks import Unmarker
from tailrace.transcript.transcript import Transcript
from tailrace.wire.record import Record

__all__ = ["Pump"]

# What a pipe holds, as Linux makes them.
PIECE = 64 << 10

# Bytes that a pipe may hold at most, for whoever is not privileged: so much is still read after the time for it.
LARGEST_PIPE = 1 << 20

# Seconds that what may be the beginning of a mark waits for its rest, which was written together with it.
MARK_PATIENCE = 0.05


class Pump(threading.Thread):
    """Reads one pipe to its end.

    Args:
        pipe: read and closed by it.
        target: where everything is passed on to; None for nowhere.
        record: called with each record.
        before: called before pieces are read; may block to hold the child back.
    """

    def __init__(
        self,
        pipe: int,
        target: int | None,
        unmarker: Unmarker,
        transcript: Transcript,
        record: Callable[[Record], object],
        before: Callable[[], object],
    ) -> None:
        super().__init__(name=f"tailrace-{pipe}", daemon=True)
        self._pipe = pipe
        self._target = target
        self._unmarker = unmarker
        self._transcript = transcript
        self._record = record
        self._before = before
        # Readable as soon as there is an end to wait for; then `_until` says when.
        self._wake, self._waker = os.pipe()
        self._until: float | None = None
        self._after_end = LARGEST_PIPE

    def finish_by(self, until: float) -> None:
        """Take what comes until then, if the pipe does not end before, and what the pipe holds then."""
        self._until = until
        os.close(self._waker)

    def run(self) -> None:
        """Work until the end of the pipe."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._pipe, selectors.EVENT_READ)
            selector.register(self._wake, selectors.EVENT_READ)
            while self._wait(selector):
                pass
        os.close(self._pipe)
        os.close(self._wake)
        self._take(self._unmarker.release())
        self._write_records(self._transcript.end(time.monotonic(), _now()))

    def _wait(self, selector: selectors.BaseSelector) -> bool:
        """Wait for something to do and do it; False at the end."""
        self._before()
        ready = {key.fd for key, _ in selector.select(self._timeout())}
        if self._wake in ready:
            selector.unregister(self._wake)
        if self._pipe in ready:
            return self._pump()
        if self._unmarker.holds:
            self._take(self._unmarker.release())
        deadline = self._transcript.deadline
        if deadline is not None and time.monotonic() >= deadline:
            self._write_records(self._transcript.flush(_now()))
        return not self._is_late()

    def _timeout(self) -> float | None:
        moments = [moment for moment in (self._transcript.deadline, self._until) if moment is not None]
        if self._unmarker.holds:
            return MARK_PATIENCE
        return max(min(moments) - time.monotonic(), 0.0) if moments else None

    def _pump(self) -> bool:
        piece = os.read(self._pipe, PIECE)
        if not piece:
            return False
        passed, recorded = self._unmarker.feed(piece)
        goes_on = self._pass_on(passed)
        self._write_records(self._transcript.feed(recorded, time.monotonic(), _now()))
        if self._is_late():
            self._after_end -= len(piece)
        # Where nobody reads us, the child is to learn that as it would without us: from a closed pipe.
        return goes_on and self._after_end > 0

    def _take(self, data: bytes) -> None:
        if data:
            self._pass_on(data)
            self._write_records(self._transcript.feed(data, time.monotonic(), _now()))

    def _is_late(self) -> bool:
        return self._until is not None and time.monotonic() >= self._until

    def _pass_on(self, data: bytes) -> bool:
        """Write it all; False when nobody reads it."""
        if self._target is None:
            return True
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self._target, view) :]
            except BlockingIOError:
                # Whoever shares it with us has made it so.
                select.select([], [self._target], [])
            except OSError as error:
                if error.errno == errno.EPIPE:
                    return False
                self._target = None
                return True  # a full disk, a closed terminal: what is said is recorded nevertheless
        return True

    def _write_records(self, records: list[Record]) -> None:
        for record in records:
            self._record(record)


def _now() -> int:
    return time.time_ns() // 1000
