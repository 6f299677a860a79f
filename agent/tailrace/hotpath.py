"""The hot path: what nearly every log call runs, in one function that calls nothing but C.

It is one closure made per handler and process, with all it needs bound beforehand, because a call, a global and an
attribute are what a log call's few microseconds consist of. It takes records that a few looks show to be plain, and
does for them what `logrecord` and `Spool.append` do for any; every other record goes that complete way.
"""

from __future__ import annotations

import logging
import zlib
from asyncio import _get_running_loop
from collections.abc import Callable
from itertools import islice
from typing import Any, Protocol

import msgpack

from tailrace.correlation.context import current_context
from tailrace.correlation.correlation import correlation
from tailrace.interruption import is_interruption
from tailrace.native import get_ident
from tailrace.redaction import Redactor
from tailrace.spool.segment import SEQ_STEP, tag_of
from tailrace.spool.slot import Slot
from tailrace.spool.spool import URGENT, Spool
from tailrace.wire.record import MAX_TIME

__all__ = ["Familiar", "Handler", "make_handle"]

# Attributes of a record that got no extras and went through no Formatter, and the last of them.
PLAIN = len(logging.makeLogRecord({}).__dict__)
LAST = list(logging.makeLogRecord({}).__dict__)[-1]

# Bytes of a packed record that nothing in it can be too long for.
SHORT = 48 << 10

# The standard levels, as plain ints.
LEVELS = {level: level for level in (10, 20, 30, 40, 50)}

# What a Formatter of another handler leaves in a record.
BY_FORMATTERS = frozenset(("message", "asctime"))

# Types of extras that need no cleaning.
SIMPLE = frozenset((str, int, bool, type(None)))

# Text of so few characters triggers no redaction, and neither do values of these types.
HARMLESS = 3
HARMLESS_KINDS = frozenset((int, float, bool, type(None)))

# Call sites, and names of extras, remembered; an application that makes them up without end starts over.
MOST_SITES = 4096

# Kinds of records; there is one, or one that the application has put in its place.
MOST_CLASSES = 64

# How a packed record with eight places begins, and one with a map behind them; a time of eight bytes follows.
EIGHT, NINE = 0x98CF << 64, 0x99CF << 64
BEGINNING = 10

# Level, logger, module, function, line and thread of a record.
Site = tuple[Any, Any, Any, Any, Any, Any]


class Familiar:
    """What the complete way has found to be plain.

    Attributes:
        sites: for each call site the tag of its entries, what is packed before and behind the message, and the format
            that holds no secret, if its last one was such.
        classes: kinds of records whose message is made as `logging` makes it.
        extras: names that have no place of their own in a record.
        redactor: takes secrets out; None where they stay.
    """

    __slots__ = ("classes", "extras", "redactor", "sites")

    def __init__(self, redactor: Redactor | None) -> None:
        self.redactor = redactor
        self.sites: dict[Site, tuple[int, bytes, bytes, object]] = {}
        self.classes: set[type] = set()
        self.extras: set[str] = set()

    def learn_class(self, kind: type[logging.LogRecord]) -> None:
        """Remember a kind of records, unless it has a way of its own to make its message."""
        if kind.getMessage is logging.LogRecord.getMessage and len(self.classes) < MOST_CLASSES:
            self.classes.add(kind)

    def learn_site(self, site: Site, message: object) -> None:
        """Remember a call site, if all of it has the right type; a wrong one would make a whole frame unreadable.

        Args:
            message: the format of this call; most sites always have the same.
        """
        level, logger, module, function, line, thread = site
        texts = (logger, module, function, thread)
        if type(level) is int and level in LEVELS and type(line) is int and all(type(text) is str for text in texts):
            if len(self.sites) >= MOST_SITES:
                self.sites.clear()
            try:
                before = b"".join(map(msgpack.packb, (level, logger)))
                behind = b"".join(map(msgpack.packb, (module, function, line, thread)))
            except (ValueError, OverflowError):
                return  # a surrogate or an absurd number: not plain
            clean = self.redactor is None or (type(message) is str and self.redactor.is_clean(message))
            self.sites[site] = tag_of(level), before, behind, message if clean else None

    def learn_extra(self, name: object) -> None:
        """Remember the name of an extra."""
        secret = type(name) is str and self.redactor is not None and self.redactor.is_secret(name)
        if type(name) is str and name.isprintable() and not secret:
            if len(self.extras) >= MOST_SITES:
                self.extras.clear()
            self.extras.add(name)


class Handler(Protocol):
    """What the hot path needs of its handler."""

    filters: list[Any]
    marking: bool

    def emit(self, record: logging.LogRecord) -> None: ...
    def handle_filtered(self, record: logging.LogRecord) -> bool: ...
    def append(self, record: logging.LogRecord, tag: int, time: int, payload: bytes) -> None: ...
    def mark(self, record: logging.LogRecord) -> None: ...


class _NotPlain(Exception):
    """The record takes the complete way."""


def make_handle(
    handler: Handler, spool: Spool, slot: Slot, pid: int, familiar: Familiar
) -> Callable[[logging.LogRecord], bool]:
    """A handler's `handle` for this process."""
    sites, classes, known_extras = familiar.sites, familiar.classes, familiar.extras
    # One packer for all threads: it gets plain values only, so it never runs Python code and is never re-entered.
    pack, join, adler32 = msgpack.Packer().pack, b"".join, zlib.adler32
    lock, overflow = spool.lock, spool.overflow
    get_context, running_loop = current_context.get, _get_running_loop
    usual = logging.LogRecord
    own_redactor = familiar.redactor
    redacts = own_redactor is not None
    redactor = own_redactor or Redactor()
    is_clean, redact = redactor.is_clean, redactor.text

    def are_clean(args: Any) -> bool:
        if args.__class__ is not tuple:
            return False
        for value in args:
            kind = value.__class__
            if kind is str:
                if len(value) > HARMLESS and (len(value) > SHORT or not is_clean(value)):
                    return False
            elif kind not in HARMLESS_KINDS:
                return False
        return True

    def handle(record: logging.LogRecord) -> bool:
        if handler.filters:
            return handler.handle_filtered(record)
        try:
            tag, before, behind, clean = sites[
                record.levelno, record.name, record.module, record.funcName, record.lineno, record.threadName
            ]
            if record.process != pid or record.exc_info or record.exc_text or record.stack_info:
                raise _NotPlain
            if record.__class__ is not usual and record.__class__ not in classes:
                raise _NotPlain
            message: Any = record.msg
            args = record.args
            # A format that is the same object as before has been found clean: only what is put into it is looked at.
            looked = not redacts or (message is clean and (not args or are_clean(args)))
            if args:
                message = message % args
            if not looked:
                if len(message) > SHORT:
                    raise _NotPlain
                message = redact(message)
            if message.__class__ is not str or (message[0] == "[" and message.startswith("[AUDIT]")):
                raise _NotPlain
            time = (record.created * 1000000).__int__()
            if time > MAX_TIME:
                raise _NotPlain
            # This look makes a dict of the record, so it comes last: what was read before was cheaper to read.
            attributes = record.__dict__
            fields: dict[str, Any] | None = None
            if len(attributes) != PLAIN:
                # What was added last is at the end; from the beginning there would be twenty-two to pass over.
                names = [*islice(reversed(attributes), len(attributes) - PLAIN + 1)]
                if names.pop() != LAST:
                    raise _NotPlain
                fields = {}
                for key in reversed(names):
                    value = attributes[key]
                    if key not in known_extras:
                        if key in BY_FORMATTERS:
                            continue
                        raise _NotPlain
                    kind = value.__class__
                    # A float that is not finite is not nought when multiplied by nought.
                    if kind not in SIMPLE and (kind is not float or value * 0.0 != 0.0):
                        raise _NotPlain
                    if kind is str and redacts and len(value) > HARMLESS:
                        if len(value) > SHORT:
                            raise _NotPlain
                        value = redact(value)
                    fields[key] = value
            if get_context() is not None or running_loop() is not None or correlation.tracers:
                rest = correlation.rest(fields, own_redactor)
                payload = join(((NINE | time).to_bytes(BEGINNING, "big"), before, pack(message), behind, pack(rest)))
            elif fields:
                rest = {"fields": fields}
                payload = join(((NINE | time).to_bytes(BEGINNING, "big"), before, pack(message), behind, pack(rest)))
            else:
                payload = join(((EIGHT | time).to_bytes(BEGINNING, "big"), before, pack(message), behind))
            size = len(payload)
            if size > SHORT:
                raise _NotPlain
        except Exception as error:  # a plain record does not get here; the complete way deals with whatever it is
            if is_interruption(error):
                raise
            handler.emit(record)
            return True
        # From here on as in `Spool.append`, in line.
        if lock.locked():
            handler.append(record, tag, time, payload)
            return True
        me = get_ident()
        with lock:
            # Nothing may be called before this is set: a signal handler that then logged would wait for itself.
            spool.holder = me
            try:
                at = spool.at
                end = at + (size + 31 >> 3)
                short = tag >= slot.gate and end <= spool.limit and not overflow.waits
                if short:
                    word = slot.next | tag
                    words = spool.words
                    words[at + 1] = word
                    words[at + 2] = time
                    start = (at << 3) + 24
                    spool.map[start : start + size] = payload
                    words[at] = adler32(payload, word ^ time) << 32 | size
                    slot.next += SEQ_STEP
                    spool.at = end
            except BaseException:  # not ours: a signal handler has raised
                spool.limit = 0
                spool.holder = 0
                raise
            spool.holder = 0
        if not short:
            handler.append(record, tag, time, payload)
            return True
        if end >= spool.wake_at or tag >= URGENT:
            spool.on_wake()
        if overflow.waits:
            spool.drain()
        if handler.marking:
            handler.mark(record)
        return True

    return handle
