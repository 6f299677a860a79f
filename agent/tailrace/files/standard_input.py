"""Standard input, or another pipe. It can't be read again, so what it gives goes through the spool."""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Iterable

from tailrace.emitter import Emitter
from tailrace.files.following import Pace
from tailrace.source.sender import RedisStaysAway
from tailrace.transcript.lines import Line, LineAssembler
from tailrace.wire.record import Record

__all__ = ["StandardInput"]

INFO = 20

PIECE = 64 << 10

# Characters written between two looks at how full the spool is: half its smallest segment.
LOOK_EVERY = 32 << 10

# Seconds between two looks at what Redis has acknowledged, and at whether to stop.
POLL = 0.02

# Seconds without an acknowledgement after which to give up when told to stop: what is spooled is not lost.
AFTER_STOP = 2.0

# Seconds without anything after which nothing more comes from a pipe whose reader was told to stop.
QUIET = 0.2


class StandardInput:
    """Writes what comes to a spool, line by line, as fast as there is room.

    Args:
        name: the logger of its records.
        timeout: seconds without an acknowledgement after which to give up, once the input has ended.

    Attributes:
        count: records so far.
    """

    def __init__(self, emitter: Emitter, fd: int, name: str, timeout: float) -> None:
        self.count = 0
        self._emitter = emitter
        self._fd = fd
        self._name = name
        self._timeout = timeout
        self._assembler = LineAssembler(keep_blank=True, keep_returns=True)
        self._stopped = threading.Event()
        self._unlooked = 0
        self._acked = 0
        self._heard_at = time.monotonic()

    def ship(self, pace: Pace, stopped: threading.Event) -> None:
        """Read to the end, or until `stopped` is set and nothing is left in the pipe, and wait until Redis has it all.

        Raises:
            RedisStaysAway: when it acknowledges nothing for too long.
            OSError: when there is no reading on.
        """
        self._stopped = stopped
        while self._has_more(stopped):
            piece = os.read(self._fd, PIECE)
            if not piece:
                break
            self._write(self._assembler.feed_bytes(piece), pace)
        self._write(self._assembler.flush(), pace)
        self._heard_at = time.monotonic()
        while self.missing:
            self._wait(AFTER_STOP if stopped.is_set() else self._timeout)

    @property
    def missing(self) -> int:
        """Records that are not in Redis."""
        channel = self._emitter.channel
        return 0 if channel is None else channel.slot.last_seq - channel.slot.acked

    @property
    def folder(self) -> str | None:
        """Where they are kept."""
        channel = self._emitter.channel
        return None if channel is None else channel.spool.folder

    def _has_more(self, stopped: threading.Event) -> bool:
        while not select.select([self._fd], [], [], QUIET)[0]:
            if stopped.is_set():
                return False
        return True

    def _write(self, lines: Iterable[Line], pace: Pace) -> None:
        for line in lines:
            pace.wait()
            pace.took(1)
            self._emitter.emit(
                Record(
                    time=time.time_ns() // 1000,
                    level_number=INFO,
                    logger=self._name,
                    message=line.text,
                    source="stdin",
                    line_number=line.number,
                )
            )
            self.count += 1
            self._unlooked += len(line.text) + 64
            if self._unlooked >= LOOK_EVERY:
                self._wait_for_room()

    def _wait_for_room(self) -> None:
        """Hold back who writes to the pipe while the spool is half full, however long Redis is away."""
        self._unlooked = 0
        channel = self._emitter.channel
        while channel is not None and channel.spool.shelf.crowded():
            self._wait(AFTER_STOP if self._stopped.is_set() else float("inf"))

    def _wait(self, timeout: float) -> None:
        channel = self._emitter.channel
        if channel is None:
            return
        channel.engine.flush(POLL)
        now = time.monotonic()
        if channel.slot.acked != self._acked:
            self._acked, self._heard_at = channel.slot.acked, now
        elif now - self._heard_at > timeout:
            raise RedisStaysAway
