from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
import redis

from tests.servers import (
    ROOT,
    FakeRedisServer,
    MakeRedisServer,
    RedisServer,
    Server,
    free_port,
    wait_for,
    wait_for_async,
)

ALL_BYTES = bytes(range(256))
APPEND_AND_PUBLISH = """
local id = redis.call('XADD', KEYS[1], ARGV[1], 'f', ARGV[2])
redis.call('PUBLISH', KEYS[1], ARGV[2])
return id
"""


def test_a_server_answers_once_it_has_started(any_redis: Server) -> None:
    with any_redis.client() as client, redis.Redis.from_url(any_redis.url) as by_url:
        assert client.ping()
        assert by_url.ping()


def test_a_script_stores_and_publishes_every_byte_value(any_redis: Server, prefix: str) -> None:
    with any_redis.client() as client, any_redis.client() as listener, listener.pubsub() as subscription:
        subscription.subscribe(prefix)
        wait_for(lambda: subscription.get_message(timeout=0.1), 5, "the subscription")
        assert client.eval(APPEND_AND_PUBLISH, 1, prefix, "5-1", ALL_BYTES) == b"5-1"
        message = wait_for(lambda: subscription.get_message(timeout=0.1), 5, "the published bytes")
        assert message["data"] == ALL_BYTES
        assert client.xrange(prefix) == [(b"5-1", {b"f": ALL_BYTES})]


def test_a_reply_longer_than_the_socket_holds_arrives_whole(any_redis: Server, prefix: str) -> None:
    megabyte = os.urandom(1 << 20)
    with any_redis.client() as client:
        for number in range(1, 21):
            client.xadd(prefix, {"f": megabyte}, id=f"{number}-{number}")
        assert [fields[b"f"] for _, fields in client.xrange(prefix)] == [megabyte] * 20


def test_a_killed_server_refuses_and_comes_back_empty_on_the_same_port(own_redis_server: MakeRedisServer) -> None:
    server = own_redis_server()
    client = server.client()
    client.set("key", "value")
    server.kill()
    with pytest.raises(redis.ConnectionError):
        client.ping()
    server.start()
    assert client.get("key") is None
    client.close()


def test_a_server_with_an_append_only_file_survives_sigkill(own_redis_server: MakeRedisServer) -> None:
    server = own_redis_server("--appendonly", "yes", "--appendfsync", "always")
    with server.client() as client:
        client.set("key", "value")
        server.kill()
        server.restart()
        assert client.get("key") == b"value"


def test_a_paused_server_answers_after_it_resumes(own_redis_server: MakeRedisServer) -> None:
    server = own_redis_server()
    with server.client(timeout=0.05) as impatient:
        server.pause()
        with pytest.raises(redis.TimeoutError):
            impatient.ping()
    server.resume()
    with server.client() as client:
        assert client.ping()


def test_a_paused_server_can_be_stopped(own_redis_server: MakeRedisServer) -> None:
    server = own_redis_server()
    pid = server.pid
    server.pause()
    server.stop()
    assert not process_exists(pid)


def test_servers_of_one_test_share_nothing(own_redis_server: MakeRedisServer) -> None:
    with own_redis_server().client() as first, own_redis_server().client() as second:
        first.set("key", "value")
        assert second.get("key") is None


def test_fakeredis_forgets_all_when_it_restarts(tmp_path: Path) -> None:
    server = FakeRedisServer(tmp_path)
    server.start()
    try:
        with server.client() as client:
            client.set("key", "value")
            server.restart()
            assert client.get("key") is None
    finally:
        server.kill()


def test_a_failed_start_shows_the_servers_log_and_leaves_no_process(redis_binary: str, tmp_path: Path) -> None:
    server = RedisServer(tmp_path, "--no-such-option", "1")
    with pytest.raises(AssertionError, match="no-such-option"):
        server.start()
    with pytest.raises(AssertionError, match="does not run"):
        server.resume()


@pytest.mark.parametrize(("ci", "outcome"), [("false", "1 skipped"), ("true", "1 error")])
def test_a_missing_redis_skips_on_a_laptop_and_fails_on_ci(ci: str, outcome: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pytest", "tests/test_servers.py", "-k", "share_nothing", "-p", "no:cacheprovider"]
    environment = os.environ | {"PATH": str(tmp_path), "CI": ci}
    report = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert outcome in report.stdout
    assert "no redis-server on PATH" in report.stdout


def test_a_free_port_is_not_one_somebody_listens_on(redis_server: RedisServer) -> None:
    assert redis_server.port not in {free_port() for _ in range(100)}


def test_waiting_returns_the_answer() -> None:
    answers = iter([0, 0, 7])
    assert wait_for(lambda: next(answers), 5, "a number") == 7


def test_waiting_in_vain_says_for_what() -> None:
    with pytest.raises(AssertionError, match=r"waited 0.01 s for the tide; the last answer was None"):
        wait_for(lambda: None, 0.01, "the tide")


def test_waiting_in_an_event_loop_takes_functions_and_coroutines() -> None:
    async def tide() -> str:
        return "high"

    async def both() -> list[object]:
        return [await wait_for_async(tide, 5, "the tide"), await wait_for_async(lambda: 7, 5, "a number")]

    assert asyncio.run(both()) == ["high", 7]


def test_waiting_in_an_event_loop_in_vain_says_for_what() -> None:
    with pytest.raises(AssertionError, match=r"waited 0.01 s for the tide"):
        asyncio.run(wait_for_async(lambda: False, 0.01, "the tide"))


def process_exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
