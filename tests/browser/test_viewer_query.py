from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import MakeGateways, OpenPage, Shared, reload
from tests.browser.gateway import Log
from tests.relay.auth.signing import SECRET, signed

PHONE = {"width": 360, "height": 740}


# Appends records to this test's stream.
Write = Callable[..., None]


@pytest.fixture
def write(shared: Shared, stream: str) -> Write:
    return partial(shared.log.write, stream)


@pytest.fixture
def page(shared: Shared, stream: str, write: Write, open_page: OpenPage) -> Page:
    """Some requests, live."""
    write("get cart", fields={"status": 200}, source="stdout")
    write("get user", level=30, fields={"status": 404}, source="stdout")
    write("pay cart", level=40, fields={"status": 503}, source="stderr")
    page = open_page(f"{shared.gateway.url}?streams={stream}")
    expect(messages(page)).to_have_text(["get cart", "get user", "pay cart"])
    return page


def messages(page: Page) -> Locator:
    return page.locator(".log-row .log-message")


def box(page: Page) -> Locator:
    return page.get_by_role("combobox", name="Query")


def options(page: Page) -> Locator:
    return page.get_by_role("listbox", name="Completions").get_by_role("option")


def chips(page: Page) -> Locator:
    return page.get_by_role("list", name="Parts of the query").locator(".chip-text")


def level(page: Page, name: str) -> Locator:
    return page.get_by_role("group", name="Levels").get_by_role("button", name=name)


def left(element: Locator) -> float:
    return float(element.evaluate("(element) => element.getBoundingClientRect().left"))


def parameters(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


# The box


def test_a_query_chooses_what_is_shown_and_what_comes(page: Page, write: Write) -> None:
    box(page).fill("cart status:>=500")
    expect(messages(page)).to_have_text(["pay cart"])
    write("drop cart", fields={"status": 200})
    write("send cart", fields={"status": 500})
    expect(messages(page)).to_have_text(["pay cart", "send cart"])
    page.wait_for_url(re.compile("query="))
    assert parameters(page)["query"] == "cart status:>=500"
    page.get_by_role("button", name="Clear the query").click()
    expect(messages(page)).to_have_text(["get cart", "get user", "pay cart", "drop cart", "send cart"])
    expect(box(page)).to_be_focused()


def test_keys_and_values_are_completed(page: Page) -> None:
    box(page).press_sequentially("sta")
    expect(box(page)).to_have_attribute("aria-expanded", "true")
    expect(options(page)).to_have_text([re.compile("^status key")])
    page.keyboard.press("ArrowDown")
    expect(options(page)).to_have_attribute("aria-selected", "true")
    active = box(page).get_attribute("aria-activedescendant")
    expect(page.locator(f"#{active}")).to_have_text(re.compile("^status"))
    page.keyboard.press("Enter")
    expect(box(page)).to_have_value("status:")
    expect(options(page)).to_contain_text(["200", "404", "503", ">=", "<="])
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "ArrowUp", "Enter"):
        page.keyboard.press(key)
    expect(box(page)).to_have_value("status:404 ")
    expect(box(page)).to_have_attribute("aria-expanded", "false")
    expect(messages(page)).to_have_text(["get user"])


def test_tab_takes_a_word_that_was_begun_and_else_goes_on(page: Page) -> None:
    box(page).press_sequentially("lev")
    expect(options(page).first).to_have_text(re.compile("^level"))
    page.keyboard.press("Tab")
    expect(box(page)).to_have_value("level:")
    expect(options(page)).to_contain_text(["ERROR"])
    page.keyboard.press("Escape")
    expect(box(page)).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("Tab")
    expect(box(page)).not_to_be_focused()


def test_a_completion_can_be_pressed(page: Page) -> None:
    box(page).press_sequentially("level:err")
    options(page).filter(has_text="ERROR").click()
    expect(box(page)).to_have_value("level:ERROR ")
    expect(box(page)).to_be_focused()
    expect(messages(page)).to_have_text(["pay cart"])


def test_a_mistake_is_shown_where_it_is_and_the_last_good_view_stays(page: Page, write: Write) -> None:
    box(page).fill("cart")
    expect(messages(page)).to_have_text(["get cart", "pay cart"])
    page.wait_for_url(re.compile("query=cart$"))
    box(page).press_sequentially(" status:>=abc")
    expect(box(page)).to_have_attribute("aria-invalid", "true")
    problem = page.locator(f"#{box(page).get_attribute('aria-describedby')}")
    expect(problem).to_contain_text(">= compares with a number; right would be as status:>=10")
    mark = page.locator(".query-mirror mark")
    expect(mark).to_have_text("abc")
    assert abs(left(mark) - left(problem)) < 15
    expect(chips(page)).to_have_count(0)
    write("see cart")
    expect(messages(page)).to_have_text(["get cart", "pay cart", "see cart"])
    assert parameters(page)["query"] == "cart"
    for _ in "abc":
        page.keyboard.press("Backspace")
    page.keyboard.type("500")
    expect(box(page)).to_have_attribute("aria-invalid", "false")
    expect(messages(page)).to_have_text(["pay cart"])
    page.wait_for_url(re.compile("status"))


def test_a_mistake_in_a_link_is_shown_at_its_place_too(
    shared: Shared, stream: str, write: Write, open_page: OpenPage
) -> None:
    write("one")
    page = open_page(f"{shared.gateway.url}?streams={stream}&levels=info&query=%20one%20%22two")
    expect(box(page)).to_have_attribute("aria-invalid", "true")
    expect(page.locator(".query-mirror mark")).to_have_text('"two')
    expect(page.locator("#query-problem")).to_contain_text("a phrase begins here and does not end")
    box(page).fill("one")
    expect(messages(page)).to_have_text(["one"])


def test_queries_before_come_back_with_arrow_up(page: Page) -> None:
    for query in ("cart", "level:error", "never( meant", "user"):
        box(page).fill(query)
        page.keyboard.press("Enter")
    reload(page)
    box(page).fill("")
    page.keyboard.press("ArrowUp")
    before = page.get_by_role("listbox", name="Queries before").get_by_role("option")
    expect(before).to_have_text(["user", "level:error", "cart"])
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(box(page)).to_have_value("level:error")
    expect(messages(page)).to_have_text(["pay cart"])


def test_chips_take_parts_out(page: Page) -> None:
    box(page).fill('cart AND -level:error "get"')
    expect(chips(page)).to_have_text(["cart", "-level:error", '"get"'])
    expect(messages(page)).to_have_text(["get cart"])
    page.get_by_role("button", name="Remove -level:error").click()
    expect(box(page)).to_have_value('cart "get"')
    page.get_by_role("button", name='Remove "get"').click()
    expect(messages(page)).to_have_text(["get cart", "pay cart"])
    chips(page).click()
    expect(box(page)).to_be_focused()
    page.keyboard.type("user")
    expect(messages(page)).to_have_text(["get user"])


# Quick levels and sources


def test_levels_are_toggled_with_their_counts(page: Page) -> None:
    buttons = {name: level(page, name) for name in ("info", "warning", "error")}
    for name, button in buttons.items():
        expect(button).to_have_text(f"{name} 1", use_inner_text=True)
        expect(button).to_have_attribute("aria-pressed", "false")
    buttons["error"].click()
    expect(buttons["error"]).to_have_attribute("aria-pressed", "true")
    expect(messages(page)).to_have_text(["pay cart"])
    buttons["info"].click()
    expect(messages(page)).to_have_text(["get cart", "pay cart"])
    assert parameters(page)["levels"] == "info,error"
    for name in ("info", "error"):
        buttons[name].click()
    expect(messages(page)).to_have_text(["get cart", "get user", "pay cart"])
    assert "levels" not in parameters(page)


def test_levels_of_a_program_take_the_next_lower_one(page: Page, write: Write) -> None:
    write("noted", level=25)
    level(page, "info").click()
    expect(messages(page)).to_have_text(["get cart", "noted"])


def test_sources_are_toggled_whatever_their_names(page: Page, write: Write) -> None:
    odd = 'a,b "c" \\'
    write("odd one", source=odd)
    sources = page.get_by_role("group", name="Sources")
    expect(sources.get_by_role("button")).to_have_text([odd, "stderr", "stdout"])
    sources.get_by_role("button", name=odd).click()
    expect(messages(page)).to_have_text(["odd one"])
    box(page).fill("odd OR cart")
    sources.get_by_role("button", name="stderr").click()
    expect(messages(page)).to_have_text(["pay cart", "odd one"])
    reload(page)
    expect(messages(page)).to_have_text(["pay cart", "odd one"])
    expect(sources.get_by_role("button", name=odd)).to_have_attribute("aria-pressed", "true")
    expect(sources.get_by_role("button", name="stdout")).to_be_hidden()


# Find


def test_what_is_invisible_is_shown_wherever_a_strangers_words_are(page: Page, write: Write) -> None:
    write("with signs", source="std\u202etuo", fields={"ca\x1brt": "a\u202eb"})
    shown = page.get_by_role("group", name="Sources").get_by_role("button", name="std⟨U+202E⟩tuo")
    shown.click()
    expect(messages(page)).to_have_text(["with signs"])
    page.keyboard.press("x")
    expect(page.get_by_role("checkbox", name="ca␛rt")).to_be_visible()
    page.keyboard.press("Escape")
    shown.click()
    box(page).fill('"a\u202eb"')
    expect(chips(page)).to_have_text(['"a⟨U+202E⟩b"'])


def test_find_counts_hits_and_goes_through_them(page: Page, write: Write) -> None:
    page.keyboard.press("Control+f")
    find = page.get_by_role("textbox", name="Find")
    expect(find).to_be_focused()
    page.keyboard.type("cart")
    count = page.locator("#find-count")
    expect(count).to_have_text("2 hits")
    expect(messages(page)).to_have_count(3)
    page.keyboard.press("Enter")
    expect(count).to_have_text("1 of 2 hits")
    page.get_by_role("button", name="Next hit").click()
    expect(count).to_have_text("2 of 2 hits")
    page.get_by_role("button", name="Previous hit").click()
    expect(count).to_have_text("1 of 2 hits")
    write("another cart")
    expect(count).to_have_text("1 of 3 hits")
    assert parameters(page)["find"] == "cart"
    find.fill("nowhere")
    expect(count).to_have_text("No hits")
    page.keyboard.press("Escape")
    expect(find).to_be_hidden()
    assert "find" not in parameters(page)


def test_find_pressed_again_is_left_to_the_browser(page: Page) -> None:
    page.evaluate(
        """() => {
          window.left = [];
          addEventListener("keydown", (event) => event.key === "f" && window.left.push(!event.defaultPrevented));
        }"""
    )
    page.keyboard.press("Control+f")
    expect(page.get_by_role("textbox", name="Find")).to_be_focused()
    page.keyboard.press("Control+f")
    assert page.evaluate("window.left") == [False, True]


def test_find_in_a_link_takes_the_focus_from_nobody_and_gives_back_what_it_took(page: Page) -> None:
    page.goto(f"{page.url}&find=cart")
    find = page.get_by_role("textbox", name="Find")
    expect(page.locator("#find-count")).to_have_text("2 hits")
    expect(find).not_to_be_focused()
    level(page, "info").focus()
    page.keyboard.press("Control+f")
    expect(find).to_be_focused()
    page.keyboard.press("Escape")
    expect(find).to_be_hidden()
    expect(level(page, "info")).to_be_focused()


def test_n_goes_on_to_hits_from_the_list(page: Page) -> None:
    page.keyboard.press("Control+f")
    page.keyboard.type("cart")
    count = page.locator("#find-count")
    expect(count).to_have_text("2 hits")
    messages(page).first.click()
    page.keyboard.press("n")
    expect(count).to_have_text("2 of 2 hits")
    page.keyboard.press("N")
    expect(count).to_have_text("1 of 2 hits")


# Steps back, and links


def test_the_back_button_goes_over_what_was_meant_and_not_over_letters(page: Page) -> None:
    length = page.evaluate("history.length")
    box(page).press_sequentially("cart", delay=50)
    page.wait_for_url(re.compile("query=cart$"))
    assert page.evaluate("history.length") == length
    page.keyboard.press("Enter")
    level(page, "error").click()
    expect(messages(page)).to_have_text(["pay cart"])
    page.go_back()
    expect(messages(page)).to_have_text(["get cart", "pay cart"])
    expect(box(page)).to_have_value("cart")
    page.go_back()
    expect(messages(page)).to_have_text(["get cart", "get user", "pay cart"])
    expect(box(page)).to_have_value("")
    page.go_forward()
    expect(box(page)).to_have_value("cart")
    expect(messages(page)).to_have_text(["get cart", "pay cart"])


def test_a_link_shows_all_of_the_view_and_has_no_token(
    make_gateways: MakeGateways, log: Log, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAILRACE_TOKEN_KEY", SECRET)
    gateway = make_gateways(1)[0]
    log.write("api", "get cart")
    log.write("api", "pay cart", level=40)
    token = signed(streams=["api"])
    clipboard = {"permissions": ["clipboard-read", "clipboard-write"]}
    page = open_page(f"{gateway.url}?streams=api#token={token}", **clipboard)
    box(page).fill("cart")
    level(page, "error").click()
    expect(messages(page)).to_have_text(["pay cart"])
    page.get_by_role("button", name="Views").click()
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("dialog").get_by_text("Copied.")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == f"{gateway.url}?streams=api&levels=error&query=cart"
    other = open_page(f"{link}#token={token}")
    expect(messages(other)).to_have_text(["pay cart"])


# Saved views


def test_views_are_saved_opened_renamed_replaced_and_removed(page: Page) -> None:
    box(page).fill("cart")
    expect(messages(page)).to_have_text(["get cart", "pay cart"])
    page.get_by_role("button", name="Views").click()
    dialog = page.get_by_role("dialog", name="Saved views")
    names = dialog.locator(".view-open b")
    dialog.get_by_label("Name").fill("carts")
    dialog.get_by_role("button", name="Save this view").click()
    expect(names).to_have_text(["carts"])
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Clear the query").click()
    expect(messages(page)).to_have_count(3)
    reload(page)
    page.get_by_role("button", name="Views").click()
    dialog.locator(".view-open").click()
    expect(dialog).to_be_hidden()
    expect(messages(page)).to_have_text(["get cart", "pay cart"])
    expect(box(page)).to_have_value("cart")

    level(page, "error").click()
    page.get_by_role("button", name="Views").click()
    dialog.get_by_role("button", name="Rename carts").click()
    dialog.get_by_label("New name of carts").fill("failed carts")
    page.keyboard.press("Enter")
    expect(names).to_have_text(["failed carts"])
    dialog.get_by_role("button", name="Replace failed carts by this view").click()
    expect(dialog.locator(".view-says").first).to_contain_text("error")
    dialog.get_by_role("button", name="Remove failed carts").click()
    expect(names).to_have_count(0)
    dialog.get_by_role("button", name="Undo").click()
    expect(names).to_have_text(["failed carts"])


def test_a_view_without_a_name_is_not_saved(page: Page) -> None:
    page.get_by_role("button", name="Views").click()
    dialog = page.get_by_role("dialog", name="Saved views")
    dialog.get_by_role("button", name="Save this view").click()
    expect(dialog.get_by_label("Name")).to_have_attribute("aria-invalid", "true")
    expect(dialog.get_by_text("A view needs a name")).to_be_visible()


def test_a_view_has_the_name_that_stands_there_when_it_is_saved(page: Page) -> None:
    page.get_by_role("button", name="Views").click()
    dialog = page.get_by_role("dialog", name="Saved views")
    # The last letter and Enter, and no frame between them.
    typed = """(field) => {
        field.value = "at once";
        field.dispatchEvent(new Event("input", { bubbles: true }));
        field.form.requestSubmit();
    }"""
    dialog.get_by_label("Name").evaluate(typed)
    expect(dialog.locator(".view-open b")).to_have_text(["at once"])
    expect(dialog.get_by_label("Name", exact=True)).to_have_value("")


def test_two_tabs_lose_no_view_of_each_other_and_look_alike(page: Page) -> None:
    other = page.context.new_page()
    other.goto(page.url)
    for tab, name in ((page, "of the one"), (other, "of the other")):
        tab.get_by_role("button", name="Views").click()
        tab.get_by_label("Name", exact=True).fill(name)
        tab.keyboard.press("Enter")
        expect(tab.locator(".view-open b").filter(has_text=name)).to_be_visible()
    for tab in (page, other):
        expect(tab.locator(".view-open b")).to_have_text(["of the one", "of the other"])
        tab.keyboard.press("Escape")
    page.get_by_role("button", name="How the page looks").click()
    page.get_by_text("Dark", exact=True).click()
    expect(other.locator("html")).to_have_attribute("data-theme", "dark")


def test_views_are_taken_elsewhere_as_a_file(
    page: Page, shared: Shared, stream: str, open_page: OpenPage, tmp_path: Path
) -> None:
    page.get_by_role("button", name="Views").click()
    page.get_by_label("Name").fill("all of api")
    page.keyboard.press("Enter")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    assert json.loads(file.read_text())["views"] == [{"name": "all of api", "address": f"?streams={stream}"}]

    other = open_page(f"{shared.gateway.url}?streams={stream}")
    other.get_by_role("button", name="Views").click()
    other.get_by_label("File").set_input_files(file)
    expect(other.locator(".view-open b")).to_have_text(["all of api"])
    file.write_text("{}")
    other.get_by_label("File").set_input_files(file)
    expect(other.get_by_role("dialog").get_by_role("status").first).to_contain_text("no list of views")
    expect(other.locator(".view-open b")).to_have_text(["all of api"])


# Looks


def test_the_bar_fits_a_phone(shared: Shared, stream: str, write: Write, open_page: OpenPage) -> None:
    write("one", source="stdout")
    page = open_page(f"{shared.gateway.url}?streams={stream}&query=one%20-two%20three:*", viewport=PHONE)
    expect(chips(page)).to_have_count(3)
    page.keyboard.press("Control+f")
    expect(page.get_by_role("textbox", name="Find")).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    for button in ("Next hit", "Close find", "Views", "Clear the query"):
        expect(page.get_by_role("button", name=button)).to_be_in_viewport(ratio=1)
