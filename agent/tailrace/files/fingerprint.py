"""Fingerprints: what tells whether a file is the one that was read up to an offset, under whatever name."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import Any

__all__ = ["HEAD", "Fingerprint"]

# Bytes at the beginning, where most logs have a time, and before the offset.
HEAD, TAIL = 1024, 256

# Bytes before the offset from which on they tell a copy from a stranger that begins alike.
TELLING = 64


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A file up to an offset.

    Attributes:
        device, inode: where it lies.
        head, tail: so many bytes, and their digest, at the beginning and before the offset.
    """

    device: int
    inode: int
    offset: int
    head: tuple[int, str]
    tail: tuple[int, str]

    @classmethod
    def take(cls, fd: int, offset: int, before: Fingerprint | None = None) -> Fingerprint:
        """That of an open file.

        Args:
            before: an earlier one of the same file, whose beginning need not be read again once it is long enough.
        """
        found = os.fstat(fd)
        head = before.head if before is not None and before.head[0] == HEAD else _digest(fd, 0, min(offset, HEAD))
        begin = max(offset - TAIL, 0)
        return cls(found.st_dev, found.st_ino, offset, head, _digest(fd, begin, offset - begin))

    def is_of(self, fd: int) -> bool:
        """Whether this file still has what was read: it was neither truncated nor written anew."""
        (size, head), (last, tail) = self.head, self.tail
        if os.fstat(fd).st_size < self.offset:
            return False
        return _digest(fd, 0, size) == (size, head) and _digest(fd, self.offset - last, last) == (last, tail)

    @property
    def tells_copies(self) -> bool:
        """Whether enough was read to know a copy by it."""
        return self.tail[0] >= TELLING

    def as_position(self) -> dict[str, Any]:
        """For a checkpoint."""
        return {
            "device": self.device,
            "inode": self.inode,
            "offset": self.offset,
            "head": list(self.head),
            "tail": list(self.tail),
        }

    @classmethod
    def of_position(cls, position: dict[str, Any]) -> Fingerprint:
        """As it was put into a checkpoint."""
        head, tail = position["head"], position["tail"]
        return cls(position["device"], position["inode"], position["offset"], (head[0], head[1]), (tail[0], tail[1]))


def _digest(fd: int, begin: int, size: int) -> tuple[int, str]:
    data = os.pread(fd, size, begin)
    return len(data), hashlib.sha1(data, usedforsecurity=False).hexdigest()
