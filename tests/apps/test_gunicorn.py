"""gunicorn: access and error logs, the application's records and what it prints arrive once, also of killed workers."""

from __future__ import annotations

import contextlib
import os
import signal

import httpx
import pytest

from tests.apps.programs import SOON, Read, Start, get, read, start, wait_until_served
from tests.servers import HOST, free_port, wait_for

__all__ = ["read", "start"]


def gunicorn(start: Start, port: int, *arguments: str) -> int:
    common = ["--bind", f"{HOST}:{port}", "--access-logfile", "-", *arguments]
    return start("-m", "gunicorn", *common, "-k", "uvicorn_worker.UvicornWorker", "tests.apps.web:app").pid


@pytest.mark.parametrize("options", [("--workers", "2"), ("--workers", "2", "--preload")], ids=["plain", "preload"])
def test_everything_arrives_once(options: tuple[str, ...], start: Start, read: Read) -> None:
    port = free_port()
    master = gunicorn(start, port, *options)
    wait_until_served(port, "/say/0")
    for number in range(1, 20):
        assert get(port, f"/say/{number}").status_code == 200
    assert get(port, "/fail").status_code == 500

    def has_all() -> bool:
        return all(f"printed {number}" in read().messages for number in range(1, 20))

    wait_for(has_all, SOON, "all that was printed")
    os.kill(master, signal.SIGHUP)
    if "--preload" in options:  # otherwise gunicorn itself has not imported the application, and no agent
        wait_for(lambda: any("hup" in text.lower() for text in read().messages), SOON, "gunicorn's own word")
    wait_until_served(port, "/say/99")
    wait_for(lambda: "printed 99" in read().messages, SOON, "the new workers")
    messages = read().messages
    for number in range(1, 20):
        assert messages.count(f"said {number}") == 1
        assert messages.count(f"printed {number}") == 1
        assert sum(f"/say/{number} " in text for text in messages) == 1, "one line of the access log"
    assert sum("it failed" in (record.exception or "") for record in read().all) == 1


def test_a_worker_that_is_killed_for_its_timeout_has_its_last_words(start: Start, read: Read) -> None:
    port = free_port()
    gunicorn(start, port, "--workers", "1", "--timeout", "2")
    wait_until_served(port, "/say/0")
    with contextlib.suppress(httpx.HTTPError):
        get(port, "/hang", timeout=20)
    wait_for(lambda: any(record.kind == "died" for record in read().all), SOON, "word of its death")
    messages = read().messages
    assert [text for text in messages if text.startswith("last words")] == [f"last words {i}" for i in range(100)]
    assert messages.count("hanging") == 1
    wait_until_served(port, "/say/1")
