from __future__ import annotations

import subprocess
import sys
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import ValidationError
from websockets.exceptions import InvalidStatus

from tailrace_relay.app import create_app
from tailrace_relay.dialects.table import DIALECTS
from tailrace_relay.settings import DIALECTS as NAMES
from tailrace_relay.settings import Settings
from tests.relay.asgi_server import serving, url_of
from tests.relay.dialects.front_end import front_end
from tests.servers import RedisServer

SOCKETS = ["/ws/logs", "/ws/monitor", "/api/logs/ws/api", "/api/logs/ws/status", "/runs/1/logs/stream"]
ROUTES = {
    "/api/logs": {"get"},
    "/api/logs/{service}": {"get"},
    "/api/monitoring/advanced/logs/stream": {"get"},
    "/runs/{run_id}/logs": {"get", "post", "delete"},
    "/runs/{run_id}/logs/batch": {"post"},
    "/runs/{run_id}/logs/latest": {"get"},
    "/runs/{run_id}/logs/summary": {"get"},
    "/runs/{run_id}/logs/download": {"get"},
}


def test_the_setting_knows_all_dialects() -> None:
    assert tuple(DIALECTS) == NAMES


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", ()), (" runs, logs ,,runs", ("logs", "runs")), ("all", NAMES), ("logs,all", NAMES)],
)
def test_dialects_are_named_in_any_order(monkeypatch: pytest.MonkeyPatch, text: str, expected: tuple[str, ...]) -> None:
    monkeypatch.setenv("TAILRACE_DIALECTS", text)
    assert Settings().dialects == expected


def test_a_wrong_name_is_refused_with_the_right_ones() -> None:
    with pytest.raises(ValidationError, match="no dialect 'log'; right would be all, or some of logs,"):
        Settings(dialects=("log",))
    done = subprocess.run(
        [sys.executable, "-m", "tailrace_relay", "serve", "--dialects", "logs,lgos"], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "there is no dialect 'lgos'" in done.stderr


def test_routes_appear_with_examples_when_they_are_switched_on() -> None:
    assert not paths_of() & set(ROUTES)
    assert paths_of("events") & set(ROUTES) == {"/api/monitoring/advanced/logs/stream"}
    schema = schema_of("all")
    for path, methods in ROUTES.items():
        assert set(schema["paths"][path]) == methods
        for method in methods:
            answers = schema["paths"][path][method]["responses"]
            content = next(answer["content"] for status, answer in answers.items() if status.startswith("2"))
            assert any("example" in found or "examples" in found for found in content.values()), (path, method)


@pytest.mark.anyio
async def test_nothing_of_them_is_there_unless_it_is_switched_on(redis_server: RedisServer, prefix: str) -> None:
    app = create_app(Settings(url=redis_server.url, prefix=prefix, dialects=("monitor",)))
    async with serving(app, lifespan="on") as server:
        for path in SOCKETS:
            if path != "/ws/monitor":
                with pytest.raises(InvalidStatus):
                    async with front_end(url_of(server, path)):
                        raise AssertionError(path)
        async with front_end(url_of(server, "/ws/monitor?tail=x")) as page:
            assert (await page.closed())[0] == 3501
        async with httpx.AsyncClient(base_url=url_of(server).replace("ws", "http")) as http:
            assert [(await http.get(path)).status_code for path in ("/api/logs", "/runs/1/logs")] == [404, 404]


@pytest.mark.anyio
async def test_they_work_below_a_prefix_of_another_application(redis_server: RedisServer, prefix: str) -> None:
    app = FastAPI()
    create_app(Settings(url=redis_server.url, prefix=prefix, dialects=("all",))).mount_on(app, "/sub")
    async with serving(app, lifespan="on") as server:
        async with front_end(url_of(server, "/sub/ws/logs")) as page:
            assert (await page.next())["module"] == "websocket"
        async with front_end(url_of(server, "/sub/api/logs/ws/status")) as page:
            assert await page.next() == {"type": "status_update", "changes": []}
        async with httpx.AsyncClient(base_url=url_of(server, "/sub").replace("ws", "http", 1)) as http:
            assert (await http.get("/runs/1/logs")).json()["total"] == 0


def schema_of(dialects: str = "") -> dict[str, Any]:
    app = create_app(Settings(dialects=tuple(dialects.split()))).http
    assert isinstance(app, FastAPI)
    return app.openapi()


def paths_of(dialects: str = "") -> set[str]:
    return set(schema_of(dialects)["paths"])
