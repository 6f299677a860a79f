"""`tailrace ship`: files become streams, line by line, and the exit code tells whether all of it arrived."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tailrace.cli import main
from tailrace.cli.ship import line_text
from tests.agent.delivered import Delivered, delivered, wait_for_records
from tests.servers import MakeRedisServer, Server

Completed = subprocess.CompletedProcess[str]
Ship = Callable[..., Completed]


@pytest.fixture
def ship(prefix: str, tmp_path: Path) -> Ship:
    """Runs `tailrace ship` in a process of its own."""

    def run(url: str, *arguments: str | Path, **environ: str) -> Completed:
        command = [sys.executable, "-c", "import sys; from tailrace.cli import main; sys.exit(main())", "ship"]
        settings = {"TAILRACE_PREFIX": prefix, "TAILRACE_SPOOL_DIR": str(tmp_path / "spool"), "TAILRACE_URL": url}
        return subprocess.run(
            [*command, *map(str, arguments)],
            env={**os.environ, **settings, **environ},
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )

    return run


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "app.log"


def stream(server: Server, prefix: str) -> Delivered:
    return delivered(server.client(), prefix, "s")


def test_every_line_is_a_record(ship: Ship, any_redis: Server, prefix: str, file: Path, tmp_path: Path) -> None:
    file.write_bytes(b"one\n\ntwo \r\nthree\rthree\n\xff\xe4\nlast")
    done = ship(any_redis.url, file, "--stream", "s", "--service", "files")
    assert (done.returncode, done.stdout, done.stderr) == (0, "shipped 6 records to stream s\n", "")
    found = stream(any_redis, prefix)
    assert found.messages == ["one", "", "two ", "three\rthree", "\\xff\\xe4", "last"]
    assert [r.line_number for r in found.all] == [1, 2, 3, 4, 5, 6]
    assert {(r.source, r.logger, r.level, r.kind) for r in found.all} == {("file", "app.log", "INFO", "log")}
    assert list((tmp_path / "spool").iterdir()) == []


def test_files_are_shipped_one_after_the_other(ship: Ship, redis_server: Server, prefix: str, tmp_path: Path) -> None:
    files = [tmp_path / "a.log", tmp_path / "b.log"]
    for path in files:
        path.write_text(f"{path.name} 1\n{path.name} 2\n")
    assert ship(redis_server.url, *files, "--stream", "s").returncode == 0
    assert stream(redis_server, prefix).messages == ["a.log 1", "a.log 2", "b.log 1", "b.log 2"]


def test_a_file_larger_than_the_spool_waits_for_room_and_sheds_nothing(
    ship: Ship, redis_server: Server, prefix: str, file: Path
) -> None:
    file.write_text("".join(f"{i} {'x' * 200}\n" for i in range(30_000)))
    done = ship(redis_server.url, file, "--stream", "s", TAILRACE_SPOOL_MAX=str(1 << 20))
    assert done.stdout == "shipped 30000 records to stream s\n"
    found = stream(redis_server, prefix)
    assert [int(m.split()[0]) for m in found.messages] == list(range(30_000))
    assert sum(found.declared) == 0


def test_a_missing_file_is_said_before_anything_is_shipped(
    ship: Ship, redis_server: Server, prefix: str, file: Path
) -> None:
    file.write_text("x\n")
    done = ship(redis_server.url, file, file.with_name("nothing.log"), "--stream", "s")
    assert done.returncode == 1
    assert "can't read" in done.stderr
    assert "nothing.log" in done.stderr
    assert stream(redis_server, prefix).numbered == 0


@pytest.mark.parametrize("name", ["a b", "", "ü", "x" * 129])
def test_a_bad_stream_name_is_refused(ship: Ship, redis_server: Server, file: Path, name: str) -> None:
    file.write_text("x\n")
    done = ship(redis_server.url, file, "--stream", name)
    assert done.returncode == 2
    assert "not a stream name" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_redis_that_stays_away_is_said_and_the_records_are_kept(ship: Ship, file: Path, tmp_path: Path) -> None:
    file.write_text("x\ny\n")
    done = ship("redis://user:geheim@127.0.0.1:1/0", file, "--stream", "s", "--timeout", "0.5")
    assert done.returncode == 1
    assert "2 of 2 records are not in it; they are kept in" in done.stderr
    assert "geheim" not in done.stderr
    assert len(list((tmp_path / "spool").iterdir())) == 1


def test_a_redis_that_comes_late_is_waited_for(
    own_redis_server: MakeRedisServer, prefix: str, file: Path, tmp_path: Path
) -> None:
    server = own_redis_server()
    server.kill()
    file.write_text("".join(f"{i}\n" for i in range(100)))
    program = "import sys; from tailrace.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", program, "ship", str(file), "--stream", "s", "--url", server.url]
    environ = {**os.environ, "TAILRACE_PREFIX": prefix, "TAILRACE_SPOOL_DIR": str(tmp_path / "spool")}
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert "takes no records" in process.stderr.readline()
        server.start()
        assert process.wait(60) == 0
    assert len(wait_for_records(server.client(), prefix, "s", 100).all) == 100


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
    assert times[-1] - times[0] >= 199_000


@pytest.mark.parametrize(
    ("line", "text"),
    [(b"a\n", "a"), (b"a\r\n", "a"), (b"a\r", "a\r"), (b"a\n\n"[:-1], "a"), (b"\n", ""), (b"\r\n", ""), (b"a", "a")],
)
def test_one_line_end_is_no_part_of_a_line(line: bytes, text: str) -> None:
    assert line_text(line) == text
