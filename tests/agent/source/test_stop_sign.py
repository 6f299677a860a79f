from __future__ import annotations

import random
import signal
import threading

from tailrace.source.stop_sign import StopSign


def test_a_handler_sets_it_wherever_its_thread_is() -> None:
    """With a lock in it, one of so many would wait for itself."""
    before = signal.getsignal(signal.SIGALRM)
    try:
        for _ in range(100):
            stopped = StopSign()
            signal.signal(signal.SIGALRM, lambda *_, stopped=stopped: stopped.set())
            signal.setitimer(signal.ITIMER_REAL, random.uniform(1e-6, 5e-4))
            while not stopped.wait(1e-5):
                stopped.is_set()
    finally:
        signal.signal(signal.SIGALRM, before)


def test_it_wakes_who_waits_and_stays_set() -> None:
    stopped = StopSign()
    assert not stopped.wait(0)
    thread = threading.Thread(target=stopped.set)
    thread.start()
    assert stopped.wait()
    thread.join()
    stopped.set()
    assert stopped.is_set()
    assert stopped.wait(0)
