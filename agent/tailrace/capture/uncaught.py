"""Uncaught exceptions: of the main thread, of other threads, and those that Python can only ignore.

asyncio's need nothing: its loops log them through the logger `asyncio`.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Any, NamedTuple

from tailrace.capture.captured import pass_over
from tailrace.capture.reach import Post
from tailrace.diagnostics import write_line
from tailrace.handler import TailraceHandler
from tailrace.values import safe_repr

__all__ = ["LOGGER", "record_uncaught"]

# The logger that their records name.
LOGGER = "uncaught"


def record_uncaught(post: Post, level: int = logging.CRITICAL) -> None:
    """From now on have uncaught exceptions recorded by this handler, and handled as before.

    Each is recorded once: not when the hook that was there before logs it where the handler gets it. What Python
    ignores, as exceptions in destructors, is an ERROR. `SystemExit` and `KeyboardInterrupt` are no failures.
    """
    for module, name, read in _HOOKS:
        present = getattr(module, name)
        if not isinstance(present, _Hook):
            present = _Hook(present, read)
            setattr(module, name, present)
        present.posts[post] = level


class _Uncaught(NamedTuple):
    """What happened."""

    error: BaseException
    text: str
    ignored: bool = False


class _Hook:
    """Stands in for one of Python's hooks; calls the one that was there before."""

    def __init__(self, previous: Callable[..., Any], read: Callable[..., _Uncaught | None]) -> None:
        self.posts: dict[Post, int] = {}
        self._previous = previous
        self._read = read

    def __call__(self, *arguments: Any) -> None:
        happened = None
        records: dict[TailraceHandler, logging.LogRecord] = {}
        try:
            happened = self._read(*arguments)
            made = [(post, _record(happened, level)) for post, level in self.posts.items() if happened]
            # Two posts may have the same handler by now.
            records = {taker: record for post, record in made if (taker := post.taker(record))}
        except Exception as error:  # the application's own hook must run, whatever is wrong with ours
            write_line(f"an uncaught exception was not recorded: {error!r}")
        if happened and records:
            self._call_and_record(arguments, happened, records)
        else:
            self._previous(*arguments)

    def _call_and_record(
        self, arguments: Any, happened: _Uncaught, records: dict[TailraceHandler, logging.LogRecord]
    ) -> None:
        """What the hook prints is not captured: it is recorded here."""
        with ExitStack() as stack:
            for handler, record in records.items():
                stack.enter_context(_recorded_once(handler, record, happened.error))
            self._previous(*arguments)


pass_over(_Hook._call_and_record)


@contextmanager
def _recorded_once(handler: TailraceHandler, record: logging.LogRecord, error: BaseException) -> Iterator[None]:
    """Record it at the end, unless a record with the same exception has come to the handler in this thread."""
    me, seen = threading.get_ident(), False

    def look(passing: logging.LogRecord) -> bool:
        nonlocal seen
        info = passing.exc_info
        seen = seen or (threading.get_ident() == me and bool(info) and info is not None and info[1] is error)
        return True

    handler.addFilter(look)
    try:
        yield
    finally:
        handler.removeFilter(look)
        if not seen:
            handler.handle(record)


def _record(happened: _Uncaught, level: int) -> logging.LogRecord:
    error, trace = happened.error, happened.error.__traceback__
    last = trace
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    code = last.tb_frame.f_code if last is not None else None
    return logging.LogRecord(
        LOGGER,
        min(level, logging.ERROR) if happened.ignored else level,
        code.co_filename if code is not None else "",
        last.tb_lineno if last is not None else 0,
        f"{happened.text}: {_text_of(error)}",
        (),
        (type(error), error, trace),
        code.co_name if code is not None else None,
    )


def _text_of(error: BaseException) -> str:
    try:
        text = str(error)
    except Exception:  # a stranger's code
        text = safe_repr(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _read_main(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> _Uncaught | None:
    if error is None or isinstance(error, KeyboardInterrupt | SystemExit):
        return None
    return _Uncaught(error, "uncaught exception")


def _read_thread(arguments: threading.ExceptHookArgs) -> _Uncaught | None:
    error = arguments.exc_value
    if error is None or isinstance(error, SystemExit):
        return None
    name = arguments.thread.name if arguments.thread is not None else "unknown"
    return _Uncaught(error, f"uncaught exception in thread {name}")


def _read_unraisable(arguments: Any) -> _Uncaught | None:
    if arguments.exc_value is None:
        return None
    # Only a text of the object: it is about to go.
    text = f"{arguments.err_msg or 'exception ignored in'}: {safe_repr(arguments.object)}"
    return _Uncaught(arguments.exc_value, text, ignored=True)


_HOOKS: tuple[tuple[Any, str, Callable[..., _Uncaught | None]], ...] = (
    (sys, "excepthook", _read_main),
    (threading, "excepthook", _read_thread),
    (sys, "unraisablehook", _read_unraisable),
)
