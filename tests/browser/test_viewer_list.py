from __future__ import annotations

import itertools
import json
import re
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect

from tests.browser.conftest import OpenPage, Shared, reload
from tests.servers import ROOT, wait_for

PHONE: ViewportSize = {"width": 360, "height": 740}
DESK: ViewportSize = {"width": 1200, "height": 720}

TRACEBACK = """Traceback (most recent call last):
  File "/srv/shop/cart.py", line 7, in pay
    client.post(cart)
  File "/usr/lib/python3.11/site-packages/http/client.py", line 80, in post
    return self.send()
  File "/usr/lib/python3.11/site-packages/http/client.py", line 99, in send
    raise TimeoutError
TimeoutError: no answer in 3 s"""

HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script> &amp; \x00 \u202eevil"

AXE = ROOT / "relay/web/node_modules/axe-core/axe.min.js"


class Viewer:
    """The viewer for one test: its streams have names of their own on a gateway that all tests share."""

    def __init__(self, shared: Shared, open_page: OpenPage, name: str) -> None:
        self.url = shared.gateway.url
        self._log = shared.log
        self._open_page = open_page
        self._name = name

    def stream(self, name: str) -> str:
        return f"{name}-{self._name}"

    def write(self, stream: str, *messages: str, **more: Any) -> None:
        self._log.write(self.stream(stream), *messages, **more)

    def open(self, *streams: str, query: str = "", **options: Any) -> Page:
        names = ",".join(map(self.stream, streams))
        return self._open_page(f"{self.url}?streams={names}&{query}", **{"viewport": DESK, **options})

    def preferences(self, **kept: object) -> dict[str, Any]:
        """What the browser has kept of how somebody likes to read."""
        items = [{"name": f"tailrace.{name}", "value": json.dumps(value)} for name, value in kept.items()]
        return {"cookies": [], "origins": [{"origin": self.url.rstrip("/"), "localStorage": items}]}


@pytest.fixture
def viewer(shared: Shared, open_page: OpenPage) -> Viewer:
    return Viewer(shared, open_page, uuid4().hex[:8])


# Following


def test_records_come_live_and_the_list_stays_at_its_end(viewer: Viewer) -> None:
    viewer.write("api", *(f"kept {number}" for number in range(80)))
    page = viewer.open("api")
    expect(messages(page).last).to_have_text("kept 79")
    viewer.write("api", *(f"live {number}" for number in range(40)))
    expect(messages(page).last).to_have_text("live 39")
    expect(messages(page).last).to_be_in_viewport(ratio=1)
    expect(pill(page)).to_be_hidden()


def test_only_what_is_in_sight_is_drawn(viewer: Viewer) -> None:
    viewer.write("api", *(f"line {number}" for number in range(1_000)))
    page = viewer.open("api", query="tail=1000")
    expect(messages(page).last).to_have_text("line 999")
    assert rows(page).count() < 70
    expect(grid(page)).to_have_attribute("aria-rowcount", re.compile(r"100\d"))
    expect(rows(page).last).to_have_attribute("aria-rowindex", str(grid(page).get_attribute("aria-rowcount")))


def test_scrolling_up_holds_the_list_and_the_pill_goes_on(viewer: Viewer) -> None:
    viewer.write("api", *(f"line {number}" for number in range(100)))
    page = viewer.open("api")
    expect(messages(page).last).to_have_text("line 99")
    scroll(page, -600)
    expect(pill(page)).to_have_text("↓ Follow")
    place = place_of(page, "line 60")
    viewer.write("api", *(f"new {number}" for number in range(1_200)))
    viewer.write("api", "failed", "failed again", "and again", "and again", level=40)
    expect(pill(page)).to_have_text("↓ 1,204 new · 4 errors")
    assert place_of(page, "line 60") == place
    pill(page).click()
    expect(messages(page).last).to_have_text("and again")
    expect(messages(page).last).to_be_in_viewport(ratio=1)
    expect(pill(page)).to_be_hidden()


def test_scrolling_back_to_the_end_follows_again(viewer: Viewer) -> None:
    viewer.write("api", *(f"line {number}" for number in range(100)))
    page = viewer.open("api")
    expect(messages(page).last).to_have_text("line 99")
    scroll(page, -200)
    expect(pill(page)).to_be_visible()
    scroll(page, 400)
    expect(pill(page)).to_be_hidden()
    viewer.write("api", "new")
    expect(messages(page).last).to_have_text("new")


def test_a_list_that_fits_into_sight_is_held_by_the_wheel_too(viewer: Viewer) -> None:
    viewer.write("api", "one", "two")
    page = viewer.open("api")
    expect(messages(page)).to_have_count(2)
    grid(page).hover()
    page.mouse.wheel(0, -100)
    expect(pill(page)).to_be_visible()
    page.mouse.wheel(0, 100)
    expect(pill(page)).to_be_hidden()


def test_selecting_text_and_opening_a_record_hold_the_list(viewer: Viewer) -> None:
    viewer.write("api", "one word", "two words")
    page = viewer.open("api")
    messages(page).first.dblclick()
    assert page.evaluate("String(getSelection())").strip() in ("one", "word")
    expect(pill(page)).to_be_visible()
    pill(page).click()
    page.evaluate("getSelection().removeAllRanges()")
    expect(pill(page)).to_be_hidden()
    messages(page).last.click()
    expect(pill(page)).to_be_visible()


def test_a_pause_stands_still_and_loses_nothing(viewer: Viewer) -> None:
    viewer.write("api", "before")
    page = viewer.open("api")
    expect(messages(page)).to_have_text(["before"])
    page.keyboard.press("Space")
    expect(pill(page)).to_have_text("↓ Follow")
    viewer.write("api", *map(str, range(7)))
    expect(pill(page)).to_have_text("↓ 7 new")
    expect(messages(page)).to_have_text(["before"])
    page.keyboard.press("Space")
    expect(messages(page)).to_have_text(["before", *map(str, range(7))])


# History


def test_scrolling_up_goes_back_through_all_history_and_nothing_jumps(viewer: Viewer) -> None:
    viewer.write("api", *(f"line {number}" for number in range(1_500)))
    page = viewer.open("api", query="tail=50")
    expect(messages(page).last).to_have_text("line 1499")
    grid(page).hover()

    def goes_on_upwards() -> bool:
        page.mouse.wheel(0, -700)
        # In one go: elements are drawn in again, so that between finding and reading them they may be other rows.
        texts = page.evaluate("[...document.querySelectorAll('.log-message')].map((each) => each.textContent)")
        numbers = [int(text.split()[1]) for text in texts]
        # On a busy machine what came into sight may not be drawn yet.
        assert all(after == before + 1 for before, after in itertools.pairwise(numbers))
        return numbers[:1] == [0]

    wait_for(goes_on_upwards, 60, "the first record")
    expect(grid(page)).to_have_attribute("aria-rowcount", "1501")
    expect(page.locator(".log-bar")).to_have_text("History begins here")


def test_what_is_read_stays_in_its_place_while_history_is_loaded_above(viewer: Viewer) -> None:
    viewer.write("api", *(f"line {number}" for number in range(2_000)))
    page = viewer.open("api", query="tail=100")
    expect(messages(page).last).to_have_text("line 1999")
    page.evaluate(WATCH_PLACES, "line 1940")
    scroll(page, -1_100)
    wait_for(lambda: int(grid(page).get_attribute("aria-rowcount") or 0) > 300, 20, "older records")
    places = page.evaluate("window.places")
    assert len(set(places[-5:])) == 1
    assert all(after >= before for before, after in itertools.pairwise(places))


# The line


def test_a_line_says_when_how_grave_and_where_from(viewer: Viewer) -> None:
    page = viewer.open("api")
    viewer.write(
        "api",
        "cannot pay\nfor cart 7",
        level=40,
        source="stderr",
        exception=TRACEBACK,
        fields={"cart": 7, "user": {"name": "Ada"}},
    )
    line = rows(page).first
    expect(line).to_have_class(re.compile("log-error"))
    expect(line.locator(".log-time")).to_have_text(re.compile(r"^\d\d:\d\d:\d\d\.\d{3}$"))
    expect(line.locator(".log-time")).to_have_attribute("title", re.compile(r"^\d{4}-\d\d-\d\d .+ · \d{4}-.+Z$"))
    expect(line.locator(".log-level")).to_have_text("ERROR")
    expect(line.locator(".log-badge")).to_have_text("stderr")
    expect(line.locator(".log-text")).to_have_text(
        'stderr shop cannot pay TimeoutError: no answer in 3 s cart=7 user={"name":"Ada"}'
    )
    expect(line.locator(".log-more")).to_have_text("+1 line")
    expect(line.locator(".log-stream")).to_have_count(0)


def test_levels_of_a_program_take_the_next_lower_colour_and_keep_their_number(viewer: Viewer) -> None:
    for level in (5, 10, 25, 35, 49, 60):
        viewer.write("api", f"at {level}", level=level)
    page = viewer.open("api")
    for row, name in enumerate(("trace", "debug", "info", "warning", "error", "critical")):
        expect(rows(page).nth(row)).to_have_class(re.compile(rf"\blog-{name}\b"))


@pytest.mark.parametrize(
    ("clock", "text"),
    [("utc", r"^\d\d:\d\d:\d\d\.\d{3}$"), ("local", r"^\d\d:\d\d:\d\d\.\d{3}$"), ("relative", r"^(now|[\d.]+ s ago)$")],
)
def test_times_are_local_in_utc_or_relative(clock: str, text: str, viewer: Viewer) -> None:
    viewer.write("api", "here")
    kept = viewer.preferences(clock=clock)
    page = viewer.open("api", storage_state=kept, timezone_id="Asia/Tokyo")
    time = rows(page).first.locator(".log-time")
    expect(time).to_have_text(re.compile(text))
    utc = str(time.get_attribute("title")).split(" · ")[1]
    hour = int(utc[11:13])
    if clock != "relative":
        assert int(time.inner_text()[:2]) == (hour if clock == "utc" else (hour + 9) % 24)


def test_parts_of_a_line_can_be_hidden(viewer: Viewer) -> None:
    viewer.write("api", "here", fields={"cart": 7, "user": "Ada"}, source="stderr")
    kept = viewer.preferences(hidden=["time", "source", "logger", "cart"])
    page = viewer.open("api", storage_state=kept)
    expect(rows(page).first.locator(".log-line")).to_have_text("INFOhere user=Ada")


def test_streams_have_colours_of_their_own(viewer: Viewer) -> None:
    for stream in ("api", "mail", "worker"):
        viewer.write(stream, f"of {stream}")
    page = viewer.open("api", "mail", "worker")
    streams = page.locator(".log-stream")
    expect(streams).to_have_text([viewer.stream(name) for name in ("api", "mail", "worker")])
    assert len(set(streams.evaluate_all("(all) => all.map((each) => getComputedStyle(each).color)"))) == 3


def test_lines_of_one_stream_do_not_say_which(viewer: Viewer) -> None:
    for stream in ("api", "mail"):
        viewer.write(stream, f"of {stream}")
    page = viewer.open("api", "mail")
    expect(page.locator(".log-stream")).to_have_count(2)
    page.locator(".sources > button").click()
    page.get_by_role("option", name=viewer.stream("mail")).locator(".choice-name").click()
    expect(messages(page)).to_have_text(["of mail"])
    expect(page.locator(".log-stream")).to_have_count(0)


def test_what_is_looked_for_is_highlighted(viewer: Viewer) -> None:
    viewer.write("api", "a cat and a CAT", "a dog")
    page = viewer.open("api", query="find=cat")
    expect(page.locator(".log-message mark")).to_have_text(["cat", "CAT"])


def test_hostile_text_is_text(viewer: Viewer) -> None:
    viewer.write("api", HOSTILE, fields={"<b>bold</b>": "<i>\x1b"}, exception=f"{HOSTILE}\n{HOSTILE}")
    page = viewer.open("api")
    shown = HOSTILE.replace("\x00", "␀").replace("\u202e", "⟨U+202E⟩")
    expect(messages(page)).to_have_text(shown)
    messages(page).click()
    expect(page.locator(".detail-exception")).to_contain_text(shown)
    expect(page.locator(".tree-entry").first).to_contain_text("<b>bold</b> <i>␛")
    assert page.title() != "owned"
    assert page.locator(".log :is(img, script, b, i)").count() == 0


def test_terminal_colours_are_shown_and_can_be_taken_out(viewer: Viewer) -> None:
    viewer.write("api", "\x1b[31mred\x1b[0m and \x1b[1;38;5;208morange\x1b[0m \x1b[2J")
    page = viewer.open("api")
    expect(messages(page)).to_have_text("red and orange ␛[2J")
    expect(page.locator(".ansi-fg-red")).to_have_text("red")
    expect(page.locator(".ansi-fg-any.ansi-bold")).to_have_text("orange")
    plain = viewer.open("api", storage_state=viewer.preferences(ansi=False))
    expect(messages(plain)).to_have_text("red and orange ␛[2J")
    expect(plain.locator("[class*=ansi]")).to_have_count(0)


def test_addresses_are_links_that_give_nothing_away(viewer: Viewer) -> None:
    viewer.write("api", "see https://example.com/a?b=1, or javascript:alert(1) (http://example.org/x).")
    page = viewer.open("api")
    links = messages(page).locator("a")
    expect(links).to_have_text(["https://example.com/a?b=1", "http://example.org/x"])
    for link in links.all():
        expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")
        expect(link).to_have_attribute("target", "_blank")


# What stands where there is no record


def test_a_gap_is_a_bar_with_count_and_reason(viewer: Viewer) -> None:
    viewer.write("api", "before")
    viewer.write("api", "after", shed=1_200)
    page = viewer.open("api")
    expect(messages(page)).to_have_text(["before", "after"])
    expect(page.locator(".log-bar:not([data-reason=horizon])")).to_have_text(
        "1,200 records shed by their agent, which had no room (DEBUG 1,200)"
    )
    heights = [page.locator(f".log-{name}").bounding_box() for name in ("block", "content")]
    assert heights[0]
    assert heights[1]
    assert heights[0]["height"] == heights[1]["height"]


def test_an_empty_list_says_why(viewer: Viewer) -> None:
    viewer.write("api", "something")
    page = viewer.open("nothing-here")
    expect(page.locator(".log-empty")).to_have_text("No logs available")
    page = viewer.open("api", query="query=elsewhere")
    expect(page.locator(".log-empty")).to_have_text("Nothing matches the query")


# Panels


def test_system_and_audit_stand_side_by_side_with_a_separator_that_moves(viewer: Viewer) -> None:
    viewer.write("api", "of the system")
    viewer.write("api", "who did what", kind="audit", action="login")
    page = viewer.open("api", query="panels=dual")
    expect(messages(page, "system")).to_have_text(["of the system"])
    expect(messages(page, "audit")).to_have_text(["who did what"])
    separator = page.get_by_role("separator")
    expect(separator).to_have_attribute("aria-valuenow", "60")
    width = width_of(page, "system")
    box = separator.bounding_box()
    assert box
    page.mouse.move(box["x"] + 3, 300)
    page.mouse.down()
    page.mouse.move(480, 320, steps=4)
    page.mouse.up()
    expect(separator).to_have_attribute("aria-valuenow", "40")
    assert width_of(page, "system") < width
    separator.press("ArrowRight")
    expect(separator).to_have_attribute("aria-valuenow", "42")
    separator.press("End")
    expect(separator).to_have_attribute("aria-valuenow", "85")
    separator.press("ArrowLeft")
    reload(page)
    expect(page.get_by_role("separator")).to_have_attribute("aria-valuenow", "83")


def test_on_a_phone_panels_stand_one_above_the_other_and_nothing_is_too_wide(viewer: Viewer) -> None:
    viewer.write("api", "a long line of text " * 20, "short")
    viewer.write("api", "who did what", kind="audit")
    page = viewer.open("api", query="panels=dual", viewport=PHONE, has_touch=True)
    expect(messages(page, "system")).to_have_count(2)
    system, audit = (page.locator(f"[data-list={name}]").bounding_box() for name in ("system", "audit"))
    assert system
    assert audit
    assert audit["y"] >= system["y"] + system["height"]
    expect(page.get_by_role("separator")).to_have_attribute("aria-orientation", "horizontal")
    assert page.locator(".panels").evaluate("(panels) => panels.scrollWidth") == 360
    line = rows(page).first.bounding_box()
    assert line
    assert line["height"] == 40


# An opened record


def test_a_record_opens_with_all_that_is_known_of_it(viewer: Viewer) -> None:
    viewer.write(
        "api",
        "cannot pay\nfor cart 7",
        level=40,
        exception=TRACEBACK,
        fields={"cart": 7, "user": {"name": "Ada", "tags": ["a", "b"]}},
        trace_id="abc123",
    )
    page = viewer.open("api", viewport={"width": 1200, "height": 1000})
    messages(page).click()
    expect(rows(page).first).to_have_attribute("aria-expanded", "true")
    detail = page.locator(".detail")
    expect(detail.get_by_role("group", name="Message")).to_have_text("cannot pay\nfor cart 7", use_inner_text=True)
    exception = detail.get_by_role("group", name="Exception")
    expect(exception).to_contain_text('File "/srv/shop/cart.py", line 7, in pay')
    expect(exception).not_to_contain_text("site-packages")
    exception.get_by_role("button", name="2 library frames").click()
    expect(exception).to_contain_text('site-packages/http/client.py", line 99')
    facts = detail.locator(".detail-facts")
    for name, value in (("level", "ERROR"), ("service", "shop"), ("trace_id", "abc123"), ("stream", "api")):
        expect(facts.locator("div", has=page.locator(f"dt:text-is('{name}')")).locator("dd")).to_contain_text(value)
    user = detail.get_by_role("button", name="user { 2 }")
    expect(detail.locator(".tree-entry", has_text="Ada").last).to_be_visible()
    user.press("Enter")
    expect(user).to_have_attribute("aria-expanded", "false")
    expect(detail.locator(".tree")).not_to_contain_text("Ada")
    messages(page).click()
    expect(detail).to_have_count(0)


def test_a_value_is_one_click_to_filter_for_or_out(viewer: Viewer) -> None:
    for status in (200, 503, 200):
        viewer.write("api", f"answered {status}", fields={"http": {"status": status}})
    page = viewer.open("api")
    messages(page).nth(1).click()
    entry = page.locator(".tree-entry", has_text="status 503").last
    entry.hover()
    entry.get_by_role("button", name="Filter for fields.http.status").click()
    expect(messages(page)).to_have_text(["answered 503"])
    assert "query=fields.http.status:503" in page.url
    entry.hover()
    entry.get_by_role("button", name="Filter out fields.http.status").click()
    expect(messages(page)).to_have_text(["answered 200", "answered 200"])
    page.go_back()
    expect(messages(page)).to_have_text(["answered 503"])


def test_a_trace_is_one_click_to_follow(viewer: Viewer) -> None:
    viewer.write("api", "first of it", trace_id="4bf92f3577b34da6")
    viewer.write("api", "another's", trace_id="00f067aa0ba902b7")
    viewer.write("api", "last of it", trace_id="4bf92f3577b34da6")
    page = viewer.open("api")
    messages(page).first.click()
    page.get_by_role("button", name="Follow trace").click()
    expect(messages(page)).to_have_text(["first of it", "last of it"])


def test_a_message_of_json_is_a_tree(viewer: Viewer) -> None:
    viewer.write("api", '{"order": {"id": 7, "items": [1, 2]}, "paid": true}')
    page = viewer.open("api")
    messages(page).click()
    section = page.locator(".detail-section", has_text="Message as JSON")
    expect(section.locator(".tree-entry", has_text="paid").last).to_contain_text("true")
    section.get_by_role("button", name="order { 2 }").click()
    expect(section).not_to_contain_text("items")


def test_a_record_is_copied_linked_and_seen_in_its_context(viewer: Viewer) -> None:
    viewer.write("api", "before")
    viewer.write("api", "cannot pay", level=40)
    viewer.write("api", "after")
    page = viewer.open("api", query="query=pay", permissions=["clipboard-read", "clipboard-write"])
    messages(page).click()
    page.get_by_role("button", name="Copy JSON", exact=True).click()
    wait_for(lambda: "cannot pay" in clipboard(page), 10, "the record on the clipboard")
    [copied] = json.loads(clipboard(page))
    assert copied["message"] == "cannot pay"
    href = str(page.get_by_role("link", name="Permalink").get_attribute("href"))
    assert re.fullmatch(rf"{viewer.url}r/{viewer.stream('api')}/\d+-2", href)
    page.get_by_role("button", name="See in context").click()
    expect(messages(page)).to_have_text(["before", "cannot pay", "after"])
    expect(page.locator(".log-current .log-message")).to_have_text("cannot pay")
    page.go_back()
    expect(messages(page)).to_have_text(["cannot pay"])


def test_a_very_long_message_is_clipped_and_shown_whole_piece_by_piece(viewer: Viewer) -> None:
    text = "".join(f"{number:07} " for number in range(60_000))
    viewer.write("api", text)
    page = viewer.open("api")
    expect(rows(page).first.locator(".log-more")).to_have_text(re.compile(r"kB$"))
    messages(page).click()
    shown = page.get_by_role("group", name="Message")
    expect(shown).to_contain_text("0000001")
    assert len(shown.inner_text()) < 20_000
    page.get_by_role("button", name=re.compile("^Show all .+ kB$")).click()
    wait_for(lambda: len(shown.evaluate("(element) => element.textContent")) == len(text), 20, "all of it")
    assert shown.evaluate("(element) => element.textContent") == text
    box = rows(page).first.bounding_box()
    assert box
    assert box["height"] < 1_500


def test_the_longest_message_that_gets_in_leaves_the_page_alive(viewer: Viewer) -> None:
    """Almost 8 MiB, of which a frame has room for no more."""
    text = "".join(f"{number:07} " for number in range(1_040_000))
    viewer.write("api", text)
    viewer.write("api", "after it")
    page = viewer.open("api")
    expect(messages(page).last).to_have_text("after it")
    expect(rows(page).first.locator(".log-more")).to_have_text(re.compile(r"8\.3 MB$"))
    messages(page).first.click()
    page.get_by_role("button", name="Show all 8.3 MB").click()
    shown = page.get_by_role("group", name="Message")
    viewer.write("api", "meanwhile")
    expect(messages(page).filter(has_text="meanwhile")).to_have_count(1)
    wait_for(lambda: shown.evaluate("(element) => element.textContent.length") == len(text), 60, "all of it")
    page.keyboard.press("Escape")
    expect(shown).to_have_count(0)


# Wrapped lines


def test_wrapped_lines_do_not_jump(viewer: Viewer) -> None:
    viewer.write("api", *(f"line {number} " + "word " * (number * 37 % 200) for number in range(400)))
    page = viewer.open("api", query="tail=500", storage_state=viewer.preferences(wrap=True))
    expect(messages(page).last).to_contain_text("line 399")
    expect(messages(page).last).to_be_in_viewport()
    grid(page).hover()
    for _ in range(30):
        text = messages(page).nth(rows(page).count() // 2).inner_text()[:9].strip()
        before = place_of(page, text)
        top = scrolled(page)
        page.mouse.wheel(0, -120)
        wait_for(partial(has_moved, page, text, before), 20, "the list to be scrolled")
        page.wait_for_function("new Promise((done) => setTimeout(() => done(true), 30))")
        assert abs(place_of(page, text) - before - 120) <= 1, (text, top)


def test_changing_the_width_keeps_the_record_that_is_read(viewer: Viewer) -> None:
    viewer.write("api", *(f"line {number} " + "word " * 60 for number in range(300)))
    page = viewer.open("api", query="tail=500", storage_state=viewer.preferences(wrap=True))
    expect(messages(page).last).to_contain_text("line 299")
    scroll(page, -3_000)
    first = top_line(page)
    page.set_viewport_size({"width": 800, "height": 720})
    wait_for(lambda: top_line(page) == first, 5, f"{first} at the top")
    page.set_viewport_size(PHONE)
    wait_for(lambda: top_line(page) == first, 5, f"{first} at the top")


# Keys


def test_keys_move_open_and_close(viewer: Viewer) -> None:
    viewer.write("api", *(f"line {number}" for number in range(200)))
    page = viewer.open("api", query="tail=500")
    expect(messages(page).last).to_have_text("line 199")
    page.keyboard.press("k")
    expect(current(page)).to_have_text("line 199")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("k")
    expect(current(page)).to_have_text("line 197")
    page.keyboard.press("j")
    expect(current(page)).to_have_text("line 198")
    expect(grid(page)).to_have_attribute("aria-activedescendant", str(current_row(page).get_attribute("id")))
    expect(grid(page)).to_be_focused()
    page.keyboard.press("PageUp")
    page.keyboard.press("PageUp")
    wait_for(lambda: 120 < int(current(page).inner_text().split()[1]) < 160, 5, "two pages up")
    expect(current(page)).to_be_in_viewport(ratio=1)
    page.keyboard.press("g")
    expect(page.locator(".log-bar")).to_have_text("History begins here")
    page.keyboard.press("g")
    expect(current_row(page)).to_contain_text("History begins here")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(current(page)).to_have_text("line 1")
    page.keyboard.press("Enter")
    expect(page.locator(".detail")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".detail")).to_have_count(0)
    page.keyboard.press("Shift+G")
    expect(messages(page).last).to_have_text("line 199")
    expect(pill(page)).to_be_hidden()


def test_keys_go_to_errors_warnings_hits_and_records_of_a_trace(viewer: Viewer) -> None:
    for number in range(300):
        level = {50: 40, 150: 30, 250: 50}.get(number, 20)
        viewer.write("api", f"line {number}", level=level, trace_id="abc" if number % 100 == 50 else "def")
    page = viewer.open("api", query="tail=500&find=99")
    expect(messages(page).last).to_have_text("line 299")
    grid(page).focus()
    for key, line in (
        ("Shift+E", 250),
        ("Shift+E", 50),
        ("Shift+E", 250),
        ("w", 150),
        ("Shift+O", 50),
        ("o", 150),
        ("Shift+N", 99),
        ("n", 199),
        ("n", 299),
        ("n", 99),
    ):
        page.keyboard.press(key)
        expect(current(page)).to_have_text(f"line {line}")
        expect(current(page)).to_be_in_viewport(ratio=1)
    expect(page.get_by_role("status").filter(has_text="on from the top")).to_be_visible()


def test_keys_mark_a_record_and_show_its_context(viewer: Viewer) -> None:
    viewer.write("api", "before", "cannot pay", "after")
    page = viewer.open("api", query="query=pay")
    expect(messages(page)).to_have_text(["cannot pay"])
    page.keyboard.press("k")
    page.keyboard.press("m")
    expect(rows(page).filter(has_text="cannot pay")).to_have_class(re.compile("log-marked"))
    reload(page)
    expect(rows(page).filter(has_text="cannot pay")).to_have_class(re.compile("log-marked"))
    page.keyboard.press("k")
    page.keyboard.press("c")
    expect(messages(page)).to_have_text(["before", "cannot pay", "after"])
    page.keyboard.press("Escape")
    expect(messages(page)).to_have_text(["cannot pay"])


def test_an_open_record_is_read_once_however_much_comes(viewer: Viewer) -> None:
    viewer.write("api", json.dumps({"cart": "7" * 1_000}))
    page = viewer.open("api")
    page.evaluate("""() => {
        const parse = JSON.parse;
        window.parsed = 0;
        JSON.parse = (text, ...more) => {
            if (text.includes("7777")) window.parsed += 1;
            return parse(text, ...more);
        };
    }""")
    messages(page).click()
    expect(page.get_by_text("Message as JSON")).to_be_visible()
    read = page.evaluate("window.parsed")
    for number in range(5):
        viewer.write("api", f"line {number}")
        expect(messages(page).last).to_have_text(f"line {number}")
    assert read >= 1
    assert page.evaluate("window.parsed") == read


# Choosing


def test_rows_are_chosen_in_the_gutter_and_copied_beyond_the_screen(viewer: Viewer) -> None:
    viewer.write("api", *(f"line {number}" for number in range(300)))
    page = viewer.open("api", query="tail=500", permissions=["clipboard-read", "clipboard-write"])
    expect(messages(page).last).to_have_text("line 299")
    gutter(page, "line 299").click()
    expect(page.locator(".chosen-bar")).to_contain_text("1 row chosen")
    scroll(page, -4_000)
    expect(messages(page).get_by_text("line 90", exact=True)).to_be_visible()
    gutter(page, "line 90").click(modifiers=["Shift"])
    expect(page.locator(".chosen-bar")).to_contain_text("210 rows chosen")
    page.keyboard.press("ControlOrMeta+c")
    copied = wait_for(lambda: copied_lines(page, "line 90"), 10, "the rows on the clipboard")
    assert len(copied) == 210
    assert copied[-1].endswith("line 299")
    page.keyboard.press("Escape")
    expect(page.locator(".chosen-bar")).to_have_count(0)


def test_a_marked_row_is_chosen_in_the_gutter_too(viewer: Viewer) -> None:
    viewer.write("api", *(f"line {number}" for number in range(5)))
    page = viewer.open("api")
    expect(messages(page).last).to_have_text("line 4")
    for key in ("k", "m"):
        page.keyboard.press(key)
    expect(page.locator(".log-marked .log-message")).to_have_text("line 4")
    gutter(page, "line 4").click(position={"x": 6, "y": 10})
    expect(page.locator(".chosen-bar")).to_contain_text("1 row chosen")


def test_rows_are_chosen_by_dragging_along_the_gutter(viewer: Viewer) -> None:
    viewer.write("api", *(f"line {number}" for number in range(20)))
    page = viewer.open("api")
    expect(messages(page).last).to_have_text("line 19")
    grid(page).hover()
    page.mouse.wheel(0, -100)
    expect(page.locator(".log-bar")).to_have_text("History begins here")
    first, last = (gutter(page, f"line {number}").bounding_box() for number in (5, 12))
    assert first
    assert last
    page.mouse.move(first["x"] + 5, first["y"] + 5)
    page.mouse.down()
    page.mouse.move(last["x"] + 5, last["y"] + 5, steps=5)
    page.mouse.up()
    expect(page.locator(".log-chosen .log-message")).to_have_text([f"line {number}" for number in range(5, 13)])
    expect(page.locator("[aria-selected=true]")).to_have_count(8)


def test_rows_are_chosen_by_keys_alone(viewer: Viewer) -> None:
    viewer.write("api", *(f"line {number}" for number in range(300)))
    page = viewer.open("api", query="tail=500")
    expect(messages(page).last).to_have_text("line 299")
    for key in ("k", "k", "Shift+ArrowUp", "Shift+K"):
        page.keyboard.press(key)
    expect(page.locator(".log-chosen .log-message")).to_have_text(["line 296", "line 297", "line 298"])
    expect(current(page)).to_have_text("line 296")
    page.keyboard.press("Shift+ArrowDown")
    expect(page.locator(".log-chosen .log-message")).to_have_text(["line 297", "line 298"])
    for _ in range(60):
        page.keyboard.press("Shift+ArrowUp")
    # A key that comes before the next row does is lost; from row to row none is left out.
    expect(current_row(page)).to_be_in_viewport(ratio=1)
    number = int((current(page).text_content() or "").split()[1])
    assert number < 290
    expect(page.locator(".chosen-bar")).to_contain_text(f"{299 - number} rows chosen")
    page.keyboard.press("Escape")
    expect(page.locator(".log-chosen")).to_have_count(0)


def test_rows_are_chosen_by_two_taps(viewer: Viewer) -> None:
    viewer.write("api", *(f"line {number}" for number in range(9)))
    page = viewer.open("api", viewport=PHONE, has_touch=True, is_mobile=True)
    expect(messages(page).last).to_have_text("line 8")
    gutter(page, "line 6").tap()
    expect(page.locator(".chosen-bar")).to_contain_text("1 row chosen")
    expect(page.locator(".chosen-hint")).to_be_visible()
    # Whoever chooses does not follow: what stands before is loaded, and moves all lines of a short list.
    expect(page.locator("[data-reason=horizon]")).to_be_visible()
    gutter(page, "line 3").tap()
    expect(page.locator(".chosen-bar")).to_contain_text("4 rows chosen")
    gutter(page, "line 6").tap()
    expect(page.locator(".chosen-bar")).to_contain_text("1 row chosen")
    gutter(page, "line 6").tap()
    expect(page.locator(".chosen-bar")).to_have_count(0)


def test_chosen_rows_are_no_matter_of_the_table_of_runs(viewer: Viewer) -> None:
    viewer.write("api", "line")
    page = viewer.open("api")
    gutter(page, "line").click()
    expect(page.locator(".chosen-bar")).to_be_visible()
    page.locator(".sources > button").click()
    # Its number comes with the list that makes it move.
    page.get_by_role("link", name="Runs (").click()
    expect(page.get_by_role("heading", name="Runs")).to_be_visible()
    expect(page.locator(".chosen-bar")).to_have_count(0)


# Filters and places


def test_a_filter_keeps_the_record_that_is_read(viewer: Viewer) -> None:
    viewer.write("api", *(f"{'even' if number % 2 == 0 else 'odd'} {number}" for number in range(600)))
    page = viewer.open("api", query="tail=1000")
    expect(messages(page).last).to_have_text("odd 599")
    scroll(page, -4_000)
    expect(messages(page).get_by_text("even 400", exact=True)).to_be_visible()
    first = top_line(page)
    page.get_by_role("combobox", name="Query").fill("even")
    wait_for(lambda: "odd" not in "".join(messages(page).all_inner_texts()), 10, "even rows alone")
    expect(messages(page).first).to_be_visible()
    number = int(first.split()[1])
    wait_for(lambda: abs(int(top_line(page).split()[1]) - number) <= 2, 5, f"about {first} at the top")


# For everybody


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("panels", ["one", "dual"])
def test_axe_finds_nothing(scheme: str, panels: str, viewer: Viewer) -> None:
    for level in (5, 10, 20, 30, 40, 50):
        viewer.write("api", f"at {level} with https://example.com", level=level, fields={"cart": 7}, source="stderr")
        viewer.write("mail", f"at {level}", level=level, exception=TRACEBACK, kind="audit")
    viewer.write("api", "".join(f"\x1b[{code}m colour {code} \x1b[0m" for code in (*range(30, 38), *range(90, 98))))
    viewer.write("api", "".join(f"\x1b[{code}m ground {code} \x1b[0m" for code in (*range(40, 48), *range(100, 108))))
    viewer.write("api", "".join(f"\x1b[38;5;{code}m any {code} \x1b[0m" for code in range(16, 256, 17)))
    viewer.write("api", "after a gap", shed=10)
    page = viewer.open(
        "api",
        "mail",
        query=f"panels={panels}&find=colour",
        viewport={"width": 1400, "height": 1100},
        color_scheme=scheme,
    )
    expect(page.locator(".ansi-fg-red").first).to_be_visible()
    for text in ("at 40 with", "at 50"):
        messages(page).filter(has_text=text).first.click()
    expect(page.locator(".detail")).to_have_count(2)
    page.locator(".log-gutter").first.click()
    page.evaluate(AXE.read_text())
    found: list[dict[str, Any]] = page.evaluate("axe.run('.panels').then(({ violations }) => violations)")
    assert [(each["id"], [node["html"][:120] for node in each["nodes"][:3]]) for each in found] == []


# What these tests look at


def grid(page: Page, name: str = "all") -> Locator:
    return page.locator(f"[data-list={name}] [role=treegrid]")


def rows(page: Page) -> Locator:
    return page.locator(".log-row:not(.log-barred)")


def messages(page: Page, name: str = "") -> Locator:
    inside = f"[data-list={name}] " if name else ""
    return page.locator(f"{inside}.log-row .log-message")


def current_row(page: Page) -> Locator:
    return page.locator(".log-current")


def current(page: Page) -> Locator:
    return page.locator(".log-current .log-message")


def pill(page: Page) -> Locator:
    return page.locator(".log-pill")


def gutter(page: Page, text: str) -> Locator:
    return rows(page).filter(has=page.locator(f".log-message:text-is('{text}')")).locator(".log-gutter")


def scroll(page: Page, by: int) -> None:
    """Turns the wheel over the list, and waits until it has moved and is still."""
    expect(messages(page).first).to_be_visible()
    before = scrolled(page)
    page.locator(".log-scroller").first.hover()
    page.mouse.wheel(0, by)
    wait_for(lambda: scrolled(page) != before, 20, "the list to be scrolled")
    page.wait_for_function("new Promise((done) => setTimeout(() => done(true), 200))")


def scrolled(page: Page) -> float:
    return float(page.locator(".log-scroller").first.evaluate("(element) => element.scrollTop"))


def place_of(page: Page, text: str) -> float:
    """Where on the screen a line is."""
    return float(page.evaluate(PLACE, text))


def has_moved(page: Page, text: str, place: float) -> bool:
    return place_of(page, text) != place


def top_line(page: Page) -> str:
    """The first line in sight, up to its number."""
    text: str = page.evaluate(
        """() => {
          const top = document.querySelector(".log-scroller").getBoundingClientRect().top;
          const rows = [...document.querySelectorAll(".log-row:not(.log-barred)")];
          const first = rows.find((row) => row.getBoundingClientRect().bottom > top + 1);
          return first?.querySelector(".log-message").textContent ?? "";
        }"""
    )
    return " ".join(text.split()[:2])


def width_of(page: Page, name: str) -> float:
    box = page.locator(f"[data-list={name}]").bounding_box()
    assert box
    return box["width"]


def clipboard(page: Page) -> str:
    text: str = page.evaluate("navigator.clipboard.readText()")
    return text


def copied_lines(page: Page, first: str) -> list[str]:
    """The clipboard's lines once they begin with a row: before, it may hold what another page has copied."""
    lines = clipboard(page).splitlines()
    return lines if lines and lines[0].endswith(first) else []


PLACE = """
(text) => {
  const message = [...document.querySelectorAll(".log-message")].find(
    (each) => each.textContent === text || each.textContent.startsWith(`${text} `));
  return message ? message.closest(".log-row").getBoundingClientRect().top : null;
}
"""

# Notes in each frame where a line is.
WATCH_PLACES = f"""
(text) => {{
  const place = {PLACE};
  window.places = [];
  const look = () => {{
    const now = place(text);
    if (now !== null) window.places.push(now);
    requestAnimationFrame(look);
  }};
  look();
}}
"""
