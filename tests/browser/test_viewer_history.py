"""How one goes back through what was received, and comes again to where it goes on: as a user sees it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect

from tests.browser.conftest import MakeGateways, OpenPage
from tests.browser.gateway import GatewayServer, Log
from tests.relay.auth.signing import SECRET, signed
from tests.servers import wait_for

DESK: ViewportSize = {"width": 1200, "height": 720}


@pytest.fixture
def gateway(make_gateways: MakeGateways) -> GatewayServer:
    return make_gateways(1)[0]


def messages(page: Page) -> Locator:
    return page.locator(".log-message")


def scroll_back(page: Page, first: str) -> None:
    """Turns the wheel upwards until a message is in sight."""
    page.locator(".log-scroller").hover()

    def is_there() -> bool:
        page.mouse.wheel(0, -2_000)
        return first in messages(page).all_inner_texts()

    wait_for(is_there, 60, first)


def test_history_of_more_streams_than_a_gateway_merges_is_scrolled_back_to(
    gateway: GatewayServer, log: Log, open_page: OpenPage
) -> None:
    for turn in range(8):
        for number in range(40):
            log.write(f"job-{number}", f"turn {turn} of {number}")
    page = open_page(f"{gateway.url}?streams=job-*&tail=50", viewport=DESK)
    expect(messages(page).last).to_have_text("turn 7 of 39")
    scroll_back(page, "turn 0 of 0")
    expect(page.locator(".log-bar")).to_have_text("History begins here")
    expect(page.locator(".sum-held")).to_contain_text("320 held · 320 matched")
    expect(page.locator(".banner")).to_be_hidden()


def test_a_cleared_view_stays_empty_for_whoever_has_read_further_up(
    gateway: GatewayServer, log: Log, open_page: OpenPage
) -> None:
    log.write("api", *(f"line {number}" for number in range(300)))
    page = open_page(f"{gateway.url}?streams=api&tail=100", viewport=DESK)
    expect(messages(page).last).to_have_text("line 299")
    scroll_back(page, "line 0")
    page.get_by_role("button", name="Clear the view").click()
    expect(page.locator(".sum-held")).to_contain_text("0 held")
    log.write("api", "behind it")
    expect(messages(page)).to_have_text(["behind it"])
    # History was read to its beginning, and is there again for whoever looks for it.
    scroll_back(page, "line 0")


def test_what_is_no_token_is_said_and_another_one_is_taken(
    make_gateways: MakeGateways, log: Log, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAILRACE_TOKEN_KEY", SECRET)
    gateway = make_gateways(1)[0]
    log.write("api", "for those who may")
    page = open_page(f"{gateway.url}?streams=api#token=half/a=token")
    expect(page.get_by_role("alert").first).to_contain_text("token has expired, or is not good")
    page.get_by_label("Paste another one").fill(signed(streams=["api"]))
    page.get_by_role("button", name="Use it").click()
    expect(messages(page)).to_have_text(["for those who may"])
    expect(page.locator(".banner")).to_be_hidden()
