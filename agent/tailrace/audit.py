"""Audit records: their log call returns when the record is safe, and says so when it is not."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterable, Iterator
from typing import Any

from tailrace.agent import Channel
from tailrace.capture.reach import handlers_above
from tailrace.emitter import Receipt
from tailrace.errors import ConfigError, NotConfirmed, NotRecorded, SpoolFull
from tailrace.handler import TailraceHandler
from tailrace.logrecord import OUTCOMES
from tailrace.runs.router import Router
from tailrace.spool.spool import Spool
from tailrace.wire.levels import parse_level

__all__ = ["audit_log"]

# Seconds that Redis is given where the caller names none.
WAIT = 5.0

# Seconds between two looks whether the record is in Redis, while other streams keep the shipper busy.
POLL = 0.1

# By handler: a receipt; None where the record waits for a log call that it interrupts; why there is none.
Outcomes = dict[TailraceHandler, Receipt | Exception | None]


def audit_log(
    logger: logging.Logger | str,
    message: str,
    *,
    action: str | None = None,
    metadata: Any = None,
    level: int | str = logging.INFO,
    wait: float | bool = False,
    stacklevel: int = 1,
) -> Receipt:
    """Log an audit record, and return when it is safe from the death of this process.

    Tailrace records it first, whatever levels say: the logger's, its handlers' or `logging.disable`, and also where the
    logger does not propagate to it. Then every other handler gets it as if it had been logged there. Filters still
    count.

    Args:
        logger: what it is logged through, or its name.
        message: as it is; there are no arguments to put into it.
        action: what was done, such as `user.delete`.
        metadata: anything that belongs to it, such as who did it to what.
        level: by number or name.
        wait: True or seconds: return only when Redis has it too. True is five seconds.
        stacklevel: as in `Logger.log`: 2 names the caller's caller as where it was logged.

    Returns:
        who numbered it and its number; where several handlers recorded it, from the first.

    Raises:
        SpoolFull: there is no room for it: audit records that Redis did not take fill the spool.
        NotRecorded: no handler of Tailrace recorded it.
        NotConfirmed: it is recorded, but Redis did not acknowledge it in time; also without `wait` where the spool is
            in memory alone, for want of a usable directory, so that only Redis can make it safe.
        ConfigError: when an argument is not usable; then nothing was logged.
        LevelError: for an unknown level; then nothing was logged.
    """
    place = _logger(logger)
    seconds = _seconds(wait)
    number = parse_level(level) if isinstance(level, str) else level
    extra = {name: value for name, value in (("action", action), ("metadata", metadata)) if value is not None}
    # The first frame that is not logging's own is this one.
    file, line, function, _ = place.findCaller(stacklevel=stacklevel + 1)
    record = place.makeRecord(place.name, number, file, line, message, (), None, function, extra)
    outcomes = _deliver(place, record)
    deadline = time.monotonic() + (seconds or WAIT)
    for handler, outcome in outcomes.items():
        _confirm(handler, _receipt(outcome), deadline, in_redis=seconds is not None)
    return next(outcome for outcome in outcomes.values() if isinstance(outcome, Receipt))


def _logger(logger: object) -> logging.Logger:
    if isinstance(logger, logging.Logger):
        return logger
    if isinstance(logger, str):
        return logging.getLogger(logger)
    raise ConfigError(f"logger is {type(logger).__name__}; right would be a logging.Logger or its name")


def _seconds(wait: object) -> float | None:
    """How long to wait for Redis; None for not at all."""
    if wait is True or wait is False:
        return WAIT if wait else None
    if not isinstance(wait, int | float) or not 0.0 < wait < math.inf:
        raise ConfigError(f"wait: {wait!r} is not usable; right would be True or seconds above 0")
    return float(wait)


def _deliver(logger: logging.Logger, record: logging.LogRecord) -> Outcomes:
    """Hand it to our handlers, then to all others; what became of it with ours.

    Raises:
        SpoolFull, NotRecorded: when all have seen it that will.
    """
    outcomes: Outcomes = {}
    kept: Any = logger.filter(record)
    if kept:
        # From Python 3.12 on a filter may give another record in place of this one.
        record = kept if isinstance(kept, logging.LogRecord) else record
        record.__dict__ |= {"is_audit": True, OUTCOMES: outcomes}
        for handler in _handlers(logger):
            handler.handle(record)
        if outcomes:
            record.__dict__[OUTCOMES] = True
        # Else it may still come to ours by another way, as from the loggers of web servers.
        if not logger.disabled:
            logger.callHandlers(record)
        record.__dict__[OUTCOMES] = True
    _check(logger, outcomes)
    return outcomes


def _handlers(logger: logging.Logger) -> list[TailraceHandler]:
    """Ours among the handlers that a record of this logger passes; where there is none, those that it is kept from.

    Who has a logger not propagate means its ordinary records; an audit record names us itself.
    """
    return list(_ours(handlers_above(logger))) or list(_ours(_handlers_of_ancestors(logger)))


def _ours(handlers: Iterable[logging.Handler]) -> Iterator[TailraceHandler]:
    for handler in handlers:
        if isinstance(handler, TailraceHandler):
            yield handler
        elif isinstance(handler, Router) and (recorder := handler.recorder()) is not None:
            yield recorder


def _handlers_of_ancestors(logger: logging.Logger) -> Iterator[logging.Handler]:
    place: logging.Logger | None = logger
    while place is not None:
        yield from place.handlers
        place = place.parent


def _check(logger: logging.Logger, outcomes: Outcomes) -> None:
    for outcome in outcomes.values():
        if isinstance(outcome, SpoolFull):
            raise outcome
        if isinstance(outcome, Exception):
            raise NotRecorded(f"a handler of Tailrace could not record it: {outcome!r}") from outcome
    if not outcomes and not _handlers(logger):
        raise NotRecorded(f"logger {logger.name!r} has no handler of Tailrace; tailrace.install() adds one")
    if not outcomes:
        raise NotRecorded(
            f"no handler of Tailrace recorded it: a filter of logger {logger.name!r} or of the handler refused it, the"
            " handler is disabled, or the logger is one that Tailrace leaves out"
        )


def _receipt(outcome: Receipt | Exception | None) -> Receipt:
    if isinstance(outcome, Receipt):
        return outcome
    raise NotConfirmed("the record interrupts another log call of its own thread, which writes it when it goes on")


def _confirm(handler: TailraceHandler, receipt: Receipt, deadline: float, *, in_redis: bool) -> None:
    """Wait for Redis, where it was asked for or nothing else keeps the record."""
    channel = handler.emitter.channel
    if channel is None or not (in_redis or _in_memory(channel.spool)):
        return
    if not _acknowledged(channel, deadline):
        where = "" if channel.spool.folder else "; it is in memory alone, which dies with the process"
        raise NotConfirmed(f"Redis did not acknowledge {receipt} in time and will be asked on{where}", receipt)


def _in_memory(spool: Spool) -> bool:
    """Whether a record that waits for Redis may be in no file."""
    return any(segment.path is None for segment in list(spool.shelf.segments.values()) if segment.settled_at is None)


def _acknowledged(channel: Channel, deadline: float) -> bool:
    """Wait until Redis has all that is in this stream up to now; whether it has."""
    slot = channel.engine.channel(channel.slot.name).slot
    last = slot.last_seq
    while slot.acked < last:
        left = deadline - time.monotonic()
        if left <= 0:
            return False
        channel.engine.flush(min(left, POLL))
    return True
