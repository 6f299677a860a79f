"""Lines that are JSON objects, as most libraries of most languages write their logs: what they say about a record."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tailrace.values import DEEPEST, LONGEST_TEXT, clean, clean_text, cut_text
from tailrace.wire.levels import level_name
from tailrace.wire.record import MAX_TIME

__all__ = ["Structured", "recognise"]

# The common names, in the order in which they are looked for. One with dots is also looked for as object in object.
MESSAGE = ("msg", "message", "event", "@message")
LEVEL = ("level", "severity", "levelname", "log.level", "lvl")
TIME = ("time", "ts", "timestamp", "@timestamp", "asctime")
LOGGER = ("logger", "logger_name", "log.logger", "name")
STACKS = ("stack", "stack_trace", "stacktrace", "traceback")
EXCEPTION = ("exception", "exc_info", "error.stack_trace", "err.stack", "error.stack", "exception.stacktrace", *STACKS)
TRACE = ("trace_id", "trace.id", "traceId", "traceid", "otelTraceID", "dd.trace_id")
SPAN = ("span_id", "span.id", "spanId", "spanid", "otelSpanID", "dd.span_id")

LEVELS = {
    "trace": 5, "verbose": 5, "debug": 10, "info": 20, "information": 20, "informational": 20, "notice": 25,
    "warn": 30, "warning": 30, "error": 40, "err": 40, "severe": 40, "critical": 50, "crit": 50, "fatal": 50,
    "panic": 50, "dpanic": 50, "alert": 50, "emerg": 50, "emergency": 50,
}  # fmt: skip
# Levels that `logging` has no name for.
NAMES = {5: "TRACE", 25: "NOTICE"}

# pino and bunyan count from trace 10 to fatal 60, ten above `logging`.
JSON_LEVELS = range(10, 61)

LONGEST_NAME = 256
LONGEST_ID = 128

# Numbers from here on are seconds since 1970, up to the next bound; then milli-, micro- and nanoseconds. Smaller ones
# (before 2001) are more likely a duration.
EPOCH_SECONDS = 1e9
EPOCH_UNITS = ((1e11, 1_000_000.0), (1e14, 1_000.0), (1e17, 1.0), (1e20, 0.001))

_NUMBER = re.compile(r"\d{1,20}(\.\d{1,20})?", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True, kw_only=True)
class Structured:
    """What a line says; None where it says nothing of it.

    Attributes:
        message: the line itself where the object has a level, but no message.
        level: the level's name, where `level_number` alone does not tell it.
        time: µs since 1970.
        fields: everything else.
    """

    message: str
    level_number: int | None = None
    level: str = ""
    time: int | None = None
    logger: str | None = None
    exception: str | None = None
    trace_id: str | None = None
    span_id: str | None = None
    fields: dict[str, Any] = field(default_factory=dict)


def recognise(line: str) -> Structured | None:
    """Read a line that is one JSON object with a message or a level; never raises.

    Returns:
        None for any other line, for one beyond 64 KiB and for an object nested more than six deep: these are text.
    """
    text = line.strip()
    if not (text.startswith("{") and text.endswith("}")) or len(text) > LONGEST_TEXT:
        return None
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):  # no JSON, integers of thousands of digits; nested beyond all measure
        return None
    if not isinstance(values, dict) or _deeper(values, DEEPEST):
        return None
    return _structured(values, text)


def _structured(values: dict[str, Any], line: str) -> Structured | None:
    message = _take(values, MESSAGE, _message)
    level = _take(values, LEVEL, _level)
    if message is None and level is None:
        return None
    if level is None:
        level = _take(values, ("levelno",), _python_level)
    found = Structured(message=cut_text(clean_text(line if message is None else message)))
    if level is not None:
        found.level_number, found.level = level, NAMES.get(level) or level_name(level)
    found.time = _take(values, TIME, _time)
    found.logger = _take(values, LOGGER, _short_text)
    found.exception = _take(values, EXCEPTION, _long_text)
    found.trace_id = _take(values, TRACE, _id)
    found.span_id = _take(values, SPAN, _id)
    found.fields = clean(values)
    return found


def _take(values: dict[str, Any], names: tuple[str, ...], read: Callable[[Any], Any]) -> Any:
    """Take the first value out that one of these names has and the reader can use."""
    for name in names:
        place, key = _place_of(values, name)
        if place is not None and (found := read(place[key])) is not None:
            del place[key]
            _drop_empty(values, name, place)
            return found
    return None


def _place_of(values: dict[str, Any], name: str) -> tuple[dict[str, Any] | None, str]:
    if name in values:
        return values, name
    outer, _, inner = name.partition(".")
    place = values.get(outer)
    return (place, inner) if isinstance(place, dict) and inner in place else (None, name)


def _drop_empty(values: dict[str, Any], name: str, place: Mapping[str, Any]) -> None:
    outer = name.partition(".")[0]
    if not place and values.get(outer) is place:
        del values[outer]


def _deeper(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return levels <= 0 or any(_deeper(item, levels - 1) for item in inner)


# Readers: the value in the form of a record, or None where it is none.


def _message(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(value)


def _level(value: Any) -> int | None:
    if isinstance(value, str):
        word = value.strip().lower()
        if word in LEVELS or not (word.isascii() and word.isdigit() and len(word) == 2):
            return LEVELS.get(word)
        value = int(word)
    if isinstance(value, bool) or not isinstance(value, int) or value not in JSON_LEVELS:
        return None
    return max(value - 10, 5)


def _python_level(value: Any) -> int | None:
    return value if type(value) is int and 0 < value <= 100 else None


def _time(value: Any) -> int | None:
    if isinstance(value, str):
        text = value.strip()
        return _epoch_time(text) if _NUMBER.fullmatch(text) else _written_time(text)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return _epoch_time(value)


def _epoch_time(value: str | int | float) -> int | None:
    number = float(value) if isinstance(value, str) else value
    if not number >= EPOCH_SECONDS:
        return None
    unit = next((unit for bound, unit in EPOCH_UNITS if number < bound), None)
    return None if unit is None else _within_bounds(round(number * unit))


def _written_time(text: str) -> int | None:
    """RFC 3339, and what `logging` writes; without a zone it is the local time."""
    try:
        moment = datetime.fromisoformat(text)
        return _within_bounds((moment.astimezone(UTC) - _EPOCH) // timedelta(microseconds=1))
    except (ValueError, OverflowError, OSError):  # the last two: local time at the ends of the calendar
        return None


def _within_bounds(time: int) -> int | None:
    return time if 0 <= time <= MAX_TIME else None


def _short_text(value: Any) -> str | None:
    return clean_text(value)[:LONGEST_NAME] if isinstance(value, str) and value.strip() else None


def _long_text(value: Any) -> str | None:
    return cut_text(clean_text(value)) if isinstance(value, str) and value.strip() else None


def _id(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int) or not value:
        return None
    text = clean_text(str(value))
    # What does not go together with anything, as some libraries write where there is no span.
    return text if len(text) <= LONGEST_ID and text.strip("0") else None
