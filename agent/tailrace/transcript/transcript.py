"""Transcripts: what a program prints to one of its outputs, as records. No I/O here."""

from __future__ import annotations

import re
from itertools import chain

from tailrace.transcript.lines import Line, LineAssembler
from tailrace.transcript.structured import LEVELS, NAMES, Structured, recognise
from tailrace.transcript.tracebacks import Gatherer, Passage
from tailrace.values import cut_text
from tailrace.wire.levels import level_name
from tailrace.wire.record import Record

__all__ = ["Transcript"]

ERROR = 40

# A level in capitals: first in the line, or behind a time, numbers, brackets, a colour, a logger's name and a dash.
_LEVEL = re.compile(
    rf"[\W\dTZm]{{0,64}}(?:[A-Za-z_][\w.]{{0,63}} - )?(?<![A-Za-ln-z])({'|'.join(LEVELS).upper()})(?![\w-])", re.ASCII
)


class Transcript:
    """Makes records of what arrives: of each line one, of each traceback one, of a JSON object what it says.

    Args:
        source: `stdout` or `stderr`.
        level: of lines that name none. Tracebacks are at least ERROR.
        logger: of lines that name none.
    """

    def __init__(self, source: str, level: int, logger: str) -> None:
        self._source = source
        self._level = level
        self._logger = logger
        self._lines = LineAssembler(keep_blank=True)
        self._gatherer = Gatherer()

    @property
    def deadline(self) -> float | None:
        """When `flush` is due, by the clock whose readings `feed` is given; None while nothing waits."""
        return self._gatherer.deadline

    def feed(self, piece: bytes, now: float, time: int) -> list[Record]:
        """Take the next piece.

        Args:
            now: seconds of a clock that does not jump.
            time: µs since 1970: the time of records that name none.
        """
        return self._records(self._lines.feed_bytes(piece), now, time)

    def flush(self, time: int) -> list[Record]:
        """Records of what waited for further lines. An unterminated line goes on."""
        return [self._record(passage, time) for passage in self._gatherer.flush()]

    def end(self, now: float, time: int) -> list[Record]:
        """Records of all that is there."""
        return self._records(self._lines.flush(), now, time) + self.flush(time)

    def _records(self, lines: list[Line], now: float, time: int) -> list[Record]:
        passages = chain.from_iterable(self._gatherer.add(line, now) for line in lines)
        return [self._record(passage, time) for passage in passages if not passage.text.isspace()]

    def _record(self, passage: Passage, time: int) -> Record:
        number, text, title = passage
        if title is not None:
            return self._plain(number, title, time, max(self._level, ERROR), cut_text(text))
        found = recognise(text)
        if found is not None:
            return self._structured(number, found, time)
        named = _LEVEL.match(text)
        return self._plain(number, text, time, LEVELS[named[1].lower()] if named else self._level)

    def _plain(self, number: int, text: str, time: int, level: int, exception: str | None = None) -> Record:
        return Record(
            time=time,
            level_number=level,
            level=NAMES.get(level) or level_name(level),
            logger=self._logger,
            message=text,
            exception=exception,
            source=self._source,
            line_number=number,
        )

    def _structured(self, number: int, found: Structured, time: int) -> Record:
        level = self._level if found.level_number is None else found.level_number
        return Record(
            time=time if found.time is None else found.time,
            level_number=level,
            level=found.level or level_name(level),
            logger=found.logger or self._logger,
            message=found.message,
            exception=found.exception,
            trace_id=found.trace_id,
            span_id=found.span_id,
            fields=found.fields or None,
            source=self._source,
            line_number=number,
        )
