"""Interruptions: exceptions that the application's signal handlers raise while a log call is at work.

They are the application's, such as the `TimeoutError` of an alarm or Celery's `SoftTimeLimitExceeded`, and go on to it.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from traceback import walk_tb
from types import CodeType
from typing import Any

__all__ = ["is_interruption"]


def is_interruption(error: BaseException) -> bool:
    """Whether a signal handler has raised it. Quick for what was raised where it was caught."""
    trace = error.__traceback__
    if trace is None or trace.tb_next is None:
        return False
    handlers = set(_handlers())
    return any(frame.f_code in handlers for frame, _ in walk_tb(trace.tb_next))


def _handlers() -> Iterator[CodeType]:
    for number in signal.valid_signals():
        code = _code_of(signal.getsignal(number))
        if code is not None:
            yield code


def _code_of(handler: Any) -> CodeType | None:
    """What runs when a handler is called: a function, a method, what a partial holds, an object's `__call__`."""
    for _ in range(8):
        code = getattr(handler, "__code__", None)
        if isinstance(code, CodeType):
            return code
        inner = getattr(handler, "__func__", None) or getattr(handler, "func", None)
        handler = inner if inner is not None else getattr(type(handler), "__call__", None)  # noqa: B004  # not whether
    return None
