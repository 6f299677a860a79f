"""What requests for history have in common: which records, and of what time."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from tailrace_relay.history import History
from tailrace_relay.moments import parse_moment
from tailrace_relay.position import START, Position
from tailrace_relay.selection import parse_query

__all__ = ["Wanted"]

# How far a clock may be ahead of Redis', in ms. Where it is more, `since` misses the first records of that process.
CLOCK_AHEAD = 3_600_000


class Wanted:
    """Parameters of a request.

    Attributes:
        query: what a record must match: query, level and time together.
    """

    def __init__(
        self,
        query: Annotated[str, Query(description="which records; see docs/QUERY.md")] = "",
        level: Annotated[str, Query(description="this level and above")] = "",
        since: Annotated[str, Query(description="logged then or later: RFC 3339, or as -15m")] = "",
        until: Annotated[str, Query(description="logged then or before")] = "",
    ) -> None:
        self._since = parse_moment("since", since)[0] if since else None
        last = parse_moment("until", until)[1] if until else None
        self.query = parse_query(query, level).between(self._since, last)

    async def floor(self, history: History, stream: str) -> Position:
        """Before which nothing can match: records are appended after they were logged, as far as clocks agree.

        Raises:
            Unavailable: when Redis does not answer.
        """
        if self._since is None:
            return START
        return await history.at_time(stream, max(self._since // 1000 - CLOCK_AHEAD, 0))
