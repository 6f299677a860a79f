"""`tailrace doctor`: what is wrong is named, with what to do; a user with just the rights it names can work."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tailrace.cli import main
from tailrace.diagnosis import COMMANDS, acl_line
from tests.agent.conftest import MakeLogger, engine_of
from tests.agent.delivered import wait_for_records
from tests.servers import HOST, MakeRedisServer, RedisServer, free_port

Doctor = Callable[..., tuple[int, dict[str, dict[str, Any]]]]


@pytest.fixture
def doctor(prefix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Doctor:
    """Gives the exit code, and the findings by check."""

    def run(url: str) -> tuple[int, dict[str, dict[str, Any]]]:
        code = main(["doctor", "--json", "--url", url, "--prefix", prefix, "--spool-dir", str(tmp_path / "spool")])
        output = capsys.readouterr().out
        assert "geheim" not in output
        return code, {finding["check"]: finding for finding in json.loads(output)}

    return run


def test_where_all_is_right_it_says_so_and_leaves_nothing(
    doctor: Doctor, own_redis_server: MakeRedisServer, prefix: str
) -> None:
    server = own_redis_server("--appendonly", "yes")
    code, found = doctor(server.url)
    assert (code, {each["state"] for each in found.values()}) == (0, {"ok"})
    checks = {"connection", "version", "memory policy", "persistence", "clock", "rights", "round trip", "spool"}
    assert checks <= set(found)
    assert list(server.client().scan_iter(f"{prefix}:*")) == []


def test_a_redis_that_is_not_there(doctor: Doctor) -> None:
    code, found = doctor(f"redis://user:geheim@{HOST}:{free_port()}/0")
    assert (code, found["connection"]["state"]) == (1, "failure")
    assert "rediss://" in found["connection"]["advice"]


def test_a_wrong_memory_policy_and_no_persistence(doctor: Doctor, own_redis_server: MakeRedisServer) -> None:
    server = own_redis_server("--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru", "--appendonly", "no")
    code, found = doctor(server.url)
    assert (code, found["memory policy"]["state"], found["persistence"]["state"]) == (1, "failure", "warning")
    assert "noeviction" in found["memory policy"]["advice"]


def test_a_password_is_missing_or_wrong(doctor: Doctor, own_redis_server: MakeRedisServer) -> None:
    server = own_redis_server()
    client = server.client()
    client.config_set("requirepass", "geheim")
    code, found = doctor(server.url)
    assert (code, found["connection"]["state"]) == (1, "failure")
    assert "password" in found["connection"]["advice"]
    code, found = doctor(server.url.replace("redis://", "redis://:geheim-nicht@"))
    assert (code, found["connection"]["state"]) == (1, "failure")
    code, found = doctor(server.url.replace("redis://", "redis://:geheim@"))
    assert code == 0
    client.config_set("requirepass", "")


def grant(server: RedisServer, line: str) -> str:
    """Carry out the line that the doctor prints; the URL of that user."""
    words = line.replace("PASSWORD", "geheim").split()
    server.client().execute_command(*words)  # type: ignore[no-untyped-call]
    return server.url.replace("redis://", "redis://tailrace:geheim@")


def test_the_smallest_rights_suffice(
    doctor: Doctor, own_redis_server: MakeRedisServer, make_logger: MakeLogger, prefix: str
) -> None:
    server = own_redis_server("--appendonly", "yes")
    url = grant(server, acl_line(prefix))
    code, found = doctor(url)
    assert code == 0, found
    assert "may not subscribe" in found["round trip"]["text"]
    log = make_logger(url)
    for i in range(100):
        log.info("%d", i)
    assert engine_of(log).flush(20)
    wait_for_records(server.client(), prefix, "s", 100)
    logging.Logger.info(log, "after a restart of the numbering")
    server.client().flushall()
    log.info("again")
    assert engine_of(log).flush(20)


@pytest.mark.parametrize("missing", ["xadd", "publish", "zadd", "hset", "evalsha", "xtrim", "set"])
def test_a_right_less_is_found_and_named(
    missing: str, doctor: Doctor, own_redis_server: MakeRedisServer, prefix: str
) -> None:
    server = own_redis_server("--appendonly", "yes")
    assert missing in COMMANDS
    code, found = doctor(grant(server, acl_line(prefix) + f" -{missing}"))
    failures = [each for each in found.values() if each["state"] == "failure"]
    assert code == 1
    assert any(missing in each["text"] for each in failures), failures
    assert all("ACL SETUSER" in each["advice"] for each in failures)


def test_a_place_for_spools_that_cannot_be_used(
    doctor: Doctor, redis_server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tailrace.diagnosis.candidates", lambda configured: [str(tmp_path / "file")])
    (tmp_path / "file").touch()
    code, found = doctor(redis_server.url)
    assert (code, found["spool"]["state"]) == (1, "failure")
    assert "TAILRACE_SPOOL_DIR" in found["spool"]["advice"]


def test_it_reads_well_in_a_terminal(
    redis_server: RedisServer, prefix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = ["--url", redis_server.url, "--prefix", prefix, "--spool-dir", str(tmp_path / "spool")]
    assert main(["doctor", *place]) == 0
    assert "ok      rights: the append script runs" in capsys.readouterr().out
    assert main(["doctor", "--acl", "--prefix", prefix]) == 0
    assert capsys.readouterr().out.strip() == acl_line(prefix)
