"""What stands under a key: a part of the record, a fact that all of its frame share, or one of its fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tailrace.wire import level_name
from tailrace.wire.record import KIND, SOURCE
from tailrace_relay.render import Rest, Shared, SharedFacts, WireRecord, time_text

__all__ = ["SHARED", "TEXTS", "Getter", "getter"]

Getter = Callable[[WireRecord, Shared], Any]

# Keys of which a text is searched through, as free words search it; all others are compared as a whole.
TEXTS = frozenset(("message", "exception"))

# What all records of a frame share, by its place.
SHARED = {name: place for place, name in enumerate((*SharedFacts.__struct_fields__, "stream", "producer"))}

_DEFAULTS = {"source": SOURCE, "kind": KIND}
_OF_RECORD = frozenset(WireRecord.__struct_fields__) - {"rest"}
_OF_REST = frozenset(Rest.__struct_fields__) - {"level", "metadata", "fields"}
_MAPS = ("fields", "metadata")


def getter(key: str) -> Getter:
    """What gives the value under a key, None where there is none.

    A key that no record has of itself is looked for in the fields, then in the metadata; `fields.` and `metadata.`
    before it say so outright.
    """
    if key in SHARED:
        place = SHARED[key]
        return lambda record, shared: shared[place]
    if key == "level":
        return _level
    if key == "time":
        return lambda record, shared: time_text(record.time)
    if key in _OF_RECORD:
        return lambda record, shared: getattr(record, key)
    if key in _OF_REST:
        default = _DEFAULTS.get(key)
        return lambda record, shared: _of_rest(record, key, default)
    for name in _MAPS:
        if key.startswith(f"{name}."):
            inner = key.removeprefix(f"{name}.")
            return lambda record, shared: _within(_of_rest(record, name, None), inner)
    if key in _MAPS:
        return lambda record, shared: _of_rest(record, key, None)
    return lambda record, shared: _in_maps(record, key)


def _level(record: WireRecord, shared: Shared) -> str:
    name = _of_rest(record, "level", None)
    return level_name(record.level_number) if name is None else name


def _of_rest(record: WireRecord, name: str, default: Any) -> Any:
    value = None if record.rest is None else getattr(record.rest, name)
    return default if value is None else value


def _in_maps(record: WireRecord, key: str) -> Any:
    rest = record.rest
    if rest is None:
        return None
    value = _within(rest.fields, key)
    return _within(rest.metadata, key) if value is None else value


def _within(value: Any, key: str) -> Any:
    """The value under a dotted key: of a name with the dots in it, else of maps within each other."""
    if not isinstance(value, Mapping):
        return None
    if key in value:
        return value[key]
    dot = key.find(".")
    while dot >= 0:
        inner = _within(value.get(key[:dot]), key[dot + 1 :])
        if inner is not None:
            return inner
        dot = key.find(".", dot + 1)
    return None
