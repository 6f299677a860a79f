"""Checkpoints: how far a source is in Redis, safe from the death of whoever reads it.

A checkpoint is one small file. Before a frame is sent it notes where the source is read on from once the frame is in
Redis, and with which number; whether it is, the producer's mark tells a successor. The file holds two copies, written
in turn, each with its length and checksum, so that one of them is always whole.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import struct
import zlib
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from glob import escape, iglob
from typing import Any, NamedTuple

from tailrace.diagnostics import write_line
from tailrace.errors import CheckpointError
from tailrace.spool.directory import check_place
from tailrace.wire.append import Answer, new_producer

__all__ = ["Checkpoint", "Job", "Place"]

# Bytes of one copy: two positions, each with a path of the longest kind, as JSON.
COPY = 64 << 10

# Frames that Redis may lose, in a failover, and get again.
REMEMBERED = 256

_HEADER = struct.Struct(">II")
_SUFFIX = ".checkpoint"

# Behind the name of a job's folder: its end was interrupted.
_DONE = ".done-"

Position = dict[str, Any]


class Place(NamedTuple):
    """The number of a record, and where its source is read on from behind it."""

    seq: int
    position: Position


class Checkpoint:
    """How far one source is in Redis.

    Attributes:
        stream: where its records go.
        producer: who numbers them.
        seq: the last number that is in Redis.
        position: where the source is read on from; whatever JSON can hold.
        on_way: what was sent without an answer so far.
        answer: what Redis said last; None before that.
    """

    def __init__(self, path: str, fd: int, state: dict[str, Any]) -> None:
        self._path = path
        self._fd = fd
        self._version = int(state["version"])
        self._written = state
        self.stream: str = state["stream"]
        self.producer = bytes.fromhex(state["producer"])
        self.seq: int = state["seq"]
        self.position: Position = state["position"]
        self.on_way = Place(*state["on_way"]) if state["on_way"] else None
        self.answer: Answer | None = None
        self._passed: deque[Place] = deque([Place(self.seq, self.position)], REMEMBERED)

    @classmethod
    def make(cls, path: str, stream: str, position: Position) -> Checkpoint:
        """A new one, of a source that is to be read from that position on.

        Raises:
            OSError: when there can be no such file.
        """
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        state = {"version": 0, "stream": stream, "producer": new_producer().hex(), "seq": 0, "position": position}
        checkpoint = cls(path, fd, {**state, "on_way": None})
        checkpoint._written = {}
        checkpoint.settle()
        return checkpoint

    @classmethod
    def open(cls, path: str) -> Checkpoint:
        """One that an earlier run has left.

        Raises:
            CheckpointError: when neither of its copies is whole.
            OSError: when it can't be read.
        """
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        states = [state for number in range(2) if (state := _read_copy(fd, number)) is not None]
        if not states:
            os.close(fd)
            raise CheckpointError(f"{path} is damaged")
        return cls(path, fd, max(states, key=lambda state: int(state["version"])))

    def intend(self, seq: int, position: Position) -> None:
        """Records up to that number are about to be sent; behind them the source is read on from there."""
        self.on_way = Place(seq, position)
        self._write()

    def arrived(self) -> None:
        """What was on its way is in Redis."""
        if self.on_way is not None:
            self.seq, self.position = self.on_way
            self._passed.append(self.on_way)
            self.on_way = None

    def missed(self) -> None:
        """What was on its way is not in Redis."""
        self.on_way = None

    def rewind(self, seq: int) -> int | None:
        """Redis has the records up to that number only: go back.

        Returns:
            How many records behind `position` it has nevertheless; None when it is too long ago.
        """
        while self._passed and self._passed[-1].seq > seq:
            self._passed.pop()
        if not self._passed:
            self._passed.append(Place(self.seq, self.position))
            return None
        reached = self._passed[-1]
        self.on_way, self.seq, self.position = None, seq, reached.position
        return seq - reached.seq

    def skipped(self, seq: int) -> int:
        """Redis has more than was noted, up to that number; how many records more."""
        more, self.seq, self.on_way = seq - self.seq, seq, None
        return more

    def renew(self, *, from_start: bool = False) -> None:
        """Number from 1 on, as another producer: nobody knows the old one any more.

        Args:
            from_start: begin where the first of what is remembered began.
        """
        if from_start:
            self.position = self._passed[0].position
        self.producer, self.seq, self.on_way = new_producer(), 0, None
        self._passed = deque([Place(0, self.position)], REMEMBERED)

    def settle(self) -> None:
        """Have what is noted reach the disk."""
        if self._state() != self._written:
            self._write()
            os.fsync(self._fd)

    def close(self) -> None:
        """Settle, and let go of the file, until it is written to again."""
        self.settle()
        self._let_go()

    def remove(self) -> None:
        """There is nothing more to read, ever."""
        with suppress(FileNotFoundError):
            os.unlink(self._path)
        self._let_go()

    def _let_go(self) -> None:
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def _state(self) -> dict[str, Any]:
        return {
            "version": self._version,
            "stream": self.stream,
            "producer": self.producer.hex(),
            "seq": self.seq,
            "position": self.position,
            "on_way": list(self.on_way) if self.on_way else None,
        }

    def _write(self) -> None:
        self._version += 1
        self._written = self._state()
        packed = json.dumps(self._written, separators=(",", ":")).encode()
        if len(packed) > COPY - _HEADER.size:
            raise CheckpointError(f"a position of {len(packed)} bytes is too long")
        try:
            if self._fd < 0:
                self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            os.pwrite(self._fd, _HEADER.pack(len(packed), zlib.crc32(packed)) + packed, self._version % 2 * COPY)
        except OSError as error:
            raise CheckpointError(f"checkpoint {self._path} can't be written: {error.strerror}") from error


class Job:
    """The checkpoints of one job of shipping, in a folder of their own. One process at a time.

    Raises:
        CheckpointError: when another process is at it, or the folder can't be used.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        try:
            check_place(folder)
        except OSError as error:
            reason = error.strerror or error
            raise CheckpointError(f"checkpoints can't be kept in {folder}: {reason}; name another place") from error
        for left in iglob(f"{escape(folder)}{_DONE}*"):
            shutil.rmtree(left, ignore_errors=True)
        self._lock = os.open(os.path.join(folder, "lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._lock)
            raise CheckpointError("another process ships the same to the same stream already") from error

    def new(self, position: Position, stream: str) -> Checkpoint:
        """The checkpoint of a source that nobody has read so far.

        Args:
            position: where it is to be read from; whatever JSON can hold.

        Raises:
            OSError: when there can be no such file.
        """
        return Checkpoint.make(os.path.join(self._folder, os.urandom(16).hex() + _SUFFIX), stream, position)

    def checkpoints(self) -> list[Checkpoint]:
        """Those that an earlier run has left. One that is damaged is removed, which is said on stderr."""
        return list(self._found())

    def _found(self) -> Iterator[Checkpoint]:
        for name in sorted(os.listdir(self._folder)):
            if name.endswith(_SUFFIX):
                path = os.path.join(self._folder, name)
                try:
                    yield Checkpoint.open(path)
                except CheckpointError as error:
                    write_line(f"{error}, its source is read from the beginning")
                    os.unlink(path)

    def done(self) -> None:
        """All of it is in Redis: nothing is to be gone on with, at whatever point this is interrupted."""
        finished = f"{self._folder}{_DONE}{os.urandom(4).hex()}"
        os.rename(self._folder, finished)
        shutil.rmtree(finished, ignore_errors=True)

    def close(self) -> None:
        """Let others do it."""
        os.close(self._lock)


def _read_copy(fd: int, number: int) -> dict[str, Any] | None:
    data = os.pread(fd, COPY, number * COPY)
    if len(data) < _HEADER.size:
        return None
    size, checksum = _HEADER.unpack_from(data)
    packed = data[_HEADER.size : _HEADER.size + size]
    if len(packed) < size or not size or zlib.crc32(packed) != checksum:
        return None
    state: dict[str, Any] = json.loads(packed)
    return state
