"""One output of a container: its lines and tracebacks as records, each at the place in the log where it began."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tailrace.transcript.transcript import Transcript
from tailrace.wire.record import MAX_TIME, Record, pack_record

__all__ = ["Facts", "Place", "Side"]

# Seconds that an unfinished line may hold back what the other output said behind it. The engine writes the pieces of a
# line at once, unless the program itself stops in the middle of one.
PATIENCE = 2.0

# The time of a record whose line names none: no time that a line can name.
UNTIMED = -1

INFO, ERROR = 20, 40
LEVELS = {"stdout": INFO, "stderr": ERROR}


@dataclass(frozen=True, slots=True)
class Facts:
    """What all records of a container have in common.

    Attributes:
        logger: of lines that name none.
        fields: go into each record.
        level: records below are left out.
    """

    logger: str
    fields: dict[str, Any]
    level: int = 0


@dataclass(slots=True)
class Place:
    """Where a message stands in the log.

    Attributes:
        time: of the message, ns since 1970.
        number: of the place.
        reach: the number of the last place that a record reaches which begins here.
        clean: no record that begins here or before reaches beyond it.
        lines: how many lines are complete with it.
        records: those that begin here, each with the bytes that it takes, about.
        whole: all of the message is there.
    """

    source: str
    time: int
    number: int
    reach: int = 0
    clean: bool = False
    lines: int = 0
    records: list[tuple[Record, int]] = field(default_factory=list)
    whole: bool = False


class Side:
    """Puts the text of one output into places.

    Args:
        source: `stdout` or `stderr`.
        number: how many lines it has had before.

    Attributes:
        line: where the line began that is not complete; None where there is none.
        held: where the traceback began that may go on; None where there is none.
        bytes: of all records so far.
    """

    def __init__(self, source: str, facts: Facts, number: int) -> None:
        self.line: Place | None = None
        self.held: Place | None = None
        self.bytes = 0
        self._source = source
        self._facts = facts
        self._before = number
        self._number = 0
        self._transcript = Transcript(source, LEVELS[source], facts.logger)
        # Where lines began that may still be part of a record, by their number.
        self._places: dict[int, Place] = {}
        self._line_deadline: float | None = None

    @property
    def deadline(self) -> float | None:
        """When `expire` is due, by the clock whose readings `feed` is given; None while nothing waits."""
        a, b = self._transcript.deadline, self._line_deadline
        return b if a is None else a if b is None else min(a, b)

    def feed(self, place: Place, text: bytes, clock: float) -> None:
        """Take some text of the message at that place."""
        for line in _lines(text):
            self._feed_line(place, line, clock)

    def hold_up(self, clock: float) -> None:
        """The other output has said something: an unfinished line may not wait for ever."""
        if self.line is not None and self._line_deadline is None:
            self._line_deadline = clock + PATIENCE

    def expire(self, clock: float) -> None:
        """What has waited too long is given as it is."""
        if self._line_deadline is not None and clock >= self._line_deadline:
            self.end(clock)
        elif self._transcript.deadline is not None and clock >= self._transcript.deadline:
            self._attach(self._transcript.flush(UNTIMED))
            self._forget()

    def end(self, clock: float) -> None:
        """Everything is given as it is, also an unfinished line."""
        if self.line is not None:
            self._feed_line(self.line, b"\n", clock)
        self._attach(self._transcript.end(clock, UNTIMED))
        self._forget()

    def _feed_line(self, place: Place, text: bytes, clock: float) -> None:
        begin = self.line or place
        begin.reach = max(begin.reach, place.number)
        if not text.endswith(b"\n"):
            self.line = begin
            self._transcript.feed(text, clock, UNTIMED)
            return
        self.line = self._line_deadline = None
        place.lines += 1
        self._number += 1
        self._places[self._number] = begin
        records = self._transcript.feed(text, clock, UNTIMED)
        self._attach(records)
        if self._transcript.deadline is None:
            self._forget()
        elif self.held is None or records:
            # A record is complete when the next line does not belong to it; that one is held now.
            self._forget()
            self.held = self._places[self._number] = begin
        else:
            self.held.reach = place.number

    def _attach(self, records: list[Record]) -> None:
        for record in records:
            if record.level_number >= self._facts.level and record.line_number is not None:
                place = self._places[record.line_number]
                size = len(record.message) + len(record.exception or "")
                if record.fields:
                    size += len(pack_record(record))
                place.records.append((self._completed(record, record.line_number, place), size))
                self.bytes += size

    def _completed(self, record: Record, number: int, place: Place) -> Record:
        # By hand, since `dataclasses.replace` takes longer than all the rest that is done for a line.
        return Record(
            time=record.time if record.time != UNTIMED else min(max(place.time // 1000, 0), MAX_TIME),
            level_number=record.level_number,
            level=record.level,
            logger=record.logger,
            message=record.message,
            exception=record.exception,
            trace_id=record.trace_id,
            span_id=record.span_id,
            source=record.source,
            line_number=self._before + number,
            fields={**record.fields, **self._facts.fields} if record.fields else self._facts.fields,
        )

    def _forget(self) -> None:
        self._places.clear()
        self.held = None


def _lines(text: bytes) -> Iterator[bytes]:
    """The text in pieces of at most one line each, with its end."""
    *ended, rest = text.split(b"\n")
    for line in ended:
        yield line + b"\n"
    if rest:
        yield rest
