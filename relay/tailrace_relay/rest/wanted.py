"""What requests for history have in common: which records, and of what time."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request

from tailrace_relay.auth import grant_of
from tailrace_relay.history import History
from tailrace_relay.moments import parse_moment
from tailrace_relay.position import START, Position
from tailrace_relay.selection import parse_query

__all__ = ["Wanted", "floor_of"]

# How far a clock may be ahead of Redis', in ms. Where it is more, `since` misses the first records of that process.
CLOCK_AHEAD = 3_600_000


class Wanted:
    """Parameters of a request.

    Attributes:
        query: what a record must match: query, level, time and what the token lets see, together.
        lasting: it means the same tomorrow, and nothing in it depends on what is kept: there is no time in it.
    """

    def __init__(
        self,
        request: Request,
        query: Annotated[str, Query(description="which records; see docs/QUERY.md")] = "",
        level: Annotated[str, Query(description="this level and above")] = "",
        since: Annotated[str, Query(description="logged then or later: RFC 3339, or as -15m")] = "",
        until: Annotated[str, Query(description="logged then or before")] = "",
    ) -> None:
        self._since = parse_moment("since", since)[0] if since else None
        last = parse_moment("until", until)[1] if until else None
        self.lasting = not since and not until
        asked = parse_query(query, level).between(self._since, last)
        self.query = grant_of(request.scope).narrow(asked)

    async def floor(self, history: History, stream: str) -> Position:
        """Before which nothing can match: records are appended after they were logged, as far as clocks agree.

        Raises:
            Unavailable: when Redis does not answer.
        """
        return await floor_of(history, stream, self._since)


async def floor_of(history: History, stream: str, since: int | None) -> Position:
    """Before which nothing logged at `since` (in microseconds) or later can stand; the start for None.

    Raises:
        Unavailable: when Redis does not answer.
    """
    if since is None:
        return START
    return await history.at_time(stream, max(since // 1000 - CLOCK_AHEAD, 0))
