"""Processes: whatever way one is made or ended, its records arrive once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.agent.delivered import Delivered, delivered
from tests.agent.workers import Worker
from tests.servers import RedisServer, wait_for

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


def test_a_program_without_any_children_does_not_pay_for_them() -> None:
    """`import tailrace` leaves `multiprocessing` alone."""
    program = "import sys, tailrace; sys.exit('multiprocessing.process' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
