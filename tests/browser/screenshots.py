"""`make images`: the viewer's main states, taken of the demo in real Chromium, into docs/images."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from tailrace_relay.demo import Demo
from tests.browser.conftest import launch, wait_until_furnished
from tests.servers import ROOT

IMAGES = ROOT / "docs" / "images"

# What a README shows of it is no wider; a file of it has less than 200 kB.
DESK: ViewportSize = {"width": 1120, "height": 630}
PHONE: ViewportSize = {"width": 360, "height": 740}

TAILRACE = [sys.executable, "-c", "import sys; from tailrace.cli import main; sys.exit(main())"]

IMPORT = """for row in 1 2 3 4 5 6 7 8 9 10 11 12
do echo "row $row of 13 imported"
done
echo "row 13 has no price" >&2
exit 3"""

# Lines that a list shows at least, also a phone's.
LINES = 8

# Records that a picture with a histogram begins with, so that this shows some time.
HELD = re.compile(r"^([4-9]\d\d|[\d,]{5,}) held")

# In ms. The demo's first burst, with its errors, comes 15 s after its start.
PATIENCE = 30_000


def main(*names: str) -> None:
    """Takes all, or those of these names."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=PATIENCE)
    with Demo(print, port=0) as demo, sync_playwright() as playwright:
        browser = launch(playwright)
        try:
            job(demo.redis_url, "nightly-import", IMPORT, 3)
            job(demo.redis_url, "thumbnails", "echo 4711 pictures", 0)
            for name, (scheme, viewport, query, show) in STATES.items():
                if names and name not in names:
                    continue
                take(browser, demo.address + query, IMAGES / f"{name}.png", scheme, viewport, show)
        finally:
            browser.close()


def take(
    browser: Browser, address: str, image: Path, scheme: str, viewport: ViewportSize, show: Callable[[Page], None]
) -> None:
    context = browser.new_context(color_scheme=scheme, viewport=viewport, reduced_motion="reduce")  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(address)
    wait_until_furnished(page)
    expect(page.get_by_role("row").first).to_be_visible()
    show(page)
    if page.locator(".timeline").count():
        expect(page.locator(".timeline canvas")).to_have_attribute("aria-label", re.compile("[0-9]"))
    page.mouse.move(0, 0)
    page.screenshot(path=image, animations="disabled")
    context.close()
    print(image.relative_to(ROOT))


def job(redis_url: str, name: str, script: str, status: int) -> None:
    """A run that the page lists, by the name of its program."""
    with TemporaryDirectory() as directory:
        program = Path(directory) / name
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o700)
        command = [*TAILRACE, "run", "--as-run", "--service", name, "--url", redis_url, "--", str(program)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == status, done.stderr


def live(page: Page) -> None:
    expect(page.locator(".sum-held")).to_have_text(HELD)
    expect(page.get_by_role("row").nth(LINES)).to_be_visible()


def error(page: Page) -> None:
    expect(page.locator(".sum-error")).to_be_visible()
    page.keyboard.press("Shift+E")
    expect(page.locator(".log-current")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Traceback")).to_be_visible()


def context(page: Page) -> None:
    expect(page.locator(".sum-error")).to_be_visible()
    page.keyboard.press("Shift+E")
    expect(page.locator(".log-current")).to_be_visible()
    page.keyboard.press("c")
    expect(page.get_by_text("Around record")).to_be_visible()
    expect(page.locator(".log-target")).to_be_visible()
    expect(page.get_by_role("row").nth(LINES)).to_be_visible()


def both(page: Page) -> None:
    expect(page.get_by_role("row").filter(has_text="placed order").first).to_be_visible()


def mistake(page: Page) -> None:
    page.get_by_role("combobox", name="Query").fill("level:>=warning duration_ms:>>2s")
    expect(page.get_by_role("combobox", name="Query")).to_have_attribute("aria-invalid", "true")


def completion(page: Page) -> None:
    page.get_by_role("combobox", name="Query").press("End")
    page.get_by_role("combobox", name="Query").press_sequentially(" logger:")
    expect(page.get_by_role("listbox", name="Completions")).to_be_visible()


def unseen(page: Page) -> None:
    live(page)
    page.get_by_role("row").last.hover()
    page.mouse.wheel(0, -600)
    expect(page.get_by_role("button", name="new")).to_be_visible()


def help_(page: Page) -> None:
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()


def runs(page: Page) -> None:
    expect(page.get_by_role("link", name="thumbnails")).to_be_visible()


def run(page: Page) -> None:
    page.get_by_role("link", name="nightly-import").click()
    expect(page.locator(".run-state")).to_have_text("failed")
    expect(page.get_by_role("row").filter(has_text="no price").first).to_be_visible()


STATES: dict[str, tuple[str, ViewportSize, str, Callable[[Page], None]]] = {
    "live": ("light", DESK, "&services=api,worker.billing&tail=1000", live),
    "error": (
        "dark",
        DESK,
        "&services=api,worker.billing,worker.mail&query=exception:*+OR+level:info&tail=1000",
        error,
    ),
    "audit": ("light", DESK, "&services=api,worker.billing&panels=dual&tail=1000", both),
    "completion": ("dark", DESK, "&services=api&query=level:>=warning&tail=1000", completion),
    "mistake": ("light", DESK, "&services=api&tail=500", mistake),
    "unseen": ("dark", DESK, "&services=api&tail=500", unseen),
    "runs": ("light", DESK, "&run=run:*", runs),
    "run": ("dark", DESK, "&run=run:*", run),
    "context": ("light", DESK, "&services=api,worker.billing&tail=1000", context),
    "keys": ("light", DESK, "&services=api", help_),
    "phone": ("dark", PHONE, "&services=api&tail=500", live),
    "phone-light": ("light", PHONE, "&services=api&tail=500", live),
}

if __name__ == "__main__":
    main(*sys.argv[1:])
