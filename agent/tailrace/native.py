"""Threads and locks of the system itself, also where gevent has put its own in their place.

A greenlet that shipped would hold up every other while it waits for Redis, and a lock of gevent's can't be shared with
a real thread. Threads are started without `threading`, which waits until the new one runs: in a process that was forked
in C, with other threads running, it may never.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

__all__ = ["Bell", "allocate_lock", "get_ident", "local", "start_thread"]


def _original(module: str, name: str) -> Any:
    monkey = sys.modules.get("gevent.monkey")
    return monkey.get_original(module, name) if monkey else getattr(import_module(module), name)


if TYPE_CHECKING:
    from _thread import _local as local
    from _thread import allocate_lock, get_ident
else:
    allocate_lock = _original("_thread", "allocate_lock")
    get_ident = _original("_thread", "get_ident")
    local = _original("_thread", "_local")

_start_new_thread: Callable[[Callable[[], object], tuple[()]], int] = _original("_thread", "start_new_thread")

# What a thread does itself: blocked, these would end the process without a word.
FAULTS = frozenset((signal.SIGSEGV, signal.SIGFPE, signal.SIGILL, signal.SIGABRT)) | {
    getattr(signal, name) for name in ("SIGBUS", "SIGTRAP", "SIGSYS") if hasattr(signal, name)
}


def start_thread(work: Callable[[], object]) -> bool:
    """Have a thread do this that nobody waits for at the end of the process; False when there can be none.

    There can be none when the interpreter is going down, or the system is out of threads.
    """

    def run() -> None:
        # Whoever blocks a signal, to wait for it, expects that nobody else takes it.
        if hasattr(signal, "pthread_sigmask"):
            signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals() - FAULTS)
        work()

    # Until Python 3.12 it would be started, and never run.
    if sys.is_finalizing():
        return False
    try:
        _start_new_thread(run, ())
    except RuntimeError:
        return False
    return True


class Bell:
    """Wakes the one thread that waits. Rung while nobody waits, it is heard by the next who does."""

    def __init__(self) -> None:
        self._lock = allocate_lock()
        self._lock.acquire()

    def ring(self) -> None:
        """Wake it. Never blocks; may be called by signal handlers."""
        try:
            self._lock.release()
        except RuntimeError:
            pass  # it has been rung and not yet heard

    def wait(self, seconds: float) -> None:
        """Wait for it, at most so long."""
        self._lock.acquire(True, min(seconds, LONGEST))


# Seconds: locks can't wait for an infinite time, but for none.
LONGEST = 3600.0
