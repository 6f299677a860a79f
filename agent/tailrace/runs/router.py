"""The router: hands what is logged within a unit of work to that work's own handler, besides all others."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Protocol

from tailrace.handler import TailraceHandler

__all__ = ["Router", "Work", "current_work", "routed", "within"]


class Work(Protocol):
    """What a router hands records to."""

    def recorder(self, router: Router) -> TailraceHandler | None:
        """What records what this router gets; None for nothing."""


# The innermost unit of work of this thread or task.
current_work: ContextVar[Work | None] = ContextVar("tailrace_work", default=None)


class Router(logging.Handler):
    """The handler of a logger that asks for each record in whose context it was logged.

    Attributes:
        users: units of work under way that want it; with the last one it goes.
    """

    def __init__(self, logger: logging.Logger) -> None:
        super().__init__()
        self.logger = logger
        self.users = 0
        # The logger's own level, and what it was lowered to.
        self._levels: tuple[int, int] | None = None

    def recorder(self) -> TailraceHandler | None:
        """What records the records of this context; None outside of any work that wants them."""
        work = current_work.get()
        return work.recorder(self) if work is not None else None

    def handle(self, record: logging.LogRecord) -> bool:
        """Hand it on. Takes no lock."""
        recorder = self.recorder()
        if recorder is not None and record.levelno >= recorder.level:
            recorder.handle(record)
        return True

    def lower(self, level: int | None) -> None:
        """Have the logger let records of that level through."""
        if level is not None and self.logger.getEffectiveLevel() > level:
            before = self._levels[0] if self._levels else self.logger.level
            self._levels = (before, level)
            self.logger.setLevel(level)

    def restore(self) -> None:
        """Give the logger its level back, unless somebody else has set it meanwhile."""
        if self._levels and self.logger.level == self._levels[1]:
            self.logger.setLevel(self._levels[0])


_routers: dict[logging.Logger, Router] = {}
_lock = threading.Lock()


@contextmanager
def routed(logger: logging.Logger, level: int | None) -> Iterator[Router]:
    """A router on this logger for as long as it is wanted, which lets records of that level through."""
    with _lock:
        router = _routers.get(logger)
        if router is None:
            router = _routers[logger] = Router(logger)
        router.users += 1
        # Each time: a configuration of logging may have thrown it out.
        logger.addHandler(router)
        router.lower(level)
    try:
        yield router
    finally:
        _release(router)


@contextmanager
def within(work: Work) -> Iterator[None]:
    """What this context logs belongs to this work."""
    token = current_work.set(work)
    try:
        yield
    finally:
        # A generator or a fixture may end in another context than it began in; that one has not entered the work.
        with suppress(ValueError):
            current_work.reset(token)


def _release(router: Router) -> None:
    with _lock:
        router.users -= 1
        if not router.users:
            router.restore()
            router.logger.removeHandler(router)
            del _routers[router.logger]


def _after_fork_in_child() -> None:
    global _lock
    # The parent's lock may have been held by a thread that does not exist here.
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
