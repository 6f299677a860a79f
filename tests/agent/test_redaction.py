"""Redaction: secrets go, everything else stays as it is, and no text takes more than linear time."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tailrace import bind
from tailrace.config import Config
from tailrace.errors import ConfigError
from tailrace.redaction import Redactor
from tailrace.wire import Record
from tests.agent.conftest import MakeLogger, engine_of
from tests.agent.delivered import delivered
from tests.agent.spooling import left_in
from tests.servers import RedisServer

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N"

SECRETS = {
    "Authorization: Bearer abc.def-1": "Authorization: Bearer [redacted]",
    "authorization=Basic dXNlcjpwYXNz x": "authorization=Basic [redacted] x",
    "{'Authorization': 'Token abc'}": "{'Authorization': 'Token [redacted]'}",
    "got bearer abcdefghijklmnop1234": "got bearer [redacted]",
    "password=hunter2 user=ann": "password=[redacted] user=ann",
    "DB_PASSWORD: s3cret, port 1": "DB_PASSWORD: [redacted], port 1",
    "{'password': 'hun\\'ter 2', 'b': 1}": "{'password': '[redacted]', 'b': 1}",
    '{"api_key": "x y", "tokens": 5}': '{"api_key": "[redacted]", "tokens": 5}',
    '{"client-secret":"cut off': '{"client-secret":"[redacted]',
    "GET /?access_token=abc&x=1": "GET /?access_token=[redacted]&x=1",
    "x-api-key: abc": "x-api-key: [redacted]",
    "Cookie: a=b; c=d": "Cookie: [redacted]",
    "id AKIAIOSFODNN7EXAMPLE here": "id [redacted] here",
    "aws_secret_access_key=wJalr/abc+1": "aws_secret_access_key=[redacted]",
    "redis://user:pa:ss@host:1/0": "redis://user:[redacted]@host:1/0",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nx": (
        "-----BEGIN RSA PRIVATE KEY-----[redacted]-----END RSA PRIVATE KEY-----\nx"
    ),
    "-----BEGIN PRIVATE KEY-----\\nMIIE": "-----BEGIN PRIVATE KEY-----[redacted]",
    f"t {JWT} x": "t [redacted] x",
    **{f"gh{kind}_" + "a1" * 18: "[redacted]" for kind in "pousr"},
    "xoxb-1234567890-abc": "[redacted]",
    "sk_live_" + "a1" * 12: "[redacted]",
    "AIza" + "a" * 35: "[redacted]",
    "Authorization: ApiKey abc": "Authorization: [redacted]",
    "Authorization: AWS4-HMAC-SHA256 Credential=x, Signature=y\nHost: z": "Authorization: [redacted]\nHost: z",
    "authorization=Bearer%20abc&x=1": "authorization=Bearer%20[redacted]&x=1",
    'Set-Cookie: session="abc"; Path=/': "Set-Cookie: [redacted]",
    "{'cookie': 'a=b', 'x': 1}": "{'cookie': '[redacted]', 'x': 1}",
    "<QueryDict: {'user': ['ann'], 'password': ['abc']}>": "<QueryDict: {'user': ['ann'], 'password': ['[redacted]']}>",
    "{b'password': b'abc', b'n': 1}": "{b'password': b'[redacted]', b'n': 1}",
    "[(b'authorization', b'Basic YWJj'), (b'host', b'x')]": "[(b'authorization', b'[redacted]'), (b'host', b'x')]",
    r'"{\"user\": \"ann\", \"password\": \"abc\"}"': r'"{\"user\": \"ann\", \"password\": \"[redacted]\"}"',
    "redis://:p@ss@host:6379/0": "redis://:[redacted]@host:6379/0",
    "token=(abc) x": "token=([redacted]) x",
    "<password>abc</password>": "<password>[redacted]</password>",
    "'password' => 'abc'": "'password' => '[redacted]'",
    "next=%2F&password%3Dabc": "next=%2F&password%3D[redacted]",
    "mysql --password abc -u x": "mysql --password [redacted] -u x",
    'password="a\\\nb" x': 'password="[redacted]" x',
    "password         : abc": "password         : [redacted]",
    "password := abc": "password := [redacted]",
    "if token=='abc':": "if token=='[redacted]':",
    "credentials={'user': 'ann', 'key': 'abc'} x": "credentials=[redacted] x",
    "token=SecretStr('abc') x": "token=[redacted] x",
    "-----BEGIN PGP PRIVATE KEY BLOCK-----\nlQ\n-----END PGP PRIVATE KEY BLOCK-----": (
        "-----BEGIN PGP PRIVATE KEY BLOCK-----[redacted]-----END PGP PRIVATE KEY BLOCK-----"
    ),
}

HARMLESS = (
    "token count=5",
    "password reset requested",
    "tokens=128",
    "max_tokens: 4096",
    "the secretary: Ann",
    "author: Ann, keyboard: de",
    "Failed password for root from 1.2.3.4 port 22 ssh2",
    "Accepted publickey for x: RSA SHA256:abc",
    "123e4567-e89b-12d3-a456-426614174000",
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "the bearer of bad news",
    "http://user@host:80/x",
    "needed: ['user', 'password', 'email']",
    "usage: mysql --password --user",
)

HOSTILE = (
    "password=",
    "eyJ",
    "eyJ-",
    "://a:",
    "-----BEGIN PRIVATE KEY-----",
    "authorization: bearer ",
    'secret="\\',
    "token" + " " * 50,
    "ghp_",
    "cookie=",
    "key" * 3 + "=",
    "://a:@",
    "://a:" + "@" * 1000,
    "password=[(",
    "--password ",
    "password={",
    "token=a(",
    "token" + ":" * 20,
    "--" + "a-" * 15,
    "('token', '",
    'token=\\"',
    "cookie: '",
    "authorization: basic basic ",
)


@pytest.fixture
def redactor() -> Redactor:
    return Redactor()


@pytest.mark.parametrize("text", SECRETS)
def test_a_secret_goes_and_the_rest_stays(redactor: Redactor, text: str) -> None:
    assert redactor.text(text) == SECRETS[text]
    assert redactor.text(SECRETS[text]) == SECRETS[text]


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_like_one_stays(redactor: Redactor, text: str) -> None:
    assert redactor.text(text) is text


@pytest.mark.parametrize("text", HOSTILE)
def test_a_megabyte_of_beginnings_is_gone_through_once(redactor: Redactor, text: str) -> None:
    """With anything but linear time this would not end within the time limit of a test."""
    redactor.text(text * (1_000_000 // len(text)))


@given(st.text(alphabet=st.sampled_from("pasword=:\"' eyJ.-_AKI/@\n\\{}[]redacted")))
def test_nothing_makes_it_raise_and_twice_is_as_once(text: str) -> None:
    redactor = Redactor()
    once = redactor.text(text)
    assert redactor.text(once) == once


def test_values_are_looked_into_and_told_by_their_names(redactor: Redactor) -> None:
    value = {"password": "x", "X-Api-Key": 7, "user": "ann", "token": None, "deep": [{"db_passwd": "y", "n": 1}]}
    assert redactor.value(value) == {
        "password": "[redacted]",
        "X-Api-Key": "[redacted]",
        "user": "ann",
        "token": None,
        "deep": [{"db_passwd": "[redacted]", "n": 1}],
    }


def test_a_pair_of_a_name_and_its_value_is_known_in_a_list(redactor: Redactor) -> None:
    headers = [["authorization", "Basic YWJj"], ["host", "x"], ["password", None], ["a", "b", "c"]]
    assert redactor.value(headers) == [["authorization", "[redacted]"], *headers[1:]]
    assert redactor.value(["password", "email"]) == ["password", "email"]


def test_the_mention_of_a_private_key_hides_nothing_behind_it(redactor: Redactor) -> None:
    lines = [
        "expected -----BEGIN PRIVATE KEY-----",
        "MIIE",
        "-----BEGIN PRIVATE KEY-----",
        "no key at all, is it?",
        "abc",
    ]
    found = [redactor.record(Record(time=0, level_number=20, logger="l", message=each), "x").message for each in lines]
    assert [found[index] for index in (1, 3, 4)] == ["MIIE", "no key at all, is it?", "abc"]


def test_a_name_of_bytes_tells_its_value_too(redactor: Redactor) -> None:
    assert redactor.value({"b'api_key'": "x"}) == {"b'api_key'": "[redacted]"}


@pytest.mark.parametrize("text", ["card_number=4111", "card-number: 4111", "cardNumber='4111'"])
def test_a_name_of_ones_own_is_known_however_it_is_written(text: str) -> None:
    redactor = Redactor(["card_number"])
    assert "4111" not in redactor.text(text)


def test_what_is_bound_is_redacted_on_both_ways_of_a_record(make_logger: MakeLogger) -> None:
    log = make_logger("redis://127.0.0.1:1/0")
    with bind(password="geheim", place="redis://u:geheim@h/0"):
        for _ in range(3):
            log.info("hello")
    left = left_in(engine_of(log).spool).left
    assert len(left) == 3
    assert not any(b"geheim" in (item.payload or b"") for item in left)


def test_a_private_key_in_many_lines_goes_wherever_other_lines_come_between(redactor: Redactor) -> None:
    key = ["-----BEGIN RSA PRIVATE KEY-----", "MIIEvQIBADAN", "hQab+c==", "-----END RSA PRIVATE KEY-----", "behind"]

    def line(text: str, place: str) -> str:
        return redactor.record(Record(time=0, level_number=20, logger="l", message=text), place).message

    found = [(line(text, "one"), line(f"other {text[:3]}", "two")) for text in key]
    begin, *body, end, behind = (one for one, _ in found)
    assert begin.startswith(key[0])
    assert body == ["[redacted]", "[redacted]"]
    assert (end, behind) == (key[3], "behind")
    assert [two for _, two in found] == [f"other {text[:3]}" for text in key]


def test_a_private_key_without_an_end_does_not_hide_everything(redactor: Redactor) -> None:
    lines = ["-----BEGIN PRIVATE KEY-----", *(str(number) for number in range(1000))]
    found = [redactor.record(Record(time=0, level_number=20, logger="l", message=each), "x").message for each in lines]
    assert found.count("[redacted]") == 256
    assert found[-1] == "999"


def test_names_and_prefixes_of_ones_own() -> None:
    redactor = Redactor(["iban"], ["acme_live_"])
    assert redactor.text("IBAN: DE89 acme_live_a-b_1.") == "IBAN: [redacted] [redacted]."
    assert redactor.is_secret("customer_iban")


def test_a_function_of_ones_own_sees_every_text() -> None:
    redactor = Redactor(custom=lambda text: text.replace("Ann", "A."))
    assert redactor.text("hello Ann") == "hello A."

    def broken(text: str) -> str:
        raise ValueError(text)

    assert "its redaction failed" in Redactor(custom=broken).text("hello Ann")


def test_settings_are_read_from_the_environment() -> None:
    config = Config.load({"TAILRACE_REDACT_NAMES": "iban,pin", "TAILRACE_REDACT_PREFIXES": "acme_"})
    assert (config.redact, config.redact_names, config.redact_prefixes) == (True, ("iban", "pin"), ("acme_",))
    assert Redactor.of(Config.load({"TAILRACE_REDACT": "0"})) is None
    with pytest.raises(ConfigError, match="TAILRACE_REDACT_NAMES"):
        Config.load({"TAILRACE_REDACT_NAMES": "(a+)+"})


def test_no_secret_reaches_redis(make_logger: MakeLogger, redis_server: RedisServer, prefix: str) -> None:
    """Each call twice: the first record of a call site takes the complete way, the second the hot path."""
    log = make_logger(redis_server.url)
    for _ in range(2):
        log.info("password=geheim1")
        log.info("%s=%s", "password", "geheim2")
        log.info("login of %s with %s", "ann", "Bearer geheim3geheim3geheim3")
        log.info(f"token: geheim{4}")
        log.info("extras", extra={"password": "geheim5", "url": "redis://u:geheim6@h/0", "note": "harmless"})
        log.info("object %s", {"api_key": "geheim7"})
        log.info("audit", extra={"is_audit": True, "metadata": {"secret": "geheim8"}})
        try:
            raise ValueError("password=geheim9")
        except ValueError:
            log.exception("failed")
    assert engine_of(log).flush(20)
    found = delivered(redis_server.client(), prefix, "s").all
    assert len(found) == 16
    assert "geheim" not in repr(found)
    assert all(a.message == b.message and a.fields == b.fields for a, b in zip(found[:8], found[8:], strict=True))
    assert found[4].fields == {"password": "[redacted]", "url": "redis://u:[redacted]@h/0", "note": "harmless"}


def test_switched_off_everything_stays(make_logger: MakeLogger, redis_server: RedisServer, prefix: str) -> None:
    log = make_logger(redis_server.url, redact=False)
    for _ in range(2):
        logging.Logger.info(log, "password=%s", "x")
    assert engine_of(log).flush(20)
    assert delivered(redis_server.client(), prefix, "s").messages == ["password=x"] * 2
