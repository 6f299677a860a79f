"""Capturing output: what the process prints becomes records, and is printed as before."""

from __future__ import annotations

import atexit
import logging
import os
import sys
import threading
import weakref
from types import TracebackType
from typing import Any, Self

from tailrace.capture.captured import CapturedStream
from tailrace.capture.recorder import Recorder
from tailrace.config import CAPTURED, Config
from tailrace.emitter import Emitter
from tailrace.errors import ConfigError, LevelError
from tailrace.handler import TailraceHandler
from tailrace.wire.levels import parse_level

__all__ = ["Capture", "capture_output"]

# By what they write to and what they read: a stream that is captured twice is recorded once.
_recorders: weakref.WeakValueDictionary[tuple[str, ...], Recorder] = weakref.WeakValueDictionary()

# Between reading `sys.stdout` and putting another in its place.
_lock = threading.RLock()


def capture_output(
    *,
    stdout: int | str | None = CAPTURED["stdout"],
    stderr: int | str | None = CAPTURED["stderr"],
    handler: TailraceHandler | None = None,
    **settings: Any,
) -> Capture:
    """Record what the process prints, and print it as before: use it in a `with` statement, or call `start`.

    Each line written to `sys.stdout` or `sys.stderr` is a record, with the name of the stream as its source and
    logger, and numbered in `line_number`. Blank lines are none, of what is overwritten after a `\\r` remains the last,
    an unterminated last line counts when the capture or the process ends.

    Not recorded, since they pass by these objects: bytes written to `sys.stdout.buffer`, what subprocesses and C code
    write to the descriptors, and text written to `sys.__stdout__`. `tailrace run` records all that. What a logging
    handler prints is not recorded either, if a handler of Tailrace gets the log record.

    Args:
        stdout, stderr: the level of its lines; None leaves it alone. A level below the handler's is not recorded.
        handler: whose stream is written to; else that of the first of ours on the root logger, unless settings are
            given.
        settings: fields of `Config`, in place of a handler's.

    Raises:
        ConfigError: when an argument or an environment variable is not usable.
    """
    levels = {"stdout": _level("stdout", stdout), "stderr": _level("stderr", stderr)}
    if handler is not None and settings:
        raise ConfigError("handler and settings exclude each other: the handler has its own")
    if handler is None and not settings:
        handler = next((each for each in logging.getLogger().handlers if isinstance(each, TailraceHandler)), None)
    emitter = handler.emitter if handler is not None else Emitter(Config.load(**settings))
    lowest = handler.level if handler is not None else emitter.config.level or logging.NOTSET
    kept = {source: level for source, level in levels.items() if level is not None and level >= lowest}
    return Capture(emitter, {} if emitter.config.disabled else kept)


class Capture:
    """Records what is printed, from `start` to `stop`, or in a `with` statement. Make one with `capture_output`."""

    def __init__(self, emitter: Emitter, levels: dict[str, int]) -> None:
        self._emitter = emitter
        self._levels = levels
        self._taps: list[tuple[str, CapturedStream, Recorder]] = []

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Record from now on; does nothing when it does already. A stream that the process has not is left out."""
        with _lock:
            for source, level in self._levels.items() if not self._taps else ():
                stream = getattr(sys, source, None)
                if stream is None:
                    continue
                if not isinstance(stream, CapturedStream):
                    stream = CapturedStream(stream)
                    setattr(sys, source, stream)
                recorder = _recorder(self._emitter, source, level)
                stream.attach(recorder)
                self._taps.append((source, stream, recorder))

    def stop(self) -> None:
        """Record no longer; unfinished lines are recorded as they are.

        The stream that was there before is put back, unless another has been put in place of ours.
        """
        with _lock:
            for source, stream, recorder in self._taps:
                before = stream.detach(recorder)
                if before is not None and getattr(sys, source, None) is stream:
                    setattr(sys, source, before)
            self._taps.clear()


def _level(name: str, level: int | str | None) -> int | None:
    if level is None or (isinstance(level, int) and not isinstance(level, bool)):
        return level
    try:
        return parse_level(str(level))
    except LevelError as error:
        raise ConfigError(f"{name}: {error}") from error


def _recorder(emitter: Emitter, source: str, level: int) -> Recorder:
    config = emitter.config
    place = (config.url, config.prefix, config.service, config.stream, source)
    recorder = _recorders.get(place)
    if recorder is None:
        recorder = _recorders[place] = Recorder(emitter, source, level)
    return recorder


def _flush() -> None:
    for recorder in list(_recorders.values()):
        recorder.flush()


def _after_fork_in_child() -> None:
    global _lock
    # The parent's lock may have been held by a thread that does not exist here.
    _lock = threading.RLock()
    for recorder in list(_recorders.values()):
        recorder.begin_anew()


# Registered after the engine's, so that it runs before: what is unfinished when the process ends is shipped, too.
atexit.register(_flush)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
