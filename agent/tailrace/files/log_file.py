"""A log file: one incarnation of a file, read line by line from where it was left, wherever it is moved."""

from __future__ import annotations

import os
import re
import time
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from itertools import count
from typing import Any, NamedTuple

from tailrace.files.fingerprint import HEAD, Fingerprint
from tailrace.source.checkpoint import Checkpoint, Job
from tailrace.source.sender import MAX_BYTES, MAX_RECORDS
from tailrace.transcript.lines import Line, LineAssembler
from tailrace.wire.record import Record

__all__ = ["Batch", "LogFile"]

INFO = 20

# Bytes read at once.
PIECE = 64 << 10

# Seconds in which a file that was moved away may still be written to, until its writer opens the new one.
ROTATE_WAIT = 5.0

_END = re.compile(rb"\n")


class Batch(NamedTuple):
    """Records of a file, and where it is read on from behind them."""

    records: list[Record]
    position: dict[str, Any]


class _Ended(NamedTuple):
    """A line and the offset behind it."""

    line: Line
    end: int


class LogFile:
    """Reads one file. It holds about as much of it as a frame does.

    Args:
        path: where it was found.
        fd: open for reading; closed by `close`.
        checkpoint: says where to begin.
        skip: so many records are in Redis already.

    Attributes:
        inode: which file it is: device and inode.
        moved_at: when its path was seen to lead elsewhere, or the file grew since, on the monotonic clock; None while
            it is where it was found.
        unread: bytes that had not been given when `is_truncated` last looked.
    """

    def __init__(self, path: str, fd: int, checkpoint: Checkpoint, skip: int = 0) -> None:
        self.path = path
        self.checkpoint = checkpoint
        self.moved_at: float | None = None
        self.unread = 0
        self._fd = fd
        found = os.fstat(fd)
        self.inode = found.st_dev, found.st_ino
        self._name = os.path.basename(path)
        self._read_from(checkpoint.position, skip)

    def _read_from(self, position: dict[str, Any], skip: int) -> None:
        self._fingerprint = Fingerprint.of_position(position)
        self._line: int = position["line"]
        self._at = self._fingerprint.offset
        self._lines: deque[_Ended] = deque()
        self._size = 0
        self._skip = skip
        self._assembler = LineAssembler(count(position["line"] + 1), keep_blank=True, keep_returns=True)

    @classmethod
    def new(cls, path: str, fd: int, job: Job, stream: str, *, at_end: bool = False) -> LogFile:
        """A file that nobody has read so far.

        Args:
            at_end: what is there already is left out; line numbers count from there.
        """
        offset = os.fstat(fd).st_size if at_end else 0
        fingerprint = Fingerprint.take(fd, offset)
        return cls(path, fd, job.new(position_of(path, fingerprint, 0), stream))

    @property
    def fingerprint(self) -> Fingerprint:
        """What was read of it."""
        return self._fingerprint

    @property
    def line(self) -> int:
        """The number of the last line that was given."""
        return self._line

    def rewind(self, position: dict[str, Any], skip: int) -> None:
        """Read again from there on; so many records are in Redis already."""
        self._read_from(position, skip)

    def is_truncated(self) -> bool:
        """Whether what was read is gone: somebody has cut the file, or written it anew."""
        size = os.fstat(self._fd).st_size
        if size < self._at or not self._fingerprint.is_of(self._fd):
            return True
        self.unread = size - self._fingerprint.offset
        return False

    def is_copied_to(self, path: str) -> bool:
        """Whether the file there has what was read of this one, or is becoming a copy of it."""
        if not self._fingerprint.tells_copies:
            return False
        with suppress(OSError), open(path, "rb") as other:
            beginning = other.read(HEAD)
            whole = os.fstat(other.fileno()).st_size >= self._fingerprint.offset
            return self._fingerprint.is_of(other.fileno()) if whole else self._begins_with(beginning)
        return False

    def _begins_with(self, data: bytes) -> bool:
        return os.pread(self._fd, len(data), 0) == data

    def batch(self, most: int = MAX_RECORDS, *, to_end: bool = False) -> Batch | None:
        """The next lines; None when there are none.

        Args:
            most: records.
            to_end: an unterminated last line is one, too.
        """
        while len(self._lines) < most and self._size < MAX_BYTES and (self._fill() or (to_end and self._fill_last())):
            self._pass_over()
        taken = [self._take() for _ in range(min(most, len(self._lines)))]
        return Batch([self._record(each.line) for each in taken], self._position(taken[-1])) if taken else None

    def is_quiet_since_move(self, now: float) -> bool:
        """Whether it was moved away, and nobody has written to it for long enough since."""
        return self.moved_at is not None and now - self.moved_at >= ROTATE_WAIT

    def close(self) -> None:
        """Let go of the file, not of the checkpoint."""
        os.close(self._fd)

    def _fill(self) -> bool:
        """Read a piece; False at the end of the file."""
        piece = os.pread(self._fd, PIECE, self._at)
        if not piece:
            return False
        # A blank line is one, too, so there are as many lines as ends.
        ends = [self._at + found.end() for found in _END.finditer(piece)]
        self._add(zip(self._assembler.feed_bytes(piece), ends, strict=True))
        self._at += len(piece)
        return True

    def _fill_last(self) -> bool:
        if not self._assembler:
            return False
        self._add((line, self._at) for line in self._assembler.flush())
        return True

    def _pass_over(self) -> None:
        while self._skip and self._lines:
            self._take()
            self._skip -= 1

    def _add(self, lines: Iterable[tuple[Line, int]]) -> None:
        for line, end in lines:
            self._lines.append(_Ended(line, end))
            self._size += len(line.text)

    def _take(self) -> _Ended:
        taken = self._lines.popleft()
        self._size -= len(taken.line.text)
        return taken

    def _record(self, line: Line) -> Record:
        return Record(
            time=time.time_ns() // 1000,
            level_number=INFO,
            logger=self._name,
            message=line.text,
            source="file",
            line_number=line.number,
            fields={"log.file.path": self.path},
        )

    def _position(self, last: _Ended) -> dict[str, Any]:
        self._fingerprint = Fingerprint.take(self._fd, last.end, self._fingerprint)
        self._line = last.line.number
        return position_of(self.path, self._fingerprint, self._line)


def position_of(path: str, fingerprint: Fingerprint, line: int) -> dict[str, Any]:
    """For a checkpoint: read up to that line."""
    return {"path": path, "line": line, **fingerprint.as_position()}
