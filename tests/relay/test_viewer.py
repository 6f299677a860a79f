from __future__ import annotations

import gzip
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from tailrace_relay.app import create_app
from tailrace_relay.problems import install_problems
from tailrace_relay.settings import Settings
from tailrace_relay.viewer import Viewer, viewer_router
from tests.built import loaded_by
from tests.relay.asgi_server import port_of, serving
from tests.servers import HOST, RedisServer

pytestmark = pytest.mark.anyio

FOR_EVER = "public, max-age=31536000, immutable"
PLAIN = {"Accept-Encoding": "identity"}
TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}


@asynccontextmanager
async def client_of(app: object, prefix: str = "") -> AsyncIterator[httpx.AsyncClient]:
    async with serving(app, lifespan="on") as server:
        address = f"http://{HOST}:{port_of(server)}{prefix}"
        async with httpx.AsyncClient(base_url=address, headers=PLAIN, verify=False) as client:
            yield client


def app_with(folder: Path) -> FastAPI:
    """The viewer of this folder, and nothing else."""
    app = FastAPI()
    install_problems(app)
    app.include_router(viewer_router(Viewer(folder)))
    return app


@pytest.fixture
def small_viewer(tmp_path: Path) -> Path:
    assets = tmp_path / "built" / "static"
    assets.mkdir(parents=True)
    (assets.parent / "index.html").write_text('<script src="./static/index-Ab3_x-9Z.js"></script>')
    (assets / "index-Ab3_x-9Z.js").write_text("let one;\n" * 100)
    (assets / "robots.txt").write_text("no hash in the name")
    return assets.parent


@pytest.mark.parametrize("prefix", ["", "/logs"])
async def test_the_page_and_all_that_it_names_are_served_alone_and_below_a_prefix(
    prefix: str, built_viewer: Path, redis_server: RedisServer
) -> None:
    relay = create_app(Settings(url=redis_server.url))
    app = FastAPI()
    relay.mount_on(app, "/logs")
    async with client_of(app if prefix else relay, prefix) as client:
        page = await client.get("/")
        assert page.status_code == 200
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert page.headers["cache-control"] == "no-cache"
        assert page.text == (built_viewer / "index.html").read_text()
        named = loaded_by(page.text)
        assert {Path(name).suffix for name in named} >= {".js", ".css"}
        for name in named:
            answer = await client.get(f"/{name}")
            assert answer.status_code == 200
            assert answer.content == (built_viewer / name).read_bytes()
            assert answer.headers["content-type"] == TYPES[Path(name).suffix]
            assert answer.headers["cache-control"] == FOR_EVER


async def test_scripts_styles_and_workers_are_the_gateways_own_and_nothing_inline_runs(
    built_viewer: Path, redis_server: RedisServer
) -> None:
    names = [f"/static/{path.name}" for path in (built_viewer / "static").iterdir()]
    async with client_of(create_app(Settings(url=redis_server.url))) as client:
        for path in ("/", *names):
            headers = (await client.get(path)).headers
            policy = dict(rule.split(" ", 1) for rule in headers["content-security-policy"].split("; "))
            assert {policy[kind] for kind in ("script-src", "style-src", "worker-src")} == {"'self'"}
            assert (policy["default-src"], policy["frame-ancestors"]) == ("'none'", "'none'")
            assert policy["connect-src"] == "*"
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"


async def test_a_file_is_kept_for_ever_only_where_its_name_changes_with_it(small_viewer: Path) -> None:
    async with client_of(app_with(small_viewer)) as client:
        assert (await client.get("/static/index-Ab3_x-9Z.js")).headers["cache-control"] == FOR_EVER
        unnamed = await client.get("/static/robots.txt")
        assert (unnamed.headers["cache-control"], unnamed.headers["content-type"]) == (
            "no-cache",
            "application/octet-stream",
        )


@pytest.mark.parametrize(
    ("accepted", "compressed"),
    [
        ("gzip, deflate, br", True),
        ("br;q=1.0, GZIP;q=0.5", True),
        ("*", True),
        ("identity", False),
        ("br", False),
        ("gzip;q=0", False),
        ("gzip; q=0.000, br", False),
    ],
)
async def test_text_is_compressed_for_whom_takes_it(accepted: str, compressed: bool, small_viewer: Path) -> None:
    async with client_of(app_with(small_viewer)) as client:
        headers = {"Accept-Encoding": accepted}
        async with client.stream("GET", "/static/index-Ab3_x-9Z.js", headers=headers) as answer:
            body = b"".join([part async for part in answer.aiter_raw()])
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers.get("content-encoding") == ("gzip" if compressed else None)
    assert (gzip.decompress(body) if compressed else body) == b"let one;\n" * 100


async def test_a_head_is_the_answer_without_its_body(small_viewer: Path) -> None:
    async with client_of(app_with(small_viewer)) as client:
        for path in ("/", "/static/index-Ab3_x-9Z.js", "/r/api/1-1"):
            head, whole = await client.head(path), await client.get(path)
            assert (head.status_code, head.content) == (whole.status_code, b"")
            assert {**head.headers, "date": ""} == {**whole.headers, "date": ""}


@pytest.mark.parametrize(
    "path", ["none.js", "", "../index.html", "%2e%2e/index.html", "..%2findex.html", "%2fetc%2fpasswd", "a%00b"]
)
async def test_there_is_nothing_else_below_static(path: str, small_viewer: Path) -> None:
    async with client_of(app_with(small_viewer)) as client:
        answer = await client.get(httpx.URL(str(client.base_url)).copy_with(raw_path=f"/static/{path}".encode()))
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_gateway_serves_one_version_as_long_as_it_runs(small_viewer: Path) -> None:
    app = app_with(small_viewer)
    shutil.rmtree(small_viewer)
    async with client_of(app) as client:
        [name] = loaded_by((await client.get("/")).text)
        assert (await client.get(f"/{name}")).text.startswith("let one;")


async def test_where_no_viewer_is_built_the_page_says_what_to_do(tmp_path: Path) -> None:
    async with client_of(app_with(tmp_path / "none")) as client:
        answer = await client.get("/")
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert "make setup" in answer.text
    assert "pip install 'tailrace[relay]'" in answer.text


@pytest.mark.parametrize("prefix", ["", "/logs"])
@pytest.mark.parametrize("stream", ["api", "run:8f3a", "run%3A8f3a", "a.b_c-d"])
async def test_a_permanent_link_leads_to_the_viewer_alone_and_below_a_prefix(
    prefix: str, stream: str, redis_server: RedisServer
) -> None:
    relay = create_app(Settings(url=redis_server.url))
    app = FastAPI()
    relay.mount_on(app, "/logs")
    async with client_of(app if prefix else relay, prefix) as client:
        answer = await client.get(f"/r/{stream}/1763683200000-42")
        assert answer.status_code == 307
        target = answer.url.join(answer.headers["location"])
        assert target.path == f"{prefix}/"
        assert dict(target.params) == {"record": f"{stream.replace('%3A', ':')}/1763683200000-42"}


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("/r/a%20b/1-1", "stream"),
        ("/r/%3Cscript%3E/1-1", "stream"),
        ("/r/a%0D%0ASet-Cookie:x/1-1", "stream"),
        ("/r/api/1", "record"),
        ("/r/api/1-1%0D%0AX:y", "record"),
        ("/r/api/9007199254740992-1", "record"),
    ],
)
async def test_a_link_that_names_no_record_is_a_problem(path: str, parameter: str, small_viewer: Path) -> None:
    async with client_of(app_with(small_viewer)) as client:
        answer = await client.get(path)
    assert (answer.status_code, answer.json()["parameter"]) == (404, parameter)
    assert "location" not in answer.headers
