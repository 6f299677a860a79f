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
    names = ("request_id", "method", "path")
    return [(r.message, r.trace_id, r.span_id, *((r.fields or {}).get(name) for name in names)) for r in found]


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
        ("in the request", TRACE, SPAN, "r1", "GET", "/"),
        ("in the request", None, None, None, "GET", "/"),
    ]


def test_a_websocket_is_bound_as_long_as_it_is_open() -> None:
    seen: list[dict[str, Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(bound())

    async def open_and_close() -> None:
        nothing: Any = None
        headers = [(b"X-Request-ID", b"r1")]
        await AsgiMiddleware(app)({"type": "websocket", "path": "/live", "headers": headers}, nothing, nothing)
        await AsgiMiddleware(app)({"type": "lifespan"}, nothing, nothing)

    asyncio.run(open_and_close())
    assert seen == [{"request_id": "r1", "path": "/live"}, {}]


def test_a_wsgi_request_is_bound_until_its_answer_is_closed(
    log: logging.Logger, redis_server: RedisServer, prefix: str
) -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        log.info("begins")
        yield b"x"
        log.info("goes on")

    environ = {"HTTP_TRACEPARENT": HEADERS["traceparent"], "HTTP_X_REQUEST_ID": "r1"}
    # What stands in the paths is text in UTF-8, byte for byte a character.
    environ |= {"REQUEST_METHOD": "PUT", "SCRIPT_NAME": "/shop", "PATH_INFO": "/caf\xc3\xa9"}
    answer: Any = WsgiMiddleware(app)(environ, lambda *_: None)
    assert list(answer) == [b"x"]
    answer.close()
    log.info("after")
    assert read(log, redis_server, prefix) == [
        ("begins", TRACE, SPAN, "r1", "PUT", "/shop/café"),
        ("goes on", TRACE, SPAN, "r1", "PUT", "/shop/café"),
        ("after", None, None, None, None, None),
    ]


def test_a_wsgi_application_that_raises_leaves_nothing_bound() -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        raise ValueError

    with pytest.raises(ValueError):
        WsgiMiddleware(app)({"HTTP_X_REQUEST_ID": "r1"}, lambda *_: None)
    assert bound() == {}
