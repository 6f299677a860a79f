"""Which services and streams are followed, what is done to them, and runs: as a user does it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.agent.workers import Worker
from tests.browser.conftest import MakeGateways, OpenPage, reload
from tests.browser.gateway import GatewayServer, Log
from tests.relay.auth.signing import SECRET, signed
from tests.servers import ROOT, RedisServer, wait_for

# Logs a line for each that it reads, as a service of its own.
SERVICE = """
import logging, sys, tailrace

service, stream = sys.argv[1:]
tailrace.install(service=service, stream=stream, level="DEBUG")
log = logging.getLogger(service)
log.info("%s is here", stream)
print("said", flush=True)
for line in sys.stdin:
    log.error(line.strip())
"""

# ms: a process that fell silent is lost after nine seconds.
UNTIL_LOST = 40_000.0


class Place:
    """Where agents write to, and what runs there."""

    def __init__(self, redis: RedisServer, prefix: str, spool: Path) -> None:
        self._url = redis.url
        self._prefix = prefix
        self._spool = spool
        self._workers: list[Worker] = []
        self._runs: list[subprocess.Popen[bytes]] = []

    def start(self, service: str, stream: str = "") -> Worker:
        worker = Worker(
            SERVICE, service, stream or service, url=self._url, prefix=self._prefix, spool=self._spool
        ).read(1)
        self._workers.append(worker)
        return worker

    def run(self, run_id: str, *command: str) -> subprocess.Popen[bytes]:
        """`tailrace run` as a user starts it."""
        place = ["--url", self._url, "--service", "jobs", "--run-id", run_id, "--quiet"]
        started = [sys.executable, "-c", "import sys; from tailrace.cli import main; sys.exit(main())", "run", *place]
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT / "agent"),
            "TAILRACE_PREFIX": self._prefix,
            "TAILRACE_SPOOL_DIR": str(self._spool),
        }
        process = subprocess.Popen([*started, "--", *command], env=environment, stderr=subprocess.DEVNULL)
        self._runs.append(process)
        return process

    def end(self) -> None:
        for worker in self._workers:
            if worker.process.returncode is None:
                worker.kill()
        for run in self._runs:
            run.kill()
            run.wait()


@pytest.fixture
def place(redis_server: RedisServer, prefix: str, tmp_path: Path) -> Iterator[Place]:
    found = Place(redis_server, prefix, tmp_path / "spool")
    yield found
    found.end()


@pytest.fixture
def gateway(make_gateways: MakeGateways) -> GatewayServer:
    return make_gateways(1)[0]


def knows_running(gateway: GatewayServer, service: str) -> None:
    def is_listed() -> bool:
        with urllib.request.urlopen(f"{gateway.url}api/services") as answer:
            services = json.load(answer)["services"]
        return any(each["service"] == service and each["instances"]["running"] for each in services)

    wait_for(is_listed, 20, f"{service} to be known")


def test_the_first_running_service_is_chosen_and_its_status_is_live(
    gateway: GatewayServer, place: Place, open_page: OpenPage
) -> None:
    place.start("billing").stop()
    mail = place.start("mail")
    knows_running(gateway, "mail")
    page = open_page(gateway.url)
    expect(chooser(page)).to_have_text("mail")
    expect(messages(page)).to_have_text(["mail is here"])
    expect(page).to_have_url(re.compile(r"services=mail"))
    chooser(page).click()
    expect(option(page, "billing")).to_contain_text("stopped")
    expect(option(page, "mail")).to_contain_text("1 running")
    expect(option(page, "mail")).to_have_attribute("aria-selected", "true")
    place.start("api")
    expect(option(page, "api")).to_contain_text("1 running")
    mail.kill()
    expect(option(page, "mail")).to_contain_text("1 lost", timeout=UNTIL_LOST)
    expect(option(page, "mail")).to_contain_text("down")
    page.keyboard.press("Escape")
    expect(chooser(page)).to_be_focused()
    expect(chooser(page)).to_contain_text("down")


def test_a_further_stream_of_a_service_is_followed_beside_all_that_is_held(
    gateway: GatewayServer, place: Place, log: Log, open_page: OpenPage
) -> None:
    place.start("api")
    knows_running(gateway, "api")
    page = open_page(f"{gateway.url}?services=api&tail=50")
    expect(messages(page)).to_have_text(["api is here"])
    log.write("api", *map(str, range(80)))
    held = page.locator(".sum-held")
    expect(held).to_contain_text("81 held")
    place.start("api", "api.billing")
    expect(messages(page).last).to_have_text("api.billing is here")
    expect(held).to_contain_text("82 held")
    log.write("api", "and goes on")
    expect(messages(page).last).to_have_text("and goes on")
    expect(page.locator(".badge-proof")).to_have_text("0 lost · 0 duplicated · 0 reconnects")


def test_services_and_streams_are_merged_and_stay_in_the_address(
    gateway: GatewayServer, place: Place, log: Log, open_page: OpenPage
) -> None:
    place.start("api")
    knows_running(gateway, "api")
    log.write("imports", "12 rows", "13 rows")
    log.write("others", "not wanted")
    page = open_page(gateway.url)
    chooser(page).click()
    expect(option(page, "imports")).to_contain_text("2 records")
    option(page, "imports").locator(".choice-tick").click()
    expect(messages(page)).to_contain_text(["api is here", "12 rows", "13 rows"])
    page.keyboard.press("Escape")
    expect(chooser(page)).to_contain_text("api + 1")
    reload(page)
    expect(messages(page)).to_contain_text(["api is here", "12 rows", "13 rows"])
    chooser(page).click()
    option(page, "imports").get_by_text("imports").click()
    expect(messages(page)).to_have_text(["12 rows", "13 rows"])
    page.go_back()
    expect(messages(page)).to_contain_text(["api is here", "12 rows", "13 rows"])


def test_globs_are_typed_and_all_is_done_by_keys(gateway: GatewayServer, log: Log, open_page: OpenPage) -> None:
    log.write("worker.a", "of a")
    log.write("worker.b", "of b")
    log.write("api", "of api")
    page = open_page(gateway.url)
    expect(chooser(page)).to_contain_text("All streams")
    chooser(page).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Find services and streams")).to_be_focused()
    page.keyboard.type("worker.*")
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(messages(page)).to_contain_text(["of a", "of b"])
    expect(messages(page)).to_have_count(2)
    chooser(page).press("Enter")
    expect(page.get_by_role("option")).to_have_count(5)  # all, what was typed, and the three that there are
    wait_for(lambda: moved_down_to(page, "api"), 20, "the way down to api")
    page.keyboard.press("Space")
    page.keyboard.press("Escape")
    expect(chooser(page)).to_contain_text("worker.* + 1")
    expect(messages(page).get_by_text("of api")).to_be_visible()
    log.write("worker.c", "of one that began later")
    expect(messages(page).get_by_text("of one that began later")).to_be_visible()


def moved_down_to(page: Page, name: str) -> bool:
    """Whether the keys are at a choice; if not, they go one further down. Streams have no order of their own."""
    if "choice-now" in str(option(page, name).get_attribute("class")):
        return True
    page.keyboard.press("ArrowDown")
    return False


def test_a_service_that_is_gone_is_read_and_said_to_be(
    gateway: GatewayServer, place: Place, log: Log, open_page: OpenPage
) -> None:
    log.write("mail", "what it left")
    place.start("api")
    page = open_page(f"{gateway.url}?services=mail")
    expect(messages(page)).to_have_text(["what it left"])
    expect(chooser(page)).to_contain_text("gone")
    chooser(page).click()
    expect(option(page, "mail").and_(page.locator("[aria-selected=true]"))).to_contain_text("not heard of")


def test_a_stream_is_cleared_when_that_is_confirmed(gateway: GatewayServer, log: Log, open_page: OpenPage) -> None:
    log.write("api", "one", "two", "three")
    log.write("mail", "stays")
    page = open_page(f"{gateway.url}?streams=api,mail")
    expect(messages(page)).to_have_count(4)
    page.get_by_role("button", name="Clear a stream").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Remove")).to_be_disabled()
    dialog.get_by_text("api").click()
    expect(dialog).to_contain_text("Remove all 3 records of api?")
    dialog.get_by_role("button", name="Cancel").click()
    expect(messages(page)).to_have_count(4)
    page.get_by_role("button", name="Clear a stream").click()
    dialog.get_by_text("api").click()
    dialog.get_by_role("button", name="Remove 3 records").click()
    expect(dialog).to_be_hidden()
    expect(messages(page)).to_have_text(["stays"])
    reload(page)
    expect(messages(page)).to_have_text(["stays"])


def test_clearing_needs_a_token_that_allows_it(
    make_gateways: MakeGateways, log: Log, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAILRACE_TOKEN_KEY", SECRET)
    gateway = make_gateways(1)[0]
    log.write("api", "one")
    page = open_page(f"{gateway.url}?streams=api#token={signed(streams=['api'])}")
    expect(messages(page)).to_have_text(["one"])
    expect(page.get_by_role("button", name="Clear a stream")).to_be_disabled()
    page = open_page(f"{gateway.url}?streams=api#token={signed(streams=['api'], actions=['read', 'clear'])}")
    expect(messages(page)).to_have_text(["one"])
    page.get_by_role("button", name="Clear a stream").click()
    page.get_by_role("button", name="Remove 1 record").click()
    expect(messages(page)).to_have_count(0)


def test_the_view_is_cleared_paused_and_asked_anew(gateway: GatewayServer, log: Log, open_page: OpenPage) -> None:
    log.write("api", "before")
    page = open_page(f"{gateway.url}?streams=api")
    expect(messages(page)).to_have_text(["before"])
    page.get_by_role("button", name="Clear the view").click()
    expect(messages(page)).to_have_count(0)
    log.write("api", "behind it")
    expect(messages(page)).to_have_text(["behind it"])
    page.get_by_role("button", name="Pause").click()
    log.write("api", "while it stands")
    expect(page.get_by_text("1 new", exact=False).first).to_be_visible()
    expect(messages(page)).to_have_text(["behind it"])
    page.get_by_role("button", name="Resume").click()
    expect(messages(page)).to_have_text(["behind it", "while it stands"])
    page.get_by_role("button", name="Refresh").click()
    expect(messages(page)).to_have_text(["before", "behind it", "while it stands"])


def test_runs_are_listed_and_each_has_a_page(gateway: GatewayServer, place: Place, open_page: OpenPage) -> None:
    place.start("sibling")  # which says of a run that its process died
    assert place.run("good", "echo", "all is well").wait() == 0
    assert place.run("bad", "sh", "-c", "echo no >&2; exit 3").wait() == 3
    long = place.run("long", "sh", "-c", "echo begun; exec sleep 600")
    page = open_page(gateway.url)
    chooser(page).click()
    page.get_by_role("link", name=re.compile("Runs")).click()
    expect(run(page, "run:good")).to_contain_text("finished")
    expect(run(page, "run:bad")).to_contain_text("failed")
    expect(cell(run(page, "run:bad"), "exit")).to_have_text("3")
    expect(cell(run(page, "run:bad"), "errors")).to_have_text("2")
    expect(run(page, "run:long")).to_contain_text("running")
    expect(page.locator(".runs-stream")).to_have_text(["run:long", "run:bad", "run:good"])
    took = cell(run(page, "run:long"), "took").text_content() or ""
    expect(cell(run(page, "run:long"), "took")).not_to_have_text(took)
    run(page, "run:bad").get_by_role("link", name="sh").click()
    expect(page).to_have_url(re.compile(r"run=run:bad"))
    expect(messages(page)).to_contain_text(["run sh started", "no", "run sh failed"])
    expect(page.get_by_role("region", name="Run")).to_contain_text("failed")
    reload(page)
    expect(messages(page)).to_contain_text(["run sh started", "no", "run sh failed"])
    page.get_by_role("button", name="All runs").click()
    long.kill()
    expect(run(page, "run:long")).to_contain_text("lost", timeout=UNTIL_LOST)
    page.get_by_label("Find runs").fill("fin")
    expect(page.locator(".runs-stream")).to_have_text(["run:good"])
    page.get_by_role("button", name="Back to the lists").click()
    expect(messages(page)).to_have_text(["sibling is here"])


def chooser(page: Page) -> Locator:
    return page.locator(".sources > button")


def option(page: Page, name: str) -> Locator:
    return page.get_by_role("option").filter(has=page.locator(".choice-name", has_text=re.compile(f"^{name}$")))


def messages(page: Page) -> Locator:
    return page.locator(".log-message")


def run(page: Page, stream: str) -> Locator:
    return page.get_by_role("row").filter(has_text=stream)


def cell(row: Locator, name: str) -> Locator:
    return row.locator(f"[data-name={name}]")
