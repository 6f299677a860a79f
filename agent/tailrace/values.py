"""Values from strangers: whatever is logged becomes text and numbers that every reader can take."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Set
from typing import Any

from tailrace.interruption import is_interruption

__all__ = ["clean", "clean_text", "cut_text", "safe_repr"]

KIB = 1 << 10

# A text beyond the first of these keeps so many bytes at its beginning and at its end.
LONGEST_TEXT, HEAD, TAIL = 64 * KIB, 48 * KIB, 8 * KIB

MOST_KEYS = 64
MOST_ITEMS = 256
DEEPEST = 6
LONGEST_REPR = 1 * KIB
LONGEST_KEY = 256

# Of one value altogether: far beyond what fits a record, and what a log call has time for.
MOST_PARTS = 2048
MOST_CHARACTERS = 256 * KIB
LEFT_OUT = "..."

_LARGEST_INT = (1 << 64) - 1
_SMALLEST_INT = -(1 << 63)


def clean(value: Any, depth: int = DEEPEST) -> Any:
    """The value as msgpack and JSON can hold it; never raises.

    Text, numbers, booleans and None stay. Mappings keep 64 keys, other collections 256 items, both six levels
    deep; what lies deeper, and every unknown object, becomes its `repr` of at most 1 KiB. Not-a-number,
    infinities and integers beyond 64 bits become text, bytes become text with backslash escapes. Of a value of
    more than 2048 parts, or more than 256 Ki characters, what comes behind those is left out.
    """
    return _Cleaner().clean(value, depth)


def clean_text(text: str) -> str:
    """The text, with lone surrogates, which no encoding has, as backslash escapes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode()
    # A subclass of str may bring its own methods along; plain text has none.
    return text if type(text) is str else str.__str__(text)


def cut_text(text: str) -> str:
    """The text; of one beyond 64 KiB the first 48 and the last 8, with a mark in between that says what is missing."""
    if len(text) * 4 <= LONGEST_TEXT:
        return text
    data = text.encode()
    if len(data) <= LONGEST_TEXT:
        return text
    digest = hashlib.sha1(data, usedforsecurity=False).hexdigest()
    # Half a character at either cut is left out.
    head, tail = data[:HEAD].decode("utf-8", "ignore"), data[-TAIL:].decode("utf-8", "ignore")
    return f"{head}\n... [tailrace: cut from {len(data)} bytes, sha1 {digest}] ...\n{tail}"


def safe_repr(value: object) -> str:
    """At most 1 KiB of an object's `repr`; `<unrepr TypeName>` when it raises."""
    try:
        text = clean_text(repr(value))
    except Exception as error:  # repr is a stranger's code
        if is_interruption(error):
            raise
        return f"<unrepr {clean_text(type(value).__name__)}>"
    return text if len(text) <= LONGEST_REPR else text[: LONGEST_REPR - 3] + "..."


class _Cleaner:
    """Makes one value clean. Objects that hold each other could otherwise become as many parts as there are ways."""

    def __init__(self) -> None:
        self._parts = MOST_PARTS
        self._room = MOST_CHARACTERS

    def clean(self, value: Any, depth: int) -> Any:
        self._parts -= 1
        if self._parts < 0 or self._room < 0:
            return LEFT_OUT
        try:
            found = self._clean(value, depth)
        except Exception as error:  # a stranger's `__iter__`, `keys`, `__class__` ... raises
            if is_interruption(error):
                raise
            found = safe_repr(value)
        if isinstance(found, str):
            self._room -= len(found)
        return found

    def _clean(self, value: Any, depth: int) -> Any:
        if value is None or value is True or value is False:
            return value
        if isinstance(value, str):
            return cut_text(clean_text(value))
        if isinstance(value, int):
            return int(value) if _SMALLEST_INT <= value <= _LARGEST_INT else _long_int(value)
        if isinstance(value, float):
            return float(value) if math.isfinite(value) else float.__repr__(value)
        if isinstance(value, bytes | bytearray):
            return cut_text(bytes(value[:LONGEST_TEXT]).decode("utf-8", "backslashreplace"))
        if depth <= 0:
            return safe_repr(value)
        if isinstance(value, Mapping):
            return self._clean_mapping(value, depth)
        if isinstance(value, list | tuple | Set):
            return self._clean_items(value, len(value), depth)
        return safe_repr(value)

    def _clean_mapping(self, value: Mapping[Any, Any], depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, item in value.items():
            if len(found) >= MOST_KEYS or self._parts < 0:
                found["..."] = f"{len(value) - len(found)} more"
                break
            found[_clean_key(key)] = self.clean(item, depth - 1)
        return found

    def _clean_items(self, items: Iterable[Any], size: int, depth: int) -> list[Any]:
        found: list[Any] = []
        for item in items:
            if len(found) >= MOST_ITEMS or self._parts < 0:
                found.append(f"... {size - len(found)} more")
                break
            found.append(self.clean(item, depth - 1))
        return found


def _long_int(value: int) -> str:
    # Python refuses to write very long integers in decimal; they have no limit in hexadecimal.
    return str(value) if value.bit_length() <= 4096 else f"<int of {value.bit_length()} bits>"


def _clean_key(key: object) -> str:
    return clean_text(key)[:LONGEST_KEY] if isinstance(key, str) else safe_repr(key)[:LONGEST_KEY]
