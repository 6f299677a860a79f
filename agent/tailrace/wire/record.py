"""The record: one log call, one line of output, one audit event; and its packed form.

A packed record is a msgpack array:

    [time, level_number, logger, message, module, function, line, thread]  or one element more, a map of the
    rest: level (a custom level's name), source, kind, line_number, exception, trace_id, span_id, action,
    metadata, fields

`time` is in microseconds since 1970 UTC; module, function, line and thread may be nil.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

import msgpack

from tailrace.errors import FrameError
from tailrace.wire.levels import level_name

__all__ = ["KIND", "MAX_DEPTH", "MAX_TIME", "SOURCE", "Facts", "Record", "pack_record", "unpack_record"]

# What a record is when it does not say.
SOURCE = "logging"
KIND = "log"

# The last microsecond of the year 9999, beyond which RFC 3339 has no words.
MAX_TIME = 253_402_300_799_999_999

# Maps and arrays within each other in `metadata` or `fields`: far beyond what an agent writes, and as much as any
# encoder to JSON can follow.
MAX_DEPTH = 100

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Facts:
    """What all records of one frame share."""

    service: str = ""
    host: str = ""
    pid: int = 0
    process: str = ""

    def pack(self) -> bytes:
        """The msgpack map that opens a frame's body; absent where empty."""
        return _pack({f.name: value for f in fields(self) if (value := getattr(self, f.name))})

    @classmethod
    def parse(cls, packed: bytes) -> Facts:
        """Read the packed map.

        Raises:
            FrameError: as `unpack`, and when it is no msgpack.
        """
        try:
            return cls.unpack(msgpack.unpackb(packed))
        except ValueError as error:
            raise FrameError("the shared facts are no msgpack") from error

    @classmethod
    def unpack(cls, value: object) -> Facts:
        """Read the map; unknown names are passed over.

        Raises:
            FrameError: when it is not a map or a value has a wrong type.
        """
        if not isinstance(value, dict):
            raise FrameError(f"the shared facts are no map but {type(value).__name__}")
        known: Fields = {}
        for name, kind in (("service", str), ("host", str), ("pid", int), ("process", str)):
            if name in value:
                known[name] = _typed(value[name], kind, f"shared fact {name!r}")
        return cls(**known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record without its place; `id`, `stream`, `producer` and `seq` follow from the frame and its ID."""

    time: int
    level_number: int
    logger: str
    message: str
    module: str | None = None
    function: str | None = None
    line: int | None = None
    thread: str | None = None
    level: str = ""
    source: str = SOURCE
    kind: str = KIND
    line_number: int | None = None
    exception: str | None = None
    trace_id: str | None = None
    span_id: str | None = None
    action: str | None = None
    metadata: Any = None
    fields: Fields | None = None

    def __post_init__(self) -> None:
        if not self.level:
            object.__setattr__(self, "level", level_name(self.level_number))


def pack_record(record: Record) -> bytes:
    """The packed form of a record."""
    rest = {name: value for name in _REST if (value := getattr(record, name)) is not None}
    if record.level == level_name(record.level_number):
        del rest["level"]
    if record.source == SOURCE:
        del rest["source"]
    if record.kind == KIND:
        del rest["kind"]
    items: list[Any] = [getattr(record, name) for name in _PLACES]
    return _pack([*items, rest] if rest else items)


def unpack_record(items: object) -> Record:
    """Read an unpacked array; unknown names and further elements are passed over.

    Raises:
        FrameError: naming the element that is missing, has a wrong type or is beyond its bounds.
    """
    if not isinstance(items, list | tuple):
        raise FrameError(f"a record is no array but {type(items).__name__}")
    if len(items) < len(_PLACES):
        raise FrameError(f"a record has {len(items)} elements; right would be {len(_PLACES)} or more")
    values: Fields = {}
    for name, value in zip(_PLACES, items, strict=False):
        if value is not None or name in _REQUIRED:
            values[name] = _typed(value, _PLACES[name], name)
    rest = items[len(_PLACES)] if len(items) > len(_PLACES) else None
    if rest is not None:
        for name, value in _typed(rest, dict, "the map of the rest").items():
            if name in _REST and value is not None:
                values[name] = _typed(value, _REST[name], name)
                if name in _FREE:
                    _check_plain(value, name)
    if not 0 <= values["time"] <= MAX_TIME:
        raise FrameError(f"time {values['time']} is not within the years 1970 to 9999")
    return Record(**values)


_PLACES: dict[str, type] = {
    "time": int,
    "level_number": int,
    "logger": str,
    "message": str,
    "module": str,
    "function": str,
    "line": int,
    "thread": str,
}
_REQUIRED = frozenset(("time", "level_number", "logger", "message"))
_REST: dict[str, type] = {
    "level": str,
    "source": str,
    "kind": str,
    "line_number": int,
    "exception": str,
    "trace_id": str,
    "span_id": str,
    "action": str,
    "metadata": object,
    "fields": dict,
}
# What the caller may fill with anything that JSON knows.
_FREE = frozenset(("metadata", "fields"))
_SCALARS = (str, int, float, bool, type(None))


def _typed(value: Any, kind: type, what: str) -> Any:
    if isinstance(value, kind) and not (kind is int and isinstance(value, bool)):
        return value
    raise FrameError(f"{what} is {type(value).__name__}; right would be {kind.__name__}")


def _check_plain(value: object, name: str, depth: int = 1) -> None:
    if isinstance(value, _SCALARS):
        return
    if depth > MAX_DEPTH:
        raise FrameError(f"{name} is nested more than {MAX_DEPTH} deep")
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise FrameError(f"a key in {name} is no str")
        inner: Iterable[object] = value.values()
    elif isinstance(value, list):
        inner = value
    else:
        raise FrameError(f"{name} holds {type(value).__name__}, which JSON has not")
    for item in inner:
        _check_plain(item, name, depth + 1)


def _pack(value: object) -> bytes:
    return msgpack.packb(value)  # type: ignore[no-any-return]  # msgpack has no type hints
