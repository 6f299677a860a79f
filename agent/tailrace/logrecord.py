"""From a `logging.LogRecord` to a packed record: the complete way, for whatever the handler's short way leaves out."""

from __future__ import annotations

import logging
import sys
import time
from dataclasses import replace
from typing import Any

import msgpack

from tailrace.correlation.correlation import correlation
from tailrace.interruption import is_interruption
from tailrace.redaction import Redactor
from tailrace.spool.segment import tag_of
from tailrace.values import DEEPEST, clean, clean_text, cut_text, safe_repr
from tailrace.wire.levels import NAMES
from tailrace.wire.record import KIND, MAX_TIME, Record, pack_record

__all__ = [
    "MARK",
    "OUTCOMES",
    "STANDARD",
    "audited",
    "exception_text",
    "is_audit_logger",
    "pack_log_record",
    "pack_remainder",
]

# The attribute by which two handlers of one stream see that a record has been recorded.
MARK = "_tailrace"

# The attribute of an audit record that `audit_log` makes: by handler a receipt, or why there is none; True when all of
# ours have seen it.
OUTCOMES = "_tailrace_outcomes"

# What every LogRecord has; `message` and `asctime` come from a Formatter, `taskName` is from Python 3.12 on.
STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
OURS_OR_STANDARD = STANDARD | {MARK, OUTCOMES}

# What structlog's event says that the record says besides.
BY_STRUCTLOG = frozenset(
    ("event", "level", "logger", "timestamp", "exc_info", "stack_info", "_record", "_from_structlog")
)

KIB = 1 << 10
LARGEST_RECORD = 128 * KIB
LONGEST_NAME = 256

_formatter = logging.Formatter()


def is_audit_logger(name: str) -> bool:
    """Whether all records of a logger of that name are audit records."""
    return name == "audit" or name.startswith("audit.")


def audited(record: Record) -> Record:
    """The record as an audit record, where its logger or its message says that it is one."""
    if record.kind == KIND and (record.message.startswith("[AUDIT]") or is_audit_logger(record.logger)):
        return replace(record, kind="audit")
    return record


def pack_log_record(record: logging.LogRecord, redactor: Redactor | None = None) -> tuple[int, int, bytes]:
    """Tag, time and packed form of any record, however broken: something of it is always kept. Never raises.

    Args:
        redactor: takes secrets out, where they are to be.
    """
    extras = {key: value for key, value in record.__dict__.items() if key not in OURS_OR_STANDARD}
    message, problem = _event_of(record, extras) or _message_of(record)
    values: dict[str, Any] = {
        "time": _time_of(record),
        "level_number": _level_of(record),
        "logger": _text(record.name) or "root",
        "message": cut_text(clean_text(message)),
        "module": _text(record.module),
        "function": _text(record.funcName),
        "line": record.lineno if type(record.lineno) is int else None,
        "thread": _text(record.threadName),
        "exception": _exception_of(record),
    }
    if values["level_number"] not in NAMES:
        values["level"] = _text(logging.getLevelName(values["level_number"])) or ""
    audit = _is_audit(values["logger"], message, extras)
    if audit:
        values["kind"] = "audit"
    _place_extras(values, extras)
    trace, shared = correlation.gather()
    if trace is not None and "trace_id" not in values:
        values["trace_id"], values["span_id"] = trace
    fields = {**shared, **_fields_of(extras), **problem}
    if redactor is not None:
        values["message"] = redactor.text(values["message"])
        values["exception"] = redactor.value(values["exception"])
        values["action"] = redactor.value(values.get("action"))
        values["metadata"] = redactor.value(values.get("metadata"))
        fields = redactor.value(fields)
    return tag_of(values["level_number"], audit=audit), values["time"], _pack(values, fields)


def pack_remainder(record: logging.LogRecord, error: Exception) -> tuple[int, int, bytes]:
    """Tag, time and packed form of what can be said of a record that could not be packed."""
    message = f"[tailrace: this record could not be packed: {safe_repr(error)}]"
    made, level = _time_of(record), _level_of(record)
    return tag_of(level), made, pack_record(Record(time=made, level_number=level, logger="tailrace", message=message))


def _event_of(record: logging.LogRecord, extras: dict[Any, Any]) -> tuple[str, dict[str, Any]] | None:
    """Message and fields of an event that structlog has wrapped for its formatter; None for any other record."""
    event: object = record.msg
    if not isinstance(event, dict) or "event" not in event or extras.pop("_from_structlog", "_name" in extras) is False:
        return None
    for name in ("_logger", "_name"):
        extras.pop(name, None)
    extras |= {key: value for key, value in event.items() if key not in BY_STRUCTLOG}
    message = event["event"]
    return (message if isinstance(message, str) else safe_repr(message)), {}


def _message_of(record: logging.LogRecord) -> tuple[str, dict[str, Any]]:
    """The message, and fields that explain it where the arguments do not fit the format."""
    try:
        message: object = record.getMessage()  # a subclass of LogRecord may give anything
        return (message if isinstance(message, str) else safe_repr(message)), {}
    except Exception as error:  # arguments are strangers' objects
        if is_interruption(error):
            raise
        raw = record.msg if isinstance(record.msg, str) else safe_repr(record.msg)
        return raw, {"format_error": safe_repr(error), "format_args": safe_repr(record.args)}


def _time_of(record: logging.LogRecord) -> int:
    """When it was made; now, where it says a time that is none: one in milliseconds is beyond the year 9999."""
    try:
        made = int(record.created * 1_000_000)
        if 0 <= made <= MAX_TIME:
            return made
    except (TypeError, ValueError, OverflowError):
        pass  # a stranger's record
    return time.time_ns() // 1000


def _level_of(record: logging.LogRecord) -> int:
    level: object = record.levelno
    return int(level) if isinstance(level, int) and abs(level) < 1 << 31 else logging.INFO


def _text(value: object) -> str | None:
    if value is None:
        return None
    return clean_text(value if isinstance(value, str) else safe_repr(value))[:LONGEST_NAME]


def exception_text(error: object) -> str | None:
    """The traceback of what `logging` takes as `exc_info`; None for what holds none. Never raises."""
    if error is True:
        error = sys.exc_info()
    if isinstance(error, BaseException):
        error = (type(error), error, error.__traceback__)
    if not isinstance(error, tuple) or len(error) != 3 or error[0] is None:
        return None
    try:
        text = _formatter.formatException(error)
    except Exception as problem:  # as in `_exception_of`
        if is_interruption(problem):
            raise
        text = f"{safe_repr(error)} could not be formatted: {safe_repr(problem)}"
    return cut_text(clean_text(text))


def _exception_of(record: logging.LogRecord) -> str | None:
    parts: list[str] = []
    try:
        if record.exc_text:
            parts.append(str(record.exc_text))
        elif record.exc_info:
            parts.append(_formatter.formatException(record.exc_info))
        if record.stack_info:
            parts.append(_formatter.formatStack(str(record.stack_info)))
    except Exception as error:  # formatting runs the exception's own `__str__`
        if is_interruption(error):
            raise
        parts.append(f"{safe_repr(record.exc_info)} could not be formatted: {safe_repr(error)}")
    return cut_text(clean_text("\n".join(parts))) if parts else None


def _is_audit(logger: str, message: str, extras: dict[Any, Any]) -> bool:
    return extras.pop("is_audit", False) is True or is_audit_logger(logger) or message.startswith("[AUDIT]")


def _place_extras(values: dict[str, Any], extras: dict[Any, Any]) -> None:
    """Extras with a place of their own in a record go there, when their type is right."""
    for name in ("action", "trace_id", "span_id"):
        if isinstance(extras.get(name), str):
            values[name] = cut_text(clean_text(extras.pop(name)))
    if extras.get("metadata") is not None:
        values["metadata"] = clean(extras.pop("metadata"))


def _fields_of(extras: dict[Any, Any]) -> dict[str, Any]:
    cleaned = clean(extras, DEEPEST) if extras else {}
    return cleaned if isinstance(cleaned, dict) else {"extra": cleaned}


def _pack(values: dict[str, Any], fields: dict[str, Any]) -> bytes:
    """Pack within 128 KiB: of what is too large, metadata and then the largest fields give way to a remark."""
    packed = pack_record(Record(**values, fields=fields or None))
    if len(packed) <= LARGEST_RECORD:
        return packed
    if values.get("metadata") is not None:
        values["metadata"] = _remark(values["metadata"])
    for name in sorted(fields, key=lambda name: -_size(fields[name])):
        fields[name] = _remark(fields[name])
        packed = pack_record(Record(**values, fields=fields))
        if len(packed) <= LARGEST_RECORD:
            return packed
    return pack_record(Record(**{**values, "exception": _remark(values["exception"]), "metadata": None}))


def _size(value: Any) -> int:
    return len(msgpack.packb(value))


def _remark(value: Any) -> str:
    return f"[tailrace: {_size(value)} bytes left out, the record is too large]"
