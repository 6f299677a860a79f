"""Records as files: text, JSON, JSON lines and CSV. Each format is a small writer without I/O; memory stays flat.

A gap is an item of its own, of the kind `gap`: a file that is incomplete says so in its place.
"""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Iterable
from typing import Any, Protocol

import msgspec

from tailrace.wire import FrameError
from tailrace_relay.group import unreadable
from tailrace_relay.messages import gap_json
from tailrace_relay.reader import Gap
from tailrace_relay.render import COLUMNS, encode_lines
from tailrace_relay.scan import Found

__all__ = ["FORMATS", "CsvFile", "Format", "JsonArray", "TextFile", "cell", "file_name", "write_file"]

# Bytes of a frame's body from which on it takes longer to write than others should wait.
LARGE = 256 << 10

# What a spreadsheet takes for the beginning of a formula; and the sign that says it is none.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
QUOTED = "'"

# What may be anything that JSON knows, and so is JSON in a cell, too.
FREE = ("metadata", "fields")

_encode = msgspec.json.Encoder().encode


class Format(Protocol):
    """Turns what a scan finds into bytes."""

    media_type: str

    def begin(self) -> bytes: ...
    def records(self, found: Found) -> bytes: ...
    def gap(self, stream: str, gap: Gap) -> bytes: ...
    def end(self) -> bytes: ...


async def write_file(form: Format, stream: str, items: AsyncIterator[Found | Gap | object]) -> AsyncIterator[bytes]:
    """The bytes of a file, as they can be made."""
    yield form.begin()
    async for item in items:
        if isinstance(item, Found):
            try:
                # In a thread where it takes long: live clients need not wait for it.
                large = item.piece.piece.frame.body_size > LARGE
                yield await asyncio.to_thread(form.records, item) if large else form.records(item)
            except FrameError:
                yield form.gap(stream, unreadable(item.piece.piece))
        elif isinstance(item, Gap):
            yield form.gap(stream, item)
    yield form.end()


def file_name(stream: str, suffix: str) -> str:
    """What the file is called; characters that file systems refuse are left out."""
    return f"{stream.replace(':', '-')}-logs.{suffix}"


class TextFile:
    """A line for each record, and its further lines as they are."""

    media_type = "text/plain; charset=utf-8"

    def begin(self) -> bytes:
        return b""

    def records(self, found: Found) -> bytes:
        return "".join(_text(row) for row in found.piece.rows(found.places)).encode()

    def gap(self, stream: str, gap: Gap) -> bytes:
        return f"-- {_missing(gap)} --\n".encode()

    def end(self) -> bytes:
        return b""


class JsonLines:
    """A JSON object in each line."""

    media_type = "application/x-ndjson"

    def begin(self) -> bytes:
        return b""

    def records(self, found: Found) -> bytes:
        return encode_lines(found.piece.rows(found.places))

    def gap(self, stream: str, gap: Gap) -> bytes:
        return _encode(_gap_item(stream, gap)) + b"\n"

    def end(self) -> bytes:
        return b""


class JsonArray:
    """One array of JSON objects."""

    media_type = "application/json"

    def __init__(self) -> None:
        self._separator = b"[\n"

    def begin(self) -> bytes:
        return b""

    def records(self, found: Found) -> bytes:
        return self.items(encode_lines(found.piece.rows(found.places)).rstrip(b"\n").replace(b"\n", b",\n"))

    def gap(self, stream: str, gap: Gap) -> bytes:
        return self.items(_encode(_gap_item(stream, gap)))

    def end(self) -> bytes:
        return b"[]\n" if self._separator == b"[\n" else b"\n]\n"

    def items(self, items: bytes) -> bytes:
        """Items of the array, with commas between them already."""
        separator, self._separator = self._separator, b",\n"
        return separator + items


class CsvFile:
    """A row for each record, as RFC 4180 has it; metadata and fields are JSON.

    A cell that a spreadsheet would take for a formula begins with an apostrophe, and so does one that begins with an
    apostrophe itself: to read it back, take one away.
    """

    media_type = "text/csv; charset=utf-8"

    def begin(self) -> bytes:
        return self.rows([COLUMNS])

    def records(self, found: Found) -> bytes:
        return self.rows(
            [cell(column, getattr(row, column, None)) for column in COLUMNS] for row in found.piece.rows(found.places)
        )

    def gap(self, stream: str, gap: Gap) -> bytes:
        item = _gap_item(stream, gap)
        return self.rows([[cell(column, item.get(column)) for column in COLUMNS]])

    def end(self) -> bytes:
        return b""

    def rows(self, rows: Iterable[Iterable[str]]) -> bytes:
        """Rows of cells, each made by `cell`."""
        buffer = io.StringIO(newline="")
        csv.writer(buffer).writerows(rows)
        return buffer.getvalue().encode()


FORMATS: dict[str, type[Format]] = {"txt": TextFile, "json": JsonArray, "jsonl": JsonLines, "csv": CsvFile}


def _text(row: Any) -> str:
    lines = [f"{row.time} {row.level:<8} {row.logger}: {row.message}"]
    exception = getattr(row, "exception", None)
    return "\n".join([*lines, exception, ""] if exception else [*lines, ""])


def cell(column: str, value: Any) -> str:
    """A value as a cell that no spreadsheet takes for a formula."""
    if value is None:
        return ""
    text = value if isinstance(value, str) and column not in FREE else _encode(value).decode()
    return QUOTED + text if text.startswith((*FORMULA, QUOTED)) else text


def _gap_item(stream: str, gap: Gap) -> dict[str, Any]:
    return {"kind": "gap", "stream": stream, "message": _missing(gap), "gap": gap_json(gap)}


def _missing(gap: Gap) -> str:
    count = "an unknown number of" if gap.count is None else gap.count
    return f"{count} records are missing between {gap.after} and {gap.before or 'what follows'}: {gap.reason}"
