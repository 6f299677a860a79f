"""The emitter: writes records of any origin to one stream, in whatever process it finds itself.

Handler, captured output, runs and shipped files all write through one.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from tailrace.agent import Channel, Reentered, channel_for
from tailrace.config import Config
from tailrace.correlation.correlation import correlation
from tailrace.diagnostics import Voice
from tailrace.errors import SpoolFull
from tailrace.interruption import is_interruption
from tailrace.logrecord import audited
from tailrace.redaction import Redactor
from tailrace.spool.segment import tag_of
from tailrace.spool.spool import SpoolGone
from tailrace.wire.record import SOURCE, Record, pack_record

__all__ = ["Emitter", "Receipt"]

# Sources whose texts come whole.
WHOLE = frozenset((SOURCE, "sdk", "user"))

# Records that may come while a spool is being made; further ones are lost, which is said on stderr.
MOST_EARLY = 1000


class Receipt(NamedTuple):
    """Where a record stands: who numbers it, in hex, and its number there."""

    producer: str
    seq: int


class Emitter:
    """Writes to one stream. Making one neither connects nor creates files; that comes with its first record.

    Args:
        config: which stream, where.
        on_bound: called with the channel when the emitter has come to write to a spool: at the first record of each
            process, and when its spool was removed.
    """

    def __init__(self, config: Config, on_bound: Callable[[Channel], object] = bool) -> None:
        self.config = config
        self.channel: Channel | None = None
        # No process has this number.
        self.pid = -1
        self.voice = Voice()
        self.redactor = Redactor.of(config)
        self._on_bound = on_bound
        # What came while a call that it interrupts was making the spool.
        self._early: deque[tuple[int, int, bytes]] = deque()

    def emit(self, record: Record, *, audit: bool = False) -> Receipt | None:
        """Write a record. Never raises.

        Returns:
            its receipt, once it is safe from the death of this process; None where it is not yet, or was lost, which
            has been counted or said on stderr.
        """
        try:
            return self.put(record, audit=audit)
        except SpoolFull as error:
            self.refuse(error)
        except Exception as error:  # the application must not suffer from a defect of ours
            if is_interruption(error):
                raise
            self.voice.say(f"a record was lost: {error!r}")
        return None

    def put(self, record: Record, *, audit: bool = False) -> Receipt | None:
        """As `emit`, but says when an audit record has no room.

        Raises:
            SpoolFull: then the record is not written.
        """
        if self.config.disabled:
            return None
        record = audited(correlation.complete(record))
        if self.redactor is not None:
            # What is captured or piped comes line by line.
            place = None if record.source in WHOLE else (record.source, record.thread)
            record = self.redactor.record(record, place)
        return self.append(
            tag_of(record.level_number, audit=audit or record.kind == "audit"), record.time, pack_record(record)
        )

    def append(self, tag: int, time: int, payload: bytes) -> Receipt | None:
        """Write a packed record.

        Args:
            tag: `tag_of(level, audit=...)`.
            time: of the record, µs since 1970.

        Returns:
            its receipt; None where it interrupts another log call of its own thread, which writes it, and for a record
            that waits for a busy spool.

        Raises:
            SpoolFull: for an audit record only.
            Reentered: when too many interrupt the making of a spool.
        """
        try:
            return self._append(tag, time, payload)
        except SpoolGone:
            self.bind()
            return self._append(tag, time, payload)
        except Reentered:
            if len(self._early) >= MOST_EARLY:
                raise
            self._early.append((tag, time, payload))
            return None

    def bind(self) -> Channel:
        """Write to this process's spool from now on.

        Raises:
            Reentered: when this call interrupts one that makes a spool.
        """
        self.channel = None
        correlation.look()
        channel = channel_for(self.config)
        self.channel, self.pid = channel, channel.pid
        self._on_bound(channel)
        while self._early:
            channel.spool.append(channel.slot, *self._early.popleft())
        return channel

    def refuse(self, error: SpoolFull) -> None:
        """Count a record that found no room, and say so."""
        if self.channel is not None:
            self.channel.engine.refused += 1
        self.voice.say(f"a record was refused: {error}")

    def _append(self, tag: int, time: int, payload: bytes) -> Receipt | None:
        channel = self.channel
        if channel is None or self.pid != os.getpid() or channel.slot.retired:
            channel = self.bind()
        slot = channel.slot
        seq = channel.spool.append(slot, tag, time, payload)
        return Receipt(slot.producer.hex(), seq - slot.base) if seq else None
