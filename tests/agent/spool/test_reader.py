"""The spool reader: what a dead process left can be told from its files alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgpack
import pytest

from tailrace.errors import SpoolError
from tailrace.identity import Incarnation
from tailrace.spool.head import Head
from tailrace.spool.reader import SpoolReader
from tailrace.spool.slot import check_of
from tests.agent.conftest import MIB, MakeSpool
from tests.agent.spooling import DEBUG, WARNING, Account, left_in, put
from tests.servers import ROOT

# Threads log as fast as they can, and say after each call that it has returned.
TIGHT_LOOP = """
import logging, os, sys, threading
import tailrace

tailrace.install("redis://127.0.0.1:1/0", stream="s", level="DEBUG", spool_dir=sys.argv[1])
log = logging.getLogger("tight")

def work(name):
    for i in range(10**9):
        if i % 50 == 7:
            log.warning("%d %d", name, i, extra={"object": object()})
        else:
            log.info("%d %d", name, i)
        os.write(1, b"%d %d\\n" % (name, i))

for name in range(4):
    threading.Thread(target=work, args=(name,)).start()
"""


@pytest.mark.parametrize("after_lines", [1, 400, 20_000])
def test_every_record_whose_log_call_returned_outlives_sigkill(tmp_path: Path, after_lines: int) -> None:
    place = tmp_path / "spool"
    with subprocess.Popen(
        [sys.executable, "-c", TIGHT_LOOP, str(place)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "agent")},
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(after_lines)]
        process.kill()
        lines += process.stdout.read().splitlines(keepends=True)
    returned = [line.decode().strip() for line in lines if line.endswith(b"\n")]
    (folder,) = place.iterdir()
    reader = SpoolReader(str(folder))
    (stream,) = reader.streams
    assert reader.info.owner.pid == process.pid
    assert reader.facts.pid == process.pid
    assert stream.info.name == "s"
    assert [item.seq for item in stream.left] == list(range(1, len(stream.left) + 1))
    found = [msgpack.unpackb(item.payload)[3] for item in stream.left if item.payload is not None]
    assert len(found) == len(set(found))
    assert set(returned) <= set(found)
    # A thread may have been killed between its record and its word of it, no thread twice.
    assert len(found) <= len(returned) + 4


def test_it_stops_at_a_torn_entry_and_declares_what_is_missing_behind_it(make_spool: MakeSpool) -> None:
    spool = make_spool()
    slot = spool.slot("s")
    for i in range(2000):
        put(spool, slot, f"message {i:04}")
    assert spool.folder is not None
    first, second = sorted(Path(spool.folder).glob("*.seg"))[:2]
    data = bytearray(first.read_bytes())
    at = data.index(b"message 0100")
    data[at] ^= 1
    first.write_bytes(data)
    left = left_in(spool).left
    assert [item.seq for item in left[:100]] == list(range(1, 101))
    assert left[100].shed == (left[100].seq - 101, 0, 0, 0, 0)
    assert left[-1].seq == 2000
    assert second.exists()


def test_holes_come_with_counts_by_level(make_spool: MakeSpool) -> None:
    spool, account = make_spool(limit=MIB), Account()
    slot = spool.slot("s")
    while spool.shelf.floor == 0:
        account.put(spool, slot, "x" * 1000, WARNING)
    for _ in range(3):
        account.put(spool, slot, "shed", DEBUG)
    account.put(spool, slot, "kept", WARNING)
    for _ in range(2):
        account.put(spool, slot, "shed", DEBUG)
    stream = left_in(spool)
    assert account.check(stream) == [5, 0, 0, 0, 0]
    assert stream.left[-2].shed == (3, 0, 0, 0, 0)
    assert stream.left[-1].payload is None
    assert stream.left[-1].shed == (2, 0, 0, 0, 0)


def test_what_is_acknowledged_is_not_left(make_spool: MakeSpool) -> None:
    spool = make_spool()
    slot = spool.slot("s")
    for i in range(10):
        put(spool, slot, f"message {i}")
    slot.acknowledge(6, 6, "epoch", 3)
    stream = left_in(spool)
    assert [item.seq for item in stream.left] == [7, 8, 9, 10]
    info = stream.info
    assert (info.acked, info.n, info.generation, info.base) == (6, 6, 3, 0)
    assert info.epoch_check == check_of("epoch")
    slot.rename_producer(bytes(range(16)))
    info = left_in(spool).info
    assert (info.producer, info.base, info.finished) == (bytes(range(16)), 6, False)
    slot.finish()
    assert left_in(spool).info.finished


def test_a_folder_without_a_finished_head_is_no_spool(tmp_path: Path) -> None:
    (tmp_path / "head").write_bytes(bytes(16 << 10))
    with pytest.raises(SpoolError, match="not finished"):
        SpoolReader(str(tmp_path))


def test_the_lock_of_a_living_owner_is_held_even_when_its_head_has_grown(make_spool: MakeSpool) -> None:
    spool = make_spool()
    for i in range(200):
        put(spool, spool.slot(f"s{i}"), "message")
    assert spool.folder is not None
    try_lock = "import fcntl, sys; fcntl.lockf(open(sys.argv[1], 'r+b'), fcntl.LOCK_EX | fcntl.LOCK_NB)"
    head = os.path.join(spool.folder, "head")
    tried = subprocess.run([sys.executable, "-c", try_lock, head], capture_output=True, check=False)
    assert b"BlockingIOError" in tried.stderr
    spool.head.close()


def test_the_head_says_whose_it_is(tmp_path: Path) -> None:
    who = Incarnation.current()
    folder = tmp_path / "spool"
    folder.mkdir()
    Head.create(str(folder), bytes(16), who, b"\x80", b"t" * 16)
    info = SpoolReader(str(folder)).info
    assert info.owner == who
    assert info.target == b"t" * 16
    assert info.heartbeat > 0
