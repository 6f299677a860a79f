"""Captured streams: what stands at `sys.stdout` and `sys.stderr` while what is printed becomes records."""

from __future__ import annotations

import logging
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import repeat
from types import CodeType, FrameType, MethodDescriptorType
from typing import Any

from tailrace.capture.reach import is_recorded, records
from tailrace.capture.recorder import Recorder
from tailrace.handler import TailraceHandler
from tailrace.interruption import is_interruption
from tailrace.shipper.shipper import shipping

__all__ = ["CapturedStream", "is_recorded_otherwise", "pass_over"]

# How many frames up it is looked for who prints: a handler's own way to its stream is much shorter, and each takes
# a tenth of a microsecond.
DEEPEST_LOOK = 60

_HANDLE = logging.Handler.handle.__code__
_CALL_HANDLERS = logging.Logger.callHandlers.__code__

# What is looked for on the stack, by id, since a code object takes long to hash.
_tell: dict[int, CodeType] = {id(code): code for code in (_HANDLE, _CALL_HANDLERS)}

# Of this thread: `recorders`, what the streams around this one record of what is being written; `site` and `left_out`,
# whose call has begun the line, and whether its text is recorded otherwise.
_writing = threading.local()


def pass_over(function: Callable[..., Any]) -> None:
    """Leave out what is printed within this function: it is recorded in another way."""
    code = function.__code__
    _tell[id(code)] = code


class CapturedStream:
    """A stream whose text goes where it went before, and to recorders. All else is that of the stream itself."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._users: Counter[Recorder] = Counter()
        self._recorders: tuple[Recorder, ...] = ()
        # A stream written in Python may write to another captured one; those of `io` write to none.
        self._nests = not isinstance(getattr(type(stream), "write", None), MethodDescriptorType)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def __enter__(self) -> CapturedStream:
        return self

    def __exit__(self, *error: object) -> None:
        self._stream.close()

    def __repr__(self) -> str:
        return f"<tailrace.CapturedStream of {self._stream!r}>"

    def write(self, text: str, /) -> int:
        """Write to the stream; whatever it raises or returns is raised or returned. Then record the text."""
        outer: tuple[Recorder, ...] = getattr(_writing, "recorders", ())
        if self._nests:
            _writing.recorders = outer + self._recorders
        try:
            return self._stream.write(text)  # type: ignore[no-any-return]
        finally:
            if self._nests:
                _writing.recorders = outer
            self._record(text, outer)

    def writelines(self, lines: Iterable[str], /) -> None:
        """Write them one after the other."""
        for line in lines:
            self.write(line)

    def attach(self, recorder: Recorder) -> None:
        """Have it record what is written from now on; once, however often it is attached."""
        self._users[recorder] += 1
        self._recorders = tuple(self._users)

    def detach(self, recorder: Recorder) -> Any:
        """Undo one `attach`; returns the stream itself when nobody records it any more, else None."""
        self._users[recorder] -= 1
        if self._users[recorder] <= 0:
            del self._users[recorder]
            self._recorders = tuple(self._users)
            recorder.flush()
        return None if self._users else self._stream

    def _record(self, text: object, outer: tuple[Recorder, ...]) -> None:
        if not self._recorders or not isinstance(text, str) or not text:
            return
        try:
            if not shipping.now and not self._leaves_out(text, sys._getframe(2)):
                for recorder in self._recorders:
                    if recorder not in outer:
                        recorder.take(text)
        except Exception as error:  # the application must not suffer from a defect of ours
            if is_interruption(error):
                raise
            self._recorders[0].emitter.voice.say(f"captured output was lost: {error!r}")

    def _leaves_out(self, text: str, frame: FrameType) -> bool:
        """Whether the text is recorded otherwise. `print` writes a line in pieces: of those the first tells."""
        site = id(self), id(frame), frame.f_lasti
        if getattr(_writing, "site", None) != site:
            _writing.left_out = is_recorded_otherwise(frame)
        _writing.site = None if "\n" in text else site
        return bool(_writing.left_out)

    def is_recorded(self) -> bool:
        """Whether what is written here is recorded where the process's log is."""
        ours = [each.emitter for each in logging.getLogger().handlers if isinstance(each, TailraceHandler)]
        return any(recorder.emitter in ours for recorder in self._recorders)


def is_recorded_otherwise(frame: FrameType | None) -> bool:
    """Whether what is printed by this frame is recorded without being captured from the stream it is written to.

    So it is when a logging handler prints a record that a handler of ours gets too, when it is printed in a function
    that is passed over, and when the frame is a captured stream that hands on what it has for the process's log.
    """
    if frame is not None and frame.f_code is CapturedStream.write.__code__ and frame.f_locals["self"].is_recorded():
        return True
    record: logging.LogRecord | None = None
    caller: FrameType | None = None
    for _ in repeat(None, DEEPEST_LOOK):
        if frame is None:
            break
        code = frame.f_code
        if id(code) in _tell:
            if code is _CALL_HANDLERS:
                return is_recorded(frame.f_locals["self"], record or frame.f_locals["record"])
            if code is not _HANDLE:
                return True
            if record is None:
                record, caller = frame.f_locals["record"], frame.f_back
        frame = frame.f_back
    return record is not None and _is_recorded_aside(record, caller)


def _is_recorded_aside(record: logging.LogRecord, caller: FrameType | None) -> bool:
    """Whether a record is recorded that no logger hands to the handler that prints it, but a queue's listener.

    One of ours may be at the logger, before the queue, or at the listener, behind it.
    """
    listener = caller.f_locals.get("self") if caller is not None else None
    beside = getattr(listener, "handlers", ())
    return is_recorded(_logger_named(record.name), record) or any(records(handler, record) for handler in beside)


def _logger_named(name: str) -> logging.Logger:
    # `getLogger` would make one.
    found = logging.Logger.manager.loggerDict.get(name)
    return found if isinstance(found, logging.Logger) else logging.getLogger()
