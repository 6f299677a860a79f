"""uvicorn: several workers, and one that is started again when its code changes."""

from __future__ import annotations

import os
from pathlib import Path

from tests.apps.programs import SOON, Read, Start, get, read, start, wait_until_served
from tests.servers import HOST, free_port, wait_for

__all__ = ["read", "start"]


def test_all_workers_are_heard_once(start: Start, read: Read) -> None:
    port = free_port()
    start("-m", "uvicorn", "--host", HOST, "--port", port, "--workers", 2, "tests.apps.web:app")
    wait_until_served(port, "/say/0")
    for number in range(1, 20):
        get(port, f"/say/{number}")
    wait_for(lambda: all(f"printed {n}" in read().messages for n in range(1, 20)), SOON, "all that was printed")
    messages = read().messages
    for number in range(1, 20):
        assert messages.count(f"said {number}") == messages.count(f"printed {number}") == 1
        assert sum(f"/say/{number} " in text for text in messages) == 1, "one line of the access log"


def test_a_reloaded_server_goes_on(start: Start, read: Read, tmp_path: Path) -> None:
    port = free_port()
    watched = tmp_path / "watched"
    watched.mkdir()
    (watched / "changed.py").write_text("x = 0\n")
    options = ["--host", HOST, "--port", port, "--reload", "--reload-dir", watched]
    start("-m", "uvicorn", *options, "tests.apps.web:app")
    wait_until_served(port, "/say/1")
    first = get(port, "/say/2").json()
    (watched / "changed.py").write_text("x = 1\n")
    wait_for(lambda: _pid(port) not in (None, first), SOON, "another process")
    get(port, "/say/3")
    wait_for(lambda: "printed 3" in read().messages, SOON, "the new process")
    messages = read().messages
    assert messages.count("said 2") == messages.count("said 3") == 1
    assert os.getpid() != first


def _pid(port: int) -> int | None:
    try:
        return int(get(port, "/say/4").json())
    except Exception:  # it is just being started again
        return None
