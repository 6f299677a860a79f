from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.gateway import GatewayServer, Log
from tests.browser.pages import serve_pages
from tests.browser.test_viewer_accessibility import AXE, violations
from tests.built import WEB, node_environment
from tests.servers import RedisServer, free_port


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The example, built and served."""
    built = tmp_path_factory.mktemp("react-example")
    command = ["npx", "--no", "vite", "build", "--config", "example.config.ts", "--outDir", str(built)]
    done = subprocess.run(command, cwd=WEB, env=node_environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with serve_pages(built) as url:
        yield url


@pytest.fixture
def gateway(redis_server: RedisServer, prefix: str, tmp_path: Path, address: str) -> Iterator[GatewayServer]:
    gateway = GatewayServer(tmp_path / "gateway", free_port(), redis_server.url, prefix, address.rstrip("/"))
    gateway.start()
    yield gateway
    gateway.kill()


@pytest.fixture
def page(address: str, gateway: GatewayServer, open_page: OpenPage) -> Page:
    return open_page(f"{address}?job=8f3a&gateway={gateway.url}")


def test_a_jobs_log_goes_on_under_its_progress_bar(page: Page, log: Log) -> None:
    expect(page.get_by_role("status")).to_have_text("Connected")
    log.write("run:8f3a", "imported row 3", fields={"done": 3, "total": 12})
    expect(page.get_by_text("3 of 12")).to_be_visible()
    expect(page.get_by_role("log")).to_contain_text("INFO imported row 3")
    log.write("run:8f3a", "run import ok after 2 s", kind="finish", fields={"status": "ok"})
    expect(page.get_by_text("finished")).to_be_visible()
    expect(page.get_by_role("progressbar")).to_have_js_property("value", 3)


def test_a_gateway_that_dies_and_comes_back_loses_and_doubles_nothing(
    page: Page, gateway: GatewayServer, log: Log
) -> None:
    log.write("run:8f3a", "before")
    expect(lines(page)).to_have_count(1)
    gateway.kill()
    expect(page.get_by_role("status")).not_to_have_text("Connected")
    log.write("run:8f3a", "meanwhile")
    gateway.start()
    log.write("run:8f3a", "after")
    expect(lines(page)).to_contain_text(["before", "meanwhile", "after"])
    expect(lines(page)).to_have_count(3)


def test_the_log_stands_still_for_whoever_scrolls_up(page: Page, log: Log) -> None:
    log.write("run:8f3a", *[f"line {n}" for n in range(500)])
    expect(page.get_by_text("line 499", exact=False)).to_be_visible()
    page.get_by_role("log").hover()
    page.mouse.wheel(0, -2_000)
    expect(page.get_by_text("line 499", exact=False)).not_to_be_attached()
    log.write("run:8f3a", "one more", "and another")
    expect(page.locator(".note")).to_have_text("Connected · 2 new below")
    log.write("run:8f3a", "imported row 3", fields={"done": 3, "total": 12})
    expect(page.get_by_text("3 of 12")).to_be_visible()
    page.evaluate(AXE.read_text())
    assert violations(page) == []
    page.mouse.wheel(0, 20_000)
    expect(page.get_by_text("and another")).to_be_visible()
    expect(page.locator(".note")).to_have_text("Connected")


def test_a_cleared_log_is_empty_and_says_so(page: Page, gateway: GatewayServer, log: Log) -> None:
    log.write("run:8f3a", "before")
    expect(lines(page)).to_have_count(1)
    urlopen(Request(f"{gateway.url}api/streams/run:8f3a/records", method="DELETE")).close()
    expect(page.get_by_text("The log was cleared")).to_be_visible()
    expect(lines(page)).to_have_count(0)


def test_only_the_rows_that_are_seen_are_made(page: Page, log: Log) -> None:
    log.write("run:8f3a", *[f"line {n}" for n in range(1_000)])
    expect(page.get_by_text("line 999", exact=False)).to_be_visible()
    assert lines(page).count() < 100


def lines(page: Page) -> Locator:
    return page.locator(".line")
