from __future__ import annotations

import json
import re
import urllib.parse
import urllib.request
from typing import Any

import pytest
from playwright.sync_api import FloatRect, Locator, Page, ViewportSize, expect

from tests.browser.conftest import MakeGateways, OpenPage, reload
from tests.browser.gateway import GatewayServer, Log
from tests.servers import wait_for

MINUTE = 60.0
PHONE: ViewportSize = {"width": 360, "height": 740}
DESK: ViewportSize = {"width": 1200, "height": 720}

# Pixels of a canvas in the colour that a token has at present.
PIXELS = """
(canvas, token) => {
  const probe = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  canvas.style.color = `var(--${token})`;
  probe.fillStyle = getComputedStyle(canvas).color;
  probe.fillRect(0, 0, 1, 1);
  const [r, g, b] = probe.getImageData(0, 0, 1, 1).data;
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let i = 0; i < data.length; i += 4)
    if (data[i] === r && data[i + 1] === g && data[i + 2] === b && data[i + 3] === 255) count += 1;
  return count;
}
"""


@pytest.fixture
def gateway(make_gateways: MakeGateways) -> GatewayServer:
    return make_gateways(1)[0]


def test_the_histogram_shows_how_many_of_which_level_came_when(
    gateway: GatewayServer, log: Log, open_page: OpenPage
) -> None:
    write_half_an_hour(log)
    page = open_page(f"{gateway.url}?streams=api", viewport=DESK)
    expect(chart(page)).to_have_attribute("aria-label", re.compile(r": 31 records · 1 error\. Most, 1, from "))
    assert pixels(page, "error") > 0
    assert pixels(page, "critical") == 0
    log.write("api", "cannot reach Redis", level=50)
    expect(chart(page)).to_have_attribute("aria-label", re.compile("32 records · 1 critical · 1 error"))
    wait_for(lambda: pixels(page, "critical") > 0, 10, "a critical record to be drawn")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_its_colours_are_those_of_the_theme(scheme: str, gateway: GatewayServer, log: Log, open_page: OpenPage) -> None:
    log.write("api", "cannot pay", level=40)
    page = open_page(f"{gateway.url}?streams=api", color_scheme=scheme)
    wait_for(lambda: pixels(page, "error") > 0, 10, "an error to be drawn")
    page.emulate_media(color_scheme="dark" if scheme == "light" else "light")
    wait_for(lambda: pixels(page, "error") > 0, 10, "the error to be drawn in the other theme's colour")


def test_pointing_at_a_bar_says_when_and_how_many(gateway: GatewayServer, log: Log, open_page: OpenPage) -> None:
    log.write("api", "a", "b", ago=10 * MINUTE)
    log.write("api", "cannot pay", level=40)
    page = open_page(f"{gateway.url}?streams=api", viewport=DESK)
    box = chart_box(page)
    page.mouse.move(box["x"] + 2, box["y"] + 20)
    expect(page.locator(".chart-tip")).to_have_text(re.compile(r"\d\d:\d\d:\d\d.* – \d\d:\d\d:\d\d.* · 2 records$"))
    page.mouse.move(box["x"] + box["width"] - 2, box["y"] + 20)
    expect(page.locator(".chart-tip")).to_have_text(re.compile(r" · 1 record · 1 error$"))


def test_a_span_is_drawn_with_the_mouse_and_undone(gateway: GatewayServer, log: Log, open_page: OpenPage) -> None:
    write_half_an_hour(log)
    page = open_page(f"{gateway.url}?streams=api", viewport=DESK)
    expect(messages(page).last).to_have_text("minute 0")
    box = chart_box(page)
    drag(page, box, 0.05, 0.45)
    expect(place(page)).to_have_text(re.compile(r"\d\d:\d\d:\d\d – \d\d:\d\d:\d\d"))
    assert {"since", "until"} <= set(parameters(page))
    expect(messages(page).filter(has_text=re.compile("^minute 2[0-6]$"))).to_have_count(7)
    expect(messages(page).filter(has_text=re.compile("^minute ([0-9]|30)$"))).to_have_count(0)
    log.write("api", "new")
    page.get_by_role("button", name="Show all times again").click()
    expect(place(page)).to_have_count(0)
    expect(messages(page).last).to_have_text("new")
    page.go_back()
    expect(place(page)).to_have_count(1)
    expect(messages(page).filter(has_text="minute 25")).to_be_visible()


def test_a_span_is_drawn_with_a_finger(gateway: GatewayServer, log: Log, open_page: OpenPage) -> None:
    write_half_an_hour(log)
    page = open_page(f"{gateway.url}?streams=api", viewport=PHONE, has_touch=True, is_mobile=True)
    box = chart_box(page)
    finger = page.context.new_cdp_session(page)
    y = box["y"] + 20
    xs = [box["x"] + box["width"] * share for share in (0.05, 0.2, 0.45)]
    finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": xs[0], "y": y}]})
    for x in xs[1:]:
        finger.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x, "y": y}]})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(page.get_by_role("button", name="Show all times again")).to_be_visible()
    expect(messages(page).filter(has_text=re.compile("^minute 2[0-6]$"))).to_have_count(7)
    expect(messages(page).filter(has_text=re.compile("^minute [0-9]$"))).to_have_count(0)


def test_a_span_is_chosen_with_the_keyboard(gateway: GatewayServer, log: Log, open_page: OpenPage) -> None:
    write_half_an_hour(log)
    page = open_page(f"{gateway.url}?streams=api", viewport=DESK)
    expect(chart(page)).to_have_attribute("aria-label", re.compile("31 records"))
    begin, end = page.get_by_role("slider", name="Zoom from"), page.get_by_role("slider", name="Zoom to")
    # Buckets of ten seconds: drawn for this width, and not for that of a page without one yet.
    expect(end).to_have_attribute("aria-valuenow", re.compile("^18[0-9]$"))
    last = int(end.get_attribute("aria-valuenow") or 0)
    end.focus()
    for _ in range(last // 20):
        page.keyboard.press("Shift+ArrowLeft")
    expect(end).to_have_attribute("aria-valuenow", str(last - last // 20 * 10))
    expect(begin).to_have_attribute("aria-valuenow", "0")
    expect(page.locator(".chart-chosen")).to_be_visible()
    page.keyboard.press("Enter")
    expect(place(page)).to_be_visible()
    expect(messages(page).filter(has_text="minute 30")).to_be_visible()
    expect(messages(page).filter(has_text=re.compile("^minute [0-9]$"))).to_have_count(0)


def test_escape_lets_go_of_a_span_that_was_begun(gateway: GatewayServer, log: Log, open_page: OpenPage) -> None:
    write_half_an_hour(log)
    page = open_page(f"{gateway.url}?streams=api", viewport=DESK)
    page.get_by_role("slider", name="Zoom from").press("ArrowRight")
    expect(page.locator(".chart-chosen")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".chart-chosen")).to_have_count(0)
    assert "since" not in parameters(page)


def test_a_click_goes_to_that_time(gateway: GatewayServer, log: Log, open_page: OpenPage) -> None:
    write_half_an_hour(log, filler=200)
    page = open_page(f"{gateway.url}?streams=api&tail=1000", viewport=DESK)
    expect(messages(page).last).to_have_text("minute 0")
    expect(messages(page).filter(has_text="minute 30")).to_have_count(0)
    box = chart_box(page)
    page.mouse.click(box["x"] + 2, box["y"] + 20)
    expect(current(page)).to_contain_text("minute 30")


def test_brackets_move_by_a_minute(gateway: GatewayServer, log: Log, open_page: OpenPage) -> None:
    write_half_an_hour(log)
    page = open_page(f"{gateway.url}?streams=api")
    expect(messages(page).last).to_have_text("minute 0")
    for minute in (1, 2, 3):
        page.keyboard.press("[")
        expect(current(page)).to_contain_text(re.compile(f"minute {minute}$"))
    page.keyboard.press("]")
    expect(current(page)).to_contain_text(re.compile("minute 2$"))


def test_i_hides_the_histogram_for_good(gateway: GatewayServer, log: Log, open_page: OpenPage) -> None:
    log.write("api", "a")
    page = open_page(f"{gateway.url}?streams=api")
    chart_box(page)
    page.keyboard.press("i")
    expect(chart(page)).to_have_count(0)
    reload(page)
    expect(messages(page)).to_have_text(["a"])
    expect(chart(page)).to_have_count(0)
    page.keyboard.press("i")
    expect(chart(page)).to_be_visible()


def test_the_jump_says_what_it_understood_and_goes_there(gateway: GatewayServer, log: Log, open_page: OpenPage) -> None:
    write_half_an_hour(log, filler=100)
    page = open_page(f"{gateway.url}?streams=api&tail=1000", timezone_id="Europe/Berlin")
    expect(messages(page).last).to_have_text("minute 0")
    page.keyboard.press("t")
    meaning = page.locator("#jump-meaning")
    jump_box(page).fill("ten minutes ago")
    expect(meaning).to_contain_text("“ten minutes ago” is not understood")
    page.keyboard.press("Enter")
    expect(meaning).to_contain_text("is not understood")
    jump_box(page).fill("10.5 min ago")
    expect(meaning).to_contain_text("· 10 min ago")
    page.keyboard.press("Enter")
    expect(jump_box(page)).to_have_count(0)
    expect(current(page)).to_contain_text("minute 10")
    assert "record" not in parameters(page)


def test_a_jump_beyond_what_is_loaded_asks_the_gateway(gateway: GatewayServer, log: Log, open_page: OpenPage) -> None:
    log.write("api", "long ago", ago=50 * MINUTE)
    log.write("api", *(f"filler {number}" for number in range(6_000)), ago=40 * MINUTE)
    log.write("api", "just now")
    page = open_page(f"{gateway.url}?streams=api&tail=50")
    expect(messages(page).last).to_have_text("just now")
    jump(page, "55 min ago")
    expect(current(page)).to_contain_text("long ago")
    expect(place(page)).to_contain_text("Around record api/")
    page.get_by_role("button", name="Back to live").click()
    expect(messages(page).last).to_have_text("just now")
    expect(place(page)).to_have_count(0)


def test_a_jump_to_a_time_when_nothing_was_logged_yet_is_told(
    gateway: GatewayServer, log: Log, open_page: OpenPage
) -> None:
    log.write("api", "a", ago=30 * MINUTE)
    page = open_page(f"{gateway.url}?streams=api")
    expect(messages(page)).to_have_text(["a"])
    jump(page, "1 min ago")
    expect(page.locator("#jump-meaning")).to_contain_text("Nothing was logged at")
    page.keyboard.press("Escape")
    expect(jump_box(page)).to_have_count(0)


def test_a_jump_goes_to_an_id_of_any_of_the_streams_and_to_a_link(
    gateway: GatewayServer, log: Log, open_page: OpenPage
) -> None:
    log.write("mail", "wanted")
    log.write("api", *(f"filler {number}" for number in range(300)))
    id = found(gateway, "mail", "wanted")["id"]
    page = open_page(f"{gateway.url}?streams=api,mail&tail=50")
    expect(messages(page).last).to_have_text("filler 299")
    jump(page, id)
    expect(current(page)).to_contain_text("wanted")
    jump(page, "17-99")
    expect(page.locator("#jump-meaning")).to_contain_text("None of the chosen streams has a record 17-99")
    page.keyboard.press("Escape")
    target = found(gateway, "api", "filler 7")["id"]
    jump(page, f"{gateway.url}r/api/{target}")
    expect(current(page)).to_contain_text("filler 7")


def test_a_link_to_a_record_shows_it_among_its_neighbours_on_any_gateway(
    make_gateways: MakeGateways, log: Log, open_page: OpenPage
) -> None:
    first, second = make_gateways(2)
    log.write("api", *(f"line {number}" for number in range(1_000)))
    id = found(first, "api", "line 500")["id"]
    for gateway in (first, second):
        page = open_page(f"{gateway.url}r/api/{id}")
        expect(messages(page).get_by_text("line 500", exact=True)).to_be_in_viewport()
        expect(page.locator(".log-target")).to_contain_text("line 500")
        expect(messages(page).get_by_text("line 499", exact=True)).to_be_in_viewport()
        expect(messages(page).get_by_text("line 501", exact=True)).to_be_in_viewport()
        expect(place(page)).to_contain_text(re.compile(rf"Around record api/{id} of \d\d:\d\d:\d\d"))


def test_one_scrolls_on_from_a_record_in_both_directions(gateway: GatewayServer, log: Log, open_page: OpenPage) -> None:
    log.write("api", *(f"line {number}" for number in range(2_000)))
    id = found(gateway, "api", "line 1000")["id"]
    page = open_page(f"{gateway.url}r/api/{id}")
    expect(messages(page).get_by_text("line 1000", exact=True)).to_be_in_viewport()
    scroll_until(page, "line 0", -4_000)
    scroll_until(page, "line 1999", 4_000)
    log.write("api", "and what comes now")
    scroll_until(page, "and what comes now", 4_000)


def test_a_link_to_what_never_was_or_is_no_more_says_so(gateway: GatewayServer, log: Log, open_page: OpenPage) -> None:
    log.write("api", "gone")
    id = found(gateway, "api", "gone")["id"]
    page = open_page(f"{gateway.url}r/api/17-99")
    expect(place(page)).to_contain_text("Stream api never had a record 17-99")
    clear(gateway, "api")
    log.write("api", "kept")
    page = open_page(f"{gateway.url}r/api/{id}")
    expect(place(page)).to_contain_text(f"Record {id} of api is not kept any more; history begins at")
    page.get_by_role("button", name="Back to live").click()
    expect(messages(page).filter(has_text="kept")).to_be_visible()


def test_in_context_the_query_waits_and_is_there_again_afterwards(
    gateway: GatewayServer, log: Log, open_page: OpenPage
) -> None:
    log.write("api", "before")
    log.write("api", "cannot pay", level=40)
    log.write("api", "behind")
    page = open_page(f"{gateway.url}?streams=api&query=level:error")
    expect(messages(page)).to_have_text(["cannot pay"])
    messages(page).first.click()
    page.keyboard.press("c")
    expect(messages(page)).to_have_text(["before", "cannot pay", "behind"])
    expect(current(page)).to_contain_text("cannot pay")
    expect(place(page)).to_contain_text("The query waits")
    assert parameters(page)["query"] == ["level:error"]
    page.get_by_role("button", name="Back to live").click()
    expect(messages(page)).to_have_text(["cannot pay"])
    page.go_back()
    expect(messages(page)).to_have_text(["before", "cannot pay", "behind"])
    page.get_by_role("group", name="Levels").get_by_role("button", name=re.compile("^error")).click()
    expect(messages(page)).to_have_text(["cannot pay"])
    expect(place(page)).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_nothing_of_it_sticks_out(
    viewport: ViewportSize, scheme: str, gateway: GatewayServer, log: Log, open_page: OpenPage
) -> None:
    write_half_an_hour(log)
    id = found(gateway, "api", "minute 15")["id"]
    page = open_page(f"{gateway.url}?streams=api&query=minute&record=api/{id}", viewport=viewport, color_scheme=scheme)
    expect(place(page)).to_contain_text("Around record")
    expect(page.get_by_role("list", name="Parts of the query")).to_be_visible()
    width = chart_box(page)["width"]
    for share in (0.01, 0.5, 0.99):
        page.locator(".chart").hover(position={"x": width * share, "y": 20})
        expect(page.locator(".chart-tip")).to_be_in_viewport(ratio=0.99)
    page.keyboard.press("t")
    expect(jump_box(page)).to_be_in_viewport(ratio=0.99)
    assert page.evaluate("document.documentElement.scrollWidth") == viewport["width"]


def write_half_an_hour(log: Log, filler: int = 0) -> None:
    """A record for each minute, and an error; fillers between the first and the others."""
    for minute in range(30, -1, -1):
        log.write("api", f"minute {minute}", level=40 if minute == 12 else 20, ago=minute * MINUTE)
        if minute == 30 and filler:
            log.write("api", *(f"filler {number}" for number in range(filler)), ago=29.5 * MINUTE)


def messages(page: Page) -> Locator:
    return page.locator(".log-message")


def current(page: Page) -> Locator:
    return page.locator(".log-current .log-message")


def place(page: Page) -> Locator:
    return page.locator(".place")


def chart(page: Page) -> Locator:
    return page.locator(".chart").get_by_role("img")


def chart_box(page: Page) -> FloatRect:
    """Where the histogram is, once something is drawn on it and all is there that moves it by coming."""
    expect(page.get_by_role("group", name="Sources")).to_be_visible()
    expect(chart(page)).to_have_attribute("aria-label", re.compile(r"\d records?"))
    wait_for(lambda: pixels(page, "dim") > 0, 10, "the histogram to be drawn")
    box = page.locator(".chart").bounding_box()
    assert box is not None
    return box


def pixels(page: Page, token: str) -> int:
    return int(chart(page).evaluate(PIXELS, token))


def drag(page: Page, box: FloatRect, begin: float, end: float) -> None:
    y = box["y"] + 20
    page.mouse.move(box["x"] + box["width"] * begin, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * end, y, steps=4)
    page.mouse.up()


def jump_box(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Jump to a time or a record")


def jump(page: Page, text: str) -> None:
    expect(page.get_by_role("toolbar", name="Lists")).to_be_visible()  # keys come with it
    page.keyboard.press("t")
    jump_box(page).fill(text)
    page.keyboard.press("Enter")


def scroll_until(page: Page, text: str, step: int) -> None:
    wanted = messages(page).get_by_text(text, exact=True)
    page.locator(".log-scroller").hover()

    def seen() -> bool:
        page.mouse.wheel(0, step)
        return wanted.count() > 0 and wanted.is_visible()

    wait_for(seen, 30, f"{text!r} to be scrolled to")


def parameters(page: Page) -> dict[str, list[str]]:
    return urllib.parse.parse_qs(urllib.parse.urlsplit(page.url).query)


def found(gateway: GatewayServer, stream: str, text: str) -> dict[str, Any]:
    """The record of a message."""
    query = urllib.parse.urlencode({"query": f"message:/^{text}$/", "limit": 1})
    with urllib.request.urlopen(f"{gateway.url}api/streams/{stream}/records?{query}", timeout=10) as answer:
        record: dict[str, Any] = json.load(answer)["records"][0]
        return record


def clear(gateway: GatewayServer, stream: str) -> None:
    request = urllib.request.Request(f"{gateway.url}api/streams/{stream}/records", method="DELETE")
    urllib.request.urlopen(request, timeout=10).close()
