"""The messages in a container's log, as the engine sends them with `timestamps=1`. No I/O here.

A message is a line, or a piece of one: the engine cuts lines beyond 16 KiB. Each has its time in front of it; only the
last piece of a line ends with `\\n`.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from tailrace.docker.response import Part, ResponseError
from tailrace.docker.stamp import LONGEST, Stamps

__all__ = ["Message", "Messages", "Multiplexed", "Raw"]

# Bytes after which the engine cuts a line.
PIECE = 16 << 10

# The outputs by the number in a frame's header. Standard input is recorded by nobody.
SOURCES = {0: "stdout", 1: "stdout", 2: "stderr"}
# What the engine itself has to say: that it can't read on.
SYSTEM = 3
HEADER = 8

# Bytes that are kept of what it says.
LONGEST_ERROR = 1 << 10
ERROR = b"Error grabbing logs: "


class Message(NamedTuple):
    """Some text of a message.

    Attributes:
        time: of the message, ns since 1970.
        first, last: with this the message begins, or ends.
    """

    source: str
    time: int
    text: bytes
    first: bool
    last: bool


class Messages(Protocol):
    """Takes the body of an answer and gives the messages in it."""

    def feed(self, part: Part) -> list[Message]: ...
    def end(self) -> list[Message]: ...


class Multiplexed:
    """Of a container without a terminal: each message is a frame, 8 bytes of header (output, size) and its text."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._stamps = Stamps()
        self._source = ""
        # Bytes that the frame still has; whether its beginning is still to come; its time.
        self._left = 0
        self._fresh = True
        self._time = 0

    def feed(self, part: Part) -> list[Message]:
        """Take some of the body.

        Raises:
            ResponseError: when it is not multiplexed, or says that the engine can't read on.
        """
        self._buffer += part.data
        found: list[Message] = []
        while (message := self._next()) is not None:
            found.append(message)
        return found

    def end(self) -> list[Message]:
        """The body has ended.

        Raises:
            ResponseError: in the middle of a frame.
        """
        if self._left or self._buffer:
            raise ResponseError("the log ended in the middle of a message")
        return []

    def _next(self) -> Message | None:
        if not self._left and not self._begin():
            return None
        size = min(self._left, len(self._buffer))
        enough = LONGEST if self._source else LONGEST_ERROR
        if not size or (self._fresh and size < min(self._left, enough)):
            return None
        text = bytes(self._buffer[:size])
        if not self._source:
            raise ResponseError(text[:LONGEST_ERROR].decode("utf-8", "backslashreplace").strip())
        del self._buffer[:size]
        self._left -= size
        first, self._fresh = self._fresh, False
        if first:
            text = self._stamped(text)
        return Message(self._source, self._time, text, first, not self._left)

    def _begin(self) -> bool:
        """Read a header; False when it is not there."""
        while not self._left:
            if len(self._buffer) < HEADER:
                return False
            kind, zeros = self._buffer[0], self._buffer[1:4]
            if zeros != bytes(3) or not (kind in SOURCES or kind == SYSTEM):
                raise ResponseError(f"no header of a message: {bytes(self._buffer[:HEADER])!r}")
            self._source = SOURCES.get(kind, "")
            self._left, self._fresh = int.from_bytes(self._buffer[4:HEADER]), True
            del self._buffer[:HEADER]
        return True

    def _stamped(self, text: bytes) -> bytes:
        """The text behind the time, which is noted. One without a time has that of the message before."""
        found = self._stamps.read(text)
        if found is None:
            return text
        self._time, end = found
        return text[end:]


class Raw:
    """Of a container with a terminal: one text after the other, which a time tells apart.

    A time is looked for where a message may begin: behind a line's end, after 16 KiB, and at a chunk's beginning, since
    the engine writes each message at once.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._stamps = Stamps()
        self._time = 0
        # Whether a message has begun, and how many bytes it may have before the next time is looked for.
        self._inside = False
        self._room = 0

    def feed(self, part: Part) -> list[Message]:
        """Take some of the body.

        Raises:
            ResponseError: when it says that the engine can't read on.
        """
        found: list[Message] = []
        if part.first:
            self._read(found, at_boundary=True)
            self._room = 0
        self._buffer += part.data
        self._read(found, at_boundary=False)
        return found

    def end(self) -> list[Message]:
        """The body has ended: what is left of the last message."""
        found: list[Message] = []
        self._read(found, at_boundary=True)
        if self._inside:
            found.append(self._message(b"", last=True))
        return found

    def _read(self, found: list[Message], *, at_boundary: bool) -> None:
        """Read all that is there.

        Args:
            at_boundary: nothing more belongs to what is there.
        """
        while self._buffer:
            if not self._room and not self._begin(found, at_boundary):
                return
            end = self._buffer.find(b"\n", 0, self._room) + 1
            size = end or min(self._room, len(self._buffer))
            text = bytes(self._buffer[:size])
            del self._buffer[:size]
            self._room = 0 if end else self._room - size
            found.append(self._message(text, last=bool(end)))

    def _begin(self, found: list[Message], at_boundary: bool) -> bool:
        """Look for a time; False when there are too few bytes for one."""
        head = bytes(self._buffer[:LONGEST])
        undecided = ERROR.startswith(head) or (len(head) < LONGEST and b" " not in head and b"\n" not in head)
        if undecided and not at_boundary:
            return False
        stamp = self._stamps.read(head)
        if stamp is not None:
            if self._inside:
                found.append(self._message(b"", last=True))
            self._time, size = stamp
            del self._buffer[:size]
        elif not self._inside and head.startswith(ERROR):
            raise ResponseError(bytes(self._buffer[:LONGEST_ERROR]).decode("utf-8", "backslashreplace").strip())
        self._room = PIECE
        return True

    def _message(self, text: bytes, *, last: bool) -> Message:
        first, self._inside = not self._inside, not last
        return Message("stdout", self._time, text, first, last)
