"""A page of a run, by offset and limit. No I/O."""

from __future__ import annotations

from typing import Any

from tailrace_relay.dialects.entry import Entry, entries
from tailrace_relay.dialects.runs import run_content
from tailrace_relay.errors import ParameterError
from tailrace_relay.scan import Found

__all__ = ["RunPage"]

# Characters of messages on one page.
MOST_TEXT = 8 << 20


class RunPage:
    """Counts all records, and keeps those of one page.

    Raises:
        ParameterError: when they are too much for one page.
    """

    def __init__(self, run_id: str, offset: int, limit: int | None) -> None:
        self.total = 0
        self.logs: list[dict[str, Any]] = []
        self._run_id = run_id
        self._offset = offset
        self._limit = limit
        self._size = 0

    def take(self, found: Found) -> None:
        """Count the records of one frame; only those that are shown are made."""
        places = found.places
        begin = max(self._offset - self.total, 0)
        room = None if self._limit is None else begin + self._limit - len(self.logs)
        for each in entries(found.piece, places[begin:room]):
            self._show(each)
        self.total += len(places)

    def add(self, shown: list[Entry]) -> None:
        """Count what stands in place of records."""
        for entry in shown:
            if self.total >= self._offset and (self._limit is None or len(self.logs) < self._limit):
                self._show(entry)
            self.total += 1

    def _show(self, entry: Entry) -> None:
        self._size += len(entry.text)
        if self._size > MOST_TEXT:
            raise ParameterError("limit", f"so many records have more than {MOST_TEXT} characters; ask for fewer")
        self.logs.append(run_content(entry, self._run_id))
