"""The checker's replay of one stream as one client was given it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from tailrace.wire import ZERO, StreamID, StreamIDError
from tests.e2e.numbered import Number, read_number
from tests.e2e.verdict import Finding, Row, Verdict

__all__ = ["FIRST", "REASONS", "StreamReplay"]

# The start of a client that is to be given a stream from its first record on.
FIRST = 0

REASONS = frozenset(("trimmed", "cleared", "epoch", "fork", "agent_dropped", "unreadable"))

# Missing records that one finding names.
NAMED = 8

# Kinds of Tailrace's own records, which nobody numbers.
NOTICES = ("notice", "died")

# Every client of a run is given the same IDs: as many are remembered as the longest runs have.
read_id = lru_cache(maxsize=1 << 17)(StreamID.parse)


@dataclass(slots=True)
class Span:
    """Records by their numbers in the stream, from `first` to `last`."""

    first: int
    last: int

    @property
    def count(self) -> int:
        return max(self.last - self.first + 1, 0)

    def __contains__(self, n: int) -> bool:
        return self.first <= n <= self.last


class StreamReplay:
    """Follows one stream message by message.

    Args:
        start: the last number before the client's first record; None when only its messages will show.
        newest: where the stream stood at the greeting: the start of a stream that its cursor does not name.
        wants: which records match the client's query; None is all, and then numbers leave no hole.
    """

    def __init__(
        self,
        client: str,
        stream: str,
        start: int | None,
        newest: int,
        wants: Callable[[Number], bool] | None,
        verdict: Verdict,
    ) -> None:
        # What counts as delivered, with the ID it had.
        self.delivered: dict[Number, StreamID] = {}
        self._client, self._stream = client, stream
        self._start = start
        self._newest = newest
        self._wants = wants
        self._verdict = verdict
        # The last record delivered or declared lost; its number is None as long as the start is not known.
        self._n = start
        self._ms = 0
        # Of the numbering in force: deliveries in their order, what was declared lost, and what was passed over.
        self._order: list[tuple[StreamID, Number | None]] = []
        self._declared: list[Span] = []
        self._holes: list[Span] = []
        # How far each producer has come, and where it was when the client began.
        self._highest: dict[str, int] = {}
        self._lowest: dict[str, int] = {}
        # Records that came, but too late; and declared lost in numberings that have ended.
        self._late: set[int] = set()
        self._declared_before = 0
        self._epochs_lost = 0
        self._gaps: list[str] = []

    # Messages.

    def records(self, place: int, message: Mapping[str, Any]) -> None:
        if not message["records"]:
            self._find("strange", f"message {place}", "it has no records")
        for record in message["records"]:
            try:
                id = read_id(record["id"])
            except StreamIDError as error:
                self._find("altered", f"message {place}", str(error))
                continue
            if record["stream"] != self._stream:
                self._find("strange", str(id), f"a record of stream {record['stream']}")
                continue
            self._record(id, record)

    def gap(self, place: int, message: Mapping[str, Any]) -> None:
        where, reason, count = f"message {place}", message["reason"], message["count"]
        self._gaps.append(reason)
        after, before = _id(message["after"]), _id(message["before"])
        if reason not in REASONS:
            self._find("gaps", where, f"{reason!r} is no reason")
        if reason == "epoch":
            self._epoch(where, count, before)
            return
        if not isinstance(count, int) or count < 1:
            self._find("gaps", where, f"{reason}: its count is {count!r}")
            return
        if sum((message.get("by_level") or {"": count}).values()) != count:
            self._find("gaps", where, f"{reason}: {message['by_level']} is not {count}")
        if reason == "fork":
            self._fork(where, count, after or ZERO)
        else:
            self._lost(where, reason, count, after, before)

    def cursor(self, place: int, n: int) -> None:
        """A cursor of the client names this stream, with `n` as the last record it has."""
        if self._n is None:
            self._begin(n)
        elif n < self._n:
            self._find("cursors", f"message {place}", f"it goes back to {n}; the client is at {self._n}")
        elif n > self._n and self._wants is None:
            self._find("cursors", f"message {place}", f"it is ahead at {n}; the client is at {self._n}")
        elif n > self._n:
            self._n = n  # what lies between did not match the query

    # Records.

    def _record(self, id: StreamID, record: Mapping[str, Any]) -> None:
        number = read_number(record["message"])
        if number is None and record.get("kind") not in NOTICES:
            self._find("altered", str(id), f"not as any producer wrote it: {record['message'][:64]!r}")
        in_place = self._place(id, number)
        if number is None:
            return
        if number in self.delivered:
            self._find("duplicated", str(id), f"{number} came at {self.delivered[number]} before")
            return
        if self._wants is not None and not self._wants(number):
            self._find("strange", str(id), f"{number} does not match the query")
        if in_place and number.number <= self._highest.get(number.label, 0):
            self._find("reordered", str(id), f"{number} comes after {self._highest[number.label]}")
        self._highest[number.label] = max(number.number, self._highest.get(number.label, 0))
        self._lowest[number.label] = min(number.number, self._lowest.get(number.label, number.number))
        self.delivered[number] = id

    def _place(self, id: StreamID, number: Number | None) -> bool:
        """Note where a record stands; False when it is not behind all before it."""
        if self._n is None:
            self._begin(min(id.n - 1, self._newest))
        assert self._n is not None
        if id.n <= self._n:
            if any(id.n in span for span in self._declared):
                self._find("gaps", str(id), f"declared lost, and came: {number}")
            elif number not in self.delivered:
                self._find("reordered", str(id), f"it comes after {self._n}")
            self._late.add(id.n)
            return False
        if id.ms < self._ms:
            self._find("reordered", str(id), f"its time lies before {self._ms}")
        if id.n > self._n + 1 and self._wants is None:
            self._holes.append(Span(self._n + 1, id.n - 1))
        self._order.append((id, number))
        self._n, self._ms = id.n, id.ms
        return True

    def _begin(self, n: int) -> None:
        self._start = self._n = n

    # Gaps.

    def _lost(self, where: str, reason: str, count: int, after: StreamID | None, before: StreamID | None) -> None:
        first = after.n + 1 if after else (self._n or 0) + 1
        last = before.n - 1 if before else first + count - 1
        span = Span(first, last)
        if span.count != count:
            self._find("gaps", where, f"{reason}: {count} between {after} and {before}, where {span.count} fit")
        if self._n is None:
            self._begin(min(first - 1, self._newest))
        assert self._n is not None
        if first <= self._n:
            self._find("gaps", where, f"{reason}: declared lost from {first} on; the client is at {self._n}")
        elif first > self._n + 1 and self._wants is None:
            self._holes.append(Span(self._n + 1, first - 1))
        if before and before.ms < self._ms:
            self._find("gaps", where, f"{reason}: {before} lies before {self._ms}")
        self._declared.append(Span(first, first + count - 1))
        self._n = max(last, self._n)

    def _fork(self, where: str, count: int, after: StreamID) -> None:
        """Forget what lies after `after`: what is sent again counts once."""
        if self._n is None:
            self._begin(after.n)
        elif self._n - after.n != count and self._wants is None:
            self._find("gaps", where, f"fork: {count} taken back, where {self._n - after.n} lie after {after}")
        while self._order and self._order[-1][0].n > after.n:
            _, number = self._order.pop()
            if number is not None:
                self.delivered.pop(number, None)
        for span in self._declared:
            span.last = min(span.last, after.n)
        self._close_holes()
        self._highest = {}
        for label, n in self.delivered:
            self._highest[label] = max(n, self._highest.get(label, 0))
        self._n, self._ms = after.n, after.ms
        if self._start is not None and after.n < self._start:
            self._start = after.n

    def _epoch(self, where: str, count: object, before: StreamID | None) -> None:
        """The numbering starts anew: what was lost of the old one nobody can tell."""
        if count is not None:
            self._find("gaps", where, f"epoch: its count is {count!r}; nobody can know it")
        if before is not None and before.n != 1:
            self._find("gaps", where, f"epoch: it goes on at {before}; a numbering starts at 1")
        self._end_numbering()
        self._epochs_lost += 1
        self._n, self._ms = 0, 0

    # The end.

    def end(self, counts: Mapping[str, int], notices: int, row: Row) -> None:
        """Compare with what was emitted: how many records of each producer, and notices besides."""
        self._end_numbering()
        for number in self.delivered:
            if number.number > counts.get(number.label, 0):
                self._find("strange", str(self.delivered[number]), f"nobody emitted {number}")
        emitted, missing = self._missing(counts)
        declared = self._declared_before
        silent = emitted - len(self.delivered) - declared
        row.gaps.update(self._gaps)
        row.emitted += emitted
        row.delivered += len(self.delivered)
        row.declared += declared
        row.unknown |= bool(self._epochs_lost)
        row.missing += silent if self._wants is None else max(silent, 0)
        if self._epochs_lost:
            return
        if silent > 0:
            names = ", ".join(map(str, missing[:NAMED])) or "not to be named"
            reason = f"{emitted} emitted, {len(self.delivered)} delivered, {declared} declared lost; missing: {names}"
            self._find("lost", "end", reason)
        elif silent < -notices and self._wants is None:
            reason = f"{declared} declared lost; {emitted - len(self.delivered)} of {emitted} are missing"
            self._find("gaps", "end", reason)

    def _missing(self, counts: Mapping[str, int]) -> tuple[int, list[Number]]:
        """How many records the client was to be given, and which of them it was not."""
        start = self._newest if self._start is None else self._start
        lowest = dict.fromkeys(counts, 1) if start == FIRST else self._lowest
        wanted = [Number(label, n) for label, low in lowest.items() for n in range(low, counts.get(label, 0) + 1)]
        if self._wants is not None:
            wanted = [number for number in wanted if self._wants(number)]
        missing = [number for number in wanted if number not in self.delivered]
        if start == FIRST or self._wants is not None or self._epochs_lost:
            return len(wanted), missing
        return sum(counts.values()) - start, missing

    def _end_numbering(self) -> None:
        self._close_holes()
        self._declared_before += sum(span.count for span in self._declared)
        self._order, self._declared = [], []

    def _close_holes(self) -> None:
        """What was passed over and has not come too late does not come any more."""
        for hole in self._holes:
            missing = [n for n in range(hole.first, hole.last + 1) if n not in self._late]
            if missing:
                place = f"after {hole.first - 1}"
                self._find("lost", place, f"{len(missing)} records up to {hole.last} are passed over in silence")
        self._holes, self._late = [], set()

    def _find(self, kind: str, place: str, reason: str) -> None:
        self._verdict.findings[kind].append(Finding(self._client, self._stream, place, reason))


def _id(text: str | None) -> StreamID | None:
    return None if text is None else StreamID.parse(text)
