"""A query's tree as one function of a record."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Any

from tailrace_relay.query.keys import TEXTS, getter
from tailrace_relay.query.pattern import TextTest, found_in, is_whole
from tailrace_relay.query.quantity import PLAIN, Quantity, key_scale, number_text, parse_quantity
from tailrace_relay.query.syntax import (
    And,
    Between,
    Compare,
    Equals,
    Everything,
    Exists,
    Field,
    Is,
    Node,
    Not,
    Or,
    Search,
    Test,
    Text,
)
from tailrace_relay.render import Predicate, Shared, WireRecord

__all__ = ["compile_predicate"]

ValueTest = Callable[[Any], bool]
NumberTest = Callable[[float], bool]

_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


def compile_predicate(node: Node) -> Predicate:
    """The function that tells whether a record matches. It raises nothing, whatever is in the record."""
    match node:
        case Everything():
            return lambda record, shared: True
        case Search(pattern):
            return _search(found_in(pattern))
        case Field(key, test):
            return _field(key, test)
        case Not(part):
            inner = compile_predicate(part)
            return lambda record, shared: not inner(record, shared)
        case And(parts):
            return _all([compile_predicate(part) for part in parts])
        case Or(parts):
            return _any([compile_predicate(part) for part in parts])


def _all(parts: list[Predicate]) -> Predicate:
    """A call for each pair is cheaper than a loop in each call."""
    first, *others = parts
    if not others:
        return first
    second = _all(others)
    return lambda record, shared: first(record, shared) and second(record, shared)


def _any(parts: list[Predicate]) -> Predicate:
    first, *others = parts
    if not others:
        return first
    second = _any(others)
    return lambda record, shared: first(record, shared) or second(record, shared)


def _search(test: TextTest) -> Predicate:
    """Free text is looked for in all that a person wrote: message, exception, action, and the values of fields."""
    in_value = _deep(test)

    def search(record: WireRecord, shared: Shared) -> bool:
        if test(record.message):
            return True
        rest = record.rest
        if rest is None:
            return False
        return any(
            text is not None and in_value(text) for text in (rest.exception, rest.action, rest.fields, rest.metadata)
        )

    return search


def _deep(test: TextTest) -> ValueTest:
    def found(value: Any) -> bool:
        if isinstance(value, str):
            return test(value)
        if isinstance(value, dict):
            return any(found(inner) for inner in value.values())
        if isinstance(value, list):
            return any(found(inner) for inner in value)
        return value is not None and test(_text(value))

    return found


def _field(key: str, test: Test) -> Predicate:
    if key == "level" and isinstance(test, Compare) and test.operator == ">=":
        least = test.quantity.value  # the one that everybody asks for, so without a call
        return lambda record, shared: record.level_number >= least
    if key in ("level", "time") and isinstance(test, Compare | Between | Equals):
        number, value = _plain_number(test), operator.attrgetter("level_number" if key == "level" else key)
        return lambda record, shared: number(value(record))
    get = getter(key)
    matches = _value_test(key, test)
    return lambda record, shared: matches(get(record, shared))


def _plain_number(test: Compare | Between | Equals) -> NumberTest:
    if isinstance(test, Compare):
        compare, bound = _OPERATORS[test.operator], test.quantity.value
        return lambda number: compare(number, bound)
    if isinstance(test, Equals):
        wanted = test.quantity.value
        return lambda number: number == wanted
    low, high = (None if side is None else side.value for side in (test.low, test.high))
    return lambda number: (low is None or number >= low) and (high is None or number <= high)


def _value_test(key: str, test: Test) -> ValueTest:
    """A test of whatever stands under a key; of a list, one item must pass. A map passes only for being there."""
    match test:
        case Exists():
            return lambda value: value is not None
        case Is(pattern):
            return _each(_on_text(found_in(pattern) if key in TEXTS else is_whole(pattern)))
        case Equals(quantity, text):
            written = _on_text((found_in if key in TEXTS else is_whole)(Text(text)))
            number = _number(key, test, [quantity])
            # Without a unit a text is what it is: 0123 is another order than 123.
            if quantity.dimension == PLAIN:
                return _each(lambda value: written(value) or (not isinstance(value, str) and number(value)))
            return _each(lambda value: written(value) or number(value))
        case Compare(_, quantity):
            return _each(_number(key, test, [quantity]))
        case Between(low, high):
            return _each(_number(key, test, [side for side in (low, high) if side is not None]))


def _each(test: ValueTest) -> ValueTest:
    def matches(value: Any) -> bool:
        if isinstance(value, list):
            return any(matches(item) for item in value)
        return value is not None and not isinstance(value, dict) and test(value)

    return matches


def _on_text(test: TextTest) -> ValueTest:
    return lambda value: test(value if isinstance(value, str) else _text(value))


def _text(value: Any) -> str:
    """A value as JSON writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return number_text(value) if isinstance(value, float) else str(value)


def _number(key: str, test: Compare | Between | Equals, quantities: Iterable[Quantity]) -> ValueTest:
    """A test of numbers, and of texts that are numbers, perhaps with a unit."""
    dimension = next((each.dimension for each in quantities), PLAIN)
    scale = 1.0 if dimension == PLAIN else key_scale(key, dimension) or 1.0
    compare = _plain_number(test)

    def matches(value: Any) -> bool:
        if isinstance(value, bool):
            return False
        if isinstance(value, str):
            found = parse_quantity(value)
            if found is None or found.dimension not in (PLAIN, dimension):
                return False
            return compare(found.value if found.dimension == dimension else found.value * scale)
        try:
            return compare(value * scale)
        except OverflowError:  # an integer beyond all doubles
            return False

    return matches
