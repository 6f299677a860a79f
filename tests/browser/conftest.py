from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, Playwright, expect, sync_playwright

from tests.browser.gateway import GatewayServer, Log
from tests.servers import RedisServer, free_port, on_ci

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")

# Nothing of a browser's own may reach for the network, and as root Chromium starts only without its sandbox.
ARGUMENTS = (
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)

# How long to wait for what should be there, in ms: on a busy machine Chromium's first frame alone takes seconds.
PATIENCE = 20_000.0

# What Chromium says of requests to a gateway that is killed (before, while or after it answers), or whose Redis is.
KILLED = re.compile(
    r"net::ERR_(CONNECTION_\w+|EMPTY_RESPONSE|INCOMPLETE_CHUNKED_ENCODING|CONTENT_LENGTH_MISMATCH|SOCKET_NOT_CONNECTED)"
    r"|status of 503"
)

# What the fixture `open_page` is: takes an address and Playwright's options for a context.
OpenPage = Callable[..., Page]

# What the fixture `make_gateways` is: takes how many and whose Redis (default: the shared one); returns them started,
# each allowing the others' pages.
MakeGateways = Callable[..., list[GatewayServer]]


@dataclass(frozen=True)
class Shared:
    gateway: GatewayServer
    log: Log


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Of a module, not of the session: Playwright's event loop would be in the way of other tests' own."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        found = launch(playwright)
        yield found
        found.close()


def launch(playwright: Playwright) -> Browser:
    path = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    arguments = [*ARGUMENTS, "--no-sandbox"] if os.geteuid() == 0 else list(ARGUMENTS)
    try:
        return playwright.chromium.launch(executable_path=path, args=arguments)
    except Error as error:
        if path is not None:
            raise
        message = f"no Chromium on PATH, and none of Playwright's own: make setup installs one ({error.message[:80]})"
    if on_ci():
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Opens pages that fail the test at its end when anything was said on the browser's console."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_at(address: str, **options: object) -> Page:
        context = browser.new_context(**options)  # type: ignore[arg-type]
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        page.goto(address)
        # This title stands in the viewer's HTML; its first line may not be drawn when the page is loaded.
        if "Tailrace" in page.title():
            wait_until_furnished(page)
        return page

    yield open_at
    for context in contexts:
        context.close()
    # A killed gateway is no mistake of the page, and a browser cannot be kept from saying so.
    assert [said for said in complaints if not KILLED.search(said)] == []


def wait_until_furnished(page: Page) -> None:
    """What stands around the viewer's lists comes behind them, keys among it."""
    page.get_by_role("toolbar", name="Lists").wait_for()
    page.locator("#query").wait_for()


def reload(page: Page) -> None:
    page.reload()
    wait_until_furnished(page)


@pytest.fixture
def make_gateways(redis_server: RedisServer, prefix: str, tmp_path: Path) -> Iterator[MakeGateways]:
    gateways: list[GatewayServer] = []

    def make(count: int, redis: RedisServer = redis_server) -> list[GatewayServer]:
        ports = [free_port() for _ in range(count)]
        origins = ",".join(f"http://127.0.0.1:{port}" for port in ports)
        for port in ports:
            gateway = GatewayServer(tmp_path / f"gateway-{port}", port, redis.url, prefix, origins)
            gateways.append(gateway)
            gateway.start()
        return gateways

    yield make
    for gateway in gateways:
        gateway.kill()


@pytest.fixture(scope="module")
def shared(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    """A gateway for all tests of a module: they keep apart by `stream`, and nobody kills it."""
    port, prefix = free_port(), f"test-{uuid4().hex[:8]}"
    gateway = GatewayServer(tmp_path_factory.mktemp("gateway"), port, redis_server.url, prefix, "")
    gateway.start()
    with redis_server.client() as client:
        yield Shared(gateway, Log(client, prefix))
    gateway.kill()


@pytest.fixture
def stream() -> str:
    """A stream of this test's own."""
    return f"api-{uuid4().hex[:8]}"


@pytest.fixture
def log(redis_server: RedisServer, prefix: str) -> Iterator[Log]:
    with redis_server.client() as client:
        yield Log(client, prefix)
