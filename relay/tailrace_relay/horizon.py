"""A stream's horizon: what of it is kept, and by which limits. No I/O."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from tailrace.wire import StreamID
from tailrace_relay.moments import format_moment
from tailrace_relay.position import StreamMeta
from tailrace_relay.retention import Limits

__all__ = ["horizon"]


def horizon(meta: StreamMeta, oldest: StreamID | None, limits: Limits, now: int) -> dict[str, Any]:
    """What clients are told of it.

    Args:
        oldest: the first record kept; None where none is.
        now: ms since 1970, by the clock of Redis.
    """
    return {
        "epoch": meta.epoch,
        "oldest": str(oldest) if oldest else None,
        "oldest_time": format_moment(oldest.ms) if oldest else None,
        "age": max(now - oldest.ms, 0) if oldest else None,
        "newest": str(meta.last),
        "records": meta.last.n - oldest.n + 1 if oldest else 0,
        "bytes": meta.size,
        "limits": asdict(limits),
    }
