"""The viewer below a prefix of somebody's own application."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import expect

from tailrace_relay.app import create_app
from tailrace_relay.server import server_config
from tailrace_relay.settings import Settings
from tests.browser.conftest import OpenPage
from tests.browser.gateway import Log
from tests.servers import HOST, RedisServer, free_port, wait_for

pytestmark = pytest.mark.usefixtures("built_viewer")


@pytest.fixture
def application(redis_server: RedisServer, prefix: str) -> Iterator[str]:
    """Its address. It has gateways' pages below /logs, and nothing else."""
    settings = Settings(url=redis_server.url, prefix=prefix, host=HOST, port=free_port())
    app = FastAPI()
    create_app(settings).mount_on(app, "/logs")
    server = uvicorn.Server(server_config(app, settings, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_for(lambda: server.started, 20, "the application to start")
    yield f"http://{HOST}:{settings.port}"
    server.should_exit = True
    thread.join(20)


@pytest.mark.parametrize(
    ("path", "found"),
    [("/logs/", "/logs/"), ("/logs", "/logs/"), ("/logs/r/api/{id}", "/logs/?record=api/{id}")],
    ids=["page", "no slash", "permanent link"],
)
def test_all_that_the_page_loads_comes_from_below_the_prefix(
    path: str, found: str, application: str, log: Log, open_page: OpenPage
) -> None:
    log.write("api", "hello")
    answer = httpx.get(f"{application}/logs/api/streams/api/records", verify=False).json()
    path, found = (text.format(id=answer["records"][0]["id"]) for text in (path, found))
    page = open_page("about:blank")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.removeprefix(application)))
    page.goto(f"{application}{path}", wait_until="load")
    expect(page.locator("body")).to_contain_text(re.compile(r"\w"))
    assert asked[0] == path
    assert all(url.startswith("/logs") for url in asked)
    assert any(re.fullmatch(r"/logs/static/.*\.js", url) for url in asked)
    assert found in asked
