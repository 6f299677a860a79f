"""Retention: how long and how much each stream keeps, by its name or by a pattern. No I/O: the keeper does it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from tailrace.wire import DEFAULT_AGE, DEFAULT_SIZE
from tailrace_relay.errors import ParameterError
from tailrace_relay.globs import compile_globs
from tailrace_relay.query.quantity import BYTES, TIME, parse_quantity
from tailrace_relay.selection import is_pattern

__all__ = ["DEFAULT", "Limits", "Rules", "parse_limits"]

# The largest number that Redis' scripts hold exactly.
LARGEST = (1 << 53) - 1

NANOSECONDS_PER_MS = 1_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What a stream keeps at most; 0 is without limit.

    Attributes:
        age: in ms.
        bytes: of frames.
    """

    age: int = DEFAULT_AGE
    bytes: int = DEFAULT_SIZE


DEFAULT = Limits()


class Rules:
    """Limits by name or pattern.

    Args:
        stored: as Redis holds them; what cannot be read is passed over.
    """

    def __init__(self, stored: Mapping[bytes, bytes]) -> None:
        self.limits: dict[str, Limits] = {}
        for pattern, packed in stored.items():
            name = pattern.decode("ascii", "replace")
            try:
                limits = msgspec.json.decode(packed, type=Limits)
            except msgspec.MsgspecError:
                continue
            if is_pattern(name) and 0 <= limits.age <= LARGEST and 0 <= limits.bytes <= LARGEST:
                self.limits[name] = limits
        # The most exact first: what has the most characters that stand for themselves.
        self._order = sorted(self.limits, key=lambda each: (-len(re.sub(r"[*?]", "", each)), "*" in each, each))

    def of(self, stream: str) -> Limits | None:
        """Those of a stream; None where the default holds."""
        for pattern in self._order:
            if compile_globs((pattern,))(stream):
                return self.limits[pattern]
        return None


def parse_limits(value: Mapping[str, Any]) -> Limits:
    """Read `{"age": "30d", "bytes": "1GiB"}`; a number is in ms or bytes, null is without limit, absent is the default.

    Raises:
        ParameterError: naming the member, what is wrong with it and what would be right.
    """
    for name in value:
        if name not in ("age", "bytes"):
            raise ParameterError(name, f"{name!r} is no limit; right would be age and bytes")
    age = _amount("age", value.get("age", DEFAULT_AGE), TIME, NANOSECONDS_PER_MS, "30d, 12h or milliseconds")
    return Limits(age, _amount("bytes", value.get("bytes", DEFAULT_SIZE), BYTES, 1, "512MB, 2GiB or bytes"))


def _amount(name: str, value: Any, dimension: str, unit: int, right: str) -> int:
    if value is None:
        return 0
    amount: float | None = None
    if isinstance(value, int) and not isinstance(value, bool):
        amount = value
    elif isinstance(value, str):
        quantity = parse_quantity(value)
        amount = quantity.value / unit if quantity is not None and quantity.dimension == dimension else None
    if amount is None or not 0 <= amount <= LARGEST:
        raise ParameterError(name, f"{str(value)[:64]!r} is no {name}; right would be {right}; null is without limit")
    return math.ceil(amount)  # what is less than one is not without limit
