"""Checkpoints: one of two copies is always whole, and one process at a time is at them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tailrace.errors import CheckpointError
from tailrace.source.checkpoint import COPY, Checkpoint, Job


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return str(tmp_path / "job")


def left_in(folder: str) -> list[Checkpoint]:
    """What another run would find."""
    return Job(folder).checkpoints()


def only_file(folder: str) -> Path:
    (path,) = Path(folder).glob("*.checkpoint")
    return path


def made(folder: str) -> Checkpoint:
    job = Job(folder)
    checkpoint = job.new({"offset": 0}, "s")
    job.close()
    return checkpoint


def test_another_run_finds_what_arrived(folder: str) -> None:
    checkpoint = made(folder)
    checkpoint.intend(7, {"offset": 70})
    checkpoint.arrived()
    checkpoint.settle()
    (found,) = left_in(folder)
    assert (found.stream, found.producer, found.seq) == ("s", checkpoint.producer, 7)
    assert (found.position, found.on_way) == ({"offset": 70}, None)


def test_another_run_finds_what_was_on_its_way(folder: str) -> None:
    checkpoint = made(folder)
    checkpoint.intend(7, {"offset": 70})
    (found,) = left_in(folder)
    assert (found.seq, found.position) == (0, {"offset": 0})
    assert found.on_way == (7, {"offset": 70})
    found.arrived()
    assert (found.seq, found.position) == (7, {"offset": 70})
    assert found.on_way is None


def test_what_did_not_arrive_is_read_again(folder: str) -> None:
    checkpoint = made(folder)
    checkpoint.intend(7, {"offset": 70})
    (found,) = left_in(folder)
    found.missed()
    assert (found.seq, found.position, found.on_way) == (0, {"offset": 0}, None)


@pytest.mark.parametrize("damage", [b"", b"\x00" * 100, b"\xff" * 8, b"\x00\x00\x00\x05\x00\x00\x00\x00{...}"])
def test_a_copy_that_is_damaged_leaves_the_other(folder: str, damage: bytes) -> None:
    checkpoint = made(folder)
    for seq in range(1, 4):
        checkpoint.intend(seq, {"offset": seq})
        checkpoint.arrived()
    newest = checkpoint._version % 2 * COPY
    with only_file(folder).open("r+b") as file:
        if not damage:
            file.seek(newest)
            file.write(b"\x00" * 20)
        file.seek(newest)
        file.write(damage)
    (found,) = left_in(folder)
    assert found.on_way == (2, {"offset": 2})


def test_one_that_is_wholly_damaged_is_removed_and_said(folder: str, capfd: pytest.CaptureFixture[str]) -> None:
    made(folder)
    only_file(folder).write_bytes(b"nonsense")
    assert left_in(folder) == []
    assert "is damaged, its source is read from the beginning" in capfd.readouterr().err
    assert not list(Path(folder).glob("*.checkpoint"))


def test_going_back_to_what_redis_has(folder: str) -> None:
    checkpoint = made(folder)
    for seq in (10, 20, 30):
        checkpoint.intend(seq, {"offset": seq * 10})
        checkpoint.arrived()
    assert checkpoint.rewind(20) == 0
    assert (checkpoint.seq, checkpoint.position) == (20, {"offset": 200})
    assert checkpoint.rewind(13) == 3
    assert (checkpoint.seq, checkpoint.position) == (13, {"offset": 100})


def test_going_back_further_than_is_remembered_is_not_possible(folder: str) -> None:
    checkpoint = made(folder)
    for seq in range(1, 1001):
        checkpoint.intend(seq, {"offset": seq})
        checkpoint.arrived()
    assert checkpoint.rewind(1) is None
    assert (checkpoint.seq, checkpoint.position) == (1000, {"offset": 1000})


def test_a_new_producer_counts_from_one(folder: str) -> None:
    checkpoint = made(folder)
    before = checkpoint.producer
    checkpoint.intend(7, {"offset": 70})
    checkpoint.arrived()
    checkpoint.renew()
    checkpoint.settle()
    (found,) = left_in(folder)
    assert found.producer == checkpoint.producer != before
    assert (found.seq, found.position) == (0, {"offset": 70})


def test_what_is_removed_is_not_found(folder: str) -> None:
    made(folder).remove()
    assert left_in(folder) == []


def test_one_process_at_a_time(folder: str) -> None:
    job = Job(folder)
    with pytest.raises(CheckpointError, match="another process"):
        Job(folder)
    job.close()
    Job(folder).close()


def test_only_its_owner_can_read_it(folder: str) -> None:
    made(folder)
    assert os.stat(folder).st_mode & 0o077 == 0
    assert os.stat(only_file(folder)).st_mode & 0o077 == 0


def test_a_folder_of_somebody_else_is_refused(folder: str) -> None:
    os.makedirs(folder)
    os.chmod(folder, 0o777)
    with pytest.raises(CheckpointError, match="writable for everybody; name another place"):
        Job(folder)


def test_a_position_that_is_too_long_is_refused_and_the_last_one_stays(folder: str) -> None:
    checkpoint = made(folder)
    with pytest.raises(CheckpointError, match="too long"):
        checkpoint.intend(1, {"path": "x" * COPY})
    (found,) = left_in(folder)
    assert json.dumps(found.position) == '{"offset": 0}'
