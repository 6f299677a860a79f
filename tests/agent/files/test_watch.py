"""The watch: whatever becomes of files, each line of them is given once."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tailrace.files import log_file, resting, watch
from tailrace.files.log_file import Truncated
from tailrace.files.rotation import is_rotated
from tailrace.files.watch import Watch
from tailrace.source.checkpoint import Job


class Reader:
    """Follows files as `follow` does, but sends nowhere."""

    def __init__(self, folder: Path, patterns: tuple[Path, ...], *, at_end: bool = False) -> None:
        self.lines: list[str] = []
        self.said: list[str] = []
        self.job = Job(str(folder / "checkpoints"))
        self.watch = Watch(map(str, patterns), "s", self.job, lambda _: 0, at_end=at_end, say=self.said.append)

    def read(self, *, quiet: bool = False) -> list[str]:
        """Look, and read what is there; the lines that are new.

        Args:
            quiet: as if nothing had been written for long.
        """
        before = len(self.lines)
        self.watch.look()
        for file in list(self.watch.files):
            try:
                file.look()
                while batch := file.batch():
                    self.take(file, batch)
                if quiet and file.moved_at is not None and self.watch.may_rest(file):
                    while batch := file.batch(to_end=True):
                        self.take(file, batch)
                    self.watch.rest(file)
            except Truncated:
                self.watch.truncated(file)
        return self.lines[before:]

    def take(self, file: log_file.LogFile, batch: log_file.Batch) -> None:
        self.lines += [record.message for record in batch.records]
        file.checkpoint.intend(file.checkpoint.seq + len(batch.records), batch.position)
        file.checkpoint.arrived()

    def close(self) -> None:
        self.watch.close()
        self.job.close()

    @property
    def losses(self) -> list[str]:
        return [loss.text for loss in self.watch.lost]


MakeReader = Callable[..., Reader]


@pytest.fixture
def follow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeReader]:
    """Makes readers, one after the other; each goes on where the last one was."""
    monkeypatch.setattr(watch, "SEARCH_EVERY", 0.0)
    monkeypatch.setattr(watch, "HIDDEN", 0.0)
    made: list[Reader] = []

    def make(*patterns: Path, at_end: bool = False) -> Reader:
        if made:
            made.pop().close()
        made.append(Reader(tmp_path, patterns, at_end=at_end))
        return made[-1]

    yield make
    for reader in made:
        reader.close()


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    folder.mkdir()
    return folder


@pytest.fixture
def path(logs: Path) -> Path:
    return logs / "app.log"


def add(path: Path, *lines: str) -> None:
    with path.open("a") as file:
        file.writelines(f"{line}\n" for line in lines)


def test_who_goes_on_writing_to_a_renamed_file_is_heard(follow: MakeReader, path: Path) -> None:
    for pattern in (path.with_name("app.log*"), path):
        reader = follow(pattern)
        with path.open("a") as writer:
            print("before", file=writer, flush=True)
            assert reader.read() == ["before"]
            path.rename(path.with_name("app.log.1"))
            add(path, "new")
            assert reader.read(quiet=True) == ["new"]
            print("late", file=writer, flush=True)
            assert reader.read(quiet=True) == ["late"]
            print("later still", file=writer, flush=True)
            assert reader.read() == ["later still"]
        for each in path.parent.iterdir():
            each.unlink()
        reader.read(quiet=True)


def test_a_file_that_is_away_for_a_while_goes_on_where_it_was(follow: MakeReader, logs: Path, path: Path) -> None:
    reader = follow(path)
    add(path, "1")
    assert reader.read() == ["1"]
    logs.rename(logs.with_name("elsewhere"))
    assert reader.read(quiet=True) == []
    logs.with_name("elsewhere").rename(logs)
    add(path, "2")
    assert reader.read(quiet=True) == ["2"]


def test_a_folder_that_is_mounted_after_the_start_is_no_loss(follow: MakeReader, logs: Path, path: Path) -> None:
    add(path, "1")
    assert follow(path).read() == ["1"]
    logs.rename(logs.with_name("unmounted"))
    reader = follow(path)
    assert reader.read() == []
    logs.with_name("unmounted").rename(logs)
    add(path, "2")
    assert reader.read() == ["2"]
    assert reader.losses == []


def test_another_file_under_the_number_of_a_resting_one_is_read_from_its_beginning(
    follow: MakeReader, path: Path
) -> None:
    reader = follow(path.with_name("*"))
    add(path, "the first file of this number")
    reader.read()
    path.rename(path.with_name("app.log.1"))
    add(path, "its successor")
    assert reader.read(quiet=True) == ["its successor"]
    # As if it had been deleted and its inode been given to a new file.
    path.with_name("app.log.1").write_text("another file of this number\n")
    assert reader.read() == ["another file of this number"]


def test_what_was_rotated_between_two_looks_is_read(follow: MakeReader, path: Path) -> None:
    reader = follow(path)
    add(path, "a1")
    assert reader.read() == ["a1"]
    add(path, "a2")
    path.rename(path.with_name("app.log.2"))
    add(path.with_name("app.log.1"), "b1", "b2")
    add(path, "c1")
    assert sorted(reader.read()) == ["a2", "b1", "b2", "c1"]


def test_what_was_rotated_twice_while_nobody_followed_is_read(follow: MakeReader, path: Path) -> None:
    add(path, "a1")
    assert follow(path).read() == ["a1"]
    add(path, "a2")
    path.rename(path.with_name("app-2025-01-01.log"))
    add(path.with_name("app-2025-01-02.log"), "b1")
    add(path, "c1")
    assert sorted(follow(path).read()) == ["a2", "b1", "c1"]


def test_older_files_of_the_same_log_are_not_read(follow: MakeReader, path: Path) -> None:
    old = path.with_name("app.log.2")
    add(old, "old")
    os.utime(old, (1, 1))
    reader = follow(path)
    add(path, "a1")
    reader.read()
    path.rename(path.with_name("app.log.1"))
    add(path, "b1")
    assert reader.read() == ["b1"]


def test_the_copy_of_a_small_file_is_not_read_again(follow: MakeReader, path: Path) -> None:
    reader = follow(path.with_name("app.log*"))
    add(path, "1")
    assert reader.read() == ["1"]
    add(path, "2")
    shutil.copy(path, path.with_name("app.log.1"))
    os.truncate(path, 0)
    add(path, "x")
    assert sorted(reader.read() + reader.read() + reader.read()) == ["2", "x"]


def test_files_that_only_begin_alike_are_all_read(follow: MakeReader, path: Path) -> None:
    banner = ["#" * 99] * 11
    reader = follow(path.with_name("*"))
    add(path, *banner, "mine")
    assert reader.read() == [*banner, "mine"]
    add(path.with_name("app.log.err"), *banner)
    assert reader.read() == banner
    # By its name and content a copy, until it shows that it is none.
    copy = path.with_name("app.log.1")
    add(copy, *banner)
    assert reader.read() == []
    add(copy, "its own")
    assert reader.read() == [*banner, "its own"]


def test_a_copy_that_was_made_before_the_last_lines_is_not_read_again(follow: MakeReader, path: Path) -> None:
    reader = follow(path.with_name("app.log*"))
    add(path, "1", "2")
    reader.read()
    shutil.copy(path, path.with_name("app.log.1"))
    add(path, "3")
    assert reader.read() == ["3"]
    os.truncate(path, 0)
    add(path, "4")
    assert reader.read() + reader.read() + reader.read() == ["4"]


def test_who_was_read_to_its_end_may_be_deleted_while_nobody_follows(follow: MakeReader, path: Path) -> None:
    reader = follow(path.with_name("app.log*"))
    add(path, "1")
    reader.read()
    path.rename(path.with_name("app.log.1"))
    add(path, "2")
    reader.read(quiet=True)
    reader = follow(path.with_name("app.log*"))
    path.with_name("app.log.1").unlink()
    reader = follow(path.with_name("app.log*"))
    assert reader.read() + reader.read() == []
    assert reader.losses == []


def test_a_link_that_leads_to_another_file_leads_to_both(follow: MakeReader, logs: Path, path: Path) -> None:
    pods = logs.with_name("pods")
    pods.mkdir()
    add(pods / "0.log", "1")
    path.symlink_to(pods / "0.log")
    assert follow(path).read() == ["1"]
    add(pods / "0.log", "2")
    (pods / "0.log").rename(pods / "0.log.20251121")
    add(pods / "0.log", "3")
    assert sorted(follow(path).read()) == ["2", "3"]


def test_two_names_of_one_file_are_one_file(follow: MakeReader, path: Path) -> None:
    add(path, "1")
    path.with_name("same.log").hardlink_to(path)
    reader = follow(path, path.with_name("same.log"))
    assert reader.read() == ["1"]
    path.unlink()
    assert reader.read(quiet=True) == []
    add(path.with_name("same.log"), "2")
    assert reader.read() == ["2"]


def test_a_file_that_is_named_no_more_is_left_alone(follow: MakeReader, path: Path) -> None:
    other = path.with_name("other.log")
    add(path, "1")
    add(other, "other 1")
    follow(path, other).read()
    add(path, "2")
    add(other, "other 2")
    assert follow(path).read() == ["2"]
    assert sorted(follow(path, other).read()) == ["other 2"]


def test_a_file_that_can_not_be_read_is_said_once_and_read_when_it_can(
    follow: MakeReader, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(path, "1")
    reader = follow(path)

    def refuse(*_: object, **__: object) -> int:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuse)
        reader.read()
        reader.read()
    assert reader.said == [f"can't read {path}, trying again: Permission denied"]
    assert reader.read() == ["1"]


def test_what_is_no_file_is_passed_over(follow: MakeReader, logs: Path) -> None:
    (logs / "folder.log").mkdir()
    os.mkfifo(logs / "pipe.log")
    (logs / "loop.log").symlink_to(logs / "loop.log")
    assert follow(logs / "*.log").read() == []


def test_more_files_than_are_read_at_once_wait(follow: MakeReader, logs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "MOST_FILES", 3)
    for number in range(5):
        add(logs / f"{number}.log", str(number))
    reader = follow(logs / "*.log")
    assert len(reader.read()) == 3
    assert len(reader.said) == 1
    for file in list(reader.watch.files):
        os.unlink(file.path)
    reader.read(quiet=True)
    reader.read()
    assert sorted(reader.lines) == ["0", "1", "2", "3", "4"]


def test_resting_files_are_limited(follow: MakeReader, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resting, "MOST_RESTING", 3)
    reader = follow(path)
    for number in range(8):
        add(path, str(number))
        reader.read(quiet=True)
        path.rename(path.with_name(f"app.log.{number}"))
    add(path, "last")
    reader.read(quiet=True)
    assert sorted(reader.lines) == sorted([*map(str, range(8)), "last"])
    assert len(reader.job.checkpoints()) <= 5


@pytest.mark.parametrize(
    ("name", "rotated"),
    [
        ("app.log.1", True),
        ("app.log-20251121", True),
        ("app.log.2025-11-21_10", True),
        ("app-2025-11-21.log", True),
        ("app.1.log", True),
        ("app.log.old", True),
        ("app.log", False),
        ("app.log.1.gz", False),
        ("app.log.err", False),
        ("apple.log", False),
        ("app2.log", False),
    ],
)
def test_names_tell_what_may_have_been_rotated(name: str, rotated: bool) -> None:
    assert is_rotated(f"/logs/{name}", "/logs/app.log") == rotated
