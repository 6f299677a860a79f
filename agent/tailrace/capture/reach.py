"""Reach: which records get to a handler of ours, so that nothing that is recorded is recorded again."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import NamedTuple, TypeGuard

from tailrace.handler import IGNORED, TailraceHandler
from tailrace.logrecord import OUTCOMES

__all__ = ["Post", "handlers_above", "is_recorded", "records"]


class Post(NamedTuple):
    """A handler where it was installed. Who takes it off its logger has ended what it did elsewhere, too.

    Another one of the same stream, which a configuration of logging has put in its place, goes on for it.
    """

    logger: logging.Logger
    handler: TailraceHandler

    def taker(self, record: logging.LogRecord) -> TailraceHandler | None:
        """The handler that is there now, if it wants a record of that level."""
        handler: TailraceHandler | None = self.handler
        if handler not in self.logger.handlers:
            handler = next((each for each in self.logger.handlers if self._is_like(each)), None)
        return handler if handler is not None and record.levelno >= handler.level else None

    def _is_like(self, handler: logging.Handler) -> TypeGuard[TailraceHandler]:
        return isinstance(handler, TailraceHandler) and _place(handler) == _place(self.handler)


def _place(handler: TailraceHandler) -> tuple[str, ...]:
    config = handler.config
    return config.url, config.prefix, config.service, config.stream


def handlers_above(logger: logging.Logger) -> Iterator[logging.Handler]:
    """The handlers that a record of this logger passes."""
    place: logging.Logger | None = logger
    while place is not None:
        yield from place.handlers
        place = place.parent if place.propagate else None


def is_recorded(logger: logging.Logger, record: logging.LogRecord) -> bool:
    """Whether a handler of ours gets this record of this logger. What the handler's filters think is not asked."""
    if record.name.partition(".")[0] in IGNORED:
        return False
    if record.__dict__.get(OUTCOMES) is True:
        return True  # an audit record, which ours have got before all others, whatever levels say
    also = getattr(logger.callHandlers, "missing", None)
    return (also is not None and any(True for _ in also(record))) or any(
        records(handler, record) for handler in handlers_above(logger)
    )


def records(handler: logging.Handler, record: logging.LogRecord) -> bool:
    """Whether it is a handler of ours that records this."""
    if not isinstance(handler, TailraceHandler):
        # A run's router stands in for the handler of the run that is under way, if there is one.
        recorder = getattr(handler, "recorder", None)
        handler = recorder() if callable(recorder) else handler
    return isinstance(handler, TailraceHandler) and record.levelno >= handler.level and not handler.config.disabled
