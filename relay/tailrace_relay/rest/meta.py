"""The stream that a request names, for reading."""

from __future__ import annotations

from fastapi import Request

from tailrace.wire import check_stream_name
from tailrace_relay.auth import Action, grant_of
from tailrace_relay.errors import NotFound
from tailrace_relay.gateway import Gateway
from tailrace_relay.position import StreamMeta

__all__ = ["meta_of"]


async def meta_of(gateway: Gateway, request: Request, stream: str) -> StreamMeta:
    """What a stream says of itself.

    Raises:
        StreamNameError: for a text that can be no name.
        Forbidden: when the token does not allow to read it.
        NotFound: when there is no such stream.
        Unavailable: when Redis does not answer.
    """
    check_stream_name(stream)
    grant_of(request.scope).require(Action.READ, stream)
    meta = (await gateway.history.metas([stream]))[stream]
    if meta is None:
        raise NotFound("stream", f"there is no stream {stream!r}")
    return meta
