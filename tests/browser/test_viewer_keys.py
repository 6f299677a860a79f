from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage, Shared, reload

# Appends records to this test's stream.
Write = Callable[..., None]

# What the reference's key map asks for, as help writes it.
KEYS = [
    *["/", "Space", "j", "k", "Enter", "e", "E", "w", "W", "n", "N", "g", "G", "t", "c", "m", "u", "U", "o", "O"],
    *[
        "y",
        "Y",
        "x",
        "i",
        "1",
        "2",
        "3",
        "4",
        "5",
        "6",
        "[",
        "]",
        "?",
        "J",
        "K",
        "Shift ↓",
        "Shift ↑",
        "Ctrl K",
        "Ctrl F",
        "Esc",
    ],
]


@pytest.fixture
def write(shared: Shared, stream: str) -> Write:
    return partial(shared.log.write, stream)


@pytest.fixture
def page(shared: Shared, stream: str, write: Write, open_page: OpenPage) -> Page:
    """Some requests, live."""
    write("get cart", fields={"status": 200, "path": "/cart"})
    write("pay cart", level=40, fields={"status": 503, "path": "/pay"})
    page = open_page(f"{shared.gateway.url}?streams={stream}")
    expect(messages(page)).to_have_text(["get cart", "pay cart"])
    expect(box(page)).to_be_visible()
    return page


def messages(page: Page) -> Locator:
    return page.locator(".log-row .log-message")


def box(page: Page) -> Locator:
    return page.get_by_role("combobox", name="Query")


def level(page: Page, name: str) -> Locator:
    return page.get_by_role("group", name="Levels").get_by_role("button", name=name)


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_keys_act_where_nothing_is_typed(page: Page) -> None:
    press(page, "5")
    expect(level(page, "error")).to_have_attribute("aria-pressed", "true")
    expect(messages(page)).to_have_text(["pay cart"])
    press(page, "3", "5")
    expect(messages(page)).to_have_text(["get cart"])
    press(page, "3")
    expect(messages(page)).to_have_text(["get cart", "pay cart"])
    press(page, "/")
    expect(box(page)).to_be_focused()


def test_typing_never_does_anything_else(page: Page) -> None:
    press(page, "/")
    page.keyboard.type("cart 5jkegGxtiv?[]")
    press(page, "Space", "ArrowDown", "Home", "End")
    expect(box(page)).to_have_value("cart 5jkegGxtiv?[] ")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(level(page, "error")).to_have_attribute("aria-pressed", "false")
    press(page, "Control+k")
    expect(page.get_by_role("dialog")).to_be_visible()


def test_a_focused_button_is_pressed_by_space_and_nothing_more(page: Page) -> None:
    level(page, "error").focus()
    press(page, "Space")
    expect(level(page, "error")).to_have_attribute("aria-pressed", "true")
    expect(messages(page)).to_have_text(["pay cart"])
    expect(page.get_by_role("button", name=re.compile("^Pause"))).to_be_visible()


def test_help_shows_every_key(page: Page) -> None:
    press(page, "?")
    help_ = page.get_by_role("dialog", name="Keys")
    expect(help_).to_be_visible()
    chords = help_.locator(".chord").evaluate_all(
        "all => all.map((one) => [...one.children].map((key) => key.textContent).join(' '))"
    )
    assert [key for key in KEYS if key not in chords] == []
    assert len(chords) == len(set(chords))


def test_a_dialog_keeps_keys_and_gives_the_focus_back(page: Page) -> None:
    level(page, "info").focus()
    press(page, "?")
    help_ = page.get_by_role("dialog", name="Keys")
    expect(help_).to_be_visible()
    press(page, "5", "/", "j", "v")
    expect(help_).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(1)
    press(page, "Escape")
    expect(help_).to_have_count(0)
    expect(level(page, "info")).to_be_focused()
    expect(level(page, "error")).to_have_attribute("aria-pressed", "false")


def test_a_dialog_is_closed_by_its_button_and_beside_it(page: Page) -> None:
    saved = page.get_by_role("dialog", name="Saved views")
    press(page, "v")
    saved.get_by_role("button", name="Close").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    press(page, "v")
    expect(saved).to_be_visible()
    page.mouse.click(4, 4)
    expect(page.get_by_role("dialog")).to_have_count(0)
    press(page, "5")
    expect(level(page, "error")).to_have_attribute("aria-pressed", "true")


def test_single_keys_can_be_switched_off(page: Page) -> None:
    press(page, "?")
    page.get_by_role("checkbox", name=re.compile("Single keys")).uncheck()
    press(page, "Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    press(page, "5", "v")
    reload(page)
    expect(messages(page)).to_have_text(["get cart", "pay cart"])
    press(page, "5", "v", "Control+k")
    expect(page.get_by_role("dialog")).to_have_count(1)
    page.keyboard.type("show all keys")
    press(page, "Enter")
    page.get_by_role("checkbox", name=re.compile("Single keys")).check()
    press(page, "Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    press(page, "5")
    expect(messages(page)).to_have_text(["pay cart"])


def test_the_palette_finds_actions_streams_and_views_by_some_letters(page: Page, shared: Shared, stream: str) -> None:
    shared.log.write(f"other-{stream}", "elsewhere")
    press(page, "5", "v")
    page.get_by_label("Name").fill("only errors")
    press(page, "Enter")
    expect(page.get_by_role("dialog").get_by_role("button", name="Rename only errors")).to_be_visible()
    press(page, "Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    press(page, "5")
    expect(messages(page)).to_have_text(["get cart", "pay cart"])

    palette = page.get_by_role("dialog").get_by_role("combobox")
    press(page, "Control+k")
    expect(palette).to_be_focused()
    page.keyboard.type("nlyerr")
    found = page.get_by_role("listbox", name="Found").get_by_role("option")
    expect(found).to_have_text([re.compile("^View only errors")])
    active = palette.get_attribute("aria-activedescendant")
    expect(page.locator(f"#{active}")).to_have_attribute("aria-selected", "true")
    press(page, "Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(messages(page)).to_have_text(["pay cart"])

    press(page, "Control+k")
    expect(palette).to_be_focused()
    page.keyboard.type("level error")
    expect(found.first).to_have_text(re.compile("^Action Level error"))
    found.first.click()
    expect(messages(page)).to_have_text(["get cart", "pay cart"])

    press(page, "Control+k")
    expect(palette).to_be_focused()
    page.keyboard.type("type a query")
    press(page, "Enter")
    expect(box(page)).to_be_focused()

    press(page, "Control+k")
    expect(palette).to_be_focused()
    page.keyboard.type("zzzz")
    expect(page.get_by_text("Nothing has these letters")).to_be_visible()
    for _ in "zzzz":
        press(page, "Backspace")
    page.keyboard.type(stream)
    expect(found.first).to_have_text(re.compile(f"^Stream {stream}"))


def test_x_hides_a_field_from_lines(page: Page) -> None:
    line = page.locator(".log-row").first
    expect(line).to_contain_text("status=200")
    press(page, "x")
    fields = page.get_by_role("dialog", name="What lines show")
    fields.get_by_label("Find a field").fill("stat")
    expect(fields.get_by_role("group", name="Fields").get_by_role("checkbox")).to_have_count(1)
    fields.get_by_role("checkbox", name="status").uncheck()
    press(page, "Escape")
    expect(line).not_to_contain_text("status=200")
    expect(line).to_contain_text("path=/cart")
    press(page, "x")
    fields.get_by_role("button", name="Show everything").click()
    press(page, "Escape")
    expect(line).to_contain_text("status=200")


def test_i_and_t_lead_to_times(page: Page) -> None:
    chart = page.locator(".timeline")
    expect(chart).to_be_visible()
    press(page, "i")
    expect(chart).to_have_count(0)
    press(page, "i")
    expect(chart).to_be_visible()
    press(page, "t")
    expect(page.get_by_role("dialog")).to_be_visible()


def test_the_focus_goes_through_the_whole_page_and_out_of_it(page: Page) -> None:
    """Neither the box with its completions nor the lists keep it."""
    press(page, "/")
    page.keyboard.type("cart ")
    press(page, "Escape")
    seen: list[str] = []
    for _ in range(80):
        press(page, "Tab")
        seen.append(
            page.evaluate(
                "document.activeElement.id || document.activeElement.ariaLabel || document.activeElement.tagName"
            )
        )
        if seen[-1] == "query":
            break
    assert seen[-1] == "query", seen
    assert {"Clear the query", "Remove cart", "Log"} <= set(seen), seen
