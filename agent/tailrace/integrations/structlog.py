"""structlog: every event becomes a record, with its fields.

structlog.configure(processors=[..., TailraceProcessor(), structlog.dev.ConsoleRenderer()])

For events that structlog hands on to `logging` no processor is needed: the handler there takes them, with their fields
when the last processor is `structlog.stdlib.render_to_log_kwargs` or `ProcessorFormatter.wrap_for_formatter`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, MutableMapping
from typing import Any

from tailrace.capture.captured import pass_over
from tailrace.capture.reach import handlers_above
from tailrace.config import Config
from tailrace.emitter import Emitter
from tailrace.errors import LevelError
from tailrace.handler import TailraceHandler
from tailrace.logrecord import exception_text
from tailrace.values import clean, clean_text, cut_text, safe_repr
from tailrace.wire.levels import parse_level
from tailrace.wire.record import Record

__all__ = ["TailraceProcessor", "record_of"]

INFO = 20

# Names of methods that are none of levels.
METHODS = {"exception": "ERROR", "msg": "INFO", "log": "INFO", "failure": "ERROR", "err": "ERROR"}

# Keys that structlog's own processors fill and that have a place in a record, or are only meant for a renderer.
PLACED = frozenset(
    ("event", "level", "logger", "timestamp", "exc_info", "exception", "stack", "func_name", "lineno", "module")
)


class TailraceProcessor:
    """A processor that records the event and passes it on unchanged. It sees what those before it have added.

    Args:
        settings: as of `TailraceHandler`.

    Raises:
        ConfigError: when a setting is not usable.
    """

    def __init__(self, **settings: Any) -> None:
        import structlog

        self.emitter = Emitter(Config.load(**settings))
        for printing in (structlog.PrintLogger, structlog.WriteLogger):
            pass_over(printing.msg)

    def __call__(self, logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """Record it, unless a handler of ours gets it from `logging`."""
        if not (isinstance(logger, logging.Logger) and _reaches_us(logger)):
            record = record_of(event, method, getattr(logger, "name", None))
            self.emitter.emit(record, audit=record.kind == "audit")
        return event


def _reaches_us(logger: logging.Logger) -> bool:
    return any(isinstance(handler, TailraceHandler) for handler in handlers_above(logger))


def record_of(event: Mapping[str, Any], method: str, logger: object = None) -> Record:
    """The record of an event. Never raises."""
    fields = clean({key: value for key, value in event.items() if key not in PLACED and not key.startswith("_")})
    audit = fields.pop("is_audit", None) is True if isinstance(fields, dict) else False
    return Record(
        time=time.time_ns() // 1000,
        level_number=_level_of(event.get("level", method)),
        logger=_text(event.get("logger") or logger) or "structlog",
        message=cut_text(_text(event.get("event")) or ""),
        module=_text(event.get("module")),
        function=_text(event.get("func_name")),
        line=event["lineno"] if type(event.get("lineno")) is int else None,
        exception=_exception_of(event),
        kind="audit" if audit else "log",
        fields=fields or None,
    )


def _level_of(name: object) -> int:
    text = str(name)
    try:
        return parse_level(METHODS.get(text, text))
    except LevelError:
        return INFO


def _text(value: object) -> str | None:
    if value is None:
        return None
    return clean_text(value if isinstance(value, str) else safe_repr(value))


def _exception_of(event: Mapping[str, Any]) -> str | None:
    given = event.get("exception")
    parts = [given if isinstance(given, str) else exception_text(event.get("exc_info")), event.get("stack")]
    return cut_text(clean_text("\n".join(part for part in parts if isinstance(part, str) and part))) or None
