"""A run's logs as files: text for people, and JSON and CSV of the records as its page has them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from tailrace_relay.dialects.entry import Entry, entries, entry_of_gap
from tailrace_relay.dialects.runs import run_content
from tailrace_relay.download import CsvFile, Format, JsonArray, TextFile, cell
from tailrace_relay.reader import Gap
from tailrace_relay.scan import Found

__all__ = ["RUN_FORMATS"]

COLUMNS = ("id", "run_id", "level", "message", "timestamp", "source", "line_number")

_encode = msgspec.json.Encoder().encode


class RunJson(JsonArray):
    """One array of JSON objects."""

    def __init__(self, run_id: str) -> None:
        super().__init__()
        self._run_id = run_id

    def records(self, found: Found) -> bytes:
        return self._items_of(entries(found.piece, found.places))

    def gap(self, stream: str, gap: Gap) -> bytes:
        return self._items_of(missing(stream, gap))

    def _items_of(self, shown: Iterable[Entry]) -> bytes:
        items = b",\n".join(_encode(run_content(each, self._run_id)) for each in shown)
        return self.items(items) if items else b""


class RunCsv(CsvFile):
    """A row for each record, safe to open with a spreadsheet."""

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id

    def begin(self) -> bytes:
        return self.rows([COLUMNS])

    def records(self, found: Found) -> bytes:
        return self._rows_of(entries(found.piece, found.places))

    def gap(self, stream: str, gap: Gap) -> bytes:
        return self._rows_of(missing(stream, gap))

    def _rows_of(self, shown: Iterable[Entry]) -> bytes:
        contents: Iterable[dict[str, Any]] = (run_content(each, self._run_id) for each in shown)
        return self.rows([cell(column, content[column]) for column in COLUMNS] for content in contents)


class RunText(TextFile):
    """A line for each record."""

    def __init__(self, run_id: str) -> None:
        pass

    def gap(self, stream: str, gap: Gap) -> bytes:
        return super().gap(stream, gap) if missing(stream, gap) else b""


RUN_FORMATS: dict[str, Callable[[str], Format]] = {"txt": RunText, "json": RunJson, "csv": RunCsv}


def missing(stream: str, gap: Gap) -> list[Entry]:
    """What a run's history shows of a gap: nothing where somebody cleared it, who wanted it so."""
    entry = None if gap.reason == "cleared" else entry_of_gap(stream, gap)
    return [] if entry is None else [entry]
