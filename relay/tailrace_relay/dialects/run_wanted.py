"""Which records of a run a request is about."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Annotated

from fastapi import Query, Request

from tailrace_relay.auth import grant_of
from tailrace_relay.dialects.choosing import has_levels, has_message, is_one_of, query_of, within
from tailrace_relay.dialects.runs import run_stream
from tailrace_relay.gateway import Gateway
from tailrace_relay.moments import parse_moment
from tailrace_relay.position import Position
from tailrace_relay.reader import Gap
from tailrace_relay.rest.wanted import floor_of
from tailrace_relay.scan import Found, scan
from tailrace_relay.selection import Selection

__all__ = ["RunWanted"]


class RunWanted:
    """Parameters of a request.

    Attributes:
        run_id: of the run.
        stream: that of the run.
        selection: what the caller gets to see of it.
    """

    def __init__(
        self,
        request: Request,
        run_id: str,
        level: Annotated[str, Query(description="exactly these levels, separated by commas")] = "",
        source: Annotated[str, Query(description="these sources, separated by commas")] = "",
        search: Annotated[str, Query(description="what the message must have in it, in any case")] = "",
        start_time: Annotated[str, Query(description="logged then or later: RFC 3339, or as -15m")] = "",
        end_time: Annotated[str, Query(description="logged then or before")] = "",
    ) -> None:
        self.run_id = run_id
        self.stream = run_stream(run_id)
        asked = query_of(has_levels(level), is_one_of("source", source), has_message(search))
        query = within(asked, start_time, end_time)
        self.selection = grant_of(request.scope).select(Selection((self.stream,), query))
        self._since = parse_moment("start_time", start_time)[0] if start_time else None

    async def scan(self, gateway: Gateway) -> AsyncGenerator[Found | Gap | Position]:
        """All of them up to the newest of this moment; none of a run that nobody has heard of.

        Raises:
            Unavailable: when Redis does not answer.
        """
        history = gateway.history
        meta = (await history.metas([self.stream]))[self.stream]
        if meta is None or not self.selection.matcher()(self.stream):
            return
        start = await floor_of(history, self.stream, self._since)
        async for item in scan(history, self.stream, self.selection.query, start, meta.last.n):
            yield item
