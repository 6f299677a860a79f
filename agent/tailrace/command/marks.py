"""Marks: how a process tells the `tailrace run` that it runs under what of its output is recorded already.

What is logged is often printed, too. Where the process's own agent records it, the process puts two marks around what
it prints into the pipe of the wrapper, which takes them out again, passes on what is between them and records it not.
The marks hold a word that only the two know, so that no text from elsewhere can hide anything. To a terminal they would
be nothing. A wrapper within a wrapper does the same where both write to one stream.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterable
from typing import Any, NamedTuple, Self

from tailrace.capture.captured import is_recorded_otherwise
from tailrace.config import Config

__all__ = ["PARENT", "Parent", "Unmarker", "mark_output"]

# The environment variable that says that this process runs under a wrapper: `<pid> <word> <place> <device>:<inode> ...`
PARENT = "TAILRACE_PARENT"

# A begin without an end ends after so many bytes: the process was killed in between.
MOST_BETWEEN = 1 << 20


class Parent(NamedTuple):
    """The wrapper that a process runs under.

    Attributes:
        pid: its process.
        word: what only it and its child know, in hex.
        place: what it writes to, in hex: the same for the same stream.
        pipes: device and inode of the pipes that it reads.
    """

    pid: int
    word: str
    place: str
    pipes: frozenset[str]

    @classmethod
    def here(cls, config: Config, pipes: Iterable[int]) -> Self:
        """This process, which writes as these settings say, reading these pipes."""
        return cls(os.getpid(), os.urandom(8).hex(), _place(config), frozenset(map(_inode, pipes)))

    @classmethod
    def around(cls) -> Self | None:
        """The wrapper that this process runs under, if there is one."""
        return cls.parse(os.environ.get(PARENT, ""))

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read the environment variable; None where it is not one of ours."""
        pid, *rest = text.split() or [""]
        if not pid.isdecimal() or len(rest) < 3:
            return None
        return cls(int(pid), rest[0], rest[1], frozenset(rest[2:]))

    def __str__(self) -> str:
        return " ".join([str(self.pid), self.word, self.place, *sorted(self.pipes)])

    @property
    def marks(self) -> tuple[str, str]:
        """What stands before and behind what is recorded: an application program command, which terminals ignore."""
        return f"\x1b_tailrace+{self.word}\x1b\\", f"\x1b_tailrace-{self.word}\x1b\\"

    def reads(self, descriptor: int) -> bool:
        """Whether what is written there comes to it."""
        try:
            return _inode(descriptor) in self.pipes
        except OSError:
            return False

    def writes_as(self, config: Config) -> bool:
        """Whether it records to the stream of these settings."""
        return self.place == _place(config)


class Unmarker:
    """Takes the marks out of what arrives in pieces.

    Args:
        parent: whose marks.
        outer: a wrapper around this one that would record it all once more: gets it in marks of its own.
    """

    def __init__(self, parent: Parent, outer: Parent | None = None) -> None:
        self._marks = _encoded(parent)
        self._outer = _encoded(outer) if outer is not None else (b"", b"")
        self._held = b""
        # Bytes that may still come before the mark that is awaited; None outside of marks.
        self._between: int | None = None

    @property
    def holds(self) -> bool:
        """A piece ended with what may be the beginning of a mark."""
        return bool(self._held)

    def feed(self, piece: bytes) -> tuple[bytes, bytes]:
        """Take a piece: what is to be passed on, and of that what is to be recorded."""
        passed, recorded = self._feed(piece)
        begin, end = self._outer
        return begin + passed + end if passed else passed, recorded

    def _feed(self, piece: bytes) -> tuple[bytes, bytes]:
        data = self._held + piece
        self._held = b""
        if self._between is None and b"\x1b" not in data:
            return data, data
        passed: list[bytes] = []
        recorded: list[bytes] = []
        while data:
            before, data = self._split(data)
            passed.append(before)
            if self._between is None or self._is_too_much(before):
                recorded.append(before)
            if data:
                self._between = MOST_BETWEEN if data.startswith(self._marks[0]) else None
                data = data[len(self._marks[0]) :]
        return b"".join(passed), b"".join(recorded)

    def release(self) -> bytes:
        """What was held for a mark that does not come: to be passed on and recorded."""
        held, self._held = self._held, b""
        return held

    def _split(self, data: bytes) -> tuple[bytes, bytes]:
        """What comes before the next mark, and the rest; what may be a mark's beginning is held."""
        places = [at for mark in self._marks if (at := data.find(mark)) >= 0]
        if places:
            return data[: min(places)], data[min(places) :]
        last = data.rfind(b"\x1b", -len(self._marks[0]))
        # A mark ends with an escape of its own, behind which only one character is missing.
        for at in (data.rfind(b"\x1b_", 0, last + 2), last):
            if at >= 0 and any(mark.startswith(data[at:]) for mark in self._marks):
                self._held = data[at:]
                return data[:at], b""
        return data, b""

    def _is_too_much(self, data: bytes) -> bool:
        self._between = (self._between or 0) - len(data)
        if self._between > 0:
            return False
        self._between = None
        return True


def mark_output() -> None:
    """Have this process mark what it prints and records, if it runs under a wrapper. Never raises.

    May be called any number of times.
    """
    parent = Parent.around()
    if parent is not None:
        for stream in {id(each): each for each in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__)}.values():
            _mark(stream, parent)


def _mark(stream: Any, parent: Parent) -> None:
    try:
        descriptor, encoding = stream.fileno(), stream.encoding or "utf-8"
        plain = parent.marks[0].encode(encoding) == parent.marks[0].encode()
        if not plain or not parent.reads(descriptor) or isinstance(stream.write, _Write):
            return
        # In place: handlers made before hold the stream itself.
        stream.write = _Write(stream.write, descriptor, parent)
    except (AttributeError, LookupError, OSError, TypeError, ValueError):
        return  # no stream, a closed one, one that can't be marked: what goes there is recorded twice, not lost


class _Write:
    """A stream's `write` that marks what is recorded otherwise."""

    def __init__(self, write: Any, descriptor: int, parent: Parent) -> None:
        self._write = write
        self._descriptor = descriptor
        self._parent = parent
        self._begin, self._end = parent.marks

    def __call__(self, text: str, /) -> int:
        # Somebody may have put something else in the descriptor's place.
        if text and is_recorded_otherwise(sys._getframe(1)) and self._parent.reads(self._descriptor):
            self._write(f"{self._begin}{text}{self._end}")
            return len(text)
        return self._write(text)  # type: ignore[no-any-return]  # a stranger's stream


def _encoded(parent: Parent) -> tuple[bytes, bytes]:
    begin, end = parent.marks
    return begin.encode(), end.encode()


def _place(config: Config) -> str:
    """A digest: the address may hold a password."""
    place = "\n".join((config.url, config.prefix, config.stream))
    return hashlib.sha1(place.encode(), usedforsecurity=False).hexdigest()[:16]


def _inode(descriptor: int) -> str:
    status = os.fstat(descriptor)
    return f"{status.st_dev}:{status.st_ino}"
