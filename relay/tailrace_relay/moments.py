"""Moments as requests name them, a time or how long ago, and as answers do."""

from __future__ import annotations

import datetime
import time

from tailrace_relay.errors import ParameterError
from tailrace_relay.query.quantity import TIME, parse_quantity, parse_time

__all__ = ["format_moment", "parse_moment"]

# The last millisecond that RFC 3339 can write.
LATEST = 253_402_300_799_999


def parse_moment(parameter: str, text: str) -> tuple[int, int]:
    """The first and the last microsecond (since 1970 UTC) that are meant: `2026-11-21`, `2026-11-21T10:30Z`, `-15m`.

    Raises:
        ParameterError: for any other text.
    """
    ago = parse_quantity(text[1:]) if text.startswith("-") and text[1:2].isdigit() else None
    if ago is not None and ago.dimension == TIME:
        moment = max(int(time.time_ns() - ago.value) // 1000, 0)
        return moment, moment
    # A plus that was not escaped in an address has become a blank.
    found = parse_time(text.replace(" ", "+") if text.count(" ") == 1 and "T" in text else text)
    if found is None:
        raise ParameterError(
            parameter, f"not a time: {text[:64]!r}; right would be as 2026-11-21T10:30:00Z, 2026-11-21 or -15m"
        )
    return found


def format_moment(ms: int) -> str:
    """RFC 3339 UTC with milliseconds, of ms since 1970; what lies beyond the year 9999 is its end."""
    seconds, rest = divmod(min(ms, LATEST), 1000)
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC).replace(microsecond=rest * 1000)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
