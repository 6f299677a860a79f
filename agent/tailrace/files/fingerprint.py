"""Fingerprints: what tells whether a file is the one that was read up to an offset, under whatever name."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import Any

__all__ = ["HEAD", "TAIL", "Fingerprint"]

# Bytes at the beginning, where most logs have a time, and before the offset.
HEAD, TAIL = 1024, 256


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
    def of_start(cls, fd: int) -> Fingerprint:
        """That of a file of which nothing was read."""
        return cls.take(fd, 0, b"", b"")

    @classmethod
    def of_end(cls, fd: int) -> Fingerprint:
        """That of a file whose content so far is left out."""
        size = os.fstat(fd).st_size
        begin = max(size - TAIL, 0)
        return cls.take(fd, size, os.pread(fd, min(size, HEAD), 0), os.pread(fd, size - begin, begin))

    @classmethod
    def take(cls, fd: int, offset: int, head: bytes, tail: bytes) -> Fingerprint:
        """That of an open file, by what was read of it: what is there by now may be something else.

        Args:
            head: its first bytes, at most `HEAD`.
            tail: those before the offset, at most `TAIL`.
        """
        found = os.fstat(fd)
        return cls(found.st_dev, found.st_ino, offset, _digest(head), _digest(tail))

    def is_of(self, fd: int) -> bool:
        """Whether this file still has what was read: it was neither truncated nor written anew."""
        (size, head), (last, tail) = self.head, self.tail
        if os.fstat(fd).st_size < self.offset:
            return False
        begins = _digest(os.pread(fd, size, 0)) == (size, head)
        return begins and _digest(os.pread(fd, last, self.offset - last)) == (last, tail)

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


def _digest(data: bytes) -> tuple[int, str]:
    return len(data), hashlib.sha1(data, usedforsecurity=False).hexdigest()
