from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.agent.delivered import delivered
from tests.servers import RedisServer


def tailrace(*arguments: str, spool_dir: Path, url: str, prefix: str = "x") -> subprocess.CompletedProcess[str]:
    """Runs the command as a user would."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("TAILRACE_")}
    environ |= {"TAILRACE_URL": url, "TAILRACE_PREFIX": prefix, "TAILRACE_SPOOL_DIR": str(spool_dir)}
    command = [sys.executable, "-c", "import sys; from tailrace.cli import main; sys.exit(main())", *arguments]
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)


def test_every_line_of_a_file_is_a_record(redis_server: RedisServer, prefix: str, tmp_path: Path) -> None:
    file = tmp_path / "app.log"
    file.write_bytes(b"one\r\ntwo\n\n  four \xff\nlast without end")
    ended = tailrace("ship", str(file), "--stream", "s", spool_dir=tmp_path, url=redis_server.url, prefix=prefix)
    assert ended.returncode == 0, ended.stderr
    assert "shipped 5 records to stream s" in ended.stdout + ended.stderr
    records = delivered(redis_server.client(), prefix, "s").all
    assert [record.message for record in records] == ["one", "two", "", "  four \\xff", "last without end"]
    assert [record.line_number for record in records] == [1, 2, 3, 4, 5]
    assert {(record.source, record.level, record.logger) for record in records} == {("file", "INFO", "app.log")}


def test_a_file_larger_than_the_spool_is_shipped_without_shedding(
    redis_server: RedisServer, prefix: str, tmp_path: Path
) -> None:
    file = tmp_path / "large.log"
    file.write_text("".join(f"{i} {'x' * 200}\n" for i in range(20_000)))
    ended = tailrace("ship", str(file), "--stream", "s", spool_dir=tmp_path, url=redis_server.url, prefix=prefix)
    assert ended.returncode == 0, ended.stderr
    found = delivered(redis_server.client(), prefix, "s")
    assert len(found.all) == 20_000
    assert sum(found.declared) == 0


def test_a_missing_file_a_bad_stream_and_an_absent_redis_are_said_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "app.log"
    file.write_text("x\n")
    for arguments, said in (
        (["ship", str(tmp_path / "none"), "--stream", "s"], "none"),
        (["ship", str(file), "--stream", "a b"], "not a stream name"),
        (["ship", str(file), "--stream", "s", "--timeout", "0.5"], "Redis"),
    ):
        ended = tailrace(*arguments, spool_dir=tmp_path / "spool", url="redis://127.0.0.1:1/0")
        assert ended.returncode != 0
        assert said in ended.stderr
        assert "Traceback" not in ended.stderr


def test_the_command_says_its_version_and_knows_the_relays_verbs(tmp_path: Path) -> None:
    assert "0.1.0" in tailrace("--version", spool_dir=tmp_path, url="redis://127.0.0.1:1/0").stdout
    assert "serve" in tailrace("--help", spool_dir=tmp_path, url="redis://127.0.0.1:1/0").stdout
