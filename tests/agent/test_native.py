"""Threads of ours take no signal that somebody else waits for."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import pytest

from tailrace.native import start_thread


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="the kernel tells of masks in /proc")
def test_a_thread_blocks_all_signals_but_those_of_its_own_faults() -> None:
    masks: list[set[int]] = []
    done = threading.Event()

    def work() -> None:
        masks.append(set(signal.pthread_sigmask(signal.SIG_BLOCK, ())))
        done.set()

    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    assert start_thread(work)
    assert done.wait(10)
    (mask,) = masks
    assert {signal.SIGTERM, signal.SIGINT, signal.SIGCHLD, signal.SIGALRM} <= mask
    assert not {signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE} & mask
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before
