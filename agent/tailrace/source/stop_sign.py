"""An event that a signal handler may set while the same thread waits for it."""

from __future__ import annotations

import os
import select
import threading

__all__ = ["StopSign"]


class StopSign(threading.Event):
    """As `threading.Event`, whose lock a handler would wait for in vain when it interrupts its own thread's `wait`.

    It is never cleared, and its pipe stays open for as long as the process lives.
    """

    def __init__(self) -> None:
        super().__init__()
        self._told = False
        self._alarm, self._waker = os.pipe()
        # Whoever tells it again and again need not wait for a reader that never comes.
        os.set_blocking(self._waker, False)

    def set(self) -> None:
        if not self._told:
            self._told = True
            os.write(self._waker, b"\0")

    def is_set(self) -> bool:
        return self._told

    def wait(self, timeout: float | None = None) -> bool:
        if not self._told:
            select.select([self._alarm], [], [], timeout)
        return self._told
