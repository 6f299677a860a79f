"""Endings: how a unit of work ended, from the exception that left it."""

from __future__ import annotations

import sys
import traceback
from typing import NamedTuple

from tailrace.values import clean_text, cut_text, safe_repr

__all__ = ["Ending", "ending_of"]

LONGEST_ERROR = 1024


class Ending(NamedTuple):
    """How a unit of work ended.

    Attributes:
        status: `ok`, `failed` or `cancelled`.
        exit_code: what a process that ended like this would exit with.
        error: kind and text of the exception, at most 1 KiB; empty where there was none.
        trace: its traceback; None where there is nothing to tell.
    """

    status: str
    exit_code: int
    error: str = ""
    trace: str | None = None


def ending_of(error: BaseException | None) -> Ending:
    """What an exception makes of the work that it leaves."""
    if error is None:
        return Ending("ok", 0)
    if isinstance(error, SystemExit):
        return _exit(error.code)
    asyncio = sys.modules.get("asyncio")
    if isinstance(error, KeyboardInterrupt):
        return Ending("cancelled", 130, _text(error), _trace(error))
    if asyncio is not None and isinstance(error, asyncio.CancelledError):
        return Ending("cancelled", 1, _text(error), _trace(error))
    return Ending("failed", 1, _text(error), _trace(error))


def _exit(code: object) -> Ending:
    """As the interpreter takes the argument of `sys.exit`."""
    if code is None or isinstance(code, int):
        number = int(code or 0)
        return Ending("failed" if number else "ok", number, f"SystemExit: {number}" if number else "")
    return Ending("failed", 1, _text(SystemExit(code)))


def _text(error: BaseException) -> str:
    try:
        text = str(error)
    except Exception:  # a stranger's code
        text = safe_repr(error)
    name = type(error).__name__
    return clean_text(f"{name}: {text}" if text else name)[:LONGEST_ERROR]


def _trace(error: BaseException) -> str:
    try:
        text = "".join(traceback.format_exception(error)).rstrip("\n")
    except Exception as problem:  # formatting runs the error's own code
        text = f"{safe_repr(error)} could not be formatted: {safe_repr(problem)}"
    return cut_text(clean_text(text))
