"""Requests: what is recorded in one carries its trace and its ID, over ASGI and WSGI."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from tailrace import bound
from tailrace.integrations.asgi import TailraceMiddleware as AsgiMiddleware
from tailrace.integrations.wsgi import TailraceMiddleware as WsgiMiddleware
from tests.agent.conftest import MakeLogger, engine_of
from tests.agent.delivered import delivered
from tests.servers import RedisServer

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
HEADERS = {"traceparent": f"00-{TRACE}-{SPAN}-01", "X-Request-ID": "r1"}


@pytest.fixture
def log(make_logger: MakeLogger, redis_server: RedisServer) -> logging.Logger:
    return make_logger(redis_server.url)


def read(log: logging.Logger, redis_server: RedisServer, prefix: str) -> list[tuple[Any, ...]]:
    assert engine_of(log).flush(20)
    found = delivered(redis_server.client(), prefix, "s").all
    return [(r.message, r.trace_id, r.span_id, (r.fields or {}).get("request_id")) for r in found]


def test_an_asgi_request_is_bound(log: logging.Logger, redis_server: RedisServer, prefix: str) -> None:
    app = FastAPI()
    app.add_middleware(AsgiMiddleware)

    @app.get("/")
    async def root() -> str:
        log.info("in the request")
        return "x"

    async def ask(headers: dict[str, str]) -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            assert (await client.get("/", headers=headers)).status_code == 200

    asyncio.run(ask(HEADERS))
    asyncio.run(ask({"traceparent": "nonsense", "X-Request-ID": "\x7f"}))
    assert read(log, redis_server, prefix) == [
        ("in the request", TRACE, SPAN, "r1"),
        ("in the request", None, None, None),
    ]


def test_a_wsgi_request_is_bound_until_its_answer_is_closed(
    log: logging.Logger, redis_server: RedisServer, prefix: str
) -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        log.info("begins")
        yield b"x"
        log.info("goes on")

    answer: Any = WsgiMiddleware(app)(
        {"HTTP_TRACEPARENT": HEADERS["traceparent"], "HTTP_X_REQUEST_ID": "r1"}, lambda *_: None
    )
    assert list(answer) == [b"x"]
    answer.close()
    log.info("after")
    assert read(log, redis_server, prefix) == [
        ("begins", TRACE, SPAN, "r1"),
        ("goes on", TRACE, SPAN, "r1"),
        ("after", None, None, None),
    ]


def test_a_wsgi_application_that_raises_leaves_nothing_bound() -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        raise ValueError

    with pytest.raises(ValueError):
        WsgiMiddleware(app)({"HTTP_X_REQUEST_ID": "r1"}, lambda *_: None)
    assert bound() == {}
