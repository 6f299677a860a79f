"""Resting files: moved away, read to their end, closed. One that is written to nevertheless is read on."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import NamedTuple

from tailrace.files.fingerprint import Fingerprint
from tailrace.files.log_file import DONE, LogFile
from tailrace.files.rotation import Inode, inode_of, open_like
from tailrace.source.checkpoint import Checkpoint

__all__ = ["Resting"]

# Those that were put to rest longest ago are forgotten: nobody writes to them any more.
MOST_RESTING = 10_000

# Seconds. A file that is just being renamed may be missed by a look; one that is missed for so long is gone.
GONE_AFTER = 60.0

# Seconds in which a file that matches no more may be written to by a program that has not opened its successor.
WATCHED = 3600.0


class _Rest(NamedTuple):
    """One of them, as it was when it was looked at last."""

    checkpoint: Checkpoint
    path: str
    size: int
    changed: int
    since: float
    seen_at: float


class Resting:
    """At most 10 000 files; the oldest gives way."""

    def __init__(self) -> None:
        self._rests: dict[Inode, _Rest] = {}

    def inodes(self) -> set[Inode]:
        """Which files they are."""
        return set(self._rests)

    def add(self, file: LogFile) -> None:
        """Put a file to rest, and close it. One that has no name any more is forgotten."""
        found = file.stat()
        file.close()
        if not found.st_nlink:
            file.checkpoint.remove()
            return
        file.checkpoint.position = {**file.checkpoint.position, DONE: True}
        file.checkpoint.close()
        if len(self._rests) >= MOST_RESTING:
            self._rests.pop(next(iter(self._rests))).checkpoint.remove()
        now = time.monotonic()
        self._rests[file.inode] = _Rest(file.checkpoint, file.path, found.st_size, found.st_mtime_ns, now, now)

    def woken(self, found: Mapping[Inode, str]) -> list[LogFile]:
        """Those that were written to since.

        Args:
            found: the files that match, with their paths. What lies there under the inode of one of ours is forgotten.
        """
        files = []
        for inode, rest in list(self._rests.items()):
            path = found.get(inode)
            if path is not None and (file := self._looked_at(inode, rest, path)) is not None:
                files.append(file)
        return files

    def look_for_others(self, found: Mapping[Inode, str]) -> list[LogFile]:
        """The same of those that do not match any more, by whatever name they lie in their folder."""
        files = [self._searched(inode, rest) for inode, rest in list(self._rests.items()) if inode not in found]
        return [file for file in files if file is not None]

    def _searched(self, inode: Inode, rest: _Rest) -> LogFile | None:
        now = time.monotonic()
        fd = open_like(Fingerprint.of_position(rest.checkpoint.position), rest.path, ())
        if fd is not None and inode_of(os.fstat(fd)) == inode and now - rest.since < WATCHED:
            self._rests[inode] = rest._replace(seen_at=now)
            if os.fstat(fd).st_size != rest.size:
                del self._rests[inode]
                return LogFile(rest.path, fd, rest.checkpoint)
        elif now - rest.seen_at >= GONE_AFTER and os.path.isdir(os.path.dirname(rest.path)):
            self._rests.pop(inode).checkpoint.remove()
        if fd is not None:
            os.close(fd)
        return None

    def close(self) -> None:
        """Let go of them; their checkpoints stay."""
        self._rests.clear()

    def _looked_at(self, inode: Inode, rest: _Rest, path: str) -> LogFile | None:
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError:
            return None
        now = os.fstat(fd)
        if inode_of(now) == inode and (now.st_size, now.st_mtime_ns) != (rest.size, rest.changed):
            del self._rests[inode]
            if Fingerprint.of_position(rest.checkpoint.position).is_of(fd):
                return LogFile(rest.path, fd, rest.checkpoint)
            # Another file under the same number.
            rest.checkpoint.remove()
        elif inode_of(now) == inode:
            self._rests[inode] = rest._replace(seen_at=time.monotonic())
        os.close(fd)
        return None
