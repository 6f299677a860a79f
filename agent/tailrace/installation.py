"""Installing: one call that makes the whole process's logging shipped."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from typing import Any, TypeGuard

from tailrace.capture.detached import follow
from tailrace.capture.output import Capture, capture_output
from tailrace.capture.reach import Post
from tailrace.capture.uncaught import record_uncaught
from tailrace.capture.warned import record_warnings
from tailrace.command.marks import mark_output
from tailrace.config import CAPTURED, Config
from tailrace.handler import TailraceHandler
from tailrace.inheritance import pass_on

__all__ = ["install"]

# What is printed is recorded until the process ends.
_captures: dict[tuple[Post, str], Capture] = {}


def install(
    url: str | None = None,
    *,
    service: str | None = None,
    stream: str | None = None,
    level: int | str | None = None,
    logger: logging.Logger | str | None = None,
    capture_output: bool | None = None,
    capture_warnings: bool | None = None,
    capture_exceptions: bool | None = None,
    **settings: Any,
) -> TailraceHandler:
    """Ship what is logged: add one handler to the root logger, or to another.

    On the root logger it gets the records of uvicorn's and gunicorn's loggers too, which do not propagate, also when
    those servers configure their logging later. It ends, as does what is captured but for output, when the handler is
    taken off its logger.

    Installing again with the same settings changes nothing. Neither connects nor creates files; that comes with
    the first record.

    Args:
        url: of Redis; else `TAILRACE_URL`, `REDIS_URL`, `redis://127.0.0.1:6379/0`.
        service: who logs; else `TAILRACE_SERVICE`, `OTEL_SERVICE_NAME`, the program's name.
        stream: what is written to; else `TAILRACE_STREAM`, the service.
        level: what is recorded; the logger's own level is lowered to it, if need be, and never raised.
        logger: in place of the root logger.
        capture_output: record what is printed, too, until the process ends, as `tailrace.capture_output` does.
        capture_warnings: record warnings, too, which are shown as before.
        capture_exceptions: record uncaught exceptions, too, of all threads, which are handled as before.
        settings: more fields of `Config`. Of the three before, those not given are as `capture` says, else
            `TAILRACE_CAPTURE`, else warnings and exceptions; on another logger than root, as `capture` says alone.

    Returns:
        the handler.

    Raises:
        ConfigError: when an argument or an environment variable is not usable.
    """
    place = logger if isinstance(logger, logging.Logger) else logging.getLogger(logger)
    settings |= {"url": url, "service": service, "stream": stream}
    if place is not logging.root:
        settings.setdefault("capture", "none")
    settings["capture"] = _captured(
        Config.load(level=level, **settings).capture,
        stdout=capture_output,
        stderr=capture_output,
        warnings=capture_warnings,
        exceptions=capture_exceptions,
    )
    config = Config.load(level=level, **settings)
    pass_on(install, {**settings, "level": level, "logger": None if place is logging.root else place.name})
    handler = next((each for each in place.handlers if _is_like(each, config)), None)
    if handler is None:
        handler = TailraceHandler(level, **settings)
        place.addHandler(handler)
        if config.level is not None and not config.disabled and place.getEffectiveLevel() > config.level:
            place.setLevel(config.level)
    if not config.disabled:
        _capture(Post(place, handler), dict(config.capture))
        mark_output()
        if place is logging.root and "celery.signals" in sys.modules:
            import_module("tailrace.integrations.celery").follow(handler)
    return handler


def _captured(capture: tuple[tuple[str, int], ...], **asked: bool | None) -> tuple[tuple[str, int], ...]:
    """What the setting says, changed by what was asked for."""
    levels = dict(capture)
    for name, wanted in asked.items():
        if wanted:
            levels.setdefault(name, CAPTURED[name])
        elif wanted is not None:
            levels.pop(name, None)
    return tuple(levels.items())


def _is_like(handler: logging.Handler, config: Config) -> TypeGuard[TailraceHandler]:
    """Whether it is ours and has these settings, but for what is captured besides."""
    return isinstance(handler, TailraceHandler) and replace(handler.config, capture=config.capture) == config


def _capture(post: Post, levels: Mapping[str, int]) -> None:
    if post.logger is logging.root:
        follow(post)
    if "warnings" in levels:
        record_warnings(post, levels["warnings"])
    if "exceptions" in levels:
        record_uncaught(post, levels["exceptions"])
    wanted = {name: levels[name] for name in ("stdout", "stderr") if name in levels and (post, name) not in _captures}
    if wanted:
        capture = capture_output(stdout=wanted.get("stdout"), stderr=wanted.get("stderr"), handler=post.handler)
        _captures.update({(post, name): capture for name in wanted})
        capture.start()
