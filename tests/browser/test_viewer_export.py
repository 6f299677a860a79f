from __future__ import annotations

import csv
import io
import json
import re
import shlex
import subprocess
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect

from tests.browser.conftest import MakeGateways, OpenPage, reload
from tests.browser.gateway import GatewayServer, Log
from tests.relay.auth.signing import SECRET, signed
from tests.servers import ROOT

PHONE: ViewportSize = {"width": 360, "height": 740}
CLIPBOARD = ["clipboard-read", "clipboard-write"]

# A browser that lets no page near its clipboard.
NO_CLIPBOARD = """
Object.defineProperty(navigator, "clipboard", { value: { writeText: () => Promise.reject(new Error("denied")),
  write: () => Promise.reject(new Error("denied")) } });
document.execCommand = () => false;
"""


@pytest.fixture
def gateway(make_gateways: MakeGateways) -> GatewayServer:
    return make_gateways(1)[0]


def test_what_is_shown_is_saved_in_four_formats(gateway: GatewayServer, log: Log, open_page: OpenPage) -> None:
    log.write("api", "quiet")
    log.write("api", "cannot pay", level=40, fields={"order": "=1+1"}, exception="Traceback …\nTimeoutError: no answer")
    log.write("api", 'slow, "very"\nslow', level=30)
    page = open_page(f"{gateway.url}?streams=api&query=level:>=warning")
    expect(messages(page)).to_have_count(2)
    name, text = saved(page, "TXT")
    assert name == "api-logs.txt"
    assert text.splitlines()[0][24:].split() == ["ERROR", "api", "shop:", "cannot", "pay"]
    assert "TimeoutError: no answer" in text
    name, text = saved(page, "JSON")
    assert name == "api-logs.json"
    assert [record["message"] for record in json.loads(text)] == ["cannot pay", 'slow, "very"\nslow']
    name, text = saved(page, "JSONL")
    assert name == "api-logs.jsonl"
    assert [json.loads(line)["level"] for line in text.splitlines()] == ["ERROR", "WARNING"]
    name, text = saved(page, "CSV")
    assert name == "api-logs.csv"
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["message"] for row in rows] == ["cannot pay", 'slow, "very"\nslow']
    assert json.loads(rows[0]["fields"]) == {"order": "=1+1"}


def test_selected_rows_are_saved_and_copied_alone(gateway: GatewayServer, log: Log, open_page: OpenPage) -> None:
    log.write("api", *(f"line {number}" for number in range(9)))
    page = open_page(f"{gateway.url}?streams=api", permissions=CLIPBOARD)
    expect(messages(page)).to_have_count(9)
    row(page, "line 3").locator(".log-gutter").click()
    row(page, "line 5").locator(".log-gutter").click(modifiers=["Shift"])
    _, text = saved(page, "JSONL")
    assert [json.loads(line)["message"] for line in text.splitlines()] == ["line 3", "line 4", "line 5"]
    keep(page).get_by_role("button", name="Copy as JSON").click()
    expect(notice(page)).to_have_text(re.compile("Copied 3 records as JSON"))
    assert [record["message"] for record in json.loads(clipboard(page))] == ["line 3", "line 4", "line 5"]


def test_several_streams_are_saved_under_the_projects_name(
    gateway: GatewayServer, log: Log, open_page: OpenPage
) -> None:
    log.write("api", "a")
    log.write("mail", "b")
    page = open_page(f"{gateway.url}?streams=api,mail")
    expect(messages(page)).to_have_text(["a", "b"])
    name, text = saved(page, "TXT")
    assert name == "tailrace-logs.txt"
    assert len(text.splitlines()) == 2


def test_where_there_is_nothing_nothing_can_be_saved(gateway: GatewayServer, log: Log, open_page: OpenPage) -> None:
    log.write("api", "a")
    page = open_page(f"{gateway.url}?streams=api&query=level:critical")
    panel = keep(page)
    for name in ("TXT", "JSON", "JSONL", "CSV"):
        expect(shown(panel).get_by_role("button", name=name, exact=True)).to_be_disabled()
    for name in ("Copy as text", "Copy as JSON"):
        expect(panel.get_by_role("button", name=name)).to_be_disabled()
    log.write("api", "cannot reach Redis", level=50)
    expect(shown(panel).get_by_role("button", name="TXT")).to_be_enabled()


def test_all_history_that_matches_is_saved_a_stream_at_a_time(
    gateway: GatewayServer, log: Log, open_page: OpenPage
) -> None:
    log.write("api", *(f"line {number}" for number in range(700)))
    log.write("mail", "line 1", "other")
    page = open_page(f"{gateway.url}?streams=api,mail&tail=50&query=line")
    expect(messages(page).filter(has_text=re.compile("^line 1$"))).to_be_visible()
    panel = keep(page)
    name, text = saved_history(page, panel, "JSONL")
    assert name == "api-logs.jsonl"
    assert [json.loads(line)["message"] for line in text.splitlines()] == [f"line {number}" for number in range(700)]
    panel.get_by_label("Stream").select_option("mail")
    name, text = saved_history(page, panel, "TXT")
    assert name == "mail-logs.txt"
    assert len(text.splitlines()) == 1


def test_with_a_token_all_history_comes_by_way_of_the_page(
    make_gateways: MakeGateways, log: Log, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAILRACE_TOKEN_KEY", SECRET)
    gateway = make_gateways(1)[0]
    log.write("api", *(f"line {number}" for number in range(300)))
    page = open_page(f"{gateway.url}?streams=api&tail=50#token={signed(streams=['api'])}")
    expect(messages(page).last).to_have_text("line 299")
    panel = keep(page)
    assert panel.locator("a").count() == 0
    name, text = saved_history(page, panel, "TXT")
    assert name == "api-logs.txt"
    assert len(text.splitlines()) == 300


def test_a_token_that_was_pasted_is_good_for_history_too(
    make_gateways: MakeGateways, log: Log, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAILRACE_TOKEN_KEY", SECRET)
    gateway = make_gateways(1)[0]
    log.write("api", "for those who may")
    page = open_page(f"{gateway.url}?streams=api")
    page.get_by_label("Paste one").fill(signed(streams=["api"]))
    page.get_by_role("button", name="Use it").click()
    expect(messages(page)).to_have_text(["for those who may"])
    name, text = saved_history(page, keep(page), "JSONL")
    assert name == "api-logs.jsonl"
    assert [json.loads(line)["message"] for line in text.splitlines()] == ["for those who may"]


def test_what_is_shown_is_copied_as_text(gateway: GatewayServer, log: Log, open_page: OpenPage) -> None:
    log.write("api", "first", "second")
    page = open_page(f"{gateway.url}?streams=api", permissions=CLIPBOARD)
    expect(messages(page)).to_have_text(["first", "second"])
    keep(page).get_by_role("button", name="Copy as text").click()
    expect(notice(page)).to_have_text(re.compile("Copied 2 records as text"))
    assert [line.split("shop: ")[1] for line in clipboard(page).splitlines()] == ["first", "second"]
    expect(panel_of(page)).to_have_count(0)


@pytest.mark.parametrize(
    ("search", "lines"),
    [
        ("?streams=api,mail", ["it's $HOME", "quiet", "b"]),
        ("?streams=api&query=" + urllib.parse.quote('"it\'s $HOME"'), ["it's $HOME"]),
        ("?streams=api&query=-quiet&levels=info", ["it's $HOME"]),
        ("?streams=api&since=-5m&until=2126-01-01", ["it's $HOME", "quiet"]),
    ],
)
def test_the_command_that_is_copied_prints_the_same(
    search: str, lines: list[str], gateway: GatewayServer, log: Log, open_page: OpenPage
) -> None:
    log.write("api", "it's $HOME", "quiet")
    log.write("mail", "b")
    page = open_page(gateway.url + search, permissions=CLIPBOARD)
    expect(messages(page)).to_have_text(lines)
    page.keyboard.press("Shift+Y")
    expect(notice(page)).to_have_text(re.compile("Copied: tailrace tail "))
    # A terminal ends what follows by Ctrl-C; here it is to end by itself.
    command = clipboard(page).removesuffix(" -f")
    assert printed(command) == lines


def test_the_command_goes_on_from_the_record_that_is_looked_at(
    gateway: GatewayServer, log: Log, open_page: OpenPage
) -> None:
    log.write("api", "a", "b", "c")
    page = open_page(f"{gateway.url}r/api/{records(gateway, 'api')[1]['id']}", permissions=CLIPBOARD)
    expect(messages(page)).to_have_text(["a", "b", "c"])
    page.keyboard.press("Shift+Y")
    expect(notice(page)).to_have_text(re.compile("Copied: tailrace tail "))
    assert printed(clipboard(page)) == ["b", "c"]


def test_a_link_to_the_current_record_is_copied(gateway: GatewayServer, log: Log, open_page: OpenPage) -> None:
    log.write("api", "a", "b")
    page = open_page(f"{gateway.url}?streams=api", permissions=CLIPBOARD)
    keep(page).get_by_role("button", name="Copy link").click()
    expect(notice(page)).to_have_text(re.compile("Copied a link to this view"))
    assert clipboard(page) == page.url
    row(page, "a").locator(".log-message").click()
    keep(page).get_by_role("button", name="Copy link").click()
    expect(notice(page)).to_have_text(re.compile("Copied a link to the record"))
    assert clipboard(page) == f"{gateway.url}r/api/{records(gateway, 'api')[0]['id']}"


def test_a_browser_that_copies_nothing_is_told(gateway: GatewayServer, log: Log, open_page: OpenPage) -> None:
    log.write("api", "a")
    page = open_page(f"{gateway.url}?streams=api")
    page.add_init_script(NO_CLIPBOARD)
    reload(page)
    expect(messages(page)).to_have_text(["a"])
    keep(page).get_by_role("button", name="Copy as text").click()
    expect(notice(page)).to_have_text(re.compile(r"did not let this page use the clipboard \(denied\)"))


def test_a_bookmark_stays_and_leads_back_to_its_record(gateway: GatewayServer, log: Log, open_page: OpenPage) -> None:
    log.write("api", "kept for long", level=40)
    page = open_page(f"{gateway.url}?streams=api&tail=50")
    mark(page, "kept for long")
    expect(row(page, "kept for long")).to_have_class(re.compile("log-marked"))
    log.write("api", *(f"filler {number}" for number in range(300)))
    reload(page)
    expect(messages(page).last).to_have_text("filler 299")
    page.keyboard.press("b")
    entry = dialog(page).get_by_role("listitem")
    expect(entry).to_contain_text("kept for long")
    expect(entry).to_contain_text("ERROR api")
    entry.get_by_role("link").click()
    expect(dialog(page)).to_have_count(0)
    expect(page.locator(".log-current")).to_contain_text("kept for long")
    expect(row(page, "kept for long")).to_have_class(re.compile("log-marked"))


def test_a_note_stays_and_protects_its_bookmark(gateway: GatewayServer, log: Log, open_page: OpenPage) -> None:
    log.write("api", "a")
    page = open_page(f"{gateway.url}?streams=api")
    mark(page, "a")
    page.keyboard.press("b")
    dialog(page).get_by_label("Note to").fill("ask Ada <b>first</b>")
    page.keyboard.press("Escape")
    reload(page)
    expect(row(page, "a")).to_have_class(re.compile("log-marked"))
    mark(page, "a")
    expect(notice(page)).to_contain_text("This bookmark has a note")
    page.keyboard.press("b")
    expect(dialog(page).get_by_label("Note to")).to_have_value("ask Ada <b>first</b>")
    dialog(page).get_by_role("button", name="Remove").click()
    expect(dialog(page)).to_contain_text("None yet")
    page.keyboard.press("Escape")
    expect(row(page, "a")).not_to_have_class(re.compile("log-marked"))


def test_m_takes_a_mark_away_again(gateway: GatewayServer, log: Log, open_page: OpenPage) -> None:
    log.write("api", "a")
    page = open_page(f"{gateway.url}?streams=api")
    mark(page, "a")
    expect(row(page, "a")).to_have_class(re.compile("log-marked"))
    page.keyboard.press("m")
    expect(row(page, "a")).not_to_have_class(re.compile("log-marked"))


def test_u_goes_from_mark_to_mark(gateway: GatewayServer, log: Log, open_page: OpenPage) -> None:
    log.write("api", *(f"line {number}" for number in range(8)))
    page = open_page(f"{gateway.url}?streams=api")
    for text in ("line 1", "line 4", "line 6"):
        mark(page, text)
    row(page, "line 2").locator(".log-message").click()
    for key, text in (("u", "line 4"), ("u", "line 6"), ("Shift+U", "line 4"), ("Shift+U", "line 1")):
        page.keyboard.press(key)
        expect(page.locator(".log-current")).to_contain_text(text)
    page.keyboard.press("Shift+U")
    expect(notice(page)).to_contain_text("No bookmark further back")


def test_bookmarks_go_to_another_browser_as_a_file(
    gateway: GatewayServer, log: Log, open_page: OpenPage, tmp_path: Path
) -> None:
    log.write("api", "a `tick`", "b")
    page = open_page(f"{gateway.url}?streams=api", permissions=CLIPBOARD)
    mark(page, "a `tick`")
    page.keyboard.press("b")
    dialog(page).get_by_label("Note to").fill("ask Ada")
    dialog(page).get_by_role("button", name="Copy Markdown").click()
    link = f"{gateway.url}r/api/{records(gateway, 'api')[0]['id']}"
    expect(dialog(page)).to_contain_text("Copied all bookmarks as Markdown")
    assert f"({link}) `` a `tick` ``\n  > ask Ada\n" in clipboard(page)
    with page.expect_download() as download:
        dialog(page).get_by_role("button", name="Save JSON").click()
    file = tmp_path / "bookmarks.json"
    download.value.save_as(file)
    assert json.loads(file.read_text())[0]["link"] == link
    other = open_page(f"{gateway.url}?streams=api")
    expect(messages(other)).to_have_count(2)
    other.keyboard.press("b")
    dialog(other).get_by_label("File of bookmarks").set_input_files(file)
    expect(dialog(other)).to_contain_text("1 added")
    expect(dialog(other).get_by_label("Note to")).to_have_value("ask Ada")
    wrong = tmp_path / "wrong.json"
    wrong.write_text("{}")
    dialog(other).get_by_label("File of bookmarks").set_input_files(wrong)
    expect(dialog(other)).to_contain_text("wrong.json has no bookmarks in it")


def test_two_tabs_have_the_same_bookmarks(gateway: GatewayServer, log: Log, open_page: OpenPage) -> None:
    log.write("api", "a")
    page = open_page(f"{gateway.url}?streams=api")
    expect(messages(page)).to_have_count(1)
    other = page.context.new_page()
    other.goto(page.url)
    expect(messages(other)).to_have_count(1)
    mark(page, "a")
    expect(row(other, "a")).to_have_class(re.compile("log-marked"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_panel_and_the_bookmarks_fit_a_phone(
    scheme: str, gateway: GatewayServer, log: Log, open_page: OpenPage
) -> None:
    log.write("api", "cannot pay " + "x" * 400)
    log.write("mail", "b")
    page = open_page(f"{gateway.url}?streams=api,mail", viewport=PHONE, color_scheme=scheme)
    expect(messages(page)).to_have_count(2)
    expect(keep(page)).to_be_in_viewport(ratio=0.99)
    page.keyboard.press("Escape")
    expect(panel_of(page)).to_have_count(0)
    expect(page.get_by_role("button", name="Keep")).to_be_focused()
    mark(page, "b")
    page.keyboard.press("b")
    expect(dialog(page)).to_be_in_viewport(ratio=0.99)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def messages(page: Page) -> Locator:
    return page.locator(".log-message")


def row(page: Page, text: str) -> Locator:
    return page.locator(".log-row").filter(has=page.locator(".log-message").get_by_text(text, exact=True))


def panel_of(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Download and copy")


def keep(page: Page) -> Locator:
    """The panel, opened."""
    if panel_of(page).count() == 0:
        page.get_by_role("button", name="Keep").click()
    expect(panel_of(page)).to_be_visible()
    return panel_of(page)


def shown(panel: Locator) -> Locator:
    return panel.get_by_role("group", name=re.compile("^Download"))


def saved(page: Page, form: str) -> tuple[str, str]:
    """Name and content of the file of what is shown, or selected."""
    button = shown(keep(page)).get_by_role("button", name=form, exact=True)
    return downloaded(page, button)


def saved_history(page: Page, panel: Locator, form: str) -> tuple[str, str]:
    group = panel.get_by_role("group", name=re.compile("^All history"))
    return downloaded(
        page, group.get_by_role("link", name=form, exact=True).or_(group.get_by_role("button", name=form, exact=True))
    )


def downloaded(page: Page, button: Locator) -> tuple[str, str]:
    with page.expect_download() as download:
        button.click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes().decode()


def notice(page: Page) -> Locator:
    return page.locator(".notice")


def dialog(page: Page) -> Locator:
    return page.locator("dialog")


def mark(page: Page, text: str) -> None:
    row(page, text).locator(".log-level").click()
    page.keyboard.press("m")


def clipboard(page: Page) -> str:
    return str(page.evaluate("navigator.clipboard.readText()"))


def printed(command: str) -> list[str]:
    """The messages that a command prints."""
    arguments = [*shlex.split(command), "--raw"]
    assert arguments[0] == "tailrace"
    done = subprocess.run(
        [str(ROOT / ".venv/bin/tailrace"), *arguments[1:]], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def records(gateway: GatewayServer, stream: str) -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"{gateway.url}api/streams/{stream}/records", timeout=10) as answer:
        found: list[dict[str, Any]] = json.load(answer)["records"]
        return found
