"""Log files: lines and where they end, whatever the pieces; and what tells that a file is another one."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tailrace.files.fingerprint import Fingerprint
from tailrace.files.log_file import PIECE, LogFile, Truncated
from tailrace.source.checkpoint import Job
from tailrace.source.sender import MAX_BYTES, MAX_RECORDS


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "app.log"


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    return Job(str(tmp_path_factory.mktemp("job") / "job"))


def opened(path: Path, job: Job, *, at_end: bool = False) -> LogFile:
    return LogFile.new(str(path), os.open(path, os.O_RDONLY), job, "s", at_end=at_end)


def texts(file: LogFile, *, to_end: bool = False) -> list[str]:
    """All lines that are there."""
    found: list[str] = []
    while batch := file.batch(to_end=to_end):
        found += [record.message for record in batch.records]
    return found


def is_truncated(file: LogFile) -> bool:
    try:
        file.look()
    except Truncated:
        return True
    return False


def again(path: Path, job: Job, file: LogFile, position: dict[str, object], skip: int = 0) -> LogFile:
    """The file as another run opens it that was left there."""
    file.checkpoint.intend(1, position)
    file.checkpoint.arrived()
    return LogFile(str(path), os.open(path, os.O_RDONLY), file.checkpoint, skip)


def test_a_line_is_there_when_its_end_is_there(path: Path, job: Job) -> None:
    path.write_bytes(b"one\ntw")
    file = opened(path, job)
    assert texts(file) == ["one"]
    with path.open("ab") as writer:
        writer.write(b"o\r\nthree")
    assert texts(file) == ["two"]
    assert texts(file, to_end=True) == ["three"]


@given(st.lists(st.binary(max_size=40).map(lambda line: line.replace(b"\n", b"")), max_size=30), st.data())
def test_from_any_position_on_come_the_lines_behind_it(
    tmp_path_factory: pytest.TempPathFactory, job: Job, lines: list[bytes], data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("file") / "app.log"
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    file = opened(path, job)
    whole = texts(opened(path, job))
    assert len(whole) == len(lines)
    taken = data.draw(st.integers(0, len(lines)))
    if taken and (batch := file.batch(taken)):
        file = again(path, job, file, batch.position)
    assert texts(file) == whole[taken:]
    if whole[taken:]:
        assert file.line == len(lines)
    file.close()
    shutil.rmtree(path.parent)


def test_records_that_are_in_redis_are_passed_over(path: Path, job: Job) -> None:
    path.write_text("".join(f"{number}\n" for number in range(1000)))
    file = opened(path, job)
    batch = file.batch(100)
    assert batch is not None
    assert texts(again(path, job, file, batch.position, skip=700)) == [str(number) for number in range(800, 1000)]


def test_a_batch_has_at_most_so_many_records_and_bytes(path: Path, job: Job) -> None:
    path.write_text("x\n" * 2000)
    batch = opened(path, job).batch()
    assert batch is not None
    assert len(batch.records) == MAX_RECORDS
    path.write_text(f"{'x' * 50_000}\n" * 100)
    batch = opened(path, job).batch()
    assert batch is not None
    assert MAX_BYTES <= sum(len(record.message) for record in batch.records) < MAX_BYTES + 50_000


def test_at_the_end_only_what_comes_is_read(path: Path, job: Job) -> None:
    path.write_text("old\n")
    file = opened(path, job, at_end=True)
    with path.open("a") as writer:
        writer.write("new\n")
    assert texts(file) == ["new"]


def test_a_character_between_two_pieces_stays_whole(path: Path, job: Job) -> None:
    path.write_text("x" * (PIECE - 1) + "ä\n")
    assert texts(opened(path, job))[0].endswith("xä")


@pytest.mark.parametrize(
    ("after", "truncated"),
    [
        (b"first line\nsecond line\nthird line\n", False),
        (b"", True),
        (b"first line\n", True),
        (b"other line\nsecond line\nthird line\n", True),
        (b"first line\nanother one\nthird line\n", True),
    ],
)
def test_a_file_that_lost_what_was_read_is_truncated(path: Path, job: Job, after: bytes, truncated: bool) -> None:
    path.write_bytes(b"first line\nsecond line\n")
    file = opened(path, job)
    assert texts(file) == ["first line", "second line"]
    path.write_bytes(after)
    assert is_truncated(file) == truncated


def test_half_a_line_that_was_cut_off_is_truncated_too(path: Path, job: Job) -> None:
    path.write_bytes(b"half a li")
    file = opened(path, job)
    assert texts(file) == []
    path.write_bytes(b"half")
    assert not is_truncated(file)
    path.write_bytes(b"half a line\n")
    assert texts(file) == ["half a line"]


def test_what_is_written_anew_between_two_reads_is_seen(path: Path, job: Job) -> None:
    path.write_text("".join(f"line {number}\n" for number in range(20_000)))
    file = opened(path, job)
    assert file.batch(10_000) is not None
    path.write_text("".join(f"other {number}\n" for number in range(50_000)))
    with pytest.raises(Truncated):
        texts(file)
    assert is_truncated(file)


LONG = "".join(f"line number {number} of a file that is long enough\n" for number in range(100))


@pytest.mark.parametrize(
    ("text", "copied"),
    [
        (LONG, True),
        (LONG + "and more\n", True),
        (LONG[:2000], True),  # half way
        ("", True),
        (LONG.replace("number 99", "number xx"), False),
        (LONG[:2000].replace("number 0", "number x"), False),
        ("something else\n", False),
    ],
)
def test_a_copy_is_known_even_before_it_is_whole(path: Path, job: Job, text: str, copied: bool) -> None:
    path.write_text(LONG)
    file = opened(path, job)
    texts(file)
    copy = path.with_name("app.log.1")
    copy.write_text(text)
    assert file.is_copied_to(str(copy)) == copied


def test_a_fingerprint_survives_its_way_through_a_checkpoint(path: Path) -> None:
    path.write_text(LONG)
    fd = os.open(path, os.O_RDONLY)
    fingerprint = Fingerprint.of_end(fd)
    assert Fingerprint.of_position(fingerprint.as_position()) == fingerprint
    assert fingerprint.is_of(fd)
    os.close(fd)


def test_what_was_given_since_the_last_look_is_not_unread(path: Path, job: Job) -> None:
    path.write_bytes(b"one\ntwo\nth")
    file = opened(path, job)
    file.look()
    assert file.unread == 10
    assert texts(file) == ["one", "two"]
    assert file.unread == 2
