"""Detached loggers: those of web servers, which keep their records from the root logger.

A handler that is added to such a logger is gone when the server configures its logging later: `dictConfig` takes all
handlers off the loggers that it names. It leaves the loggers themselves, and what is on them. So ours is no handler
but stands in for the logger's `callHandlers`, which gets every record that the logger's level and filters let through;
and it looks anew at each record whether our handler is reached anyway.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from tailrace.capture.reach import Post, handlers_above
from tailrace.handler import TailraceHandler

__all__ = ["LOGGERS", "follow"]

LOGGERS = (
    *("uvicorn", "uvicorn.access", "uvicorn.error", "uvicorn.asgi"),
    *("gunicorn.error", "gunicorn.access"),
    "django.server",  # of `runserver`
)


def follow(post: Post) -> None:
    """Have the handler get the records of the loggers of web servers, too, as long as it is at its post."""
    for name in LOGGERS:
        logger = logging.getLogger(name)
        present = logger.__dict__.get("callHandlers")
        if not isinstance(present, _CallHandlers):
            present = _CallHandlers(logger, present)
            logger.callHandlers = present  # type: ignore[method-assign]  # see above
        present.add(post)


class _CallHandlers:
    """What a detached logger calls with each of its records."""

    def __init__(self, logger: logging.Logger, before: Any) -> None:
        self._logger = logger
        self._before = before
        self._posts: list[Post] = []

    def add(self, post: Post) -> None:
        """Have this handler get what it would miss."""
        if post not in self._posts:
            self._posts.append(post)

    def missing(self, record: logging.LogRecord) -> Iterator[TailraceHandler]:
        """The handlers that want the record and do not get it through the tree."""
        # Two posts may have the same handler by now.
        for handler in {post.taker(record) for post in self._posts}:
            if handler is not None and handler not in handlers_above(self._logger):
                yield handler

    def __call__(self, record: logging.LogRecord) -> None:
        for handler in self.missing(record):
            handler.handle(record)
        # The method is looked up now: others replace it in the class.
        call = self._before or type(self._logger).callHandlers.__get__(self._logger)
        call(record)
