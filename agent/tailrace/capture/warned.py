"""Warnings: each one that Python shows becomes a record of the logger `py.warnings`, and is shown as before."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from typing import Any, TextIO

from tailrace.capture.captured import pass_over
from tailrace.capture.reach import Post
from tailrace.diagnostics import write_line
from tailrace.handler import TailraceHandler
from tailrace.values import safe_repr

__all__ = ["LOGGER", "record_warnings"]

# As `logging.captureWarnings` has it.
LOGGER = "py.warnings"


def record_warnings(post: Post, level: int = logging.WARNING) -> None:
    """From now on have warnings recorded by this handler, and shown as before.

    Not those that go through `logging` since the application has called `logging.captureWarnings`, before or after:
    the handler gets them anyway.
    """
    present: Any = warnings.showwarning
    if not isinstance(present, _ShowWarning):
        present = _ShowWarning(present)
        warnings.showwarning = present
    present.posts[post] = level


class _ShowWarning:
    """Stands in for `warnings.showwarning`; calls the one that was there before."""

    def __init__(self, previous: Callable[..., Any]) -> None:
        self.posts: dict[Post, int] = {}
        self._previous = previous

    def __call__(
        self,
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        records: dict[TailraceHandler, logging.LogRecord] = {}
        # With a file it is asked to write there; `logging` does what it does instead of showing.
        if file is None and self._previous is not getattr(logging, "_showwarning", None):
            try:
                text = f"{category.__name__}: {message}"
                made = [(post, _record(text, level, filename, lineno)) for post, level in self.posts.items()]
                # Two posts may have the same handler by now.
                records = {taker: record for post, record in made if (taker := post.taker(record))}
            except Exception as error:  # a stranger's text; it is shown, whatever is wrong with us
                write_line(f"a warning was not recorded: {safe_repr(error)}")
        if records:
            self._record_and_show(records, message, category, filename, lineno, file, line)
        else:
            self._previous(message, category, filename, lineno, file, line)

    def _record_and_show(self, records: dict[TailraceHandler, logging.LogRecord], *arguments: Any) -> None:
        """What is shown is not captured: it is recorded here."""
        for handler, record in records.items():
            handler.handle(record)
        self._previous(*arguments)


pass_over(_ShowWarning._record_and_show)


def _record(text: str, level: int, filename: str, lineno: int) -> logging.LogRecord:
    return logging.LogRecord(LOGGER, level, filename, lineno, text, (), None)
