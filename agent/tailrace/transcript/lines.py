"""Lines out of pieces: what a program prints arrives in pieces of any size and leaves as complete lines."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterator
from itertools import count
from typing import NamedTuple

from tailrace.values import HEAD, LONGEST_TEXT, TAIL, clean_text, cut_text

__all__ = ["Line", "LineAssembler"]


class Line(NamedTuple):
    """A line that is complete.

    Attributes:
        number: its place among the lines of its source, from 1 on. Lines that are no records have none.
        text: without its end; at most 64 KiB, beyond that cut as `cut_text` does.
    """

    number: int
    text: str


class LineAssembler:
    """Puts lines together, from text or from bytes. It holds at most 128 KiB of text, however long a line becomes.

    A line ends with `\\n` or `\\r\\n`. A lone `\\r` begins it anew, so that of a progress bar remains what stood there
    last. Lines of nothing but white space are left out.

    Not safe for several threads at once: each needs its own. They may share their numbers.

    Args:
        numbers: gives each line its number; else this assembler counts its own.
        keep_blank: give blank lines too, with numbers.
        keep_returns: a lone `\\r` is a character like any other, as in a file that nobody looks at while it grows.
    """

    def __init__(
        self, numbers: Iterator[int] | None = None, *, keep_blank: bool = False, keep_returns: bool = False
    ) -> None:
        self._numbers = count(1) if numbers is None else numbers
        self._keep_blank = keep_blank
        self._keep_returns = keep_returns
        self._decoder: codecs.IncrementalDecoder | None = None
        # What stands in the line since its beginning or the last `\r`, and what stood there before that.
        self._text = _BoundedText()
        self._before = _BoundedText()

    def feed(self, piece: str) -> list[Line]:
        """Take the next piece of text; the lines that it completes."""
        if "\n" not in piece:
            self._extend(piece)
            return []
        *ended, rest = piece.split("\n")
        lines: list[Line] = []
        for part in ended:
            self._extend(part)
            self._end(lines)
        self._extend(rest)
        return lines

    def feed_bytes(self, piece: bytes) -> list[Line]:
        """Take the next piece as UTF-8; bytes that are none become backslash escapes."""
        if self._decoder is None:
            self._decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        return self.feed(self._decoder.decode(piece))

    def flush(self) -> list[Line]:
        """The unterminated last line, if there is one; what comes next begins a new line."""
        lines = self.feed(self._decoder.decode(b"", final=True)) if self._decoder is not None else []
        if self._text or self._before:
            self._end(lines)
        return lines

    def __bool__(self) -> bool:
        """Whether there is an unterminated line."""
        return bool(self._text or self._before or (self._decoder is not None and self._decoder.getstate()[0]))

    def _extend(self, part: str) -> None:
        if "\r" in part and not self._keep_returns:
            *overwritten, part = part.split("\r")
            for each in overwritten:
                self._text.add(each)
                # What is only empty has overwritten nothing: `\r\n`, and bars that end with their `\r`.
                if self._text:
                    self._before, self._text = self._text, _BoundedText()
        if part:
            self._text.add(part)

    def _end(self, lines: list[Line]) -> None:
        text = (self._text or self._before).take()
        if self._keep_returns:
            text = text.removesuffix("\r")
        self._text.take()
        self._before.take()
        if self._keep_blank or (text and not text.isspace()):
            lines.append(Line(next(self._numbers), text))


class _BoundedText:
    """Text that grows by pieces; of what is beyond 64 KiB it keeps what `cut_text` would."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._size = 0
        self._long: _LongText | None = None

    def __bool__(self) -> bool:
        return self._size > 0

    def add(self, piece: str) -> None:
        self._size += len(piece)
        if self._long is not None:
            self._long.add(piece)
            return
        self._pieces.append(piece)
        if self._size > LONGEST_TEXT:
            self._long = _LongText("".join(self._pieces))
            self._pieces.clear()

    def take(self) -> str:
        """The text, which is then empty."""
        text = self._long.text() if self._long is not None else cut_text(clean_text("".join(self._pieces)))
        self._pieces.clear()
        self._size, self._long = 0, None
        return text


class _LongText:
    """The two ends of a text that is beyond 64 KiB, its length and its digest."""

    def __init__(self, text: str) -> None:
        self._head = b""
        self._tail = b""
        self._size = 0
        self._digest = hashlib.sha1(usedforsecurity=False)
        self.add(text)

    def add(self, piece: str) -> None:
        data = clean_text(piece).encode()
        self._digest.update(data)
        self._size += len(data)
        if len(self._head) < HEAD:
            self._head += data[: HEAD - len(self._head)]
        self._tail = (self._tail + data[-TAIL:])[-TAIL:]

    def text(self) -> str:
        head, tail = self._head.decode("utf-8", "ignore"), self._tail.decode("utf-8", "ignore")
        mark = f"[tailrace: cut from {self._size} bytes, sha1 {self._digest.hexdigest()}]"
        return f"{head}\n... {mark} ...\n{tail}"
