"""The recorder: makes records of the lines that a process prints, from whatever thread, in whatever pieces."""

from __future__ import annotations

import os
import sys
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from itertools import count

from tailrace.emitter import Emitter
from tailrace.transcript.lines import LineAssembler
from tailrace.wire.record import Record

__all__ = ["Recorder"]

# Pieces that wait for who is at work on their line: he is never long, unless a signal handler has thrown him out.
MOST_WAITING = 1000

# What is printed while a line is recorded (a destructor runs, a signal comes, a redactor prints) is recorded after it,
# but only so many pieces: what prints whenever a line is recorded would find no end.
MOST_NESTED = 64

WARNING = 30


class Recorder:
    """Makes records of what is written to one stream.

    Each thread has its own unfinished line; of a fork's child the lines that its parent began are not.

    Attributes:
        source: `stdout` or `stderr`.
    """

    def __init__(self, emitter: Emitter, source: str, level: int) -> None:
        self.emitter = emitter
        self.source = source
        self._level = level
        self.begin_anew()

    def take(self, text: str) -> None:
        """Record the lines that this completes in its thread."""
        if self._pid != os.getpid():  # a fork that ran no hook
            self.begin_anew()
        while self._ended:
            self._lines.discard(line := self._ended.popleft())
            line.take(None)
        try:
            line = self._mine.line
        except AttributeError:
            line = self._begin_line()
        line.take(text)

    def flush(self) -> None:
        """Record all unfinished lines as they are."""
        if self._pid == os.getpid():
            for line in list(self._lines):
                line.take(None)

    def begin_anew(self) -> None:
        """Forget what the parent of this process has printed."""
        self._pid = os.getpid()
        self._numbers = count(1)
        self._lines: set[_ThreadLine] = set()
        self._ended: deque[_ThreadLine] = deque()
        self._mine = threading.local()
        self._ends_with_process = False

    def _begin_line(self) -> _ThreadLine:
        if not self._ends_with_process:
            self._end_with_process()
        line = self._mine.line = _ThreadLine(self._write, self._declare, self._numbers)
        # What only the thread holds goes when it ends. Its line is then left to whoever prints next: a thread that
        # goes is no place to do much.
        owner = self._mine.owner = _Owner()
        ended = self._ended
        line.owner = weakref.ref(owner, lambda _: ended.append(line))
        self._lines.add(line)
        return line

    def _end_with_process(self) -> None:
        # A process of `multiprocessing` runs no atexit functions, but its own finalizers, and has just dropped those
        # that it inherited. This one comes before that of the engine, which has priority 10 and ships.
        self._ends_with_process = True
        util = sys.modules.get("multiprocessing.util")
        if util is not None:
            util.Finalize(None, self.flush, exitpriority=20)

    def _write(self, number: int, text: str, thread: str) -> None:
        self.emitter.emit(
            Record(
                time=time.time_ns() // 1000,
                level_number=self._level,
                logger=self.source,
                message=text,
                thread=thread,
                source=self.source,
                line_number=number,
            )
        )

    def _declare(self, pieces: int, thread: str) -> None:
        self.emitter.emit(
            Record(
                time=time.time_ns() // 1000,
                level_number=WARNING,
                logger=self.source,
                message=f"{pieces} pieces of output were not recorded: too many came while a line was",
                thread=thread,
                source="sdk",
                kind="notice",
            )
        )


class _Owner:
    """Lives as long as its thread."""


class _ThreadLine:
    """The unfinished line of a thread.

    Pieces wait here for who is at work on it: that may be another thread, which flushes all lines, or this one,
    interrupted by a destructor or a signal handler that prints.
    """

    def __init__(
        self, write: Callable[[int, str, str], None], declare: Callable[[int, str], None], numbers: count[int]
    ) -> None:
        self.owner: weakref.ref[_Owner] | None = None
        self._name = threading.current_thread().name
        self._write = write
        self._lines = LineAssembler(numbers)
        # Text, or None for a flush.
        self._waiting: deque[str | None] = deque()
        self._declare = declare
        self._lost = 0
        self._lock = threading.Lock()
        self._worker = 0
        self._nested = 0

    def take(self, text: str | None) -> None:
        """Record the lines that the text completes; None completes what is there."""
        me = threading.get_ident()
        if self._worker == me:
            self._nested += 1
        if self._nested > MOST_NESTED or len(self._waiting) >= MOST_WAITING:
            self._lost += 1
            return
        self._waiting.append(text)
        # Whoever is at work may have looked for the last time just before this came.
        while self._waiting and self._lock.acquire(blocking=False):
            try:
                self._worker = me
                self._work()
                lost, self._lost = self._lost, 0
                if lost:
                    self._declare(lost, self._name)
            finally:
                self._worker, self._nested = 0, 0
                self._lock.release()

    def _work(self) -> None:
        while self._waiting:
            text = self._waiting.popleft()
            lines = self._lines.flush() if text is None else self._lines.feed(text)
            for line in lines:
                self._write(line.number, line.text, self._name)
