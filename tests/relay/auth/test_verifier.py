"""Tokens of every kind of key, and of none."""

from __future__ import annotations

import hmac
import http.server
import json
import os
import threading
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import jwt
import pytest

from tailrace_relay.auth import Action, Verifier
from tailrace_relay.auth import keys as keys_module
from tailrace_relay.errors import KeysError, Unauthorized, Unavailable
from tailrace_relay.settings import Settings
from tests.relay.auth.signing import (
    ASYMMETRIC,
    OTHER_SECRET,
    SECRET,
    private_key,
    public_jwk,
    public_pem,
    signed,
    unsigned,
)

pytestmark = pytest.mark.anyio


def verifier(**settings: Any) -> Verifier:
    return Verifier(Settings(**({"token_key": SECRET} | settings)))


async def why_refused(token: str, **settings: Any) -> str:
    with pytest.raises(Unauthorized) as caught:
        await verifier(**settings).verify(token)
    text = str(caught.value)
    assert len(token) < 20 or token not in text
    return text


async def test_without_a_key_no_token_is_needed() -> None:
    assert not verifier(token_key="").required
    assert verifier().required


async def test_a_token_grants_what_its_claims_say() -> None:
    token = signed(streams=["api", "run:*"], actions=["read", "clear"], query="level:>=error", sub="ada", exp=None)
    grant = await verifier().verify(token)
    assert grant.streams == ("api", "run:*")
    assert grant.actions == {Action.READ, Action.CLEAR}
    assert grant.query.text == "level:>=40"
    assert (grant.subject, grant.holder, grant.expires) == ("ada", "ada", None)


async def test_lists_may_be_texts() -> None:
    grant = await verifier().verify(signed(streams="api, run:*", actions="read write"))
    assert grant.streams == ("api", "run:*")
    assert grant.actions == {Action.READ, Action.WRITE}


async def test_a_token_that_names_no_streams_or_actions_grants_no_stream_and_reading() -> None:
    grant = await verifier().verify(signed(streams=None, actions=None))
    assert grant.streams == ()
    assert grant.actions == {Action.READ}
    assert not grant.may(Action.READ, "api")


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"streams": ["a b"]}, "streams"),
        ({"streams": 5}, "streams"),
        ({"streams": [5]}, "streams"),
        ({"streams": ["a"] * 257}, "limit"),
        ({"actions": ["fly"]}, "actions"),
        ({"actions": {"read": True}}, "actions"),
        ({"query": "level:"}, "query"),
        ({"query": ["error"]}, "query"),
        ({"query": []}, "query"),
        ({"query": False}, "query"),
        ({"query": 0}, "query"),
        ({"exp": "soon"}, "not valid"),
        ({"nbf": time.time() + 86_400}, "not valid yet"),
        ({"exp": time.time() - 600}, "expired"),
        ({"aud": "others"}, "audience"),
    ],
)
async def test_claims_that_make_no_sense_or_do_not_hold_refuse_the_token(claims: dict[str, Any], expected: str) -> None:
    assert expected in await why_refused(signed(**claims))


async def test_audience_and_issuer_must_be_those_that_are_set() -> None:
    both = {"token_audience": "logs", "token_issuer": "us"}
    assert (await verifier(**both).verify(signed(aud=["logs", "more"], iss="us"))).streams == ("api",)
    assert "audience" in await why_refused(signed(aud="other", iss="us"), **both)
    assert "issuer" in await why_refused(signed(aud="logs", iss="them"), **both)
    assert "lacks" in await why_refused(signed(iss="us"), **both)
    assert "lacks" in await why_refused(signed(aud="logs"), **both)


async def test_a_token_may_hold_for_longer_than_anybody_counts() -> None:
    assert (await verifier().verify(signed(exp=10**400))).expires == 2**53


async def test_clocks_may_differ_by_the_leeway() -> None:
    token = signed(exp=time.time() - 60)
    assert (await verifier(token_leeway=120).verify(token)).streams == ("api",)
    assert "expired" in await why_refused(token, token_leeway=0)


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "…", "e30.e30.e30", "." * 50, "[" * 8000, "a" * 9000])
async def test_what_is_no_token_is_refused(token: str) -> None:
    await why_refused(token)


async def test_a_token_without_signature_or_with_another_algorithm_is_refused() -> None:
    assert "not signed with one of" in await why_refused(unsigned())
    assert "not signed with one of" in await why_refused(signed(SECRET * 2, "HS512"))
    assert "key" in await why_refused(signed(OTHER_SECRET))


@pytest.mark.parametrize("algorithm", ASYMMETRIC)
async def test_public_keys_verify_what_the_private_key_signed(algorithm: str) -> None:
    settings = {"token_key": public_pem(algorithm)}
    grant = await verifier(**settings).verify(signed(private_key(algorithm), algorithm))
    assert grant.streams == ("api",)
    assert "key" in await why_refused(signed(private_key(algorithm, "other"), algorithm), **settings)


@pytest.mark.parametrize("algorithm", ASYMMETRIC)
async def test_a_public_key_is_never_taken_for_a_secret(algorithm: str) -> None:
    """The token says HS256 and is signed with what everybody knows."""
    public = public_pem(algorithm)
    head, body, _ = signed(OTHER_SECRET).split(".")
    forged = hmac.new(public.encode(), f"{head}.{body}".encode(), sha256).digest()
    token = f"{head}.{body}.{jwt.utils.base64url_encode(forged).decode()}"
    assert "key" in await why_refused(token, token_key=public)


async def test_a_key_file_is_read_again_when_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys_module, "LOOK", 0.0)
    file = tmp_path / "keys"
    file.write_text(f"{SECRET}\n")
    found = verifier(token_key="", token_key_file=str(file))
    old, new = signed(), signed(OTHER_SECRET)
    assert (await found.verify(old)).streams == ("api",)
    # Both for a while, then the new one alone.
    replace(file, f"{OTHER_SECRET}\n{SECRET}\n")
    assert (await found.verify(old)) == (await found.verify(new))
    replace(file, "\n".join(map(public_pem, ASYMMETRIC)))
    for algorithm in ASYMMETRIC:
        assert (await found.verify(signed(private_key(algorithm), algorithm))).streams == ("api",)
    with pytest.raises(Unauthorized):
        await found.verify(old)
    # What cannot be read changes nothing.
    replace(file, "short")
    assert (await found.verify(signed(private_key("ES256"), "ES256"))).streams == ("api",)
    replace(file, json.dumps({"keys": [public_jwk("ES256", "k1"), {"kty": "unknown"}]}))
    assert (await found.verify(signed(private_key("ES256"), "ES256", "k1"))).streams == ("api",)


def replace(file: Path, text: str) -> None:
    other = file.with_suffix(".new")
    other.write_text(text)
    os.replace(other, file)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("short", "openssl rand -hex 32"),
        ("-----BEGIN PUBLIC KEY-----\nno\n-----END PUBLIC KEY-----", "no public key"),
        ("-----BEGIN PRIVATE KEY-----\nno\n-----END PRIVATE KEY-----", "no private one"),
        ('{"keys": []}', "0 keys"),
        ('{"keys": [{"kty": "oct", "k": "c2hvcnQ"}]}', "0 keys"),
        ("{", "JWK set"),
    ],
)
async def test_keys_that_are_none_are_refused_at_the_start(key: str, expected: str) -> None:
    with pytest.raises(KeysError) as caught:
        verifier(token_key=key)
    assert expected in str(caught.value)
    assert "TAILRACE_TOKEN_KEY" in str(caught.value)


@pytest.mark.parametrize("algorithm", ASYMMETRIC)
async def test_a_public_key_without_its_frame_is_no_secret(algorithm: str) -> None:
    """As some consoles show it, in one line: everybody knows it, and could sign with it."""
    inner = "".join(public_pem(algorithm).splitlines()[1:-1])
    with pytest.raises(KeysError, match="PEM"):
        verifier(token_key=inner)


async def test_a_key_file_may_have_keys_of_all_kinds_and_comments(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    keys = ["# the old one, until 2026-12, which is a comment", SECRET, public_pem("RS256").strip(), OTHER_SECRET]
    file.write_text("\n".join(keys))
    found = verifier(token_key="", token_key_file=str(file))
    for token in (signed(), signed(OTHER_SECRET), signed(private_key("RS256"), "RS256")):
        assert (await found.verify(token)).streams == ("api",)
    with pytest.raises(Unauthorized):
        await found.verify(signed("# the old one, until 2026-12, which is a comment"))


class KeyServer:
    """A JWK set at an address."""

    def __init__(self) -> None:
        self.answer = b'{"keys": []}'
        self.asked = 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked += 1
                self.send_response(200 if outer.answer else 500)
                self.end_headers()
                self.wfile.write(outer.answer)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/jwks.json"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def give(self, *keys: dict[str, Any]) -> None:
        self.answer = json.dumps({"keys": list(keys)}).encode()


@pytest.fixture
def key_server() -> Iterator[KeyServer]:
    server = KeyServer()
    yield server
    server.server.shutdown()
    server.server.server_close()


async def test_keys_of_an_address_are_fetched_again_for_one_that_is_new(
    key_server: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    key_server.give(public_jwk("RS256", "first"))
    found = verifier(token_key="", token_jwks=key_server.url)
    first = signed(private_key("RS256"), "RS256", "first")
    second = signed(private_key("EdDSA"), "EdDSA", "second")
    assert (await found.verify(first)).streams == ("api",)
    assert (await found.verify(first)).streams == ("api",)
    assert key_server.asked == 1
    # Whoever makes up key IDs does not make us ask for each.
    for kid in ("a", "b", "c"):
        with pytest.raises(Unauthorized):
            await found.verify(signed(private_key("RS256"), "RS256", kid))
    assert key_server.asked == 1
    monkeypatch.setattr(keys_module, "COOLDOWN", 0.0)
    key_server.give(public_jwk("RS256", "first"), public_jwk("EdDSA", "second"))
    assert (await found.verify(second)).streams == ("api",)
    assert key_server.asked == 2
    # What is known stays known while the address does not answer.
    key_server.answer = b""
    monkeypatch.setattr(keys_module, "LIFESPAN", 0.0)
    assert (await found.verify(first)).streams == ("api",)
    assert key_server.asked == 3


async def test_without_its_keys_a_gateway_says_come_again(key_server: KeyServer) -> None:
    key_server.answer = b""
    with pytest.raises(Unavailable):
        await verifier(token_key="", token_jwks=key_server.url).verify(signed(private_key("RS256"), "RS256", "first"))


@pytest.mark.parametrize("answer", [b"", b"garbage", b"[" * 100_000])
async def test_an_address_that_does_not_answer_holds_up_no_other_keys(key_server: KeyServer, answer: bytes) -> None:
    key_server.answer = answer
    found = verifier(token_jwks=key_server.url)
    assert (await found.verify(signed())).streams == ("api",)
    with pytest.raises(Unavailable):
        await found.verify(signed(OTHER_SECRET))


async def test_a_secret_at_an_address_is_none(key_server: KeyServer) -> None:
    key_server.give(
        {"kty": "oct", "k": jwt.utils.base64url_encode(SECRET.encode()).decode(), "kid": "s", "alg": "HS256"}
    )
    with pytest.raises(Unauthorized):
        await verifier(token_key="", token_jwks=key_server.url).verify(signed(kid="s"))


async def test_an_address_of_keys_is_one_of_the_web() -> None:
    with pytest.raises(KeysError):
        verifier(token_jwks="file:///etc/passwd")
