"""What the page says of its connection and of what it holds, and how it looks: as a user sees it."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect

from tests.browser.conftest import MakeGateways, OpenPage, reload
from tests.browser.gateway import GatewayServer, Log
from tests.relay.auth.signing import SECRET, signed
from tests.servers import ROOT, MakeRedisServer

AXE = ROOT / "relay" / "web" / "node_modules" / "axe-core" / "axe.min.js"

PHONE: ViewportSize = {"width": 360, "height": 740}
DESK: ViewportSize = {"width": 1280, "height": 720}

# What a browser does of a tab that nobody sees: a headless one sees all.
HIDE = """() => {
    let hidden = true;
    const draws = [];
    const drawn = window.requestAnimationFrame.bind(window);
    Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
    window.requestAnimationFrame = (draw) => (hidden ? draws.push(draw) : drawn(draw));
    document.dispatchEvent(new Event("visibilitychange"));
    window.comeBack = () => {
        hidden = false;
        document.dispatchEvent(new Event("visibilitychange"));
        for (const draw of draws.splice(0)) drawn(draw);
    };
}"""

WARNING = 30
ERROR = 40


@pytest.fixture
def gateway(make_gateways: MakeGateways) -> GatewayServer:
    return make_gateways(1)[0]


def test_a_killed_gateway_costs_nothing_and_the_badge_proves_it(
    make_gateways: MakeGateways, log: Log, open_page: OpenPage
) -> None:
    first, second = make_gateways(2)
    page = open_page(f"{first.url}?streams=api&gateways={second.url}", viewport=DESK)
    log.write("api", "0")
    expect(badge(page)).to_have_text(re.compile("Connected.*0 lost · 0 duplicated · 0 reconnects"))
    badge(page).click()
    name = fact(page, "Gateway").text_content() or ""
    expect(fact(page, "Transport")).to_have_text("WebSocket")
    expect(fact(page, "Cursor")).to_have_text(re.compile(r"^\d+-1~"))
    first.kill()
    log.write("api", *map(str, range(1, 2_000)))
    expect(badge(page)).to_have_text(re.compile("Connected.*0 lost · 0 duplicated · 1 reconnect$"))
    expect(fact(page, "Gateway")).not_to_have_text(name)
    log.write("api", "2000")
    expect(held(page)).to_contain_text("2,001 held · 2,001 matched")
    expect(fact(page, "Received")).to_have_text("2,001 records")
    expect(fact(page, "Whole")).to_contain_text("yes")


def test_a_gap_is_counted_with_its_reason(gateway: GatewayServer, log: Log, open_page: OpenPage) -> None:
    log.write("api", "one")
    log.write("api", "two", shed=312)
    page = open_page(f"{gateway.url}?streams=api", viewport=DESK)
    expect(badge(page)).to_contain_text("312 lost · 0 duplicated")
    badge(page).click()
    expect(fact(page, "Lost")).to_have_text("312 dropped by agents for want of room")


def test_a_token_that_expires_is_exchanged_for_another_one(
    make_gateways: MakeGateways, log: Log, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAILRACE_TOKEN_KEY", SECRET)
    monkeypatch.setenv("TAILRACE_TOKEN_LEEWAY", "0")
    gateway = make_gateways(1)[0]
    log.write("api", "before")
    brief = signed(streams=["api"], exp=int(time.time()) + 8)
    page = open_page(f"{gateway.url}?streams=api#token={brief}", viewport=DESK)
    expect(messages(page)).to_have_text(["before"])
    expect(page.get_by_role("alert").first).to_contain_text("token has expired")
    box = page.get_by_label("Paste another one")
    expect(box).to_have_attribute("type", "password")
    log.write("api", "meanwhile")
    box.fill(signed(streams=["api"]))
    page.get_by_role("button", name="Use it").click()
    expect(page.locator(".banner")).to_be_hidden()
    log.write("api", "behind it")
    expect(messages(page)).to_have_text(["before", "meanwhile", "behind it"])
    expect(badge(page)).to_contain_text("0 lost · 0 duplicated")


def test_a_gateway_that_asks_for_a_token_is_given_one(
    make_gateways: MakeGateways, log: Log, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAILRACE_TOKEN_KEY", SECRET)
    gateway = make_gateways(1)[0]
    log.write("api", "for those who may")
    page = open_page(gateway.url)
    expect(page.get_by_role("alert").first).to_contain_text("asks for a token")
    page.get_by_label("Paste one").fill(f"{gateway.url}#token={signed(streams=['api'])}")
    page.get_by_role("button", name="Use it").click()
    expect(messages(page)).to_have_text(["for those who may"])
    assert "token" not in page.url


def test_what_a_gateway_refuses_is_said_until_something_else_is_asked(
    gateway: GatewayServer, log: Log, open_page: OpenPage
) -> None:
    log.write("api", "found")
    page = open_page(f"{gateway.url}?streams=no/name")
    expect(page.locator(".banner")).to_contain_text("ot a stream name or glob: 'no/name'")
    page.locator(".sources > button").click()
    page.get_by_role("option").filter(has_text="all streams").get_by_text("all streams").click()
    expect(messages(page)).to_have_text(["found"])
    expect(page.locator(".banner")).to_be_hidden()


def test_a_gateway_that_stays_away_is_said_to_and_tried_on_demand(
    gateway: GatewayServer, log: Log, open_page: OpenPage
) -> None:
    log.write("api", "before")
    page = open_page(f"{gateway.url}?streams=api", viewport=DESK)
    expect(messages(page)).to_have_text(["before"])
    gateway.kill()
    log.write("api", "meanwhile")
    expect(page.locator(".banner")).to_contain_text("No gateway has answered since")
    expect(badge(page)).to_have_text(re.compile("^(Disconnected|Connecting)"))
    gateway.start()
    # It may have come back by itself just now.
    page.locator(".banner .retry").or_(page.locator(".badge-good")).first.click()
    expect(messages(page)).to_have_text(["before", "meanwhile"])
    expect(page.locator(".banner")).to_be_hidden()
    expect(badge(page)).to_have_text(re.compile("Connected.*0 lost · 0 duplicated · 1 reconnect$"))


def test_a_redis_that_is_away_is_said_to(
    make_gateways: MakeGateways, own_redis_server: MakeRedisServer, prefix: str, open_page: OpenPage
) -> None:
    server = own_redis_server()
    gateway = make_gateways(1, server)[0]
    with server.client() as client:
        Log(client, prefix).write("api", "before")
    page = open_page(f"{gateway.url}?streams=api")
    expect(messages(page)).to_have_text(["before"])
    server.kill()
    expect(page.locator(".banner")).to_contain_text("Redis")
    server.start()
    expect(page.locator(".banner")).to_be_hidden()


def test_the_summary_counts_by_level_and_chooses_levels(gateway: GatewayServer, log: Log, open_page: OpenPage) -> None:
    log.write("api", "a", "b", "c")
    log.write("api", "careful", level=WARNING)
    log.write("api", "wrong", level=ERROR)
    page = open_page(f"{gateway.url}?streams=api")
    summary = page.get_by_role("region", name="Summary")
    expect(held(page)).to_have_text("5 held · 5 matched")
    expect(page.locator(".sum-level")).to_have_text(["error 1", "warning 1", "info 3"])
    summary.get_by_role("button", name="error 1").click()
    expect(messages(page)).to_have_text(["wrong"])
    summary.get_by_role("button", name="warning").click()
    expect(messages(page)).to_have_text(["careful", "wrong"])
    expect(page).to_have_url(re.compile("levels=warning,error"))
    page.go_back()
    expect(messages(page)).to_have_text(["wrong"])
    summary.get_by_role("button", name="error 1").click()
    expect(messages(page)).to_have_count(5)


def test_screen_readers_are_told_what_comes_and_the_title_what_nobody_saw(
    gateway: GatewayServer, log: Log, open_page: OpenPage
) -> None:
    log.write("api", "before")
    page = open_page(f"{gateway.url}?streams=api")
    told = page.locator("[role=status][aria-live=polite]").last
    expect(told).to_have_text("Connected")
    expect(messages(page)).to_have_text(["before"])
    log.write("api", *map(str, range(11)))
    log.write("api", "wrong", level=ERROR)
    expect(told).to_have_text(re.compile(r"^(1[12] new records(, 1 error)?|1 new record, 1 error)$"))
    expect(page).to_have_title("Tailrace")
    page.get_by_role("button", name="Pause").click()
    log.write("api", "wrong", "wrong again", level=ERROR)
    expect(page).to_have_title("(2) Tailrace")
    page.get_by_role("button", name="Resume").click()
    expect(page).to_have_title("Tailrace")


def test_a_hidden_page_draws_nothing_and_counts_errors_in_its_title(
    gateway: GatewayServer, log: Log, open_page: OpenPage
) -> None:
    log.write("api", "before")
    page = open_page(f"{gateway.url}?streams=api")
    told = page.locator("[role=status][aria-live=polite]").last
    expect(told).to_have_text(re.compile("Connected|record"))
    expect(messages(page)).to_have_text(["before"])
    page.evaluate(HIDE)
    said = told.text_content()
    log.write("api", *(f"wrong {number}" for number in range(3)), level=ERROR)
    expect(page).to_have_title("(3) Tailrace")
    assert messages(page).all_inner_texts() == ["before"]
    assert told.text_content() == said
    page.evaluate("window.comeBack()")
    expect(messages(page)).to_have_text(["before", "wrong 0", "wrong 1", "wrong 2"])
    expect(page).to_have_title("Tailrace")
    expect(told).to_contain_text("3 errors")


def test_lines_are_set_by_the_menu_and_by_keys(gateway: GatewayServer, log: Log, open_page: OpenPage) -> None:
    log.write("api", "\x1b[31mred\x1b[0m " + "and so on " * 50)
    page = open_page(f"{gateway.url}?streams=api", timezone_id="Asia/Tokyo")
    expect(page.locator(".ansi-fg-red")).to_have_text("red")
    time = page.locator(".log-time")
    expect(time).to_have_text(re.compile(r"^\d\d:\d\d:\d\d\.\d{3}$"))
    local = int(time.inner_text()[:2])
    page.get_by_role("button", name="How the page looks").click()
    page.get_by_label("ANSI colours").uncheck()
    expect(page.locator(".ansi-fg-red")).to_have_count(0)
    row = page.locator(".log-row:not(.log-barred)")
    page.get_by_label("Wrap").check()
    expect(row).to_have_class(re.compile("log-measured"))
    page.get_by_text("UTC", exact=True).click()
    expect(time).to_have_text(re.compile(rf"^{(local - 9) % 24:02}|^{(local - 8) % 24:02}"))
    page.keyboard.press("Escape")
    page.keyboard.press("Alt+w")
    expect(row).not_to_have_class(re.compile("log-measured"))
    page.keyboard.press("Alt+c")
    expect(time).to_have_text(re.compile("ago|now"))
    page.keyboard.press("Alt+t")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    page.keyboard.press("Alt+p")
    expect(page.get_by_role("heading", name="Audit")).to_be_visible()


def test_the_theme_is_the_systems_until_one_is_chosen(gateway: GatewayServer, log: Log, open_page: OpenPage) -> None:
    log.write("api", "seen")
    page = open_page(f"{gateway.url}?streams=api", color_scheme="dark")
    expect(messages(page)).to_have_text(["seen"])
    assert ground(page) < 40
    menu = page.get_by_role("button", name="How the page looks")
    menu.click()
    page.get_by_text("Light", exact=True).click()
    assert ground(page) > 230
    reload(page)
    expect(messages(page)).to_have_text(["seen"])
    assert ground(page) > 230
    menu.click()
    page.get_by_text("Auto", exact=True).click()
    assert ground(page) < 40


def test_the_menu_sets_tail_and_lists_and_what_a_line_shows(
    gateway: GatewayServer, log: Log, open_page: OpenPage
) -> None:
    log.write("api", *map(str, range(300)))
    log.write("api", "paid", kind="audit", action="order.pay")
    page = open_page(f"{gateway.url}?streams=api")
    expect(held(page)).to_contain_text("100 held")
    page.get_by_role("button", name="How the page looks").click()
    page.get_by_text("500", exact=True).click()
    expect(held(page)).to_contain_text("301 held")
    expect(page).to_have_url(re.compile("tail=500"))
    expect(page.locator(".log-time").first).to_be_visible()
    page.get_by_label("Time", exact=True).uncheck()
    expect(page.locator(".log-time")).to_have_count(0)
    page.get_by_text("System | Audit").click()
    expect(page.get_by_role("heading", name="Audit")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("name", "viewport"), [("phone", PHONE), ("desk", DESK)])
def test_nothing_sticks_out_and_axe_finds_nothing(
    name: str,
    viewport: ViewportSize,
    scheme: str,
    gateway: GatewayServer,
    log: Log,
    open_page: OpenPage,
    tmp_path: Path,
) -> None:
    for level in (10, 20, 30, 40, 50):
        log.write("worker.billing-with-a-long-name", *(f"of level {level}" for _ in range(level)), level=level)
    log.write("run:nightly", "run nightly started", kind="start", fields={"run": "nightly"})
    page = open_page(f"{gateway.url}?streams=worker.billing-with-a-long-name", viewport=viewport, color_scheme=scheme)
    expect(held(page)).to_contain_text("100 held")
    for what, panel in ((".sources", "Services and streams"), (".badge", "Connection"), (".page-menu", "Page")):
        page.locator(f"{what} > button").click()
        expect(page.get_by_role("dialog", name=panel)).to_be_visible()
        looks_right(page, viewport, tmp_path / f"{name}-{scheme}-{panel}.png")
        page.keyboard.press("Escape")
    page.goto(f"{gateway.url}?run=run:*")
    expect(page.locator(".run-state")).to_be_visible()
    looks_right(page, viewport, tmp_path / f"{name}-{scheme}-runs.png")


def looks_right(page: Page, viewport: ViewportSize, picture: Path) -> None:
    page.screenshot(path=picture)
    assert page.evaluate("document.documentElement.scrollWidth") == viewport["width"]
    assert page.locator("header.head").evaluate("e => e.scrollWidth <= e.clientWidth")
    page.evaluate(AXE.read_text())
    found = page.evaluate(
        "axe.run({include: [['.head'], ['.foot'], ['.body .runs']].filter(([s]) => document.querySelector(s))})"
    )
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found["violations"]] == []


def badge(page: Page) -> Locator:
    return page.locator(".badge > button")


def fact(page: Page, name: str) -> Locator:
    return page.locator(f".facts dt:text-is('{name}') + dd")


def held(page: Page) -> Locator:
    return page.locator(".sum-held")


def messages(page: Page) -> Locator:
    return page.locator(".log-message")


def ground(page: Page) -> int:
    """How light the page is, from 0 to 255."""
    color = page.evaluate("getComputedStyle(document.querySelector('.head')).backgroundColor")
    return int(re.findall(r"\d+", color)[0])
