"""What is missing is said where it is missing; and a proxy that lets no WebSocket through costs nothing."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import MakeGateways, OpenPage
from tests.browser.gateway import GatewayServer, Log
from tests.servers import HOST

pytestmark = pytest.mark.usefixtures("built_viewer")

REFUSAL = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@pytest.fixture
def gateway(make_gateways: MakeGateways) -> GatewayServer:
    return make_gateways(1)[0]


def test_what_was_cleared_before_it_was_read_is_a_bar_behind_what_was(
    make_gateways: MakeGateways, log: Log, open_page: OpenPage
) -> None:
    gateway, other = make_gateways(2)
    log.write("api", "before")
    page = open_page(f"{gateway.url}?streams=api")
    expect(messages(page)).to_have_text(["before"])
    gateway.kill()
    log.write("api", "away", "and away")
    clear(other, "api")
    log.write("api", "after")
    gateway.start()
    expect(messages(page)).to_have_text(["before", "after"])
    expect(bars(page, "cleared")).to_have_text("2 records cleared: somebody emptied the stream")


def test_what_was_trimmed_before_it_was_read_is_a_bar_between_what_was(
    gateway: GatewayServer, log: Log, open_page: OpenPage
) -> None:
    log.write("api", "before")
    page = open_page(f"{gateway.url}?streams=api")
    expect(messages(page)).to_have_text(["before"])
    gateway.kill()
    for number in range(12):
        log.write("api", f"away {number}")
    log.trim("api", 2)
    gateway.start()
    expect(messages(page)).to_have_text(["before", "away 10", "away 11"])
    expect(bars(page, "trimmed")).to_have_text("10 records trimmed: retention removed them before they were read")
    expect(page.locator(".badge-proof")).to_contain_text("10 lost · 0 duplicated")


def test_history_begins_where_older_records_were_trimmed(gateway: GatewayServer, log: Log, open_page: OpenPage) -> None:
    for number in range(300):
        log.write("api", f"line {number}")
    log.trim("api", 200)
    page = open_page(f"{gateway.url}?streams=api&tail=50")
    expect(messages(page).last).to_have_text("line 299")
    page.locator(".log-scroller").hover()
    while not bars(page, "horizon").count():
        page.mouse.wheel(0, -2_000)
        page.wait_for_function("new Promise((done) => requestAnimationFrame(() => done(true)))")
    expect(bars(page, "horizon")).to_have_text("History begins here · 100 older records trimmed")
    expect(messages(page).first).to_have_text("line 100")


def test_where_no_websocket_gets_through_events_do(gateway: GatewayServer, log: Log, open_page: OpenPage) -> None:
    log.write("api", "before")
    with blocking_proxy(gateway) as address:
        page = open_page(f"{address}?streams=api")
        expect(messages(page)).to_have_text(["before"])
        log.write("api", *(f"line {number}" for number in range(500)))
        expect(messages(page).last).to_have_text("line 499")
        page.locator(".badge > button").click()
        expect(page.get_by_role("dialog", name="Connection")).to_contain_text("event stream (SSE)")
        expect(page.locator(".badge-proof")).to_contain_text("0 lost · 0 duplicated")
        page.close()


def messages(page: Page) -> Locator:
    return page.locator(".log-message")


def bars(page: Page, reason: str) -> Locator:
    return page.locator(f".log-bar[data-reason={reason}]")


def clear(gateway: GatewayServer, stream: str) -> None:
    connection = HTTPConnection(HOST, gateway.port)
    connection.request("DELETE", f"/api/streams/{stream}/records")
    assert connection.getresponse().status < 300
    connection.close()


@contextmanager
def blocking_proxy(gateway: GatewayServer) -> Iterator[str]:
    """The address of what lets all through to a gateway but WebSockets."""
    with socket.create_server((HOST, 0)) as server:
        threading.Thread(target=accept, args=(server, gateway.port), daemon=True).start()
        yield f"http://{HOST}:{server.getsockname()[1]}/"
        server.shutdown(socket.SHUT_RDWR)


def accept(server: socket.socket, port: int) -> None:
    with suppress(OSError):  # it is shut down
        while True:
            client, _ = server.accept()
            threading.Thread(target=serve, args=(client, port), daemon=True).start()


def serve(client: socket.socket, port: int) -> None:
    """One connection: a WebSocket begins one of its own."""
    with client, suppress(OSError):
        head = client.recv(64 << 10)
        if re.search(rb"\r\nupgrade: *websocket", head, re.IGNORECASE):
            client.sendall(REFUSAL)
            return
        with socket.create_connection((HOST, port)) as onward:
            onward.sendall(head)
            back = threading.Thread(target=pipe, args=(onward, client), daemon=True)
            back.start()
            pipe(client, onward)
            back.join()


def pipe(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):  # either end is gone
        while data := source.recv(64 << 10):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
