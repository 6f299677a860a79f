"""Following: what files have is sent, and what they get, until somebody says stop."""

from __future__ import annotations

import threading
import time
from contextlib import suppress

from tailrace.files.log_file import LogFile, Truncated
from tailrace.files.watch import DECLARED, Watch
from tailrace.source.sender import MAX_RECORDS, Rewind, Sender, Stopped
from tailrace.wire.record import Record

__all__ = ["Pace", "follow", "send_batch"]

WARNING = 30

# Seconds between two looks at what files have, at which files there are, and between two visits to the disk.
POLL, LOOK_EVERY, SETTLE_EVERY = 0.1, 1.0, 5.0

# Seconds for which records are due at once at most.
MOMENT = 0.1

# Frames of one file before the next has its turn.
TURN = 8


class Pace:
    """At most so many records a second; None for as many as there are.

    Args:
        stopped: ends waiting.
    """

    def __init__(self, rate: float | None, stopped: threading.Event) -> None:
        self._rate = rate
        self._stopped = stopped
        # What is due, and when that was. What is not taken is not saved up beyond a moment.
        self._due = 1.0
        self._at = time.monotonic()

    def wait(self) -> int:
        """Wait until some are due; how many, at most a frame's.

        Raises:
            Stopped: when it was told to while it waited.
        """
        if self._rate is None:
            return MAX_RECORDS
        while self._count() < 1.0:
            if self._stopped.wait((1.0 - self._due) / self._rate):
                raise Stopped
        return min(int(self._due), MAX_RECORDS)

    def took(self, number: int) -> None:
        """So many were taken."""
        self._due -= number

    def _count(self) -> float:
        rate = self._rate or 0.0
        now = time.monotonic()
        self._due = min(self._due + (now - self._at) * rate, max(rate * MOMENT, 1.0))
        self._at = now
        return self._due


def send_batch(sender: Sender, file: LogFile, pace: Pace, *, to_end: bool = False) -> int:
    """Send the next records of a file; how many, 0 when it has none.

    Raises:
        RedisStaysAway, Stopped: as `Sender.send`.
    """
    while True:
        batch = file.batch(pace.wait(), to_end=to_end)
        if batch is None:
            return 0
        try:
            sender.send(file.checkpoint, batch.records, batch.position)
        except Rewind as back:
            file.rewind(back.position, back.skip)
            continue
        pace.took(len(batch.records))
        return len(batch.records)


def follow(watch: Watch, sender: Sender, pace: Pace, stopped: threading.Event) -> int:
    """Send all that comes until `stopped` is set; how many records that were.

    Raises:
        RedisStaysAway, Stopped: as `Sender.send`.
    """
    total = 0
    looked_at = settled_at = float("-inf")
    while not stopped.is_set():
        now = time.monotonic()
        if now - looked_at >= LOOK_EVERY:
            watch.look()
            looked_at = now
        _declare(watch, sender)
        sent = sum(_serve(watch, file, sender, pace) for file in list(watch.files) if not stopped.is_set())
        total += sent
        if sent:
            continue
        if now - settled_at >= SETTLE_EVERY:
            for file in watch.files:
                file.settle()
            settled_at = now
        sender.beat()
        stopped.wait(POLL)
    return total


def _serve(watch: Watch, file: LogFile, sender: Sender, pace: Pace) -> int:
    """Send what one file has, up to a turn."""
    sent = 0
    try:
        file.look()
        for _ in range(TURN):
            number = send_batch(sender, file, pace)
            sent += number
            if not number:
                break
        now = time.monotonic()
        if sent and file.moved_at is not None:
            file.moved_at = now
        elif file.is_quiet_since_move(now) and watch.may_rest(file):
            sent += send_batch(sender, file, pace, to_end=True)
            watch.rest(file)
    except Truncated:
        watch.truncated(file)
    return sent


def _declare(watch: Watch, sender: Sender) -> None:
    """Say in the stream what could not be read."""
    while watch.lost:
        text, checkpoint = watch.lost[0]
        record = Record(
            time=time.time_ns() // 1000,
            level_number=WARNING,
            logger="tailrace",
            message=text,
            source="sdk",
            kind="notice",
        )
        with suppress(Rewind):  # what could be read again is lost
            sender.send(checkpoint, [record], {**checkpoint.position, DECLARED: True})
            checkpoint.remove()
            watch.lost.popleft()
