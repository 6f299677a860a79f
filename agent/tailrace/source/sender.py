"""The sender: records of sources that can be read again go to Redis, frame by frame, each exactly once.

Nothing is spooled: what Redis has not taken is read again. Each source has a producer of its own, whose mark in Redis
tells which of the frames without an answer have arrived.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from tailrace.config import Config
from tailrace.diagnostics import Voice
from tailrace.identity import facts_of_process
from tailrace.logrecord import audited
from tailrace.presence import Presence
from tailrace.recent import errors_among
from tailrace.redaction import Redactor
from tailrace.shipper.backlog import ANNOUNCE_EVERY, Backoff
from tailrace.shipper.lane import MAX_BYTES, Parcel
from tailrace.shipper.link import Link, Refusal, Unavailable
from tailrace.source.checkpoint import Checkpoint, Position
from tailrace.wire.append import Answer, Status
from tailrace.wire.frame import MAX_RECORDS, NOTHING_SHED, Shed, join_frame
from tailrace.wire.keys import Keys
from tailrace.wire.record import Facts, Record, pack_record

__all__ = ["MAX_BYTES", "MAX_RECORDS", "RedisStaysAway", "Rewind", "Sender", "Stopped"]

T = TypeVar("T")


class Rewind(Exception):
    """Redis has lost records, in a failover: the source is to be read again.

    Attributes:
        position: from there on.
        skip: so many records behind it are in Redis, and are passed over.
    """

    def __init__(self, position: Position, skip: int) -> None:
        self.position = position
        self.skip = skip
        super().__init__(position, skip)


class RedisStaysAway(Exception):
    """Redis has taken nothing for as long as was asked for."""


class Stopped(Exception):
    """The sender was told to stop while it waited for Redis."""


@dataclass(slots=True)
class _Stream:
    """How far one stream has come, for presence."""

    name: str
    last_seq: int = 0
    acked: int = 0
    announced_at: float | None = None


class Sender:
    """Sends records of any number of sources. For one thread.

    Args:
        config: where Redis is, who is said to log, what is redacted. Its stream is not looked at.
        timeout: seconds without an answer after which to give up.
        stopped: when it is set, waiting for Redis ends.
        say: gets what keeps records from arriving.
    """

    def __init__(
        self,
        config: Config,
        timeout: float = float("inf"),
        stopped: threading.Event | None = None,
        say: Callable[[str], object] | None = None,
    ) -> None:
        self.refused = 0
        self.shed = NOTHING_SHED
        self.waiting_bytes = 0
        self.errors = 0
        self.last: tuple[str, str] | None = None
        self._config = config
        self._timeout = timeout
        self._stopped = stopped or threading.Event()
        self._say = say or Voice().say
        self._facts = facts_of_process(config.service).pack()
        self._redactor = Redactor.of(config)
        self._link = Link(config.url, Keys(config.prefix))
        self._backoff = Backoff()
        self._streams: dict[str, _Stream] = {}
        self._presence = Presence(config, self, os.urandom(16).hex())

    @property
    def slots(self) -> list[_Stream]:
        """All streams that have been written to."""
        return list(self._streams.values())

    def resume(self, checkpoint: Checkpoint) -> int:
        """Learn what of the last frame has arrived, and set the checkpoint to where its source is read on from.

        Returns:
            So many records behind the checkpoint's position are in Redis already, and are to be passed over.

        Raises:
            RedisStaysAway, Stopped: then nothing has changed.
        """
        if checkpoint.seq == 0 and checkpoint.on_way is None:
            return 0
        mark = self._insist(lambda: self._link.mark(checkpoint.stream, checkpoint.producer))
        if mark is None:
            # It was emptied, or this was longer ago than marks live.
            checkpoint.renew()
            return 0
        if checkpoint.on_way is not None and mark == checkpoint.on_way.seq:
            checkpoint.arrived()
        if mark <= checkpoint.seq:
            checkpoint.missed()
            return 0
        # The machine went down before the checkpoint had reached the disk.
        return checkpoint.skipped(mark)

    def send(
        self, checkpoint: Checkpoint, records: list[Record], position: Position, facts: Facts | None = None
    ) -> None:
        """Append one frame, and note in the checkpoint that it is in Redis. Waits as long as Redis is away.

        Args:
            records: 1 to `MAX_RECORDS`, of about `MAX_BYTES` altogether.
            position: where the source is read on from behind them.
            facts: who has logged, where that is not this process.

        Raises:
            Rewind: read again from somewhere else.
            RedisStaysAway, Stopped: then it is unknown whether they have arrived; `resume` tells.
        """
        records = [audited(record) for record in records]
        if self._redactor is not None:
            records = [self._redactor.record(record, checkpoint.producer) for record in records]
        payloads = [pack_record(record) for record in records]
        stream = self._streams.setdefault(checkpoint.stream, _Stream(checkpoint.stream))
        stream.last_seq += len(records)
        checkpoint.intend(checkpoint.seq + len(records), position)
        accepted, shed = 0, NOTHING_SHED
        while accepted < len(records):
            parcel = self._parcel(checkpoint, accepted, records, payloads, shed, facts)
            answer = self._append(stream, parcel)
            if answer.status is Status.BEHIND:
                shed = self._go_back(checkpoint, parcel, answer, len(records), position)
                accepted = 0
            else:
                checkpoint.answer = answer
                accepted = len(records) if answer.status is Status.OK else (answer.mark or 0) - checkpoint.seq
        checkpoint.arrived()
        stream.acked += len(records)
        self.errors += errors_among(records)
        if checkpoint.answer is not None and checkpoint.answer.id is not None:
            self.last = stream.name, str(checkpoint.answer.id)
        self.beat()

    def beat(self) -> None:
        """Be announced among the agents, if that is due. To be called every few seconds."""
        try:
            commands = self._presence.commands(self._link.now())
            refused = self._link.tell(commands) if commands else None
        except Unavailable as error:
            refused = str(error)
        if refused is not None:
            self._say(f"this process can't be listed among the agents: {refused}")

    def finish(self, checkpoints: Iterable[Checkpoint]) -> None:
        """Let marks go soon whose sources are wholly in Redis."""
        try:
            self._link.finish([(each.stream, each.producer) for each in checkpoints if each.seq])
        except Unavailable:
            pass  # they then go by their long time to live

    def close(self) -> None:
        """Say goodbye, if Redis is there."""
        try:
            self._link.tell(self._presence.goodbye(self._link.now()) or [("PING",)])
        except Unavailable:
            pass  # its silence says the same
        self._link.close()

    def _parcel(
        self,
        checkpoint: Checkpoint,
        begin: int,
        records: list[Record],
        payloads: list[bytes],
        shed: Shed,
        facts: Facts | None,
    ) -> Parcel:
        """The frame with the records from the `begin`th on."""
        first, times = checkpoint.seq + 1 + begin, [record.time for record in records[begin:]]
        frame = join_frame(
            checkpoint.producer,
            first,
            self._facts if facts is None else facts.pack(),
            payloads[begin:],
            highest_level=max(record.level_number for record in records[begin:]),
            earliest=min(times),
            latest=max(times),
            shed=shed,
        )
        return Parcel(checkpoint.stream, checkpoint.producer, frame, first, len(times), shed)

    def _go_back(self, checkpoint: Checkpoint, parcel: Parcel, answer: Answer, count: int, position: Position) -> Shed:
        """Redis misses records before the frame; what to declare as lost before it when they can't be read again.

        Raises:
            Rewind: when they can.
        """
        if answer.mark is None:
            if self._is_lost(checkpoint, answer):
                checkpoint.renew(from_start=True)
                raise Rewind(checkpoint.position, 0)
            checkpoint.renew()
            checkpoint.intend(count, position)
            return NOTHING_SHED
        skip = checkpoint.rewind(answer.mark)
        if skip is None:
            return (0, parcel.first - 1 - answer.mark, 0, 0, 0)
        raise Rewind(checkpoint.position, skip)

    def _is_lost(self, checkpoint: Checkpoint, answer: Answer) -> bool:
        """Whether Redis has not only forgotten a producer, but fell back behind what it had of it.

        After a new beginning of the stream's numbering nothing is sent again: who was there has had it.
        """
        last = checkpoint.answer
        if last is None or last.id is None or answer.epoch != last.epoch:
            return False
        if answer.last.n < last.id.n:
            return True
        forked_at = None
        if answer.generation != last.generation:
            forked_at = self._insist(lambda: self._link.forked_at(checkpoint.stream, last.generation))
        return forked_at is not None and forked_at < last.id.n

    def _append(self, stream: _Stream, parcel: Parcel) -> Answer:
        def append() -> Answer:
            now = time.monotonic()
            due = stream.announced_at is None or now - stream.announced_at >= ANNOUNCE_EVERY
            (result,) = self._link.send([parcel], [parcel.stream] if due else [])
            if isinstance(result, Refusal):
                raise result
            if due:
                stream.announced_at = now
            return result

        return self._insist(append)

    def _insist(self, ask: Callable[[], T]) -> T:
        """What Redis answers in the end."""
        begin, failures = time.monotonic(), 0
        while True:
            try:
                return ask()
            except Unavailable as error:
                self._say(f"Redis at {self._config.url} takes no records, trying again: {error}")
            except Refusal as error:
                self._say(f"Redis refuses a stream, trying again: {error}")
            if time.monotonic() - begin >= self._timeout:
                raise RedisStaysAway
            failures += 1
            if self._stopped.wait(self._backoff.delay(failures)):
                raise Stopped
