"""WebSockets that speak a dialect: how each begins is its own, the rest is the same for all."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import parse_qsl

from tailrace_relay import codes
from tailrace_relay.accepting import Receive, Scope, Send, accept
from tailrace_relay.auth import Grant, grant_of
from tailrace_relay.auth.lease import Lease
from tailrace_relay.errors import Forbidden, ParameterError, Unavailable
from tailrace_relay.gateway import Gateway
from tailrace_relay.limits import TOO_FAST, Bucket
from tailrace_relay.outbox import Message, Outbox

__all__ = ["Asked", "DialectSocket", "Followed", "Opening"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a front end asked for.

    Attributes:
        grant: what the client may see.
        path: the parts of the path that have names.
        parameters: of the address; unknown ones, such as `token`, are passed over.
    """

    grant: Grant
    path: Mapping[str, str]
    parameters: Mapping[str, str]


class Followed(Protocol):
    """What a connection is there for."""

    def leave(self) -> None:
        """Let go of it."""


class Opening(Protocol):
    """How the connections of one address begin."""

    async def open(self, asked: Asked, outbox: Outbox) -> Followed | None:
        """Give the client what it asked for; None when it was told otherwise, and the outbox closed.

        Raises:
            ParameterError: when something that was asked for is not usable.
            Unavailable: when Redis does not answer.
        """

    def failure(self, text: str) -> Message:
        """What was wrong, in words that such a client knows."""

    def answer(self, text: str) -> Message | None:
        """What a client's message is answered with; front ends of these kinds expect nothing, unless said otherwise."""


class DialectSocket:
    """Serves the WebSockets of one address, one after the other."""

    def __init__(self, gateway: Gateway, opening: Opening) -> None:
        self._gateway = gateway
        self._opening = opening

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        text = scope["query_string"].decode("latin-1")
        asked = Asked(grant_of(scope), scope.get("path_params", {}), dict(parse_qsl(text, keep_blank_values=True)))
        outbox, writer = await accept(scope, receive, send)
        self._gateway.add(outbox)
        lease = Lease(asked.grant, outbox, self._gateway.settings.token_grace, _say_nothing)
        followed: Followed | None = None
        try:
            followed = await self._open(asked, outbox)
            del asked
            await self._serve(receive, outbox)
        finally:
            lease.end()
            if followed is not None:
                followed.leave()
            self._gateway.remove(outbox)
            outbox.close(codes.NORMAL, "")
            if writer is not None:
                await writer

    async def _open(self, asked: Asked, outbox: Outbox) -> Followed | None:
        try:
            return await self._opening.open(asked, outbox)
        except ParameterError as error:
            outbox.write(self._opening.failure(f"{error.parameter}: {error}"))
            outbox.close(codes.BAD_PARAMETER, str(error))
        except Forbidden as error:
            outbox.write(self._opening.failure(str(error)))
            outbox.close(codes.FORBIDDEN, str(error))
        except Unavailable as error:
            outbox.write(self._opening.failure(str(error)))
            outbox.close(codes.UNAVAILABLE, "Redis does not answer; come again")
        return None

    async def _serve(self, receive: Receive, outbox: Outbox) -> None:
        bucket = Bucket(self._gateway.settings.limit_messages, time.monotonic())
        while True:
            event = await receive()
            if event["type"] == "websocket.disconnect":
                return
            if bucket.take(time.monotonic()):
                outbox.close(codes.TOO_MANY, TOO_FAST)
                continue
            answer = self._opening.answer(event.get("text") or "")
            if answer is not None:
                outbox.write(answer)


def _say_nothing() -> None:
    """Such front ends have no word for a token that has expired: they are sent away and come again."""
