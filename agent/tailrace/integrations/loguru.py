"""loguru: a sink that records every message, with its extra fields.

logger.add(tailrace_sink(service="billing"))
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tailrace.capture.captured import pass_over
from tailrace.config import Config
from tailrace.emitter import Emitter
from tailrace.logrecord import exception_text
from tailrace.values import clean, clean_text, cut_text
from tailrace.wire.levels import NAMES
from tailrace.wire.record import Record

__all__ = ["record_of", "tailrace_sink"]


def tailrace_sink(**settings: Any) -> Callable[[Any], None]:
    """A sink for `logger.add`, which never raises; with `enqueue=True` too, where it only costs more.

    What loguru's other sinks print is not captured besides. A `logging` handler that hands records to loguru, and a
    handler of ours on the same logger, record twice: use one of them.

    Args:
        settings: as of `TailraceHandler`.

    Raises:
        ConfigError: when a setting is not usable.
    """
    from loguru import _handler

    emitter = Emitter(Config.load(**settings))
    pass_over(_handler.Handler.emit)

    def sink(message: Any) -> None:
        record = record_of(message.record)
        emitter.emit(record, audit=record.kind == "audit")

    return sink


def record_of(said: dict[str, Any]) -> Record:
    """The record of what loguru calls one."""
    extra = dict(said["extra"])
    audit = extra.pop("is_audit", None) is True
    level = said["level"]
    exception = said["exception"]
    fields = clean(extra)
    return Record(
        time=int(said["time"].timestamp() * 1_000_000),
        level_number=level.no,
        level="" if level.no in NAMES else clean_text(level.name),
        logger=clean_text(str(extra.get("name") or said["name"] or "loguru")),
        message=cut_text(clean_text(str(said["message"]))),
        module=clean_text(said["module"]),
        function=clean_text(said["function"]),
        line=said["line"],
        thread=clean_text(said["thread"].name),
        exception=exception_text(tuple(exception)) if exception is not None else None,
        kind="audit" if audit else "log",
        fields=fields or None,
    )
