"""Runs: a unit of work with a stream of its own, `run:<id>`, that tells how it began, went and ended.

logger -> router -> the run in whose context the log call is made -> `run:<id>`
"""

from __future__ import annotations

import base64
import functools
import inspect
import logging
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import fields as fields_of
from dataclasses import replace
from types import FrameType, TracebackType
from typing import Any, Self, TypeVar, cast

import msgpack

from tailrace.agent import flush
from tailrace.capture.output import capture_output as capture
from tailrace.capture.reach import handlers_above
from tailrace.config import Config
from tailrace.diagnostics import Voice
from tailrace.emitter import Emitter
from tailrace.errors import ConfigError, SpoolFull, TailraceError
from tailrace.handler import TailraceHandler
from tailrace.runs.ending import Ending, ending_of
from tailrace.runs.router import Router, current_work, routed, within
from tailrace.values import clean, clean_text, cut_text, safe_repr
from tailrace.wire.levels import parse_level
from tailrace.wire.record import Record

__all__ = ["Run", "current_run", "run"]

Function = TypeVar("Function", bound=Callable[..., Any])

LONGEST_NAME = 128

# What a stream's name has room for behind `run:`.
LONGEST_ID = 124
_ID = re.compile(r"[A-Za-z0-9._:-]{1,124}", re.ASCII)
_NOT_IN_IDS = re.compile(r"[^A-Za-z0-9._:-]+", re.ASCII)

# Characters of the name, and bytes of chance, in an id made here: readable, and none twice at thousands a second.
ID_NAME, ID_CHANCE = 40, 5

# Bytes of packed fields in a record of ours, which with message and exception may have 128 KiB as any other.
LARGEST_FIELDS = 32 << 10

# Seconds. A stream takes one of some thousand places in the spool until Redis has all of it. Where none is left, the
# beginning of a run waits so long for one, in such steps; after it was in vain, none does so for a while.
PATIENCE, POLL, NO_PATIENCE = 0.5, 0.02, 10.0

INFO = 20
LEVELS = {"ok": 20, "cancelled": 30, "failed": 40}


def run(
    name: str,
    *,
    id: str | None = None,
    capture_output: bool = False,
    logger: logging.Logger | str | None = None,
    level: int | str | None = None,
    fields: Mapping[str, Any] | None = None,
    **settings: Any,
) -> Run:
    """A unit of work with a stream of its own: for a `with` statement, or to decorate a function.

    A decorated function, `async` or not, is a run each time it is called. What is logged in a run's context goes to
    the run's stream as well as where it went before; within a run in a run, to the inner one's. That takes in asyncio
    tasks begun in it; threads by `Run.wrap`.

    Args:
        name: what it is, such as `nightly import`: the same for every run of it.
        id: what the stream is called behind `run:`; else one is made of name, time and chance.
        capture_output: what the process prints goes to the run's stream too.
        logger: whose records, in place of the root logger's.
        level: the lowest level recorded; the logger's own level is lowered to it for as long as the run takes. Else
            that of the handler on the logger.
        fields: what the start and finish records say besides.
        settings: fields of `Config`; else they are those of the Tailrace handler on the logger, else of the
            environment.

    Raises:
        ConfigError: when name or id is not usable. Settings are looked at when the run begins.
    """
    _check(name, id)
    options = {"capture_output": capture_output, "logger": logger, "level": level}
    return Run(name, id, {**options, "fields": dict(fields or {}), "settings": settings})


def current_run() -> Run | None:
    """The run in whose context this is called."""
    work = current_work.get()
    return work if isinstance(work, Run) and work.under_way else None


_voice = Voice()
_waited_in_vain = -NO_PATIENCE


class Run:
    """A unit of work. Made by `tailrace.run`.

    Attributes:
        name, id: as given, or made.
        stream: `run:<id>`.
        status: `ok`, `failed` or `cancelled`; None before its end.
        exit_code: what a process that ended like this would exit with; None before its end.
    """

    def __init__(self, name: str, id: str | None, options: dict[str, Any]) -> None:
        self.name = name
        self.id = id or _new_id(name)
        self.stream = f"run:{self.id}"
        self.status: str | None = None
        self.exit_code: int | None = None
        self._again: Callable[[], Run] = functools.partial(Run, name, id, options)
        self._options = options
        self._handler: TailraceHandler | None = None
        self._router: Router | None = None
        self._parent: Run | None = None
        self._stack = ExitStack()
        self._pid = 0
        self._begin = 0.0

    @property
    def under_way(self) -> bool:
        """It has begun and not ended."""
        return self._handler is not None and self.status is None

    def log(self, message: object, /, level: int | str = INFO, **fields: Any) -> None:
        """Write to the run's stream alone.

        Args:
            message: as it is.
            level: by number or name.
            fields: go with it.

        Raises:
            LevelError: for an unknown level.
            TailraceError: before the run has begun.
        """
        number = parse_level(level) if isinstance(level, str) else level
        if number >= self._recorder().level:
            text = message if isinstance(message, str) else safe_repr(message)
            place = _place_of(sys._getframe(1))
            self._write(number, text, source="user", logger=self.name, fields=_bounded(fields), **place)

    def wrap(self, function: Function) -> Function:
        """The function, to be called in another thread as a part of this run: `Thread(target=run.wrap(work))`."""

        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with within(self):
                return function(*args, **kwargs)

        return cast(Function, wrapped)

    def __call__(self, function: Function) -> Function:
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise ConfigError(f"{function.__qualname__} is a generator, which has no end of its own: it can be no run")
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def run_async(*args: Any, **kwargs: Any) -> Any:
                with self._again():
                    return await function(*args, **kwargs)

            return cast(Function, run_async)

        @functools.wraps(function)
        def run_plain(*args: Any, **kwargs: Any) -> Any:
            with self._again():
                return function(*args, **kwargs)

        return cast(Function, run_plain)

    def __enter__(self) -> Self:
        if self._handler is not None:
            raise TailraceError(f"run {self.id!r} has begun before: each needs a tailrace.run() of its own")
        logger = self._options["logger"]
        logger = logger if isinstance(logger, logging.Logger) else logging.getLogger(logger)
        config = _config(logger, self.stream, self._options["level"], self._options["settings"])
        self._handler = TailraceHandler(**{field.name: getattr(config, field.name) for field in fields_of(config)})
        # One for all runs: what one of them has said the next thousand need not.
        self._handler.emitter.voice = _voice
        self._pid, self._begin, self._parent = os.getpid(), time.monotonic(), current_run()
        if not config.disabled:
            _find_room(self._handler.emitter)
        self._note(INFO, "start", "started")
        self._resume()
        with ExitStack() as stack:
            self._router = stack.enter_context(routed(logger, config.level))
            stack.enter_context(within(self))
            if self._options["capture_output"]:
                stack.enter_context(capture(handler=self._handler))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
        ending = ending_of(error)
        self.status, self.exit_code = ending.status, ending.exit_code
        # A fork that comes out here too has not ended the run.
        if os.getpid() == self._pid:
            self._note_end(ending)

    def recorder(self, router: Router) -> TailraceHandler | None:
        """What records what this router gets; None when the run wants nothing of it, or is over."""
        return self._handler if router is self._router and self.status is None else None

    def _recorder(self) -> TailraceHandler:
        if self._handler is None:
            raise TailraceError(f"run {self.id!r} has not begun: it does with a with statement")
        return self._handler

    def _note_end(self, ending: Ending) -> None:
        duration = round(time.monotonic() - self._begin, 6)
        about: dict[str, Any] = {"exit_code": ending.exit_code, "duration": duration}
        text = f"{ending.status} after {duration:.3f} s"
        if ending.error:
            about["error"] = ending.error
            text += f": {ending.error}"
        self._note(LEVELS[ending.status], "finish", text, about, ending.trace)

    def _note(
        self, level: int, kind: str, text: str, about: Mapping[str, Any] | None = None, trace: str | None = None
    ) -> None:
        """Write one of our own records about the run."""
        own: dict[str, Any] = {"run": self.name, "run_id": self.id, "status": self.status or "started"}
        if self._parent is not None:
            own["parent"] = self._parent.id
        fields = (_bounded(self._options["fields"]) or {}) | own | dict(about or {})
        text = f"run {self.name} {text}"
        self._write(level, text, source="sdk", kind=kind, logger="tailrace", fields=fields, exception=trace)

    def _write(self, level: int, message: str, **values: Any) -> None:
        now = time.time_ns() // 1000
        values |= {"message": cut_text(clean_text(message)), "thread": threading.current_thread().name}
        self._recorder().emitter.emit(Record(time=now, level_number=level, **values))
        if self.status is not None:
            self._finish()

    # Where a writer has said that nothing more comes, nobody is told of its process's death.

    def _finish(self) -> None:
        channel = self._recorder().emitter.channel
        if channel is not None and channel.pid == os.getpid() and not channel.slot.retired:
            channel.spool.finish(channel.slot)

    def _resume(self) -> None:
        channel = self._recorder().emitter.channel
        if channel is not None and channel.slot.finished:
            channel.spool.resume(channel.slot)


def _find_room(emitter: Emitter) -> None:
    """Have the emitter find its place in the spool, which may be taken by runs that Redis is just about to have."""
    global _waited_in_vain
    begin = time.monotonic()
    patience = PATIENCE if begin - _waited_in_vain >= NO_PATIENCE else 0.0
    while True:
        try:
            emitter.bind()
            return
        except SpoolFull:
            if time.monotonic() - begin >= patience:
                _waited_in_vain = begin if patience else _waited_in_vain
                return
            flush(POLL)
        except Exception:  # whatever it is, the start record meets it too, and says so
            return


def _check(name: object, id: object) -> None:
    if not (isinstance(name, str) and name.strip() and name.isprintable() and len(name) <= LONGEST_NAME):
        raise ConfigError(f"name: {safe_repr(name)[:64]} is not usable; right would be up to {LONGEST_NAME} characters")
    if id is not None and not (isinstance(id, str) and _ID.fullmatch(id)):
        right = f"1 to {LONGEST_ID} of the characters A-Z a-z 0-9 . _ : -"
        raise ConfigError(f"id: {safe_repr(id)[:64]} is not usable; right would be {right}")


def _new_id(name: str) -> str:
    readable = _NOT_IN_IDS.sub("-", name).strip("-")[:ID_NAME] or "run"
    chance = base64.b32encode(os.urandom(ID_CHANCE)).decode().lower()
    return f"{readable}-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{chance}"


def _config(logger: logging.Logger, stream: str, level: int | str | None, settings: Mapping[str, Any]) -> Config:
    """What is given, else as the handler on the logger has it, else as the environment says."""
    config = Config.load(level=level, **{**settings, "stream": stream})
    base = _config_on(logger)
    if base is None:
        return config
    given = {name: getattr(config, name) for name in settings}
    return replace(base, **given, stream=stream, level=base.level if level is None else config.level)


def _config_on(logger: logging.Logger) -> Config | None:
    return next((handler.config for handler in handlers_above(logger) if isinstance(handler, TailraceHandler)), None)


def _bounded(fields: Mapping[str, Any]) -> dict[str, Any] | None:
    """The fields as a record can hold them; of too large ones a remark."""
    cleaned: dict[str, Any] = clean(dict(fields))
    size = len(msgpack.packb(cleaned))
    if size > LARGEST_FIELDS:
        return {"...": f"[tailrace: {size} bytes left out, the record is too large]"}
    return cleaned or None


def _place_of(frame: FrameType) -> dict[str, Any]:
    code = frame.f_code
    module = clean_text(os.path.splitext(os.path.basename(code.co_filename))[0])
    return {"module": module, "function": code.co_name, "line": frame.f_lineno}
