"""Processes: whatever way one is made or ended, its records arrive once."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tailrace.spool.reader import SpoolReader
from tests.agent.delivered import Delivered, delivered
from tests.agent.workers import NUMBERS, Worker
from tests.servers import ROOT, RedisServer, wait_for

SOON = 30.0
CHILDREN = 20

# A program that is installed, with the way of its children to come.
PARENT = """
import ctypes, logging, multiprocessing, os, sys, threading, time
import tailrace

log = logging.getLogger("app")

def work(name):
    log.info("child %d", name)

def work_and_vanish(name):
    work(name)
    os._exit(0)

def main():
    tailrace.install(stream="s", level="INFO")
    log.info("parent before")
    make_children()
    log.info("parent after")
"""

FORKS_WITH_THREADS_RUNNING = """
def log_on(stop):
    while not stop.is_set():
        log.debug("busy")
        logging.getLogger("busy").info("busy")
        time.sleep(0.001)

def make_children():
    stop = threading.Event()
    threads = [threading.Thread(target=log_on, args=(stop,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for name in range(20):
        pid = os.fork()
        if pid == 0:
            work_and_vanish(name)
        os.waitpid(pid, 0)
    stop.set()
    for thread in threads:
        thread.join()
"""

FORKS_IN_C = """
def make_children():
    libc = ctypes.PyDLL(None)
    for name in range(20):
        pid = libc.fork()
        if pid == 0:
            work(name)
            libc._exit(0)
        os.waitpid(pid, 0)
"""

PROCESSES = """
def make_children():
    context = multiprocessing.get_context({method!r})
    children = [context.Process(target={target}, args=(name,)) for name in range(20)]
    for child in children:
        child.start()
    for child in children:
        child.join()
"""

POOL = """
def make_children():
    with multiprocessing.get_context({method!r}).Pool(4, maxtasksperchild=1) as pool:
        pool.map(work, range(20), chunksize=1)
        pool.close()
        pool.join()
"""

EXECUTOR = """
def make_children():
    from concurrent.futures import ProcessPoolExecutor
    with ProcessPoolExecutor(2, multiprocessing.get_context({method!r})) as executor:
        list(executor.map(work, range(20)))
"""

# Children that die without their finalizers leave a spool, which the parent adopts: it has to live that long.
END = """
if __name__ == "__main__":
    main()
    sys.stdin.readline()
"""

WAYS = {
    "os.fork with threads running": FORKS_WITH_THREADS_RUNNING,
    "fork in C": FORKS_IN_C,
    **{
        f"{method}, {target}": PROCESSES.format(method=method, target=target)
        for method in ("fork", "spawn", "forkserver")
        for target in ("work", "work_and_vanish")
    },
    **{f"{method}, pool": POOL.format(method=method) for method in ("fork", "spawn")},
    **{f"{method}, executor": EXECUTOR.format(method=method) for method in ("fork", "forkserver")},
}


@pytest.mark.parametrize("way", WAYS)
def test_every_child_is_heard_once(way: str, redis_server: RedisServer, prefix: str, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PARENT + WAYS[way] + END)
    worker = Worker(program, url=redis_server.url, prefix=prefix, spool=tmp_path / "spool")
    client = redis_server.client()
    try:
        wait_for(lambda: len(heard(delivered(client, prefix, "s"))) >= CHILDREN, SOON, "all children")
        wait_for(lambda: "parent after" in delivered(client, prefix, "s").messages, SOON, "the parent's last word")
        wait_for(lambda: len(list((tmp_path / "spool").iterdir())) <= 1, SOON, "the parent alone to have a spool")
    finally:
        worker.stop()
    found = delivered(client, prefix, "s")
    assert sorted(heard(found)) == list(range(CHILDREN))
    assert found.messages.count("parent before") == found.messages.count("parent after") == 1
    assert sum(found.declared) == 0
    assert list((tmp_path / "spool").iterdir()) == []


def heard(found: Delivered) -> list[int]:
    return [int(message.split()[1]) for message in found.messages if message.startswith("child ")]


def test_hundreds_of_short_lived_processes_leave_no_files(
    redis_server: RedisServer, prefix: str, tmp_path: Path
) -> None:
    program = tmp_path / "program.py"
    storm = FORKS_IN_C.replace("range(20)", "range(200)")
    program.write_text(PARENT + storm + END)
    spool = tmp_path / "spool"
    worker = Worker(program, url=redis_server.url, prefix=prefix, spool=spool)
    client = redis_server.client()
    wait_for(lambda: len(heard(delivered(client, prefix, "s"))) >= 200, 60, "all children")
    wait_for(lambda: len(list(spool.iterdir())) == 1, SOON, "their files to go")
    worker.stop()
    assert sorted(heard(delivered(client, prefix, "s"))) == list(range(200))
    assert list(spool.iterdir()) == []
    marks = list(client.scan_iter(f"{prefix}:{{s}}:p:*"))
    assert all(0 < client.pttl(mark) <= 600_000 for mark in marks)


# Programs that say "over" when they have come to their end, and log "last words" after it or in it.
ENDING = """
import atexit, logging, os, signal, sys, threading, time
{early}
import tailrace

tailrace.install(stream="s", level="INFO")
log = logging.getLogger("app")
go, gone = threading.Event(), threading.Event()

def end():
    os.write(1, b"over\\n")

def last_words():
    log.info("last words")

def last_words_of_a_thread():
    go.wait()
    last_words()
    gone.set()

def tell_thread():
    go.set()
    gone.wait(30)

def stop(number, frame):
    last_words()
    sys.exit(3)
"""

# What atexit was told before the agent was imported runs after the agent has closed.
EARLY = "atexit.register(lambda: late())"

FIRST = "log.info('first')\n"
DAEMON = "threading.Thread(target=last_words_of_a_thread, daemon=True).start()\n"
SIGTERM = "signal.signal(signal.SIGTERM, stop); threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGTERM)).start()\n"

DESTRUCTOR = "class Noisy:\n    def __del__(self):\n        last_words()\nnoisy = Noisy(); end()"

# What is left is shipped by the next process.
ENDINGS = {
    "atexit": FIRST + "atexit.register(last_words); end()",
    "atexit, the first record": "atexit.register(last_words); end()",
    "atexit, after ours": FIRST + "late = last_words; end()",
    "atexit, after ours and the first record": "late = last_words; end()",
    "a daemon thread": FIRST + DAEMON + "atexit.register(tell_thread); end()",
    "a daemon thread, after ours": FIRST + DAEMON + "late = tell_thread; end()",
    "a thread that outlives main": FIRST
    + "threading.Thread(target=lambda: (threading.main_thread().join(), last_words())).start(); end()",
    "SIGTERM while it waits": FIRST + SIGTERM + "end(); time.sleep(60)",
    "SIGTERM while it logs": FIRST + SIGTERM + "end()\nwhile True:\n    log.debug('busy'); logging.info('busy')",
    "a fork that exits": FIRST + "if os.fork() == 0:\n    last_words(); sys.exit()\nos.wait(); end()",
    "a fork that exits, before any record": "if os.fork() == 0:\n    last_words(); sys.exit()\nos.wait(); end()",
    "a fork that outlives its parent": FIRST + "if os.fork() == 0:\n    time.sleep(0.5); last_words(); end()",
    "a fork by a thread": FIRST
    + "def fork():\n    if os.fork() == 0:\n        last_words(); sys.exit()\n    os.wait()\n"
    + "thread = threading.Thread(target=fork); thread.start(); thread.join(); end()",
    "a destructor, left": FIRST + DESTRUCTOR,
    "a destructor, the first record, left": DESTRUCTOR,
    "a fork that vanishes, left": FIRST + "if os.fork() == 0:\n    last_words(); os._exit(0)\nos.wait(); end()",
}

# Seconds that a process may take to end; the agent itself takes two at most.
LONGEST_END = 5.0


@pytest.mark.parametrize("way", ENDINGS)
def test_what_is_logged_at_the_end_arrives_once(
    way: str, redis_server: RedisServer, prefix: str, tmp_path: Path
) -> None:
    program = ENDING.replace("{early}", EARLY if "after ours" in way else "") + ENDINGS[way]
    spool = tmp_path / "spool"
    place = {"TAILRACE_URL": redis_server.url, "TAILRACE_PREFIX": prefix, "TAILRACE_SPOOL_DIR": str(spool)}
    environ = {**os.environ, **place, "PYTHONPATH": str(ROOT / "agent")}
    # Newer Pythons warn of forks in processes with threads.
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", program]
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"over\n"
        begin = time.monotonic()
        # Until its children have ended, too.
        _, errors = process.communicate(timeout=SOON)
        took = time.monotonic() - begin
    assert (errors, process.returncode) == (b"", 3 if "SIGTERM" in way else 0)
    assert took < LONGEST_END
    if "left" in way:
        drain = [sys.executable, "-c", "from tailrace.cli import main; main()", "drain"]
        subprocess.run(drain, env=environ, check=True, capture_output=True)
    messages = delivered(redis_server.client(), prefix, "s").messages
    assert messages.count("last words") == 1
    assert messages.count("first") == ENDINGS[way].count(FIRST)
    left = [each for folder in spool.iterdir() for stream in SpoolReader(str(folder)).streams for each in stream.left]
    assert left == []


# A daemon thread that never stops; it says which of its log calls have returned.
GOES_ON = """
import logging, os, threading
import tailrace

tailrace.install(stream="s", level="INFO")
enough = threading.Event()

def work():
    for number in range(1_000_000):
        logging.info("number %d", number)
        os.write(1, b"number %d\\n" % number)
        if number == 500:
            enough.set()

threading.Thread(target=work, daemon=True).start()
enough.wait()
"""


def test_what_a_daemon_thread_has_logged_up_to_the_very_end_is_kept(
    redis_server: RedisServer, prefix: str, tmp_path: Path
) -> None:
    worker = Worker(GOES_ON, url=redis_server.url, prefix=prefix, spool=tmp_path / "spool").stop()
    assert worker.process.returncode == 0
    client = redis_server.client()
    # What came when the agent had ended waits for the next process on this machine.
    sibling = Worker(NUMBERS, "sibling", 1, url=redis_server.url, prefix=prefix, spool=tmp_path / "spool").read(1)
    wait_for(lambda: worker.last in delivered(client, prefix, "s").messages, SOON, "the last of the records")
    sibling.stop()
    numbers = [text for text in delivered(client, prefix, "s").messages if text.startswith("number ")]
    # The very last call may have been cut off between its record and its word of it.
    assert numbers[: len(worker.returned)] == worker.returned
    assert len(numbers) <= len(worker.returned) + 1


def test_a_program_without_any_children_does_not_pay_for_them() -> None:
    """`import tailrace` leaves `multiprocessing` alone."""
    program = "import sys, tailrace; sys.exit('multiprocessing.process' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
