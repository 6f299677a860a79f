"""What the viewer's worker receives, holds and gives up, as a page shows it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import MakeGateways, OpenPage
from tests.browser.gateway import GatewayServer, Log
from tests.servers import MakeRedisServer

# Records that the viewer holds at most.
CAPACITY = 200_000

# ms for what takes long on a machine that is busy: hundreds of thousands of records.
LONG = 120_000

# While `isHidden` a page gets no animation frames: as browsers treat one that nobody sees.
HIDEABLE = """
  const waiting = [];
  const draw = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (callback) => (window.isHidden ? waiting.push(callback) : draw(callback));
  window.appear = () => {
    window.isHidden = false;
    for (const callback of waiting.splice(0)) draw(callback);
  };
"""


@pytest.fixture
def gateway(make_gateways: MakeGateways) -> GatewayServer:
    return make_gateways(1)[0]


def messages(page: Page) -> Locator:
    return page.locator(".log-message")


def held(page: Page) -> Locator:
    """What is held, what matches, and what has left to make room."""
    return page.locator(".sum-held")


def opened(open_page: OpenPage, gateway: GatewayServer, streams: str) -> Page:
    page = open_page(f"{gateway.url}?streams={streams}&tail=1000")
    expect(page.locator(".badge-word")).to_have_text("Connected")
    return page


def write(log: Log, stream: str, first: int, last: int) -> None:
    """Numbered records, in portions that a frame's worth of memory is enough for."""
    for begin in range(first, last + 1, 10_000):
        log.write(stream, *(f"number {n}" for n in range(begin, min(begin + 10_000, last + 1))))


def test_a_burst_of_a_hundred_thousand_arrives_whole(gateway: GatewayServer, log: Log, open_page: OpenPage) -> None:
    page = opened(open_page, gateway, "api")
    write(log, "api", 1, 100_000)
    expect(held(page)).to_have_text("100,000 held · 100,000 matched", timeout=LONG)
    expect(messages(page).last).to_have_text("number 100000")
    expect(page.locator(".badge-proof")).to_have_text("0 lost · 0 duplicated · 0 reconnects")
    page.locator(".badge button").first.click()
    expect(page.locator(".badge")).to_contain_text("100,000 records")
    expect(page.locator(".badge")).to_contain_text("yes: nothing missing, doubled or out of order")


def test_a_pause_for_longer_than_there_is_room_loses_nothing(
    gateway: GatewayServer, log: Log, open_page: OpenPage
) -> None:
    page = opened(open_page, gateway, "api")
    write(log, "api", 1, 10)
    expect(messages(page)).to_have_count(10)
    page.get_by_role("button", name="Pause").click()
    write(log, "api", 11, CAPACITY + 30_000)
    # What there is no room for stays in Redis.
    expect(page.locator(".badge-word")).not_to_have_text("Connected", timeout=LONG)
    expect(messages(page)).to_have_text([f"number {n}" for n in range(1, 11)])
    page.get_by_role("button", name="Resume").click()
    expect(messages(page).last).to_have_text(f"number {CAPACITY + 30_000}", timeout=LONG)
    expect(held(page)).to_have_text("200,000 held · 200,000 matched · 30,000 left to make room")
    expect(page.locator(".badge-proof")).to_have_text(re.compile("^0 lost · 0 duplicated"))
    page.locator(".badge button").first.click()
    expect(page.locator(".badge")).to_contain_text("230,000 records")


def test_a_fork_withdraws_records(
    make_gateways: MakeGateways, open_page: OpenPage, own_redis_server: MakeRedisServer, prefix: str
) -> None:
    server = own_redis_server()
    [gateway] = make_gateways(1, server)
    page = opened(open_page, gateway, "api")
    with server.client() as client:
        log = Log(client, prefix)
        log.write("api", "kept")
        client.save()
        log.write("api", "withdrawn 1", "withdrawn 2")
    expect(messages(page)).to_have_text(["kept", "withdrawn 1", "withdrawn 2"])
    server.kill()
    server.start()
    with server.client() as client:
        Log(client, prefix).write("api", "sent again")
    expect(messages(page)).to_have_text(["kept", "sent again"])
    expect(page.locator(".log-bar")).to_have_attribute("data-reason", "fork")
    expect(page.locator(".badge-proof")).to_contain_text("0 lost · 0 duplicated")


def test_a_hidden_page_goes_on_receiving_and_draws_nothing(
    gateway: GatewayServer, log: Log, open_page: OpenPage
) -> None:
    page = open_page("about:blank")
    page.add_init_script(HIDEABLE)
    page.goto(f"{gateway.url}?streams=api")
    expect(page.locator(".badge-word")).to_have_text("Connected")
    log.write("api", "seen")
    expect(messages(page)).to_have_text(["seen"])
    page.evaluate("window.isHidden = true")
    write(log, "api", 1, 50_000)
    log.write("other", "so that all of the first stream was sent")
    assert "50,001" not in (held(page).text_content() or "")
    page.evaluate("window.appear()")
    expect(held(page)).to_have_text("50,001 held · 50,001 matched", timeout=LONG)
    expect(messages(page).last).to_have_text("number 50000")


def test_a_filter_that_is_taken_back_gives_up_nothing(gateway: GatewayServer, log: Log, open_page: OpenPage) -> None:
    page = opened(open_page, gateway, "api")
    write(log, "api", 1, 5000)
    expect(held(page)).to_have_text("5,000 held · 5,000 matched")
    page.fill("#query", "7")
    expect(held(page)).to_contain_text("1,355 matched")
    write(log, "api", 5001, 6000)
    expect(messages(page).last).to_have_text("number 5997")
    page.fill("#query", "")
    expect(held(page)).to_have_text("6,000 held · 6,000 matched")
    expect(messages(page).last).to_have_text("number 6000")
