"""Where spools live: private places with a limit, and files that a full disk cannot turn into a crash."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tailrace.config import Config
from tailrace.spool.directory import SMALLEST_SPOOL, candidates, identity_of, make_folder, usage
from tailrace.spool.segment import AUDIT
from tailrace.spool.spool import Spool
from tests.agent.spooling import ERROR, INFO, put, try_put
from tests.agent.workers import Worker
from tests.servers import wait_for

MIB = 1 << 20
NOWHERE = "redis://127.0.0.1:1/0"
SOON = 20.0

# Logs records of a kilobyte, and says so after each.
FLOOD = """
import logging, os, sys, time
import tailrace
tailrace.install(stream="s", level="DEBUG")
for i in range(10**9):
    logging.error("%d %s", i, "x" * 1000)
    os.write(1, b"%d\\n" % i)
sys.stdin.readline()
"""


def test_a_place_is_full_when_it_holds_as_many_spools_as_it_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    monkeypatch.setattr("tailrace.spool.directory.candidates", lambda configured: [str(first), str(second)])
    places = [make_folder(None, bytes([i]) * 16, 3 * SMALLEST_SPOOL) for i in range(10)]
    assert [place and Path(place).parent for place in places] == [first] * 4 + [second] * 4 + [None] * 2
    assert "holds 4 spools" in capfd.readouterr().err


def test_candidates_begin_with_what_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    uid = os.getuid()
    assert list(candidates("/srv/spool"))[:2] == ["/srv/spool", f"/srv/spool/tailrace-{uid}"]
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    assert next(candidates(None)) == f"/var/tmp/tailrace-{uid}"
    monkeypatch.setenv("XDG_STATE_HOME", "/home/me/.state")
    assert next(candidates(None)) == "/home/me/.state/tailrace/spool"


def test_identity_tells_a_file_from_the_one_that_took_its_name(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with file.open() as opened:
        before = identity_of(str(file))
        assert before == identity_of(opened.fileno())
        file.unlink()
        assert identity_of(str(file)) is None
        file.touch()
        assert identity_of(str(file)) != before


def test_processes_share_the_room_of_their_place(tmp_path: Path, prefix: str) -> None:
    """The first takes two MiB; the second then has to do with what is left of three."""
    spool = tmp_path / "spool"
    first = Worker(FLOOD, url=NOWHERE, prefix=prefix, spool=spool, TAILRACE_SPOOL_MAX=str(2 * MIB)).read(3000)
    limits = {"TAILRACE_SPOOL_DIR_MAX": str(3 * MIB), "TAILRACE_SPOOL_MAX": str(100 * MIB)}
    second = Worker(FLOOD, url=NOWHERE, prefix=prefix, spool=spool, **limits)
    try:
        second.read(6000)
        wait_for(lambda: usage(str(spool)) < 5 * MIB, SOON, "them to share")
    finally:
        first.kill()
        second.kill()


def test_a_full_tmpfs_neither_kills_nor_blocks(tiny_disk: Path, prefix: str) -> None:
    """Without allocation a store to a mapped page would be a SIGBUS."""
    worker = Worker(FLOOD, url=NOWHERE, prefix=prefix, spool=tiny_disk).read(4000)
    assert worker.process.poll() is None
    assert worker.kill().process.returncode == -9
    assert len(worker.returned) >= 4000


def test_what_found_no_room_on_disk_is_kept_in_memory(tiny_disk: Path) -> None:
    spool = Spool.open(Config.load({}, spool_dir=str(tiny_disk), spool_max=8 * MIB))
    for i in range(3000):
        put(spool, spool.slot("s"), f"{i} {'x' * 1000}", ERROR)
    assert spool.slot("s").last_seq == 3000
    assert spool.slot("s").hole() == (0, 0, 0, 0, 0)
    assert try_put(spool, spool.slot("s"), "audit", INFO, audit=bool(AUDIT))
    spool.head.close()
