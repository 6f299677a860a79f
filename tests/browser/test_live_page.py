from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect

from tests.browser.conftest import MakeGateways, OpenPage
from tests.browser.gateway import GatewayServer, Log
from tests.servers import MakeRedisServer, wait_for

# Lines that the page keeps.
LIMIT = 5_000

TRACEBACK = 'Traceback (most recent call last):\n  File "cart.py", line 7, in pay\nTimeoutError: no answer in 3 s'
HOSTILE = (
    "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script> &amp; "
    "\x1b[31mred\x1b[0m \u202eevil"
)

# Texts with less contrast to what they stand on than WCAG's AA wants. A canvas knows every notation of a colour.
CONTRASTS = """
() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = (color) => {
    const [r, g, b] = rgb(color)
      .map((v) => v / 255)
      .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (e) => (!e || rgb(getComputedStyle(e).backgroundColor)[3] === 255
    ? getComputedStyle(e ?? document.body).backgroundColor : ground(e.parentElement));
  const hasText = (e) => [...e.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
  const seen = (e) => e.checkVisibility() && e.getBoundingClientRect().width > 1;
  return [...document.body.querySelectorAll("*")].filter((e) => hasText(e) && seen(e)).flatMap((e) => {
    const [dark, light] = [luminance(getComputedStyle(e).color), luminance(ground(e))].sort((a, b) => a - b);
    const contrast = (light + 0.05) / (dark + 0.05);
    return contrast < 4.5 ? [`${e.tagName} ${e.className} ${e.textContent.slice(0, 30)}: ${contrast.toFixed(2)}`] : [];
  });
}
"""

PHONE: ViewportSize = {"width": 360, "height": 740}
DESK: ViewportSize = {"width": 1200, "height": 720}


@pytest.fixture
def gateway(make_gateways: MakeGateways) -> GatewayServer:
    return make_gateways(1)[0]


def test_records_arrive_live_behind_the_newest_kept(gateway: GatewayServer, log: Log, open_page: OpenPage) -> None:
    log.write("api", "before the page")
    page = open_page(gateway.url)
    expect(messages(page)).to_have_text(["before the page"])
    log.write("api", "while it is open")
    log.write("mail", "of a stream that begins later")
    expect(messages(page)).to_have_text(["before the page", "while it is open", "of a stream that begins later"])
    expect(page.locator("#connection")).to_have_text(re.compile("Connected to .+"))
    expect(page.locator("#counts")).to_contain_text("3 records")


def test_hostile_text_is_text(gateway: GatewayServer, log: Log, open_page: OpenPage) -> None:
    page = open_page(gateway.url)
    log.write("api", HOSTILE, fields={"<b>bold</b>": "<i>\x00"}, exception=f"{HOSTILE}\n{HOSTILE}")
    line = page.locator(".line")
    expect(line.locator("summary .message")).to_have_text(
        "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script> &amp; "
        "␛[31mred␛[0m ⟨U+202E⟩evil"
    )
    line.locator("summary").click()
    expect(line.locator(".exception")).to_contain_text("␛[31mred")
    expect(line.locator("dl")).to_contain_text("<b>bold</b><i>␀")
    expect(page).to_have_title("Tailrace")
    assert page.locator("#lines :is(img, script, b, i)").count() == 0


def test_a_long_record_is_folded_and_opens(gateway: GatewayServer, log: Log, open_page: OpenPage) -> None:
    page = open_page(gateway.url)
    log.write("api", "cannot pay\nfor cart 7", level=40, exception=TRACEBACK, fields={"cart": 7})
    summary = page.locator("summary")
    expect(summary).to_contain_text("cannot pay +1 line · TimeoutError: no answer in 3 s cart=7")
    summary.click()
    expect(page.locator(".detail .message")).to_have_text("cannot pay\nfor cart 7", use_inner_text=True)
    expect(page.locator(".detail .exception")).to_contain_text('File "cart.py", line 7, in pay')
    expect(page.locator(".detail dl")).to_contain_text("serviceshop")


def test_the_level_is_chosen_and_stays_in_the_address(gateway: GatewayServer, log: Log, open_page: OpenPage) -> None:
    log.write("api", "quiet")
    log.write("api", "loud", level=40)
    page = open_page(gateway.url)
    expect(messages(page)).to_have_text(["quiet", "loud"])
    page.get_by_label("Level").select_option("WARNING")
    expect(messages(page)).to_have_text(["loud"])
    log.write("api", "quiet again")
    log.write("api", "loud again", level=30)
    expect(messages(page)).to_have_text(["loud", "loud again"])
    page.reload()
    expect(page.get_by_label("Level")).to_have_value("WARNING")
    expect(messages(page)).to_have_text(["loud", "loud again"])
    expect(page.locator("#counts")).to_contain_text("0 lost")


def test_streams_are_chosen_and_stay_in_the_address(gateway: GatewayServer, log: Log, open_page: OpenPage) -> None:
    for stream in ("api", "mail", "worker.billing"):
        log.write(stream, f"of {stream}")
    page = open_page(gateway.url)
    expect(messages(page)).to_have_count(3)
    choose_stream(page, "mail")
    expect(messages(page)).to_have_text(["of mail"])
    choose_stream(page, "worker.billing")
    expect(messages(page)).to_have_text(["of mail", "of worker.billing"])
    page.reload()
    expect(messages(page)).to_have_text(["of mail", "of worker.billing"])
    choose_stream(page, "all")
    expect(messages(page)).to_have_count(3)


def test_the_filter_hides_lines_and_loses_none(gateway: GatewayServer, log: Log, open_page: OpenPage) -> None:
    log.write("api", "a Cat", "a dog")
    page = open_page(gateway.url)
    page.get_by_label("Filter").fill("cat")
    expect(page.locator(".line:visible .message")).to_have_text(["a Cat"])
    log.write("api", "another dog", "another cat")
    expect(page.locator(".line:visible .message")).to_have_text(["a Cat", "another cat"])
    page.get_by_label("Filter").fill("")
    expect(page.locator(".line:visible .message")).to_have_text(["a Cat", "a dog", "another dog", "another cat"])


def test_pause_and_resume_lose_nothing(gateway: GatewayServer, log: Log, open_page: OpenPage) -> None:
    log.write("api", "0")
    page = open_page(gateway.url)
    expect(messages(page)).to_have_text(["0"])
    page.get_by_role("button", name="Pause").click()
    log.write("api", *map(str, range(1, 8)))
    expect(page.get_by_role("button", name="7 new")).to_be_visible()
    expect(messages(page)).to_have_text(["0"])
    page.get_by_role("button", name="Resume").click()
    expect(messages(page)).to_have_text(list(map(str, range(8))))


def test_a_long_pause_leaves_the_rest_in_redis_and_loses_nothing(
    gateway: GatewayServer, log: Log, open_page: OpenPage
) -> None:
    page = open_page(gateway.url)
    expect(page.locator("#state")).to_have_text("Connected")
    page.get_by_role("button", name="Pause").click()
    for start in range(0, 3 * LIMIT, 500):
        log.write("api", *map(str, range(start, start + 500)))
    expect(page.locator("#state")).to_have_text("Held")
    page.get_by_role("button", name="Resume").click()
    expect(page.locator("#received")).to_have_text("15,000")
    expect(page.locator("#counts")).to_have_text(re.compile("0 lost\\s+0 duplicated\\s+0 reconnects"))
    expect(messages(page).last).to_have_text(str(3 * LIMIT - 1))
    shown = page.evaluate(
        "[...document.querySelectorAll('.line .message')].map((message) => Number(message.textContent))"
    )
    assert shown == list(range(2 * LIMIT, 3 * LIMIT))
    expect(page.locator("#older")).to_have_text("10,000 older lines are no longer shown here")


def test_scrolling_up_holds_the_list_and_a_button_goes_on(
    gateway: GatewayServer, log: Log, open_page: OpenPage
) -> None:
    log.write("api", *(f"line {number}" for number in range(100)))
    page = open_page(gateway.url)
    expect(messages(page).last).to_be_in_viewport()
    page.locator("#scroller").hover()
    page.mouse.wheel(0, -600)
    wait_for(lambda: distance_from_end(page) > 100, 10, "the list to be scrolled up")
    log.write("api", "new one", "new two")
    button = page.get_by_role("button", name="2 new")
    expect(button).to_be_visible()
    expect(messages(page)).to_have_count(100)
    button.click()
    expect(messages(page).last).to_have_text("new two")
    expect(messages(page).last).to_be_in_viewport()
    expect(button).to_be_hidden()


def test_clear_empties_the_view_alone(gateway: GatewayServer, log: Log, open_page: OpenPage) -> None:
    log.write("api", "old")
    page = open_page(gateway.url)
    expect(messages(page)).to_have_text(["old"])
    page.get_by_role("button", name="Clear").click()
    expect(messages(page)).to_have_count(0)
    log.write("api", "new")
    expect(messages(page)).to_have_text(["new"])
    expect(page.locator("#counts")).to_contain_text("2 records")


def test_a_gap_is_shown_in_its_place(gateway: GatewayServer, log: Log, open_page: OpenPage) -> None:
    page = open_page(gateway.url)
    log.write("api", "before")
    expect(messages(page)).to_have_text(["before"])
    log.write("api", "after", shed=312)
    expect(messages(page)).to_have_text(["before", "after"])
    expect(page.locator("#lines > *")).to_have_text(
        [re.compile("before"), "api: 312 records lost: an agent had no room for them (312 DEBUG)", re.compile("after")]
    )
    expect(page.locator("#lost")).to_have_text("312 lost")


def test_a_fork_withdraws_lines(
    make_gateways: MakeGateways, open_page: OpenPage, own_redis_server: MakeRedisServer, prefix: str
) -> None:
    server = own_redis_server()
    [gateway] = make_gateways(1, server)
    page = open_page(gateway.url)
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
    expect(page.locator(".gap")).to_contain_text("api: 2 records withdrawn by a failover")
    expect(page.locator("#counts")).to_contain_text("0 lost")


def test_the_page_goes_on_at_the_other_gateway_when_one_is_killed(
    make_gateways: MakeGateways, log: Log, open_page: OpenPage
) -> None:
    first, second = make_gateways(2)
    page = open_page(f"{first.url}?gateways={second.url}")
    log.write("api", "0")
    log.write("mail", "mail 0")
    expect(messages(page)).to_have_text(["0", "mail 0"])
    name = page.locator("#gateway").text_content()
    first.kill()
    log.write("api", *map(str, range(1, 1000)))
    log.write("mail", "mail 1")
    expect(page.locator("#state")).to_have_text("Connected")
    expect(page.locator("#gateway")).not_to_have_text(name or "")
    log.write("api", "1000")
    expect(messages(page).filter(has_text=re.compile("^1000$"))).to_be_visible()
    numbers = [text for text in messages(page).all_text_contents() if not text.startswith("mail")]
    assert numbers == list(map(str, range(1001)))
    expect(messages(page).filter(has_text="mail")).to_have_text(["mail 0", "mail 1"])
    expect(page.locator("#counts")).to_have_text(
        re.compile("1,003 records\\s+0 lost\\s+0 duplicated\\s+1 reconnect\\s*$")
    )


def test_a_dead_gateway_is_said_to_be_away(gateway: GatewayServer, open_page: OpenPage) -> None:
    page = open_page(gateway.url)
    expect(page.locator("#state")).to_have_text("Connected")
    gateway.kill()
    expect(page.locator("#state")).to_have_text(re.compile("Disconnected|Connecting"))
    gateway.start()
    page.get_by_role("button", name="Connect now").or_(page.locator("#state", has_text="Connected")).first.click()
    expect(page.locator("#state")).to_have_text("Connected")


def test_what_the_gateway_refuses_is_said(gateway: GatewayServer, log: Log, open_page: OpenPage) -> None:
    page = open_page(f"{gateway.url}?streams=no/name")
    expect(page.get_by_role("alert")).to_contain_text("not a stream name or glob: 'no/name'")
    expect(page.locator("#state")).to_have_text("Disconnected")
    log.write("api", "found")
    choose_stream(page, "all")
    expect(messages(page)).to_have_text(["found"])
    expect(page.get_by_role("alert")).to_be_hidden()


def test_arrow_keys_move_and_enter_opens(gateway: GatewayServer, log: Log, open_page: OpenPage) -> None:
    log.write("api", "first", "second\nwith more")
    page = open_page(gateway.url)
    expect(messages(page)).to_have_count(2)
    page.locator("#scroller").focus()
    page.keyboard.press("ArrowUp")
    expect(page.locator("summary").last).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".detail")).to_contain_text("with more")
    page.keyboard.press("ArrowUp")
    expect(page.locator("summary").first).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("name", "viewport"), [("phone", PHONE), ("desk", DESK)])
def test_nothing_sticks_out_and_texts_have_contrast(
    name: str,
    viewport: ViewportSize,
    scheme: str,
    gateway: GatewayServer,
    log: Log,
    open_page: OpenPage,
    tmp_path: Path,
) -> None:
    page = open_page(gateway.url, viewport=viewport, color_scheme=scheme)
    write_a_bit_of_everything(log)
    expect(page.locator(".gap")).to_be_visible()
    page.locator("summary", has_text="no room").click()
    expect(page.locator(".exception")).to_be_visible()
    page.screenshot(path=tmp_path / f"{name}-{scheme}.png")
    widths = page.evaluate("[document.documentElement.scrollWidth, document.querySelector('#scroller').scrollWidth]")
    assert widths == [viewport["width"]] * 2
    assert page.evaluate(CONTRASTS) == []
    for control in ("#filter", "#streams"):
        box = page.locator(control).bounding_box()
        assert box is not None
        assert box["width"] > 300


def write_a_bit_of_everything(log: Log) -> None:
    log.write("api", "cache warmed", level=10, fields={"keys": 812})
    log.write("api", *(f"GET /products/{number} 200" for number in range(12)), fields={"ms": 12, "user": "u-17"})
    log.write("worker.billing", "slow query: SELECT * FROM invoices WHERE paid IS NULL", level=30, fields={"ms": 1840})
    log.write("worker.mail", "Ihre Rechnung — 請求書 — فاتورة جديدة 📬", "retry 1 of 5")
    log.write("api", "order placed", kind="audit", action="order.place", fields={"order": 8123})
    log.write("worker.billing", "no room: " + "x" * 400, level=40, exception=TRACEBACK)
    log.write("scheduler", "cannot reach Redis", level=50)
    log.write("api", "nightly report:\n  orders 812\n  refunds 3", shed=312)
    log.write("api", HOSTILE)


def messages(page: Page) -> Locator:
    return page.locator("summary .message")


def choose_stream(page: Page, name: str) -> None:
    page.locator("#streams").get_by_text(name, exact=True).click()


def distance_from_end(page: Page) -> float:
    script = "(e => e.scrollHeight - e.scrollTop - e.clientHeight)(document.querySelector('#scroller'))"
    return float(page.evaluate(script))
