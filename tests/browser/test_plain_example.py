from __future__ import annotations

import re
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
from tests.servers import ROOT, MakeRedisServer, RedisServer, free_port

HOSTILE = "<img src=x onerror=\"document.title='owned'\"> <b>bold</b>"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The checkout, served, with the client built."""
    if not (WEB / "client" / "dist" / "index.js").exists():
        build = ["npm", "run", "build", "-w", "client"]
        built = subprocess.run(build, cwd=WEB, env=node_environment(), capture_output=True, text=True)
        assert built.returncode == 0, built.stderr
    with serve_pages(ROOT) as url:
        yield url


@pytest.fixture
def gateways(
    redis_server: RedisServer, prefix: str, tmp_path: Path, address: str
) -> Iterator[tuple[GatewayServer, GatewayServer]]:
    """Two, which allow pages of the static server and of no other."""
    origin = address.rstrip("/")
    first, second = (
        GatewayServer(tmp_path / name, free_port(), redis_server.url, prefix, origin) for name in ("first", "second")
    )
    try:
        first.start()
        second.start()
        yield first, second
    finally:
        first.kill()
        second.kill()


@pytest.fixture
def mortal(
    own_redis_server: MakeRedisServer, prefix: str, tmp_path: Path, address: str
) -> Iterator[tuple[RedisServer, GatewayServer]]:
    """A Redis to be killed, and a gateway before it."""
    server = own_redis_server()
    gateway = GatewayServer(tmp_path / "gateway", free_port(), server.url, prefix, address.rstrip("/"))
    try:
        gateway.start()
        yield server, gateway
    finally:
        gateway.kill()


@pytest.fixture
def page(address: str, gateways: tuple[GatewayServer, GatewayServer], open_page: OpenPage) -> Page:
    return open_page(f"{address}examples/plain/?streams=api&gateway={gateways[0].url},{gateways[1].url}")


def test_lines_come_live_and_their_text_is_text(page: Page, log: Log) -> None:
    expect(badge(page)).to_contain_text("Connected to")
    log.write("api", "quiet", HOSTILE)
    log.write("api", "cannot pay", level=40, exception="Traceback …\nTimeoutError")
    expect(lines(page)).to_have_text(
        [re.compile("INFO api quiet"), re.compile(re.escape(HOSTILE)), re.compile("TimeoutError")]
    )
    expect(lines(page).last).to_have_attribute("data-level", "error")
    assert page.locator("#lines :is(img, b)").count() == 0
    expect(badge(page)).to_contain_text("3 records · 0 lost · 0 duplicated · 0 reconnects · complete")


def test_a_gap_stands_in_the_place_of_what_is_missing(page: Page, log: Log) -> None:
    log.write("api", "before")
    expect(lines(page)).to_have_count(1)
    log.write("api", "behind", shed=312)
    expect(lines(page)).to_have_text(
        [re.compile("before"), "api: 312 records are missing (agent_dropped)", re.compile("behind")]
    )
    expect(badge(page)).to_contain_text("312 lost")


def test_what_is_cleared_is_not_shown_any_more(
    page: Page, gateways: tuple[GatewayServer, GatewayServer], log: Log
) -> None:
    log.write("api", "before")
    expect(lines(page)).to_have_count(1)
    urlopen(Request(f"{gateways[0].url}api/streams/api/records", method="DELETE")).close()
    expect(lines(page)).to_have_text(["api: cleared"])
    log.write("api", "behind")
    expect(lines(page)).to_have_text(["api: cleared", re.compile("behind")])


def test_a_fork_takes_nothing_that_came_before_redis_began_anew(
    address: str, mortal: tuple[RedisServer, GatewayServer], prefix: str, open_page: OpenPage
) -> None:
    server, gateway = mortal
    page = open_page(f"{address}examples/plain/?streams=api&gateway={gateway.url}")
    with server.client() as client:
        Log(client, prefix).write("api", "old 1", "old 2", "old 3")
        expect(lines(page)).to_have_count(3)
        client.flushall()
        log = Log(client, prefix)
        log.write("api", "new 1")
        client.save()
        log.write("api", "withdrawn 1", "withdrawn 2")
    expect(lines(page)).to_have_count(7)
    server.kill()
    server.start()
    with server.client() as client:
        Log(client, prefix).write("api", "sent again")
    shown = ["old 1", "old 2", "old 3", "Redis began anew", "new 1", "Redis fell back behind its last 2", "sent again"]
    expect(lines(page)).to_have_text([re.compile(text) for text in shown])


def test_the_token_does_not_stay_in_the_address(
    address: str, gateways: tuple[GatewayServer, GatewayServer], open_page: OpenPage
) -> None:
    page = open_page(f"{address}examples/plain/?streams=api&gateway={gateways[0].url}#token=secret")
    expect(badge(page)).to_contain_text("Connected to")
    assert page.url == f"{address}examples/plain/?streams=api&gateway={gateways[0].url}"


def test_screen_readers_hear_of_the_connection_and_of_no_line(page: Page, log: Log) -> None:
    log.write("api", "quiet")
    log.write("api", "cannot pay", level=40)
    log.write("api", "slow", level=30, shed=2)
    expect(lines(page)).to_have_count(4)
    expect(page.get_by_role("status")).to_have_text(re.compile(r"^Connected to \S+$"))
    expect(page.get_by_role("log")).to_have_attribute("aria-live", "off")
    page.evaluate(AXE.read_text())
    assert violations(page) == []


def test_another_gateway_goes_on_where_one_was_killed(
    page: Page, gateways: tuple[GatewayServer, GatewayServer], log: Log
) -> None:
    log.write("api", "0")
    expect(lines(page)).to_have_count(1)
    gateways[0].kill()
    log.write("api", *map(str, range(1, 100)))
    expect(lines(page)).to_have_count(100)
    texts = [text.rsplit(" ", 1)[1] for text in lines(page).all_text_contents()]
    assert texts == [str(number) for number in range(100)]
    expect(badge(page)).to_contain_text("100 records · 0 lost · 0 duplicated · 1 reconnects · complete")


def lines(page: Page) -> Locator:
    return page.locator("#lines > div")


def badge(page: Page) -> Locator:
    return page.locator("#badge")
