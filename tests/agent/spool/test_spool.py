"""The spool: every record gets a number and is kept, or shed by rule and counted exactly."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import msgpack
import pytest

from tailrace.errors import SpoolFull
from tailrace.spool.spool import Spool, SpoolGone
from tests.agent.conftest import MIB, MakeSpool
from tests.agent.spooling import DEBUG, ERROR, INFO, WARNING, Account, left_in, put

KIB = 1 << 10


def messages(spool: Spool, name: str = "s") -> list[str]:
    return [msgpack.unpackb(item.payload)[3] for item in left_in(spool, name).left if item.payload is not None]


def fill(spool: Spool, account: Account, level: int, size: int, *, audit: bool = False, step: int = 1000) -> None:
    """Records of `step` bytes until `size` more bytes were offered."""
    slot = spool.slot("s")
    for i in range(size // step):
        account.put(spool, slot, f"{i} {'x' * (step - 60)}", level, audit=audit)


def test_what_was_put_is_in_the_files_when_the_call_returns(make_spool: MakeSpool) -> None:
    spool = make_spool()
    slot = spool.slot("s")
    for i in range(3000):
        put(spool, slot, f"message {i}")
        if i % 500 == 0:
            assert len(messages(spool)) == i + 1
    assert messages(spool) == [f"message {i}" for i in range(3000)]


def test_streams_share_a_spool_and_number_by_themselves(make_spool: MakeSpool) -> None:
    spool = make_spool()
    for i in range(10):
        put(spool, spool.slot("a"), f"a{i}")
        if i % 2:
            put(spool, spool.slot("b"), f"b{i}")
    assert [item.seq for item in left_in(spool, "a").left] == list(range(1, 11))
    assert [item.seq for item in left_in(spool, "b").left] == list(range(1, 6))


def test_a_record_larger_than_a_segment_gets_one_of_its_size(make_spool: MakeSpool) -> None:
    spool = make_spool()
    put(spool, spool.slot("s"), "small")
    put(spool, spool.slot("s"), "x" * 300 * KIB)
    put(spool, spool.slot("s"), "small again")
    assert [len(message) for message in messages(spool)] == [5, 300 * KIB, 11]


def test_debug_is_shed_from_three_quarters_on_and_info_from_nine_tenths(make_spool: MakeSpool) -> None:
    spool, account = make_spool(limit=MIB), Account()
    fill(spool, account, INFO, 700 * KIB)
    fill(spool, account, DEBUG, 20 * KIB)
    assert account.check(left_in(spool)) == [0, 0, 0, 0, 0]
    fill(spool, account, INFO, 130 * KIB)
    fill(spool, account, DEBUG, 20 * KIB)
    assert account.check(left_in(spool)) == [20, 0, 0, 0, 0]
    fill(spool, account, WARNING, 120 * KIB)
    fill(spool, account, INFO, 20 * KIB)
    assert account.check(left_in(spool)) == [20, 20, 0, 0, 0]
    fill(spool, account, WARNING, 5 * KIB)
    assert account.check(left_in(spool)) == [20, 20, 0, 0, 0]


def test_when_it_is_full_the_oldest_go_but_audit_records_stay(make_spool: MakeSpool) -> None:
    spool, account = make_spool(limit=MIB), Account()
    slot = spool.slot("s")
    for i in range(6000):
        level = (DEBUG, INFO, WARNING, ERROR)[i % 4]
        account.put(spool, slot, f"{i} {'x' * 900}", level, audit=i % 100 == 7)
    shed = account.check(left_in(spool))
    assert all(count > 0 for count in shed[:4])
    kept = [message for message in messages(spool) if message in set(account.audit)]
    assert kept == account.audit
    assert messages(spool)[-1].startswith("5999 ")


def test_the_files_stay_within_the_limit_and_are_few_however_long_it_lasts(make_spool: MakeSpool) -> None:
    spool, account = make_spool(limit=MIB), Account()
    fill(spool, account, ERROR, 20 * MIB)
    assert spool.folder is not None
    sizes = [file.stat().st_size for file in Path(spool.folder).glob("*.seg")]
    assert sum(sizes) <= MIB + 64 * KIB
    assert len(sizes) < 24
    account.check(left_in(spool))


def test_when_audit_alone_fills_it_an_audit_record_is_refused_and_others_are_shed(make_spool: MakeSpool) -> None:
    spool, account = make_spool(limit=MIB), Account()
    fill(spool, account, INFO, 2 * MIB, audit=True)
    assert account.refused > 0
    with pytest.raises(SpoolFull, match="full of audit records"):
        put(spool, spool.slot("s"), "x" * 1000, audit=True)
    account.put(spool, spool.slot("s"), "x" * 1000, ERROR)
    assert account.check(left_in(spool)) == [0, 0, 0, 1, 0]
    assert messages(spool) == account.audit


def test_eight_threads_give_every_number_once(make_spool: MakeSpool) -> None:
    spool = make_spool()

    def work(name: int) -> None:
        for i in range(2000):
            put(spool, spool.slot("s"), f"{name} {i}")

    threads = [threading.Thread(target=work, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = messages(spool)
    assert [item.seq for item in left_in(spool).left] == list(range(1, 16_001))
    for name in range(8):
        assert [m for m in found if m.startswith(f"{name} ")] == [f"{name} {i}" for i in range(2000)]


def test_a_record_that_comes_while_its_own_thread_writes_is_written_by_the_outer_call(make_spool: MakeSpool) -> None:
    spool = make_spool()
    slot = spool.slot("s")
    put(spool, slot, "first")

    def interrupt() -> None:
        put(spool, slot, "inner")
        assert messages(spool) == ["first"]

    spool._holding(interrupt)
    assert messages(spool) == ["first", "inner"]


def test_what_overflows_the_overflow_is_declared(make_spool: MakeSpool) -> None:
    spool = make_spool()
    slot = spool.slot("s")

    def interrupt() -> None:
        for i in range(10_003):
            put(spool, slot, f"{i}", WARNING)

    spool._holding(interrupt)
    left = left_in(spool).left
    assert sum(item.payload is not None for item in left) == 10_000
    assert [sum(counts) for counts in zip(*(item.shed for item in left), strict=True)] == [0, 0, 3, 0, 0]


def test_a_thread_does_not_wait_for_ever_for_another(make_spool: MakeSpool) -> None:
    spool = make_spool()
    slot = spool.slot("s")
    held, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        def wait() -> None:
            held.set()
            go_on.wait()

        spool._holding(wait)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait()
    put(spool, slot, "waited in vain")
    assert messages(spool) == []
    go_on.set()
    holder.join()
    assert messages(spool) == ["waited in vain"]


class TimeIsUp(Exception):
    pass


def test_a_signal_handler_that_raises_anywhere_in_it_breaks_nothing(make_spool: MakeSpool) -> None:
    spool = make_spool()
    slot = spool.slot("s")

    def ring(*_: object) -> None:
        raise TimeIsUp

    before = signal.signal(signal.SIGALRM, ring)
    done: list[int] = []
    raised = 0
    try:
        for i in range(6000):
            try:
                signal.setitimer(signal.ITIMER_REAL, 1e-6 * (1 + i % 90))
                put(spool, slot, f"{i} {'x' * (i % 500)}")
                done.append(i)
                time.sleep(0.0002)
            except TimeIsUp:
                raised += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert raised > 0
    put(spool, slot, "last")
    items = left_in(spool).left
    assert [item.seq for item in items] == list(range(1, len(items) + 1))
    found = [int(message.split()[0]) for message in messages(spool)[:-1]]
    assert found == sorted(set(found))
    assert set(done) <= set(found)


def test_a_removed_spool_says_so(make_spool: MakeSpool) -> None:
    spool = make_spool()
    slot = spool.slot("s")
    spool.remove()
    assert spool.folder is not None
    assert not os.path.exists(spool.folder)
    with pytest.raises(SpoolGone):
        put(spool, slot, "late")


def test_without_a_usable_folder_it_lives_in_memory(
    make_spool: MakeSpool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a file"
    file.touch()
    monkeypatch.setattr("tailrace.spool.directory.candidates", lambda configured: [str(file)])
    spool = make_spool(limit=MIB)
    assert spool.folder is None
    account = Account()
    fill(spool, account, ERROR, 3 * MIB)
    assert capfd.readouterr().err.count("no usable spool directory") == 1


def test_a_full_disk_is_said_once_and_goes_to_memory(
    make_spool: MakeSpool, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    spool = make_spool()

    def no_room(fd: int, start: int, size: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tailrace.spool.directory.allocate", no_room)
    for i in range(3000):
        put(spool, spool.slot("s"), f"{i} {'x' * 100}")
    assert capfd.readouterr().err.count("No space left on device") == 1
    assert spool.slot("s").last_seq == 3000


def test_more_streams_than_the_head_first_holds(make_spool: MakeSpool) -> None:
    spool = make_spool()
    for i in range(300):
        put(spool, spool.slot(f"s{i}"), f"message {i}")
    assert all(messages(spool, f"s{i}") == [f"message {i}"] for i in range(0, 300, 50))


def test_a_folder_open_for_all_gets_a_private_one_inside(make_spool: MakeSpool, tmp_path: Path) -> None:
    volume = tmp_path / "volume"
    volume.mkdir()
    volume.chmod(0o777)
    spool = make_spool(folder=volume)
    assert spool.folder is not None
    private = Path(spool.folder).parent
    assert private == volume / f"tailrace-{os.getuid()}"
    assert private.stat().st_mode & 0o777 == 0o700


def file_mode(path: Any) -> int:
    return int(os.stat(path).st_mode & 0o777)


def test_its_files_are_private(make_spool: MakeSpool) -> None:
    spool = make_spool()
    assert spool.folder is not None
    assert file_mode(spool.folder) == 0o700
    assert {file_mode(path) for path in Path(spool.folder).iterdir()} == {0o600}
