"""A log file: one incarnation of a file, read line by line from where it was left, wherever it is moved."""

from __future__ import annotations

import os
import re
import time
from collections import deque
from contextlib import suppress
from itertools import count
from typing import Any, NamedTuple

from tailrace.files.fingerprint import HEAD, TAIL, Fingerprint
from tailrace.source.checkpoint import Checkpoint, Job
from tailrace.source.sender import MAX_BYTES, MAX_RECORDS
from tailrace.transcript.lines import Line, LineAssembler
from tailrace.values import clean_text
from tailrace.wire.record import Record

__all__ = ["DONE", "Batch", "LogFile", "Truncated", "position_of"]

INFO = 20

# Bytes read at once.
PIECE = 64 << 10

# Seconds in which a file that was moved away may still be written to, until its writer opens the new one.
ROTATE_WAIT = 5.0

# Seconds after which a file that nobody has written to is taken for complete, should it be gone one day.
FORGOTTEN = 3600.0

# In the position of a checkpoint whose file has been read to its end, as far as anybody can know.
DONE = "done"

_END = re.compile(rb"\n")


class Truncated(Exception):
    """What was read is not there any more: somebody has cut the file, or written it anew."""


class Batch(NamedTuple):
    """Records of a file, and where it is read on from behind them."""

    records: list[Record]
    position: dict[str, Any]


class _Ended(NamedTuple):
    """A line, the offset behind it, and the bytes before that."""

    line: Line
    end: int
    data: bytes
    until: int


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
    """

    def __init__(self, path: str, fd: int, checkpoint: Checkpoint, skip: int = 0) -> None:
        self.path = path
        self.checkpoint = checkpoint
        self.moved_at: float | None = None
        # How long it was when it was looked at last.
        self._seen = 0
        self._fd = fd
        found = os.fstat(fd)
        self.inode = found.st_dev, found.st_ino
        # A name may be of any bytes.
        self._name, self._named = clean_text(os.path.basename(path)), clean_text(path)
        self._read_from(checkpoint.position, skip)

    @classmethod
    def new(cls, path: str, fd: int, job: Job, stream: str, *, at_end: bool = False) -> LogFile:
        """A file that nobody has read so far.

        Args:
            at_end: what is there already is left out; line numbers count from there.
        """
        fingerprint = Fingerprint.of_end(fd) if at_end else Fingerprint.of_start(fd)
        return cls(path, fd, job.new(position_of(path, fingerprint, 0), stream))

    def _read_from(self, position: dict[str, Any], skip: int) -> None:
        self.fingerprint = Fingerprint.of_position(position)
        self._line: int = position["line"]
        self._at = self.fingerprint.offset
        self._head = os.pread(self._fd, min(self._at, HEAD), 0)
        begin = max(self._at - TAIL, 0)
        # The last bytes that were read, to see whether they are still there when more is read.
        self._last = os.pread(self._fd, self._at - begin, begin)
        self._lines: deque[_Ended] = deque()
        self._size = 0
        self._skip = skip
        self._assembler = LineAssembler(count(self._line + 1), keep_blank=True, keep_returns=True)

    @property
    def line(self) -> int:
        """The number of the last line that was given."""
        return self._line

    @property
    def unread(self) -> int:
        """Bytes that were there when it was looked at last, and have not been given."""
        return max(self._seen - self.fingerprint.offset, 0)

    def rewind(self, position: dict[str, Any], skip: int) -> None:
        """Read again from there on; so many records are in Redis already."""
        self._read_from(position, skip)

    def look(self) -> None:
        """See how much there is to read.

        Raises:
            Truncated: when what was given is not there any more.
        """
        size = os.fstat(self._fd).st_size
        if not self.fingerprint.is_of(self._fd):
            raise Truncated
        if size < self._at:
            # Of what was read, but not given: of an unterminated line.
            self._read_from(position_of(self.path, self.fingerprint, self._line), self._skip)
        self._seen = size

    def stat(self) -> os.stat_result:
        """What the system says of it, whatever its name is now."""
        return os.fstat(self._fd)

    def is_copied_to(self, path: str) -> bool:
        """Whether the file there has what was given of this one, or the beginning of it: is becoming a copy of it."""
        if not self.fingerprint.offset:
            return False
        with suppress(OSError), open(path, "rb") as other:
            size = os.fstat(other.fileno()).st_size
            if size >= self.fingerprint.offset:
                return self.fingerprint.is_of(other.fileno())
            return self._has_part(other.fileno(), 0, min(size, HEAD)) and self._has_part(
                other.fileno(), max(size - TAIL, 0), min(size, TAIL)
            )
        return False

    def _has_part(self, other: int, begin: int, size: int) -> bool:
        return os.pread(other, size, begin) == os.pread(self._fd, size, begin)

    def settle(self) -> None:
        """Have the disk know how far it was given, and let go of the checkpoint's file until it changes."""
        if not self.unread and time.time() - self.stat().st_mtime >= FORGOTTEN:
            self.checkpoint.position = {**self.checkpoint.position, DONE: True}
        self.checkpoint.close()

    def batch(self, most: int = MAX_RECORDS, *, to_end: bool = False) -> Batch | None:
        """The next lines; None when there are none.

        Args:
            most: records.
            to_end: an unterminated last line is one, too.

        Raises:
            Truncated: when what was read is not there any more. What was complete before has been given.
        """
        try:
            while len(self._lines) < most and self._size < MAX_BYTES and (self._fill() or (to_end and self._end())):
                self._pass_over()
        except Truncated:
            if not self._lines:
                raise
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
        known = len(self._last)
        data = os.pread(self._fd, known + PIECE, self._at - known)
        if not data.startswith(self._last):
            raise Truncated
        piece = data[known:]
        if not piece:
            return False
        if len(self._head) < HEAD:
            self._head += piece[: HEAD - len(self._head)]
        # A blank line is one, too, so there are as many lines as ends.
        lines = self._assembler.feed_bytes(piece)
        for line, found in zip(lines, _END.finditer(piece), strict=True):
            self._add(_Ended(line, self._at + found.end(), data, known + found.end()))
        self._at += len(piece)
        self._last = data[-TAIL:]
        return True

    def _end(self) -> bool:
        """Take an unterminated line as it is; False when there is none."""
        if not self._assembler:
            return False
        for line in self._assembler.flush():
            self._add(_Ended(line, self._at, self._last, len(self._last)))
        return True

    def _pass_over(self) -> None:
        while self._skip and self._lines:
            self._take()
            self._skip -= 1

    def _add(self, ended: _Ended) -> None:
        self._lines.append(ended)
        self._size += len(ended.line.text)

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
            fields={"log.file.path": self._named},
        )

    def _position(self, last: _Ended) -> dict[str, Any]:
        head, tail = self._head[: last.end], last.data[max(last.until - TAIL, 0) : last.until]
        self.fingerprint = Fingerprint.take(self._fd, last.end, head, tail)
        self._line = last.line.number
        return position_of(self.path, self.fingerprint, self._line)


def position_of(path: str, fingerprint: Fingerprint, line: int) -> dict[str, Any]:
    """For a checkpoint: read up to that line."""
    return {"path": path, "line": line, **fingerprint.as_position()}
