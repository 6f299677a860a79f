"""Numbers, perhaps with a unit, and times: written alike in queries and in the values that they are compared with."""

from __future__ import annotations

import datetime
import math
import re
from dataclasses import dataclass

__all__ = ["BYTES", "INSTANT", "PLAIN", "TIME", "Quantity", "key_scale", "number_text", "parse_quantity", "parse_time"]

# What a quantity measures: a number alone, nanoseconds, bytes, or microseconds since 1970 UTC.
PLAIN, TIME, BYTES, INSTANT = "", "ns", "B", "instant"

_TIME_UNITS = {
    "ns": 1.0,
    "us": 1e3,
    "µs": 1e3,
    "μs": 1e3,
    "ms": 1e6,
    "s": 1e9,
    "m": 6e10,
    "h": 3.6e12,
    "d": 8.64e13,
}
_SIZE_UNITS = {
    "b": 1.0,
    "kb": 1e3,
    "mb": 1e6,
    "gb": 1e9,
    "tb": 1e12,
    "kib": 1024.0,
    "mib": 1024.0**2,
    "gib": 1024.0**3,
    "tib": 1024.0**4,
}

# The last word of a key tells in which unit its bare numbers are: duration_ms, http.response_bytes.
_KEY_UNITS = {
    word: (dimension, factor)
    for dimension, factor, words in (
        (TIME, 1.0, "ns nanos nanoseconds"),
        (TIME, 1e3, "us micros microseconds"),
        (TIME, 1e6, "ms millis milliseconds"),
        (TIME, 1e9, "s sec secs seconds"),
        (TIME, 6e10, "min mins minutes"),
        (TIME, 3.6e12, "hours"),
        (TIME, 8.64e13, "days"),
        (BYTES, 1.0, "bytes"),
        *((BYTES, factor, unit) for unit, factor in _SIZE_UNITS.items() if unit != "b"),
    )
    for word in words.split()
}

_NUMBER = re.compile(r"([+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?)([A-Za-zµμ]*)", re.ASCII)
_COMPOUND = re.compile(r"(\d+(?:\.\d+)?)([a-zµμ]+)", re.ASCII)
_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6})\d*)?)?(Z|z|[+-]\d\d:\d\d)?)?", re.ASCII
)
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MICROSECOND = datetime.timedelta(microseconds=1)

# Characters of a value that are looked at for a number with a unit.
_LONGEST = 64


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number and what it measures. All arithmetic is that of doubles."""

    value: float
    dimension: str = PLAIN

    def __str__(self) -> str:
        if self.dimension == INSTANT:
            time = _EPOCH + int(self.value) * _MICROSECOND
            return time.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
        return f"{number_text(self.value)}{self.dimension}"


def parse_quantity(text: str) -> Quantity | None:
    """A number as JSON has it, perhaps with a unit of time or size, or several (`1m30s`); None for other text."""
    if len(text) > _LONGEST:
        return None
    match = _NUMBER.fullmatch(text)
    if match is None:
        return _compound(text)
    number, unit = float(match[1]), match[2]
    if not unit:
        return _finite(number, PLAIN)
    if unit in _TIME_UNITS:
        return _finite(number * _TIME_UNITS[unit], TIME)
    if unit.lower() in _SIZE_UNITS:
        return _finite(number * _SIZE_UNITS[unit.lower()], BYTES)
    return None


def _finite(value: float, dimension: str) -> Quantity | None:
    return Quantity(value, dimension) if math.isfinite(value) else None


def _compound(text: str) -> Quantity | None:
    total, end = 0.0, 0
    for match in _COMPOUND.finditer(text):
        if match.start() != end or match[2] not in _TIME_UNITS:
            return None
        total += float(match[1]) * _TIME_UNITS[match[2]]
        end = match.end()
    return _finite(total, TIME) if end and end == len(text) else None


def key_scale(key: str, dimension: str) -> float | None:
    """How much one of a bare number under this key is, in nanoseconds or bytes; None where the key says otherwise.

    A key that does not tell its unit has seconds or bytes.
    """
    found = _KEY_UNITS.get(re.split(r"[._-]", key)[-1].lower())
    if found is None:
        return 1e9 if dimension == TIME else 1.0
    return found[1] if found[0] == dimension else None


def number_text(number: float) -> str:
    """A number as JavaScript writes it: shortest, without `.0`."""
    if not math.isfinite(number):
        return "NaN" if number != number else "Infinity" if number > 0 else "-Infinity"
    if number == int(number) and abs(number) < 1e21:
        return str(int(number))
    mantissa, _, exponent = repr(number).partition("e")
    power = int(exponent or 0)
    if -7 < power < 0:
        sign, digits = "-" * mantissa.startswith("-"), mantissa.lstrip("-").replace(".", "")
        return f"{sign}0.{'0' * (-power - 1)}{digits}"
    return f"{mantissa.removesuffix('.0')}e{power:+d}" if exponent else mantissa


def parse_time(text: str) -> tuple[int, int] | None:
    """The first and the last microsecond (since 1970 UTC) of a day, a minute, a second or a part of one.

    As RFC 3339 has it; from the right, parts may be absent: `2026-11-21`, `2026-11-21T10:30`. Without an offset it is
    UTC. None for other text, and for times that no calendar has.
    """
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    micros = int((fraction or "").ljust(6, "0"))
    zone = 0 if offset is None or offset in "Zz" else int(offset[1:3]) * 60 + int(offset[4:])
    try:
        time = datetime.datetime(int(year), int(month), int(day), tzinfo=datetime.UTC)
        clock = (int(hour or 0), int(minute or 0), int(second or 0))
        if not (clock[0] < 24 and clock[1] < 60 and clock[2] < 60 and zone < 24 * 60):
            return None
        time += datetime.timedelta(hours=clock[0], minutes=clock[1], seconds=clock[2], microseconds=micros)
        time -= datetime.timedelta(minutes=-zone if offset and offset[0] == "-" else zone)
    except (ValueError, OverflowError):
        return None
    first = (time - _EPOCH) // _MICROSECOND
    return first, first + _precision(hour, second, fraction) - 1


def _precision(hour: str | None, second: str | None, fraction: str | None) -> int:
    if hour is None:
        return 86_400_000_000
    if second is None:
        return 60_000_000
    return int(10 ** (6 - len(fraction or "")))
