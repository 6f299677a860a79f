"""The spool's head: one mapped file that says whose spool it is and holds its slots (docs/SPOOL.md).

info page, 4096 bytes   magic, version, spool ID, owner, heartbeat, target, facts; the last word says how it ended
slots, 256 bytes each   one for each stream, see `slot`
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import sys
import time
from dataclasses import dataclass
from enum import IntEnum
from typing import Self

from tailrace.errors import SpoolError
from tailrace.identity import Incarnation
from tailrace.spool.directory import allocate, identity_of, map_file, open_file

__all__ = ["FIRST_BYTES", "Ending", "Head", "HeadInfo", "own_folders"]

MAGIC = int.from_bytes(b"TRSPOOL1", "little")
VERSION = 1

INFO_BYTES = 4096
SLOT_BYTES = 256
FIRST_BYTES = 16 << 10
MOST_BYTES = 1 << 20

# The info page behind its magic: version, spool ID, pid, start time, boot ID, PID namespace, heartbeat, target, facts.
INFO = struct.Struct("=Q16sQQ16sQQ16sQ")
FACTS_AT = 8 + INFO.size
HEARTBEAT_WORD = 9
ENDING_WORD = INFO_BYTES // 8 - 1
MOST_FACTS = (ENDING_WORD << 3) - FACTS_AT


class Ending(IntEnum):
    """What is known of the owner's end."""

    NONE = 0
    GOODBYE = 1
    DEATH_NOTED = 2


class Unfinished(SpoolError):
    """A head that its owner has not finished."""


@dataclass(frozen=True, slots=True)
class HeadInfo:
    """What the info page says.

    Attributes:
        owner: the process that made the spool.
        heartbeat: when the owner last said that it lives, µs since 1970.
        target: of which Redis and prefix it is; see `spool.target_of`.
        facts: packed, as they open the body of the owner's frames.
    """

    id: bytes
    owner: Incarnation
    heartbeat: int
    target: bytes
    facts: bytes

    @classmethod
    def parse(cls, page: bytes) -> HeadInfo:
        """Read the page.

        Raises:
            Unfinished: when its owner has not come to its end.
            SpoolError: when it is foreign, or of another version.
        """
        magic = int.from_bytes(page[:8], sys.byteorder)
        if len(page) < INFO_BYTES or not magic:
            raise Unfinished("the head is not finished")
        if magic != MAGIC:
            raise SpoolError("the head is none of a spool")
        version, spool_id, pid, started, boot, namespace, heartbeat, target, size = INFO.unpack_from(page, 8)
        if version != VERSION:
            raise SpoolError(f"version {version} is not known; this reader knows {VERSION}")
        owner = Incarnation(pid, started, boot, namespace)
        return cls(spool_id, owner, heartbeat, target, bytes(page[FACTS_AT : FACTS_AT + min(size, MOST_FACTS)]))

    @classmethod
    def read(cls, folder: str) -> HeadInfo:
        """Read that of a spool's folder. Never for a folder of this process: closing the file would drop its lock.

        Raises:
            SpoolError: as `parse`.
            OSError: when it can't be read.
        """
        with open(head_path(folder), "rb") as file:
            return cls.parse(file.read(INFO_BYTES))


# Folders of the spools whose head this process has open, or is opening; after a fork they are the parent's.
_own: dict[str, tuple[int, object]] = {}


def own_folders() -> set[str]:
    """The folders whose head this process has open, and must not open again."""
    pid = os.getpid()
    return {folder for folder, (owner, _) in list(_own.items()) if owner == pid}


def _claim(folder: str) -> bool:
    """Have no other thread of this process open the head; False when one has."""
    claim = (os.getpid(), object())
    found = _own.setdefault(folder, claim)
    if found[0] != claim[0]:
        found = _own[folder] = claim
    return found is claim


def head_path(folder: str) -> str:
    """The head's file."""
    return os.path.join(folder, "head")


class Head:
    """The mapped head of a spool; while it is open the process holds a POSIX lock on the file.

    Make one with `create` or `adopt`.
    """

    def __init__(self, folder: str | None, fd: int, size: int) -> None:
        self.folder = folder
        self.size = size
        self._fd = fd
        self._identity = identity_of(fd)
        # A mapping has its own descriptor of the file, and closing that would drop the lock: outgrown ones are kept.
        self._outgrown: list[mmap.mmap] = []
        self._map()

    @classmethod
    def create(cls, folder: str | None, spool_id: bytes, owner: Incarnation, facts: bytes, target: bytes) -> Self:
        """Make the head of a new spool; in anonymous memory without a folder.

        Raises:
            OSError: when there is no room for it.
        """
        # Anonymous memory cannot grow in place; pages never touched cost nothing.
        if folder is None:
            head = cls(None, -1, MOST_BYTES)
        else:
            _claim(folder)
            fd = open_file(head_path(folder), FIRST_BYTES)
            fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            head = cls(folder, fd, FIRST_BYTES)
        facts = facts[:MOST_FACTS]
        INFO.pack_into(
            head.map, 8, VERSION, spool_id, owner.pid, owner.started, owner.boot, owner.namespace, 0, target, len(facts)
        )
        head.map[FACTS_AT : FACTS_AT + len(facts)] = facts
        head.beat()
        # Last: a head without its magic is one that was never finished.
        head.words[0] = MAGIC
        return head

    @classmethod
    def adopt(cls, folder: str) -> Self | None:
        """Take over the head of a dead process's spool; None when somebody else has it, or has just removed it.

        Raises:
            OSError: when it can't be opened or mapped.
        """
        if not _claim(folder):
            return None
        path, fd, head = head_path(folder), -1, None
        try:
            fd = os.open(path, os.O_RDWR | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0))
            fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if identity_of(fd) == identity_of(path):
                head = cls(folder, fd, os.fstat(fd).st_size)
        except (BlockingIOError, PermissionError, FileNotFoundError):
            pass  # its owner lives after all, or another adopts it, or has just removed it
        finally:
            if head is None:
                _own.pop(folder, None)
                if fd >= 0:
                    os.close(fd)
        return head

    def _map(self) -> None:
        self.map = map_file(self._fd, self.size) if self._fd >= 0 else mmap.mmap(-1, self.size)
        self.words = memoryview(self.map).cast("Q")

    @property
    def slots(self) -> int:
        """How many slots there is room for."""
        return (self.size - INFO_BYTES) // SLOT_BYTES

    @property
    def info(self) -> HeadInfo:
        return HeadInfo.parse(self.map[:INFO_BYTES])

    @property
    def ending(self) -> Ending:
        """What is known of the owner's end."""
        return Ending(self.words[ENDING_WORD])

    @ending.setter
    def ending(self, ending: Ending) -> None:
        self.words[ENDING_WORD] = ending

    def grow(self) -> bool:
        """Double the room for slots; False when it is as large as it may be, or the disk is full."""
        if self.folder is None or self.size * 2 > MOST_BYTES or not self.is_open():
            return False
        try:
            allocate(self._fd, self.size, self.size * 2)
        except OSError:
            return False
        self.size *= 2
        self._outgrown.append(self.map)
        self._map()
        return True

    def beat(self) -> None:
        """Note that the owner is alive: for adopters in another PID namespace, who cannot look for its process."""
        self.words[HEARTBEAT_WORD] = time.time_ns() // 1000

    def is_open(self) -> bool:
        """Whether the descriptor still is the file's; who closes all of them at once, to daemonise, closes it too."""
        return self.folder is None or (self._fd >= 0 and identity_of(self._fd) == self._identity)

    def mappings(self) -> list[mmap.mmap]:
        """Its memory."""
        return [*self._outgrown, self.map]

    def still_ours(self) -> bool:
        """Take the lock again where it was lost; False when the file is gone or another process has taken it over."""
        if self.folder is None:
            return True
        path = head_path(self.folder)
        if identity_of(path) != self._identity:
            return False
        try:
            if not self.is_open():
                # The number may be somebody else's file by now: it is forgotten, not closed.
                self._fd = os.open(path, os.O_RDWR | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0))
            fcntl.lockf(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def exists(self) -> bool:
        """Whether the file is still in its place."""
        return self.folder is not None and identity_of(head_path(self.folder)) == self._identity

    def close(self) -> None:
        """Let go of the lock."""
        if self.folder is not None:
            _own.pop(self.folder, None)
            if self.is_open():
                os.close(self._fd)
        self._fd = -1
