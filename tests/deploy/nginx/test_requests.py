"""What becomes of requests on their way through nginx."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import msgspec
import pytest

from tailrace.wire import Keys
from tests.deploy.front import SOON, Front
from tests.deploy.nginx_server import CONFIGURATION, NginxServer
from tests.e2e.wire_producer import WireProducer
from tests.servers import HOST, RedisServer, free_port, wait_for

SECRET = "eyJhbGciOiJIUzI1NiJ9.c2VjcmV0"

MIB = 1 << 20


class LoneGateway:
    """Takes what nginx hands on, byte for byte."""

    def __init__(self, listening: socket.socket, nginx: NginxServer) -> None:
        self.nginx = nginx
        self._listening = listening

    @contextmanager
    def asked(self, *head: str) -> Iterator[tuple[socket.socket, socket.socket]]:
        """The connections of a client that sends this, and of the gateway that it comes to."""
        lines = [head[0], f"Host: {HOST}:{self.nginx.port}", *head[1:], "", ""]
        with socket.create_connection((HOST, self.nginx.port), SOON) as client:
            client.sendall("\r\n".join(lines).encode())
            gateway, _ = self._listening.accept()
            with gateway:
                gateway.settimeout(SOON)
                yield client, gateway


def read_until(connection: socket.socket, end: bytes) -> bytes:
    """What comes up to these bytes; fails when they don't."""
    data = b""
    while end not in data:
        more = connection.recv(4096)
        assert more, f"the connection ended after {data!r}"
        data += more
    return data


@pytest.fixture
def lone_gateway(installed_nginx: str, tmp_path: Path) -> Iterator[LoneGateway]:
    with socket.create_server((HOST, 0)) as listening:
        listening.settimeout(SOON)
        nginx = NginxServer(tmp_path / "nginx", [listening.getsockname()[1]] * 2)
        nginx.start()
        yield LoneGateway(listening, nginx)
        nginx.stop()


def get(front: Front, path: str, **headers: str) -> httpx.Response:
    return httpx.get(f"{front.url}{path}", headers=headers, timeout=SOON, verify=False)


def test_a_token_in_an_address_reaches_no_log_not_even_when_gateways_are_gone(own_front: Front) -> None:
    paths = [f"/api/streams?token={SECRET}", f"/?token={SECRET}", f"/ws/logs?token={SECRET}"]
    from_a_page_with_one = {"Referer": f"{own_front.url}/?token={SECRET}"}
    statuses = [get(own_front, path, **from_a_page_with_one).status_code for path in paths]
    assert statuses[:2] == [200, 200]
    with httpx.stream("GET", f"{own_front.url}/api/live/events?streams=x&token={SECRET}", verify=False) as events:
        next(events.iter_raw())
        for gateway in own_front.gateways:
            gateway.kill()
    assert [get(own_front, path).status_code for path in paths] == [502] * 3
    # The stream's own line comes last, when nginx has noticed its end.
    wait_for(lambda: "/api/live/events" in own_front.nginx.access_log, SOON, "the line of the event stream")
    assert '"/api/streams" HTTP/1.1 502' in own_front.nginx.access_log
    written = own_front.nginx.written()
    assert {"tailrace.log", "error.log", "server.log"} <= written.keys()
    assert not [name for name, content in written.items() if SECRET.encode() in content]


def test_an_address_can_not_forge_lines_of_the_log(front: Front) -> None:
    get(front, "/api/x%0a127.0.0.1%20forged%22%1b[31m")
    wait_for(lambda: "forged" in front.nginx.access_log, SOON, "its line")
    [line] = [line for line in front.nginx.access_log.splitlines() if "forged" in line]
    assert not set('"\x1b') & set(line.partition('"')[2].partition('" HTTP')[0])


def test_a_post_of_4_mib_passes_and_of_more_the_gateway_says_what_is_wrong(front: Front) -> None:
    most = b"\n".join(b'{"message": "%s"}' % (b"x" * 8_170) for _ in range(512))
    assert 4 * MIB - 32 * 1024 < len(most) <= 4 * MIB
    stored = front.post("api", most, Content_Type="application/x-ndjson")
    assert stored.status_code == 201
    assert len(stored.json()["ids"]) == 512
    refused = front.post("api", most + b"\n" * MIB, Content_Type="application/x-ndjson")
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert refused.status_code == 413


def test_a_download_comes_through_whole(front: Front, redis_server: RedisServer) -> None:
    with redis_server.client() as redis:
        WireProducer(redis, Keys(front.prefix), "large", "p").emit(60_000)
    answer = get(front, "/api/streams/large/records/download?format=jsonl")
    seqs = [msgspec.json.decode(line)["seq"] for line in answer.content.splitlines()]
    assert seqs == list(range(1, 60_001))


def test_an_answer_is_handed_on_as_it_is_made(lone_gateway: LoneGateway) -> None:
    with lone_gateway.asked("GET / HTTP/1.1") as (client, gateway):
        # It lasts until its end, and nothing says that it may not be buffered.
        gateway.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n")
        for word in (b"one", b"two"):
            gateway.sendall(word)
            assert word in read_until(client, word)


def test_an_answer_that_is_not_read_holds_its_gateway_back_and_fills_no_disk(lone_gateway: LoneGateway) -> None:
    with lone_gateway.asked("GET / HTTP/1.1") as (_, gateway):
        gateway.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n")
        gateway.settimeout(3.0)
        with pytest.raises(TimeoutError):
            gateway.sendall(bytes(128 * MIB))


def test_a_request_is_handed_on_as_it_is_made(lone_gateway: LoneGateway) -> None:
    with lone_gateway.asked("POST / HTTP/1.1", "Transfer-Encoding: chunked") as (client, gateway):
        for word in (b"one", b"two"):
            client.sendall(b"3\r\n%s\r\n" % word)
            assert word in read_until(gateway, word)


def test_a_gateway_is_told_who_asks_for_what_host_and_of_no_upgrade_but_to_a_websocket(
    lone_gateway: LoneGateway,
) -> None:
    plain = headers_of(lone_gateway, "X-Forwarded-For: 203.0.113.9")
    upgrade = headers_of(lone_gateway, "Upgrade: WebSocket", "Connection: keep-alive, Upgrade")
    other = headers_of(lone_gateway, "Upgrade: h2c", "Connection: Upgrade, HTTP2-Settings")
    host = f"{HOST}:{lone_gateway.nginx.port}"
    about = {"host": host, "x-forwarded-host": host, "x-forwarded-proto": "http"}
    about["x-forwarded-for"] = HOST  # whatever it says
    assert plain == other == about
    assert upgrade == about | {"upgrade": "websocket", "connection": "upgrade"}


def headers_of(lone: LoneGateway, *given: str) -> dict[str, str]:
    """What reaches a gateway of a request with these headers."""
    with lone.asked("GET / HTTP/1.1", *given) as (client, gateway):
        first, *head = read_until(gateway, b"\r\n\r\n").decode().split("\r\n")[:-2]
        gateway.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        read_until(client, b" 204 ")  # else the other gateway would be asked
    assert first == "GET / HTTP/1.1"
    return {name.lower(): value for name, value in (line.split(": ", 1) for line in head)}


@pytest.mark.parametrize("name", ["tailrace.conf", "compose.conf"])
def test_each_site_file_is_one_that_nginx_takes(name: str, installed_nginx: str, tmp_path: Path) -> None:
    # Debian's nginx can't look names up again and again, as that of the compose file does.
    site = tmp_path / name
    text = (CONFIGURATION / name).read_text()
    site.write_text("".join(line for line in text.splitlines(True) if not line.startswith("resolver ")))
    nginx = NginxServer(tmp_path / "nginx", [free_port(), free_port()], site)
    nginx.start()
    nginx.stop()


def test_the_site_files_differ_only_in_what_is_of_their_place() -> None:
    here, composed = ((CONFIGURATION / name).read_text() for name in ("tailrace.conf", "compose.conf"))
    assert settings_of(here) == settings_of(composed)


def settings_of(site: str) -> list[str]:
    of_a_place = ("#", "listen ", "access_log ", "resolver ", "server gateway", "server 127.")
    lines = [line.strip() for line in site.splitlines()]
    return [line for line in lines if line and not line.startswith(of_a_place)]
