"""Installing: one call that makes the whole process's logging shipped."""

from __future__ import annotations

import logging
from typing import Any

from tailrace.config import Config
from tailrace.handler import TailraceHandler
from tailrace.inheritance import pass_on

__all__ = ["install"]


def install(
    url: str | None = None,
    *,
    service: str | None = None,
    stream: str | None = None,
    level: int | str | None = None,
    logger: logging.Logger | str | None = None,
    **settings: Any,
) -> TailraceHandler:
    """Ship what is logged: add one handler to the root logger, or to another.

    Installing again with the same settings changes nothing. Neither connects nor creates files; that comes with
    the first record.

    Args:
        url: of Redis; else `TAILRACE_URL`, `REDIS_URL`, `redis://127.0.0.1:6379/0`.
        service: who logs; else `TAILRACE_SERVICE`, `OTEL_SERVICE_NAME`, the program's name.
        stream: what is written to; else `TAILRACE_STREAM`, the service.
        level: what is recorded; the logger's own level is lowered to it, if need be, and never raised.
        logger: in place of the root logger.
        settings: more fields of `Config`.

    Returns:
        the handler.

    Raises:
        ConfigError: when an argument or an environment variable is not usable.
    """
    settings |= {"url": url, "service": service, "stream": stream}
    config = Config.load(level=level, **settings)
    place = logger if isinstance(logger, logging.Logger) else logging.getLogger(logger)
    pass_on(install, {**settings, "level": level, "logger": None if place is logging.root else place.name})
    for present in place.handlers:
        if isinstance(present, TailraceHandler) and present.config == config:
            return present
    handler = TailraceHandler(level, **settings)
    place.addHandler(handler)
    if config.level is not None and not config.disabled and place.getEffectiveLevel() > config.level:
        place.setLevel(config.level)
    return handler
