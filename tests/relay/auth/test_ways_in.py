"""Each rule of permissions, on each way in."""

from __future__ import annotations

import io
import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect

from tailrace.wire import Keys
from tailrace_relay.tail import Printer, tail
from tests.built import loaded_by
from tests.e2e.gateways import GatewayThread
from tests.relay.announcing import announce, now_of, said
from tests.relay.auth.signing import OTHER_SECRET, SECRET, private_key, signed, unsigned
from tests.relay.auth.ways import (
    FORBIDDEN,
    OF_ONE_STREAM,
    TIMEOUT,
    UNAUTHORIZED,
    WAYS,
    Way,
    bearer,
    later_subscription,
    socket_with_the_token_in_a_cookie,
    socket_with_the_token_in_the_address,
)
from tests.relay.live import Log
from tests.relay.rest.test_records import append, record
from tests.servers import RedisServer, wait_for_async

pytestmark = pytest.mark.anyio

LEVELS = {"fine": 20, "broken": 40}

BAD_TOKENS = {
    "none": lambda: None,
    "garbage": lambda: "a.b.c",
    "of another audience": lambda: signed(aud="others"),
    "of another issuer": lambda: signed(aud="logs", iss="them"),
    "of no audience": lambda: signed(iss="us"),
    "unsigned": lambda: unsigned(aud="logs", iss="us"),
    "expired": lambda: good(exp=time.time() - 60),
    "not valid yet": lambda: good(nbf=time.time() + 60),
    "of the wrong key": lambda: signed(OTHER_SECRET, aud="logs", iss="us"),
    "of another kind of key": lambda: signed(private_key("ES256"), "ES256", aud="logs", iss="us"),
    "with a query that is none": lambda: good(query="level:"),
}

NARROW_TOKENS: dict[str, dict[str, Any]] = {
    "no stream": {"streams": []},
    "a longer name": {"streams": ["api2", "api.*", "xapi"]},
    "a shorter name": {"streams": ["ap"]},
    "another case": {"streams": ["API", "Api"]},
    "a glob that nearly matches": {"streams": ["api?", "a?", "?api", "api:*"]},
    "no action": {"actions": []},
    "all actions but reading": {"actions": ["write", "clear", "admin"], "streams": ["*"]},
}


def good(**claims: Any) -> str:
    return signed(**{"aud": "logs", "iss": "us", **claims})


@contextmanager
def gateway_with(redis: RedisServer, prefix: str, **settings: Any) -> Iterator[GatewayThread]:
    gateway = GatewayThread(redis.url, prefix, **({"token_key": SECRET, "token_leeway": 0} | settings))
    gateway.start()
    try:
        yield gateway
    finally:
        gateway.stop()


@pytest.fixture(scope="module")
def gateway(redis_server: RedisServer) -> Iterator[GatewayThread]:
    """With two records in each of the streams `api` and `secret`."""
    prefix = "test-ways-in"
    with redis_server.client() as client:
        for key in client.scan_iter(f"{prefix}*"):
            client.delete(key)
        for stream in ("api", "secret"):
            log = Log(client, Keys(prefix), stream)
            client.zadd(log.keys.streams, {stream: time.time_ns() // 1_000_000})
            append(log, *(record(text, time.time_ns() // 1000, level) for text, level in LEVELS.items()))
        with gateway_with(redis_server, prefix, token_audience="logs", token_issuer="us", dialects="all") as found:
            yield found


@pytest.mark.parametrize("way", WAYS)
async def test_with_a_good_token_all_is_seen(way: Way, gateway: GatewayThread) -> None:
    seen = await way(gateway.url, good(), "api")
    assert (seen.messages, seen.refusal) == (["fine", "broken"], "")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("which", BAD_TOKENS)
async def test_a_token_that_is_not_good_opens_nothing(way: Way, which: str, gateway: GatewayThread) -> None:
    token = BAD_TOKENS[which]()  # type: ignore[no-untyped-call]  # a table of lambdas
    seen = await way(gateway.url, token, "api")
    assert (seen.messages, seen.refusal) == ([], UNAUTHORIZED)
    assert not token or token not in seen.text


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("which", NARROW_TOKENS)
async def test_a_token_for_something_else_is_refused_for_good(way: Way, which: str, gateway: GatewayThread) -> None:
    seen = await way(gateway.url, good(**NARROW_TOKENS[which]), "api")
    assert (seen.messages, seen.refusal) == ([], FORBIDDEN)


@pytest.mark.parametrize("way", WAYS)
async def test_a_tokens_query_cuts_what_is_seen(way: Way, gateway: GatewayThread) -> None:
    seen = await way(gateway.url, good(query="level:>=error"), "api")
    assert (seen.messages, seen.refusal) == (["broken"], "")
    assert "fine" not in seen.text


@pytest.mark.parametrize(
    ("claims", "parameters", "complete"),
    [({}, "", True), ({}, "&query=a", False), ({}, "&level=ERROR", False), ({"query": "a"}, "", False)],
)
async def test_the_greeting_says_whether_anything_is_left_out(
    claims: dict[str, str], parameters: str, complete: bool, gateway: GatewayThread
) -> None:
    address = gateway.url.replace("http", "ws") + "/api/live?streams=api" + parameters
    async with connect(address, additional_headers=bearer(good(**claims))) as client:
        assert json.loads(await client.recv())["complete"] is complete


@pytest.mark.parametrize("way", [way for way in WAYS if way not in OF_ONE_STREAM])
async def test_globs_show_what_is_allowed_of_them(way: Way, gateway: GatewayThread) -> None:
    seen = await way(gateway.url, good(streams=["a*"]), "*")
    assert (seen.messages, seen.refusal) == (["fine", "broken"], "")
    assert "secret" not in seen.text


async def test_a_page_of_a_foreign_origin_cannot_use_a_cookie(gateway: GatewayThread) -> None:
    address = gateway.url.replace("http", "ws") + "/api/live?streams=api"
    cookie = {"Cookie": f"tailrace_token={good()}"}
    async with connect(address, additional_headers={**cookie, "Origin": "http://evil.example"}) as client:
        await client.wait_closed()
        assert client.close_code == 4003
    async with httpx.AsyncClient(verify=False) as client:
        asked = client.build_request(
            "GET", f"{gateway.url}/api/streams", headers={**cookie, "Origin": "http://evil.example"}
        )
        assert (await client.send(asked)).status_code == 403
        own = client.build_request("GET", f"{gateway.url}/api/streams", headers={**cookie, "Origin": gateway.url})
        assert (await client.send(own)).status_code == 200


async def test_that_any_origin_is_allowed_does_not_hold_for_cookies(redis_server: RedisServer, prefix: str) -> None:
    with gateway_with(redis_server, prefix, allowed_origins="*") as gateway:
        address = gateway.url.replace("http", "ws") + "/api/live?streams=api"
        foreign = {"Origin": "http://evil.example"}
        async with connect(address, additional_headers={**foreign, "Cookie": f"tailrace_token={signed()}"}) as client:
            await client.wait_closed()
            assert client.close_code == 4003
        async with connect(address, additional_headers={**foreign, **bearer(signed())}) as client:
            assert "hello" in str(await client.recv())


async def test_a_refusal_says_in_its_header_what_is_wrong(gateway: GatewayThread) -> None:
    async with httpx.AsyncClient(base_url=gateway.url, verify=False) as client:
        missing = await client.get("/api/streams")
        assert missing.headers["www-authenticate"] == 'Bearer realm="tailrace"'
        bad = await client.get("/api/streams", headers=bearer(good(exp=1)))
        assert 'error="invalid_token", error_description="the token has expired"' in bad.headers["www-authenticate"]
        narrow = await client.get("/api/streams/secret/records", headers=bearer(good()))
        assert 'error="insufficient_scope", scope="read"' in narrow.headers["www-authenticate"]
        odd = await client.get("/api/streams", headers=bearer(good(streams=["a b"])))
        assert 'right would be [\\"api\\", \\"run:*\\"]"' in odd.headers["www-authenticate"]


async def test_a_gateway_answers_to_its_own_names_alone(redis_server: RedisServer, prefix: str) -> None:
    """A page whose name somebody has pointed here would else be of the gateway's own origin."""
    with gateway_with(redis_server, prefix, allowed_hosts="localhost,127.0.0.1", token_key="") as gateway:
        for host, status in ((f"evil.example:{gateway.port}", 403), ("localhost:1", 200), ("127.0.0.1", 200)):
            answer = httpx.get(f"{gateway.url}/api/streams", headers={"Host": host}, verify=False)
            assert answer.status_code == status
        evil = {"Host": "evil.example", "Origin": "http://evil.example"}
        address = gateway.url.replace("http", "ws") + "/api/live?streams=api"
        async with connect(address, additional_headers=evil) as client:
            await client.wait_closed()
            assert client.close_code == 4003


@pytest.mark.parametrize("follow", [True, False])
async def test_the_terminal_is_told_and_does_not_come_again(gateway: GatewayThread, follow: bool) -> None:
    out, notices = io.StringIO(), io.StringIO()
    printer = Printer("raw", out, notices, colour=False)
    parameters = {"streams": "api", "tail": "10"}
    assert await tail(gateway.url, parameters, printer, follow=False, prefix="", token=good()) == 0
    assert out.getvalue() == "fine\nbroken\n"
    assert await tail(gateway.url, parameters, printer, follow=follow, prefix="") == 1
    assert "the gateway refuses: 4001 a token is needed" in notices.getvalue()


async def test_the_token_is_never_sent_back_as_subprotocol(gateway: GatewayThread) -> None:
    address = gateway.url.replace("http", "ws") + "/api/live?streams=api"
    async with connect(address, subprotocols=["tailrace", f"bearer.{good()}"]) as client:  # type: ignore[list-item]
        assert client.subprotocol == "tailrace"


OPEN = {("get", "/api/health"), ("get", "/api/ready")}


def operations(gateway: GatewayThread) -> list[tuple[str, str]]:
    described = gateway.get("/openapi.json").json()["paths"]
    return [(method, path) for path, methods in described.items() for method in methods]


async def test_every_route_asks_for_a_token_and_for_what_it_allows(gateway: GatewayThread) -> None:
    """Whatever is added later, too."""
    found = operations(gateway)
    assert len(found) > 15
    assert any(path.startswith("/runs/") for _, path in found)
    parameters = {"streams": "api", "id": "1-1"}
    async with httpx.AsyncClient(base_url=gateway.url, timeout=TIMEOUT, verify=False) as client:
        for method, path in found:
            place = re.sub(r"\{[a-z_]+\}", "api", path)
            answer = await client.request(method, place, params=parameters)
            assert (answer.status_code == 200) is ((method, path) in OPEN), (method, path, answer.text)
            if (method, path) in OPEN:
                continue
            assert answer.status_code == 401, (method, path, answer.text)
            nothing = bearer(good(streams=["*"], actions=[]))
            answer = await client.request(method, place, params=parameters, headers=nothing)
            assert answer.status_code == 403, (method, path, answer.text)
            assert "insufficient_scope" in answer.headers["www-authenticate"]


async def test_every_socket_asks_for_a_token_and_for_what_it_allows(gateway: GatewayThread) -> None:
    patterns = [pattern.pattern for pattern, _ in gateway.sockets]
    assert len(patterns) >= 7
    for pattern in patterns:
        path = re.sub(r"\(\?P<[^)]*\)", "api", pattern).strip("^$")
        address = gateway.url.replace("http", "ws") + path
        for token, code in ((None, 4001), (good(streams=["*"], actions=[]), 4003)):
            async with connect(f"{address}?streams=api", additional_headers=bearer(token)) as client:
                await client.wait_closed()
                assert client.close_code == code, path


@pytest.mark.parametrize("target", ["/api/live?streams=*", "/ws/logs"])
async def test_what_comes_live_is_cut_to_the_token_too(target: str, redis_server: RedisServer, prefix: str) -> None:
    """Also of streams that begin later, and beside a client that may see all."""
    with gateway_with(redis_server, prefix, dialects="all") as gateway, redis_server.client() as redis:
        address = gateway.url.replace("http", "ws") + target
        cut = bearer(signed(streams=["a*"], query="level:>=error"))
        async with (
            connect(address, additional_headers=cut) as client,
            connect(address, additional_headers=bearer(signed(streams=["*"]))) as other,
        ):
            await wait_for_async(lambda: gateway.gateway.connections == 2, TIMEOUT, "both to be there")
            await wait_for_async(lambda: both_live(gateway), TIMEOUT, "both to be live")
            for stream in ("secret", "api"):
                log = Log(redis, Keys(prefix), stream)
                redis.zadd(log.keys.streams, {stream: time.time_ns() // 1_000_000})
                append(log, *(record(f"{text} in {stream}", time.time_ns() // 1000, LEVELS[text]) for text in LEVELS))
            seen = await until(client, "broken in api")
            everything = await until(other, "broken in api", "broken in secret")
    assert "secret" not in seen
    assert "fine" not in seen
    assert "fine in secret" in everything


def both_live(gateway: GatewayThread) -> bool:
    groups = list(gateway.gateway.hub.groups.values())
    return len(groups) == 2 and all(group.members for group in groups)


async def until(client: ClientConnection, *texts: str) -> str:
    """All that comes until each of the texts has."""
    seen = ""
    while not all(text in seen for text in texts):
        seen += str(await client.recv())
    return seen


@pytest.mark.parametrize(
    ("method", "path", "action"),
    [
        ("DELETE", "/api/streams/other/records", "clear"),
        ("DELETE", "/api/streams/other", "admin"),
        ("POST", "/api/streams/other/records", "write"),
        ("POST", "/api/test/logs", "write"),
        ("PUT", "/api/retention/other", "admin"),
        ("GET", "/api/retention", "admin"),
        ("GET", "/api/streams", "read"),
        ("GET", "/api/agents", "read"),
    ],
)
async def test_an_action_is_allowed_by_its_own_name_alone(
    method: str, path: str, action: str, gateway: GatewayThread
) -> None:
    actions = {"read", "write", "clear", "admin"}
    async with httpx.AsyncClient(base_url=gateway.url, timeout=TIMEOUT, verify=False) as client:
        without = bearer(good(streams=["*"], actions=sorted(actions - {action})))
        assert (await client.request(method, path, headers=without)).status_code == 403
        elsewhere = bearer(good(streams=["elsewhere"], actions=sorted(actions)))
        answer = await client.request(method, path, headers=elsewhere)
        assert answer.status_code == (200 if method == "GET" else 403)
        allowed = bearer(good(streams=["*"], actions=[action]))
        body = {"message": "hello"} if method == "POST" else {}
        answer = await client.request(method, path, headers=allowed, json=body)
        assert answer.status_code not in (401, 403), answer.text


async def test_lists_show_only_streams_that_may_be_read(gateway: GatewayThread) -> None:
    async with httpx.AsyncClient(base_url=gateway.url, timeout=TIMEOUT, verify=False) as client:
        answer = await client.get("/api/streams", headers=bearer(good(streams=["a*"])))
        assert [stream["stream"] for stream in answer.json()["streams"]] == ["api"]


async def test_services_and_agents_show_what_concerns_streams_that_may_be_read(
    gateway: GatewayThread, redis_server: RedisServer
) -> None:
    with redis_server.client() as client:
        now = now_of(client)
        last = {"stream": "secret", "id": "1-1"}
        both = said("a", service="api", at=now, streams=("api", "secret"), last=last)
        announce(client, "test-ways-in", both)
        announce(client, "test-ways-in", said("b", service="hidden", at=now, streams=("secret",)))
    async with httpx.AsyncClient(base_url=gateway.url, timeout=TIMEOUT, verify=False) as client:
        for path in ("/api/services", "/api/status", "/api/agents"):
            everything = await client.get(path, headers=bearer(good(streams=["*"])))
            assert "hidden" in everything.text
            assert "secret" in everything.text
            cut = await client.get(path, headers=bearer(good(streams=["a*"])))
            assert '"api"' in cut.text
            assert "hidden" not in cut.text
            assert "secret" not in cut.text
    address = gateway.url.replace("http", "ws") + "/api/status"
    async with connect(address, additional_headers=bearer(good(streams=["a*"]))) as socket:
        text = str(await socket.recv())
        assert '"api"' in text
        assert "secret" not in text
    async with connect(address, additional_headers=bearer(good(actions=["write"]))) as socket:
        await socket.wait_closed()
        assert socket.close_code == 4003


async def test_a_record_around_another_is_seen_only_where_the_query_lets_it(gateway: GatewayThread) -> None:
    async with httpx.AsyncClient(base_url=gateway.url, timeout=TIMEOUT, verify=False) as client:
        everything = (await client.get("/api/streams/api/records", headers=bearer(good()))).json()["records"]
        cut = bearer(good(query="level:>=error"))
        path = "/api/streams/api/records/context"
        hidden, shown = [await client.get(path, params={"id": each["id"]}, headers=cut) for each in everything]
        assert hidden.status_code == 404
        assert [each["message"] for each in shown.json()["records"]] == ["broken"]
        totals = await client.get("/api/streams/api/records/summary", headers=cut)
        assert totals.json()["by_level"] == {"ERROR": 1}


@pytest.mark.usefixtures("built_viewer")
async def test_the_viewer_and_its_probes_need_no_token(gateway: GatewayThread) -> None:
    files = [f"/{name}" for name in loaded_by(gateway.get("/").text)]
    assert files
    for path in ("/", *files, "/r/api/1-1", "/api/health", "/api/ready", "/openapi.json"):
        wanted = 307 if path.startswith("/r/") else 200
        assert gateway.get(path).status_code == wanted
        # Nor does one that is no good any more keep a page from asking for another.
        assert httpx.get(gateway.url + path, headers=bearer("old"), verify=False).status_code == wanted


async def test_keys_of_requests_belong_to_their_subject(gateway: GatewayThread) -> None:
    async with httpx.AsyncClient(base_url=gateway.url, timeout=TIMEOUT, verify=False) as client:
        answers = []
        for subject in ("ada", "ada", "ben"):
            headers = {**bearer(good(streams=["keys"], actions=["write"], sub=subject)), "Idempotency-Key": "k1"}
            answers.append(await client.post("/api/streams/keys/records", headers=headers, json={"message": "x"}))
    first, again, other = (answer.json()["ids"] for answer in answers)
    assert first == again != other


async def test_the_first_subscription_is_refused_with_the_connection_and_a_later_one_alone(
    gateway: GatewayThread,
) -> None:
    seen = await socket_with_the_token_in_the_address(gateway.url, good(), "secret")
    assert seen.refusal == FORBIDDEN
    seen = await later_subscription(gateway.url, good(), "secret")
    assert seen.refusal == FORBIDDEN
    seen = await socket_with_the_token_in_a_cookie(gateway.url, good(), "api")
    assert seen.messages == ["fine", "broken"]
