"""An answer over HTTP/1.1, read in pieces of any size. No I/O here."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Part", "Response", "ResponseError"]

# Bytes. An engine's head has a few hundred, and a chunk's first line a few; beyond this it is no engine.
LONGEST_HEAD, LONGEST_LINE = 64 << 10, 4 << 10


class ResponseError(Exception):
    """The answer breaks off, or is none; the text says where."""


class Part(NamedTuple):
    """Some bytes of the body.

    Attributes:
        first: they begin a chunk, which is what the engine has written at once.
    """

    data: bytes
    first: bool


class Response:
    """Takes the bytes of a connection and gives those of the body.

    Attributes:
        status: of the answer; 0 until its head is there.
        headers: by name in lower case.
        complete: the whole body is there.
    """

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.complete = False
        self._buffer = bytearray()
        self._step = self._head
        # Bytes that the body, or this chunk of it, still has, and whether its next byte is its first.
        self._left = 0
        self._first = True

    def feed(self, data: bytes) -> list[Part]:
        """Take what has come.

        Raises:
            ResponseError: when it is no answer over HTTP/1.1.
        """
        self._buffer += data
        parts: list[Part] = []
        while not self.complete and self._step(parts):
            pass
        return parts

    def close(self) -> None:
        """The connection has ended.

        Raises:
            ResponseError: when the answer has not.
        """
        if self._step == self._rest:
            self.complete = True
        if not self.complete:
            raise ResponseError("the connection ended in the middle of an answer")

    # Steps: each takes something out of the buffer, or says that there is too little.

    def _head(self, parts: list[Part]) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > LONGEST_HEAD:
                raise ResponseError(f"a head of more than {LONGEST_HEAD} bytes")
            return False
        first, *lines = self._buffer[:end].decode("latin-1").split("\r\n")
        del self._buffer[: end + 4]
        words = first.split(" ", 2)
        if not words[0].startswith("HTTP/1.") or len(words) < 2 or not words[1].isdigit():
            raise ResponseError(f"no answer over HTTP: {first[:64]!r}")
        self.status = int(words[1])
        pairs = (line.partition(":") for line in lines)
        self.headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        self._begin_body()
        return True

    def _begin_body(self) -> None:
        if self.headers.get("transfer-encoding", "").lower() == "chunked":
            self._step = self._size
        elif "content-length" in self.headers:
            self._left = _number(self.headers["content-length"], 10)
            self._step = self._whole
        else:
            self._step = self._rest

    def _size(self, parts: list[Part]) -> bool:
        line = self._line()
        if line is None:
            return False
        self._left, self._first = _number(line.partition(b";")[0].decode("latin-1"), 16), True
        self._step = self._chunk if self._left else self._trailer
        return True

    def _chunk(self, parts: list[Part]) -> bool:
        if self._left:
            return self._take(parts)
        if len(self._buffer) < 2:
            return False
        if self._buffer[:2] != b"\r\n":
            raise ResponseError("a chunk that is longer than it says")
        del self._buffer[:2]
        self._step = self._size
        return True

    def _trailer(self, parts: list[Part]) -> bool:
        line = self._line()
        self.complete = line == b""
        return line is not None

    def _whole(self, parts: list[Part]) -> bool:
        self.complete = self._left == 0
        return not self.complete and self._take(parts)

    def _rest(self, parts: list[Part]) -> bool:
        self._left = len(self._buffer)
        return self._take(parts)

    def _take(self, parts: list[Part]) -> bool:
        data = bytes(self._buffer[: self._left])
        if not data:
            return False
        del self._buffer[: len(data)]
        self._left -= len(data)
        parts.append(Part(data, self._first))
        self._first = False
        return True

    def _line(self) -> bytes | None:
        end = self._buffer.find(b"\r\n")
        if end < 0:
            if len(self._buffer) > LONGEST_LINE:
                raise ResponseError(f"a line of more than {LONGEST_LINE} bytes between two chunks")
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line


def _number(text: str, base: int) -> int:
    try:
        number = int(text.strip(), base)
    except ValueError:
        number = -1
    if number < 0:
        raise ResponseError(f"no size: {text[:64]!r}")
    return number
