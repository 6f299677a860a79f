"""`tailrace ship`: files become streams, line by line, and the exit code tells whether all of it arrived."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from logging.handlers import RotatingFileHandler
from pathlib import Path

import pytest

from tailrace.cli import main
from tests.agent.delivered import Delivered, delivered, numbered, wait_for_records
from tests.servers import MakeRedisServer, RedisServer, Server, wait_for

SOON = 30.0

# `make chaos` runs the long form.
KILLS = 10 if os.environ.get("TAILRACE_CHAOS") == "long" else 5

PROGRAM = "import sys; from tailrace.cli import main; sys.exit(main())"
COMMAND = [sys.executable, "-c", PROGRAM, "ship"]

Completed = subprocess.CompletedProcess[str]
Ship = Callable[..., Completed]
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def environ(prefix: str, tmp_path: Path) -> dict[str, str]:
    place = {"TAILRACE_SPOOL_DIR": str(tmp_path / "spool"), "TAILRACE_CHECKPOINTS": str(tmp_path / "checkpoints")}
    return {**os.environ, **place, "TAILRACE_PREFIX": prefix}


@pytest.fixture
def ship(environ: dict[str, str]) -> Ship:
    """Runs `tailrace ship` in a process of its own."""

    def run(url: str, *arguments: str | Path, stdin: str | None = None, **more: str) -> Completed:
        return subprocess.run(
            [*COMMAND, *map(str, arguments)],
            env={**environ, "TAILRACE_URL": url, **more},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )

    return run


@pytest.fixture
def start(environ: dict[str, str], redis_server: RedisServer) -> Iterator[Start]:
    """Starts `tailrace ship -f` to the stream `s`; ends it after the test."""
    started: list[subprocess.Popen[str]] = []

    def begin(*arguments: str | Path, url: str = redis_server.url) -> subprocess.Popen[str]:
        command = [*COMMAND, "-f", "--stream", "s", *map(str, arguments)]
        process = subprocess.Popen(command, env={**environ, "TAILRACE_URL": url}, stderr=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "app.log"


def stream(server: Server, prefix: str) -> Delivered:
    return delivered(server.client(), prefix, "s")


def has_more_than(server: Server, prefix: str, number: int) -> bool:
    return numbered(server.client(), prefix, "s") > number


def add(file: Path, *lines: str) -> None:
    with file.open("a") as opened:
        opened.writelines(f"{line}\n" for line in lines)


def stop(process: subprocess.Popen[str]) -> str:
    process.terminate()
    _, errors = process.communicate(timeout=SOON)
    assert process.returncode == 0, errors
    return errors


# Files that are as they are.


def test_every_line_is_a_record(ship: Ship, any_redis: Server, prefix: str, file: Path, tmp_path: Path) -> None:
    file.write_bytes(b"one\n\ntwo \r\nthree\rthree\n\xff\xe4\nlast")
    done = ship(any_redis.url, file, "--stream", "s", "--service", "files")
    assert (done.returncode, done.stdout, done.stderr) == (0, "shipped 6 records to stream s\n", "")
    found = stream(any_redis, prefix)
    assert found.messages == ["one", "", "two ", "three\rthree", "\\xff\\xe4", "last"]
    assert [r.line_number for r in found.all] == [1, 2, 3, 4, 5, 6]
    assert {(r.source, r.logger, r.level, r.kind) for r in found.all} == {("file", "app.log", "INFO", "log")}
    assert {(r.fields or {})["log.file.path"] for r in found.all} == {str(file)}
    assert not (tmp_path / "spool").exists()


def test_files_are_shipped_one_after_the_other(ship: Ship, redis_server: Server, prefix: str, tmp_path: Path) -> None:
    files = [tmp_path / "a.log", tmp_path / "b.log"]
    for path in files:
        path.write_text(f"{path.name} 1\n{path.name} 2\n")
    assert ship(redis_server.url, *files, "--stream", "s").returncode == 0
    assert stream(redis_server, prefix).messages == ["a.log 1", "a.log 2", "b.log 1", "b.log 2"]


def test_what_was_shipped_to_its_end_is_shipped_again_by_the_same_command(
    ship: Ship, redis_server: Server, prefix: str, file: Path, tmp_path: Path
) -> None:
    file.write_text("once\n")
    for _ in range(2):
        assert ship(redis_server.url, file, "--stream", "s").returncode == 0
    assert stream(redis_server, prefix).messages == ["once", "once"]
    assert not list((tmp_path / "checkpoints").rglob("*.checkpoint"))


def test_audit_lines_are_audit_records(ship: Ship, redis_server: Server, prefix: str, file: Path) -> None:
    file.write_text("[AUDIT] user deleted\nplain\n")
    assert ship(redis_server.url, file, "--stream", "s").returncode == 0
    assert [record.kind for record in stream(redis_server, prefix).all] == ["audit", "log"]


def test_a_name_of_any_bytes_is_shipped(ship: Ship, redis_server: Server, prefix: str, tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/caf\xe9.log"
    Path(os.fsdecode(name)).write_text("x\n")
    assert ship(redis_server.url, os.fsdecode(name), "--stream", "s").returncode == 0
    assert [r.logger for r in stream(redis_server, prefix).all] == ["caf\\udce9.log"]


def test_a_pattern_that_no_shell_has_expanded_is_expanded(
    ship: Ship, redis_server: Server, prefix: str, tmp_path: Path
) -> None:
    for name in "ab":
        (tmp_path / f"{name}.log").write_text(f"{name}\n")
    assert ship(redis_server.url, tmp_path / "*.log", "--stream", "s").returncode == 0
    assert stream(redis_server, prefix).messages == ["a", "b"]


def test_secrets_are_taken_out(ship: Ship, redis_server: Server, prefix: str, file: Path) -> None:
    file.write_text("login password=hunter2 ok\n")
    assert ship(redis_server.url, file, "--stream", "s").returncode == 0
    assert "hunter2" not in stream(redis_server, prefix).messages[0]


def test_a_large_file_arrives_whole_and_in_order(ship: Ship, redis_server: Server, prefix: str, file: Path) -> None:
    file.write_text("".join(f"{i} {'x' * 200}\n" for i in range(30_000)))
    done = ship(redis_server.url, file, "--stream", "s")
    assert done.stdout == "shipped 30000 records to stream s\n"
    found = stream(redis_server, prefix)
    assert [int(m.split()[0]) for m in found.messages] == list(range(30_000))
    assert sum(found.declared) == 0


def test_a_line_of_many_megabytes_is_cut_and_costs_no_other(
    ship: Ship, redis_server: Server, prefix: str, file: Path
) -> None:
    file.write_text(f"before\n{'x' * (20 << 20)}\nbehind\n")
    assert ship(redis_server.url, file, "--stream", "s").returncode == 0
    before, cut, behind = stream(redis_server, prefix).messages
    assert (before, behind) == ("before", "behind")
    assert f"cut from {20 << 20} bytes" in cut


def test_a_missing_file_is_said_before_anything_is_shipped(
    ship: Ship, redis_server: Server, prefix: str, file: Path
) -> None:
    file.write_text("x\n")
    done = ship(redis_server.url, file, file.with_name("nothing.log"), "--stream", "s")
    assert done.returncode == 1
    assert "can't read" in done.stderr
    assert "nothing.log" in done.stderr
    assert stream(redis_server, prefix).numbered == 0


def test_a_folder_is_no_file(ship: Ship, redis_server: Server, tmp_path: Path) -> None:
    done = ship(redis_server.url, tmp_path, "--stream", "s")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert str(tmp_path) in done.stderr
    assert "directory" in done.stderr


@pytest.mark.parametrize("name", ["a b", "", "ü", "x" * 129])
def test_a_bad_stream_name_is_refused(ship: Ship, redis_server: Server, file: Path, name: str) -> None:
    file.write_text("x\n")
    done = ship(redis_server.url, file, "--stream", name)
    assert done.returncode == 2
    assert "not a stream name" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_redis_that_stays_away_is_said_and_the_same_command_goes_on(
    ship: Ship, redis_server: Server, prefix: str, file: Path
) -> None:
    file.write_text("x\ny\n")
    done = ship("redis://user:geheim@127.0.0.1:1/0", file, "--stream", "s", "--timeout", "0.5")
    assert done.returncode == 1
    assert "Redis took nothing for 0.5 s: 0 records are in it; the same command goes on behind them" in done.stderr
    assert "geheim" not in done.stderr
    assert ship(redis_server.url, file, "--stream", "s").stdout == "shipped 2 records to stream s\n"


def test_a_redis_that_comes_late_is_waited_for(
    own_redis_server: MakeRedisServer, prefix: str, file: Path, environ: dict[str, str]
) -> None:
    server = own_redis_server()
    server.kill()
    file.write_text("".join(f"{i}\n" for i in range(100)))
    command = [*COMMAND, str(file), "--stream", "s", "--url", server.url]
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert "takes no records" in process.stderr.readline()
        server.start()
        assert process.wait(60) == 0
    assert len(wait_for_records(server.client(), prefix, "s", 100).all) == 100


def test_what_was_interrupted_goes_on_where_it_was(
    ship: Ship, redis_server: Server, prefix: str, file: Path, environ: dict[str, str]
) -> None:
    file.write_text("".join(f"{i}\n" for i in range(5_000)))
    command = [*COMMAND, str(file), "--stream", "s", "--url", redis_server.url]
    with subprocess.Popen([*command, "--rate", "1000"], env=environ, stderr=subprocess.PIPE, text=True) as process:
        wait_for(lambda: stream(redis_server, prefix).numbered > 100, SOON, "records")
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=SOON)
    assert process.returncode == 130
    assert "the same command goes on" in errors
    file.rename(file.with_name("app.log.1"))
    file.write_text("new\n")
    assert ship(redis_server.url, os.path.relpath(file), "--stream", "s").returncode == 0
    assert stream(redis_server, prefix).messages == [*map(str, range(5_000)), "new"]


def test_rate_is_a_positive_number(capsys: pytest.CaptureFixture[str], file: Path) -> None:
    file.touch()
    for rate in ("0", "-1", "inf", "nan", "many"):
        with pytest.raises(SystemExit) as ended:
            main(["ship", str(file), "--stream", "s", "--rate", rate])
        assert ended.value.code == 2
    assert "--rate" in capsys.readouterr().err


def test_records_come_at_the_rate_that_was_asked_for(ship: Ship, redis_server: Server, prefix: str, file: Path) -> None:
    file.write_text("x\n" * 21)
    assert ship(redis_server.url, file, "--stream", "s", "--rate", "100").returncode == 0
    times = [record.time for record in stream(redis_server, prefix).all]
    # 20 of 10 ms each, but for what the first one came late by.
    assert times[-1] - times[0] >= 100_000


# Standard input, and pipes.


def test_standard_input_is_shipped_to_its_end(ship: Ship, any_redis: Server, prefix: str, tmp_path: Path) -> None:
    done = ship(any_redis.url, "--stream", "s", stdin="one\n\ntoken=abcdef123456 two\r\nlast")
    assert (done.returncode, done.stdout, done.stderr) == (0, "shipped 4 records to stream s\n", "")
    found = stream(any_redis, prefix)
    assert [found.messages[i] for i in (0, 1, 3)] == ["one", "", "last"]
    assert "abcdef123456" not in found.messages[2]
    assert {(r.source, r.logger) for r in found.all} == {("stdin", "stdin")}
    assert list((tmp_path / "spool").iterdir()) == []


def test_more_input_than_the_spool_holds_waits_for_room(ship: Ship, redis_server: Server, prefix: str) -> None:
    text = "".join(f"{i} {'x' * 200}\n" for i in range(30_000))
    done = ship(redis_server.url, "-", "--stream", "s", stdin=text, TAILRACE_SPOOL_MAX=str(1 << 20))
    assert done.stdout == "shipped 30000 records to stream s\n"
    found = stream(redis_server, prefix)
    assert [int(m.split()[0]) for m in found.messages] == list(range(30_000))
    assert sum(found.declared) == 0


def test_a_pipe_is_held_back_as_long_as_redis_is_away(
    own_redis_server: MakeRedisServer, prefix: str, environ: dict[str, str]
) -> None:
    server = own_redis_server()
    server.kill()
    command = [*COMMAND, "--stream", "s", "--url", server.url, "--timeout", "0.2"]
    settings = {**environ, "TAILRACE_SPOOL_MAX": str(1 << 20)}
    with subprocess.Popen(command, env=settings, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        os.set_blocking(process.stdin.fileno(), False)
        piece, written = b"x" * 99 + b"\n", 0
        with contextlib.suppress(BlockingIOError):
            while True:
                written += os.write(process.stdin.fileno(), piece)
        assert "takes no records" in process.stderr.readline()
        server.start()
        os.set_blocking(process.stdin.fileno(), True)
        wait_for(lambda: has_more_than(server, prefix, 1), SOON, "records")
        process.stdin.close()
        assert process.wait(60) == 0
    assert has_more_than(server, prefix, written // 100 - 1)


def test_input_that_redis_does_not_take_is_kept(ship: Ship, tmp_path: Path) -> None:
    done = ship("redis://127.0.0.1:1/0", "--stream", "s", "--timeout", "0.5", stdin="x\ny\n")
    assert done.returncode == 1
    assert "2 of 2 records are not in it; they are kept in" in done.stderr
    assert len(list((tmp_path / "spool").iterdir())) == 1


def test_a_named_pipe_is_shipped_like_standard_input(
    redis_server: Server, prefix: str, tmp_path: Path, environ: dict[str, str]
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    command = [*COMMAND, str(pipe), "--stream", "s", "--url", redis_server.url]
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as process:
        pipe.write_text("through\n")
        assert process.communicate(timeout=SOON)[0] == "shipped 1 records to stream s\n"
    assert [(r.logger, r.message) for r in stream(redis_server, prefix).all] == [("pipe", "through")]


@pytest.mark.parametrize(("arguments", "said"), [(("-f",), "-f is for files"), (("-", "app.log"), "ship it alone")])
def test_a_pipe_is_not_followed_and_comes_alone(
    ship: Ship, redis_server: Server, arguments: tuple[str, ...], said: str
) -> None:
    done = ship(redis_server.url, *arguments, "--stream", "s", stdin="x\n")
    assert done.returncode == 2
    assert said in done.stderr


# Files that grow.


def test_what_a_file_gets_is_shipped_when_its_line_is_complete(
    start: Start, redis_server: Server, prefix: str, file: Path
) -> None:
    add(file, "old")
    process = start(file)
    wait_for_records(redis_server.client(), prefix, "s", 1)
    with file.open("a") as opened:
        opened.write("new, ")
        opened.flush()
        add(file.with_name("app.log"), "and its end")
    assert wait_for_records(redis_server.client(), prefix, "s", 2).messages == ["old", "new, and its end"]
    assert stop(process) == ""


def test_what_comes_while_nobody_follows_is_shipped_later(
    start: Start, redis_server: Server, prefix: str, file: Path
) -> None:
    add(file, "1")
    process = start(file)
    wait_for_records(redis_server.client(), prefix, "s", 1)
    stop(process)
    add(file, "2")
    process = start(file)
    wait_for_records(redis_server.client(), prefix, "s", 2)
    add(file, "3")
    found = wait_for_records(redis_server.client(), prefix, "s", 3)
    assert [(r.message, r.line_number) for r in found.all] == [("1", 1), ("2", 2), ("3", 3)]


def test_from_the_end_only_what_is_new_is_shipped(start: Start, redis_server: Server, prefix: str, file: Path) -> None:
    add(file, "old")
    other = file.with_name("other.log")
    start("--from-end", file.with_name("*.log"))
    agents = redis_server.client()
    wait_for(lambda: agents.exists(f"{prefix}:agents"), SOON, "the shipper's announcement")
    add(other, "a file that came later is shipped whole")
    wait_for_records(agents, prefix, "s", 1)
    add(file, "new")
    assert wait_for_records(agents, prefix, "s", 2).messages == ["a file that came later is shipped whole", "new"]


def test_a_second_follower_of_the_same_is_refused(
    start: Start, ship: Ship, redis_server: Server, prefix: str, file: Path
) -> None:
    add(file, "x")
    start(file)
    wait_for_records(redis_server.client(), prefix, "s", 1)
    done = ship(redis_server.url, "-f", file, "--stream", "s")
    assert done.returncode == 1
    assert "another process ships" in done.stderr


@pytest.mark.timeout(180)
def test_a_follower_that_is_killed_again_and_again_ships_each_line_once(
    start: Start, redis_server: Server, prefix: str, file: Path
) -> None:
    written = 0
    for killed in range(KILLS):
        process = start(file)
        enough = written + 2_500 // KILLS * killed
        for _ in range(10):
            add(file, *(str(number) for number in range(written, written + 300)))
            written += 300
        # Somewhere in the middle of it.
        wait_for(partial(has_more_than, redis_server, prefix, enough), SOON, "some of it")
        process.kill()
        process.wait()
    start(file)
    found = wait_for_records(redis_server.client(), prefix, "s", written)
    assert [int(message) for message in found.messages] == list(range(written))


# Files that are rotated.


@pytest.mark.parametrize("pattern", ["app.log", "app.log*"])
def test_a_renamed_file_is_read_to_its_end_beside_its_successor(
    start: Start, redis_server: Server, prefix: str, file: Path, pattern: str
) -> None:
    add(file, "1")
    start(file.with_name(pattern))
    redis = redis_server.client()
    wait_for_records(redis, prefix, "s", 1)
    with file.open("a") as writer:
        file.rename(file.with_name("app.log.1"))
        add(file, "3")
        wait_for_records(redis, prefix, "s", 2)
        writer.write("2, written late and unterminated")
    found = wait_for_records(redis, prefix, "s", 3)
    assert sorted(found.messages) == ["1", "2, written late and unterminated", "3"]
    assert {r.logger for r in found.all} == {"app.log"}


@pytest.mark.parametrize("pattern", ["app.log", "app.log*"])
def test_a_file_that_is_renamed_while_nobody_follows_is_found_again(
    start: Start, redis_server: Server, prefix: str, file: Path, pattern: str
) -> None:
    redis = redis_server.client()
    add(file, "1")
    process = start(file.with_name(pattern))
    wait_for_records(redis, prefix, "s", 1)
    stop(process)
    add(file, "2")
    file.rename(file.with_name("app.log-20261121"))
    add(file, "3")
    start(file.with_name(pattern))
    assert sorted(wait_for_records(redis, prefix, "s", 3).messages) == ["1", "2", "3"]


@pytest.mark.parametrize("pattern", ["app.log", "app.log*"])
def test_a_file_that_is_copied_and_truncated_is_read_on_in_its_copy(
    start: Start, redis_server: Server, prefix: str, file: Path, pattern: str
) -> None:
    redis = redis_server.client()
    add(file, *(f"the line with number {number} of this file" for number in range(10)))
    process = start(file.with_name(pattern))
    wait_for_records(redis, prefix, "s", 10)
    process.send_signal(signal.SIGSTOP)
    add(file, "unread when it was copied")
    shutil.copy(file, file.with_name("app.log.1"))
    os.truncate(file, 0)
    add(file, "the first of the new ones")
    process.send_signal(signal.SIGCONT)
    found = wait_for_records(redis, prefix, "s", 12)
    assert sorted(found.messages[10:]) == ["the first of the new ones", "unread when it was copied"]
    stop(process)
    add(file, "the second")
    start(file.with_name(pattern))
    assert wait_for_records(redis, prefix, "s", 13).messages[12] == "the second"


def test_a_file_that_is_truncated_and_grows_beyond_where_it_was_is_read_anew(
    start: Start, redis_server: Server, prefix: str, file: Path
) -> None:
    redis = redis_server.client()
    add(file, "old 1", "old 2")
    process = start(file)
    wait_for_records(redis, prefix, "s", 2)
    process.send_signal(signal.SIGSTOP)
    file.write_text("new 1\nnew 2\nnew 3\n")
    process.send_signal(signal.SIGCONT)
    assert wait_for_records(redis, prefix, "s", 5).messages[2:] == ["new 1", "new 2", "new 3"]


def test_what_was_cut_off_unread_is_declared(start: Start, redis_server: Server, prefix: str, file: Path) -> None:
    redis = redis_server.client()
    add(file, *(f"line {number}" for number in range(1000)))
    start(file, "--rate", "20")
    wait_for_records(redis, prefix, "s", 10)
    file.write_text("")
    add(file, "after")

    def told() -> list[str]:
        found = stream(redis_server, prefix)
        return [r.message for r in found.all if r.kind == "notice"]

    wait_for(told, SOON, "a notice")
    (notice,) = told()
    assert re.search(r"app\.log was truncated: at least \d{4} bytes behind line \d+ were not read", notice)
    wait_for(lambda: "after" in stream(redis_server, prefix).messages, SOON, "what comes behind it")


def test_a_file_that_can_not_be_found_again_is_declared(
    start: Start, redis_server: Server, prefix: str, file: Path
) -> None:
    redis = redis_server.client()
    add(file, "1", "2")
    process = start(file)
    wait_for_records(redis, prefix, "s", 2)
    stop(process)
    file.unlink()
    add(file, "3")
    start(file)
    found = wait_for_records(redis, prefix, "s", 4)
    assert found.messages[2].endswith("app.log was rotated out of sight: what it had behind line 2 was not read")
    assert (found.all[2].kind, found.messages[3]) == ("notice", "3")


def test_a_rotated_file_that_matches_is_not_shipped_again(
    start: Start, redis_server: Server, prefix: str, file: Path, tmp_path: Path
) -> None:
    redis = redis_server.client()
    add(file, "1")
    process = start(file.with_name("app.log*"))
    wait_for_records(redis, prefix, "s", 1)
    file.rename(file.with_name("app.log.1"))
    add(file, "2")
    wait_for_records(redis, prefix, "s", 2)
    stop(process)
    file.with_name("app.log.1").rename(file.with_name("app.log.2"))
    file.rename(file.with_name("app.log.1"))
    add(file, "3")
    start(file.with_name("app.log*"))
    assert wait_for_records(redis, prefix, "s", 3).messages == ["1", "2", "3"]


def test_files_of_one_pattern_may_come_and_go(start: Start, redis_server: Server, prefix: str, tmp_path: Path) -> None:
    redis = redis_server.client()
    process = start(tmp_path / "logs" / "**" / "*.log")
    (tmp_path / "logs" / "deep").mkdir(parents=True)
    add(tmp_path / "logs" / "a.log", "a")
    add(tmp_path / "logs" / "deep" / "b.log", "b")
    wait_for_records(redis, prefix, "s", 2)
    (tmp_path / "logs" / "a.log").unlink()
    wait_for(lambda: len(list((tmp_path / "checkpoints").rglob("*.checkpoint"))) == 1, SOON, "the checkpoint to go")
    add(tmp_path / "logs" / "a.log", "another a")
    found = wait_for_records(redis, prefix, "s", 3)
    assert sorted(found.messages) == ["a", "another a", "b"]
    assert stop(process) == ""


@pytest.mark.timeout(240)
def test_a_log_that_is_rotated_all_the_time_arrives_once_though_its_follower_is_killed(
    start: Start, redis_server: Server, prefix: str, file: Path
) -> None:
    handler = RotatingFileHandler(file, maxBytes=20_000, backupCount=500)
    log = logging.Logger("writer")
    log.addHandler(handler)
    written = 0
    for killed in range(6):
        process = start(file.with_name("app.log*"))
        enough = written + 200 * killed
        for _ in range(3_000):
            log.info("%06d of the lines of this log", written)
            written += 1
        wait_for(partial(has_more_than, redis_server, prefix, enough), SOON, "some of it")
        process.kill()
        process.wait()
    handler.close()
    start(file.with_name("app.log*"))
    found = wait_for_records(redis_server.client(), prefix, "s", written)
    assert [record.message for record in found.all if record.kind == "notice"] == []
    assert sorted(int(message[:6]) for message in found.messages) == list(range(written))
