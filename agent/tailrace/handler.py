"""The handler: what a log call does. It encodes the record, appends it to the spool and returns."""

from __future__ import annotations

import logging
import os
import sys
import weakref
from contextlib import suppress
from typing import Any

from tailrace.agent import Channel, Reentered, finish_if_exiting
from tailrace.config import Config
from tailrace.emitter import Emitter, Receipt
from tailrace.errors import SpoolFull
from tailrace.hotpath import PLAIN, Familiar, make_handle
from tailrace.interruption import is_interruption
from tailrace.logrecord import MARK, OUTCOMES, STANDARD, is_audit_logger, pack_log_record, pack_remainder
from tailrace.shipper.shipper import shipping
from tailrace.spool.segment import AUDIT

__all__ = ["TailraceHandler"]

# Loggers, with all below them, whose records would speak of their own shipping.
IGNORED = ("tailrace", "redis")

# Extras that have their own place in a record, or are none.
PLACED = frozenset(("is_audit", "action", "metadata", "trace_id", "span_id", MARK, OUTCOMES))


# Handlers by what they write to: those of one stream mark the records that they have recorded.
_handlers: weakref.WeakValueDictionary[tuple[str, ...], weakref.WeakSet[TailraceHandler]] = (
    weakref.WeakValueDictionary()
)


_all: weakref.WeakSet[TailraceHandler] = weakref.WeakSet()


class TailraceHandler(logging.Handler):
    """Records what is logged in a stream of Tailrace.

    Works with plain arguments in `logging.config.dictConfig`. Making one neither connects nor creates files; that
    comes with its first record. `handle` never raises, waits at most 50 ms for another thread, takes no handler
    lock and does no I/O but to memory, whatever state Redis is in.

    Attributes:
        config: its settings.
        emitter: what it writes through.

    Args:
        level: the lowest level recorded; else `TAILRACE_LEVEL`, else all.
        url, service, stream, prefix, spool_dir, spool_max, disabled: as in `Config`; what is not given comes
            from the environment.

    Raises:
        ConfigError: when an argument or an environment variable is not usable.
    """

    def __init__(self, level: int | str | None = None, **settings: Any) -> None:
        self.config = Config.load(level=level, **settings)
        super().__init__(self.config.level or logging.NOTSET)
        self._settings = settings
        self.emitter = Emitter(self.config, self._on_bound)
        self._familiar = Familiar(self.emitter.redactor)
        self.marking = False
        place = (self.config.url, self.config.prefix, self.config.service, self.config.stream)
        siblings = self._siblings = _handlers.setdefault(place, weakref.WeakSet())
        siblings.add(self)
        if len(siblings) > 1:
            for sibling in siblings:
                sibling.marking = True
        self._follow_celery()
        _all.add(self)

    def handle(self, record: logging.LogRecord) -> bool:
        """Record it, unless a filter refuses it. Never raises.

        The first record of a process takes this way; it puts the hot path in its place.
        """
        if self.filters:
            return self.handle_filtered(record)
        self.emit(record)
        return True

    def handle_filtered(self, record: logging.LogRecord) -> bool:
        """Record it, unless a filter refuses it."""
        kept: Any = self.filter(record)
        if not kept:
            return False
        # From Python 3.12 on a filter may give another record in place of this one.
        self.emit(kept if isinstance(kept, logging.LogRecord) else record)
        return True

    def emit(self, record: logging.LogRecord) -> None:
        """Record it the complete way, whatever is in it. Never raises."""
        try:
            if not self.config.disabled and not shipping.now and not _ignores(record.name):
                self._emit(record)
        except SpoolFull as error:
            self.emitter.refuse(error)
            self._tell(record, error)
        except Exception as error:  # the application must not suffer from a defect of ours
            if is_interruption(error):
                raise
            self.emitter.voice.say(f"a record was lost: {error!r}")
            self._tell(record, error)

    def append(self, record: logging.LogRecord, tag: int, time: int, payload: bytes) -> None:
        """Put a packed record into the spool. Never raises."""
        try:
            self._append(record, tag, time, payload)
        except SpoolFull as error:
            self.emitter.refuse(error)
        except Exception as error:  # as in `emit`
            if is_interruption(error):
                raise
            self.emitter.voice.say(f"a record was lost: {error!r}")

    def flush(self) -> None:
        """Wait for nothing: `logging` calls this with its locks held. `tailrace.flush` waits.

        At the end of the process, when all else has been shipped, it ships what was logged since.
        """
        finish_if_exiting()

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self.level or None, self._settings, list(self.filters))

    def _emit(self, record: logging.LogRecord) -> None:
        if record.__dict__.get(OUTCOMES) is True:
            return
        if self.emitter.pid != os.getpid():
            self._bind_first()
        self._learn(record)
        if self.marking and self._is_marked(record):
            return
        try:
            entry = pack_log_record(record, self.emitter.redactor)
        except Exception as error:  # a stranger's object found a way; RecursionError, MemoryError
            if is_interruption(error):
                raise
            entry = pack_remainder(record, error)
        self._append(record, *entry)

    def _append(self, record: logging.LogRecord, tag: int, time: int, payload: bytes) -> None:
        receipt = self.emitter.append(tag, time, payload)
        if tag & AUDIT:
            self._tell(record, receipt)
        if self.marking:
            self.mark(record)

    def _tell(self, record: logging.LogRecord, outcome: Receipt | Exception | None) -> None:
        """Have `audit_log` know, where the record is one of its."""
        outcomes = record.__dict__.get(OUTCOMES)
        if isinstance(outcomes, dict):
            outcomes[self] = outcome

    def _bind_first(self) -> None:
        # When it interrupts the call that makes the spool, the record waits in the emitter for that.
        with suppress(Reentered):
            self.emitter.bind()

    def _on_bound(self, channel: Channel) -> None:
        """Take the hot path from now on, unless a subclass has its own."""
        if "TAILRACE_PARENT" in os.environ:
            # Only under `tailrace run`; others need not import it.
            from tailrace.command.marks import mark_output

            mark_output()
        self._follow_celery()
        if type(self).handle is TailraceHandler.handle and type(self).emit is TailraceHandler.emit:
            handle = make_handle(self, channel.spool, channel.slot, channel.pid, self._familiar)
            self.handle = handle  # type: ignore[method-assign, assignment]

    def _follow_celery(self) -> None:
        """A worker takes all handlers off the root logger; and its tasks are to be correlated."""
        if "celery.signals" in sys.modules and not self.config.disabled:
            # Only where it is loaded; others need not import it.
            from tailrace.integrations.celery import follow

            follow(self if self in logging.root.handlers else None)

    def _learn(self, record: logging.LogRecord) -> None:
        """Let the next records like this one take the hot path."""
        familiar = self._familiar
        familiar.learn_class(type(record))
        if not is_audit_logger(str(record.name)):
            familiar.learn_site(
                (record.levelno, record.name, record.module, record.funcName, record.lineno, record.threadName),
                record.msg,
            )
        if len(record.__dict__) > PLAIN:
            for name in record.__dict__.keys() - STANDARD - PLACED:
                familiar.learn_extra(name)

    # More than one handler for one stream: a record is recorded by the first that sees it.

    def mark(self, record: logging.LogRecord) -> None:
        """Note in the record that it has been recorded here."""
        record.__dict__[MARK] = (*record.__dict__.get(MARK, ()), self.emitter.channel)

    def _is_marked(self, record: logging.LogRecord) -> bool:
        return self.emitter.channel in record.__dict__.get(MARK, ())


def _ignores(name: object) -> bool:
    return isinstance(name, str) and name.partition(".")[0] in IGNORED


def _leave_hot_paths() -> None:
    """In a forked child: they write to the parent's spool, even records that the parent has made."""
    for handler in list(_all):
        handler.__dict__.pop("handle", None)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_hot_paths)


def _restore(
    kind: type[TailraceHandler], level: int | None, settings: dict[str, Any], filters: list[Any]
) -> TailraceHandler:
    handler = kind(level, **settings)
    for each in filters:
        handler.addFilter(each)
    return handler
