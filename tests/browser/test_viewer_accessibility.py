"""Main states of the page, judged by axe, and looked through for what hinders people who use them by keys or ears."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage, Shared

AXE = Path(__file__).parents[2] / "relay/web/node_modules/axe-core/axe.min.js"

# All rules for WCAG 2.2 AA, and what is good practice besides. Of the second scheme only colours are another matter.
AXE_RUN = """
async (rules) => {
  const only = rules ? { runOnly: { type: "rule", values: rules } } : {};
  const { violations } = await axe.run(document, { resultTypes: ["violations"], ...only });
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map((node) => `${id}: ${help}: ${node.target.join(" ")} ${node.html.slice(0, 160)}`));
}
"""

PHONE = {"width": 360, "height": 740}
DESK = {"width": 1200, "height": 720}

TRACEBACK = 'Traceback (most recent call last):\n  File "cart.py", line 7, in pay\nTimeoutError: no answer in 3 s'

# Appends records to this test's stream.
Write = Callable[..., None]


@pytest.fixture(scope="module")
def axe() -> str:
    return AXE.read_text()


@pytest.fixture
def write(shared: Shared, stream: str) -> Write:
    return partial(shared.log.write, stream)


@pytest.fixture
def records(write: Write) -> None:
    """One of each kind."""
    for level in (5, 10, 20, 30, 40, 50):
        write(f"of level {level}", level=level, source="stdout", fields={"status": 200, "user": {"name": "Zoë"}})
    write("cannot pay\nfor cart 7", level=40, exception=TRACEBACK, source="stderr", trace_id="0" * 31 + "1")
    write("signed in", kind="audit", action="login", source="logging")
    write("\x1b[31mred\x1b[0m https://example.org/", shed=3)


@pytest.fixture(params=[DESK, PHONE], ids=["desk", "phone"])
def page(
    request: pytest.FixtureRequest, shared: Shared, stream: str, records: None, open_page: OpenPage, axe: str
) -> Page:
    page = open_page(f"{shared.gateway.url}?streams={stream}", color_scheme="light", viewport=request.param)
    # The page's policy allows no script that it did not bring; the debugger's own evaluation is none of the page.
    page.evaluate(axe)
    expect(page.get_by_text("signed in")).to_be_visible()
    expect(page.get_by_role("group", name="Sources").get_by_role("button")).to_have_count(3)
    return page


def violations(page: Page) -> list[str]:
    """Of what is shown now, in light and in dark."""
    found = rated(page, None)
    page.emulate_media(color_scheme="dark")
    found += [f"dark: {each}" for each in rated(page, ["color-contrast"])]
    page.emulate_media(color_scheme="light")
    return found


def rated(page: Page, rules: list[str] | None) -> list[str]:
    # Colours that are on their way are judged as they will be.
    page.evaluate("Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => {})))")
    return list(page.evaluate(AXE_RUN, rules))


def test_the_live_page(page: Page) -> None:
    assert violations(page) == []
    page.get_by_role("group", name="Levels").get_by_role("button", name="error").click()
    expect(page.get_by_text("signed in")).to_have_count(0)
    assert violations(page) == []


def test_a_query_with_completions_a_mistake_and_chips(page: Page) -> None:
    box = page.get_by_role("combobox", name="Query")
    box.press_sequentially("of status:")
    expect(page.get_by_role("listbox", name="Completions").get_by_role("option").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    assert violations(page) == []
    box.fill("of (status:200")
    expect(box).to_have_attribute("aria-invalid", "true")
    assert violations(page) == []
    box.fill("of -status:404")
    expect(page.get_by_role("list", name="Parts of the query").get_by_role("listitem")).to_have_count(2)
    page.keyboard.press("Control+f")
    page.keyboard.type("level")
    expect(page.locator("#find-count")).to_contain_text("6 hits")
    assert violations(page) == []


@pytest.mark.parametrize(
    ("key", "opens"),
    [
        ("?", "Keys"),
        ("v", "Saved views"),
        ("x", "What lines show"),
        ("Control+k", "Find an action, a service, a stream or a view"),
        ("t", "Jump to a time or a record"),
        ("b", "Bookmarks and notes"),
        ("d", "Download and copy"),
        ("s", "Services and streams"),
        (",", "Page"),
    ],
)
def test_what_a_key_opens(page: Page, key: str, opens: str) -> None:
    page.keyboard.press(key)
    expect(page.get_by_role("dialog", name=opens)).to_be_visible()
    assert violations(page) == []


def test_a_record_that_is_open(page: Page) -> None:
    page.locator(".log-row").filter(has_text="cannot pay").click()
    expect(page.get_by_text('File "cart.py", line 7, in pay')).to_be_visible()
    assert violations(page) == []


def test_two_lists_side_by_side(page: Page) -> None:
    page.goto(f"{page.url}&panels=dual")
    expect(page.get_by_text("signed in")).to_be_visible()
    page.evaluate(AXE.read_text())
    assert violations(page) == []


def test_no_records_and_runs(shared: Shared, stream: str, open_page: OpenPage, axe: str) -> None:
    page = open_page(f"{shared.gateway.url}?streams={stream}")
    page.evaluate(axe)
    expect(page.get_by_text("No logs available")).to_be_visible()
    assert violations(page) == []

    shared.log.write("run:8f3a", "python train.py", kind="start")
    shared.log.write("run:8f3a", "epoch 1", source="stdout")
    shared.log.write("run:8f3a", "exited with status 1", kind="finish", level=40, fields={"exit_status": 1})
    for run, text in (("run:*", "8f3a"), ("run:8f3a", "epoch 1")):
        page.goto(f"{shared.gateway.url}?run={run}")
        page.evaluate(axe)
        expect(page.get_by_text(text).first).to_be_visible()
        assert violations(page) == []
