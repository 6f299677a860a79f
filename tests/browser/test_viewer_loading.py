"""What is not loaded at once: it comes behind the first records, and is tried again where the gateway was away."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import ViewportSize, expect

from tests.browser.conftest import OpenPage, Shared

pytestmark = pytest.mark.usefixtures("built_viewer")

# Files of the head, of the query and its like, and of what the badge opens: scripts and styles.
PARTS = re.compile(r"/static/(furnishing|details)-")


def test_parts_that_could_not_be_loaded_come_later_with_their_styles(
    shared: Shared, stream: str, open_page: OpenPage
) -> None:
    shared.log.write(stream, "seen")
    page = open_page("about:blank")
    page.route(PARTS, lambda route: route.abort("connectionrefused"))
    with page.expect_event("requestfailed", lambda request: "furnishing" in request.url):
        page.goto(f"{shared.gateway.url}?streams={stream}")
    expect(page.locator(".log-message")).to_have_text(["seen"])
    expect(page.get_by_role("toolbar", name="Lists")).to_have_count(0)
    page.unroute(PARTS)
    page.route(re.compile("/static/details-"), lambda route: route.abort("connectionrefused"))
    expect(page.get_by_role("toolbar", name="Lists")).to_be_visible()
    expect(page.get_by_role("combobox", name="Query")).to_be_visible()
    page.wait_for_function("() => [...document.styleSheets].some(({ href }) => href.includes('furnishing'))")
    with page.expect_event("requestfailed", lambda request: "details" in request.url):
        page.locator(".badge > button").click()
    page.unroute(re.compile("/static/details-"))
    expect(page.get_by_role("dialog", name="Connection")).to_contain_text("WebSocket")


def test_a_worker_that_could_not_be_loaded_is_begun_again(shared: Shared, stream: str, open_page: OpenPage) -> None:
    shared.log.write(stream, "seen")
    page = open_page("about:blank")
    worker = re.compile("/static/worker-")
    page.route(worker, lambda route: route.abort("connectionrefused"))
    with page.expect_event("requestfailed", lambda request: "worker" in request.url):
        page.goto(f"{shared.gateway.url}?streams={stream}")
    page.unroute(worker)
    expect(page.locator(".log-message")).to_have_text(["seen"])
    shared.log.write(stream, "and more")
    expect(page.locator(".log-message")).to_have_text(["seen", "and more"])


@pytest.mark.parametrize(
    "viewport", [ViewportSize(width=1280, height=720), ViewportSize(width=360, height=740)], ids=["desk", "phone"]
)
def test_lines_do_not_move_when_what_stands_around_them_comes(
    viewport: ViewportSize, shared: Shared, stream: str, open_page: OpenPage
) -> None:
    shared.log.write(stream, *map(str, range(5)))
    page = open_page("about:blank", viewport=viewport)
    around = re.compile(r"/static/(furnishing|controls|chart|place)-")
    page.route(around, lambda route: route.abort("connectionrefused"))
    page.goto(f"{shared.gateway.url}?streams={stream}")
    first = page.locator(".log-message").first
    expect(first).to_have_text("0")
    before = page.locator(".panels").bounding_box(), first.bounding_box()
    page.unroute(around)
    expect(page.get_by_role("toolbar", name="Lists")).to_be_visible()
    expect(page.get_by_role("combobox", name="Query")).to_be_visible()
    expect(page.locator(".sum-held")).to_contain_text("5 held")
    expect(page.locator(".timeline").get_by_role("img").or_(page.locator(".timeline svg"))).not_to_have_count(0)
    assert (page.locator(".panels").bounding_box(), first.bounding_box()) == before
