"""What front ends ask for, as queries. Trees are built, never texts: whatever somebody sends is only looked for."""

from __future__ import annotations

from tailrace.wire import LevelError, parse_level
from tailrace.wire.levels import NAMES
from tailrace_relay.errors import ParameterError
from tailrace_relay.moments import parse_moment
from tailrace_relay.query import EVERYTHING, Query
from tailrace_relay.query.quantity import Quantity
from tailrace_relay.query.syntax import And, Equals, Field, Is, Node, Or, Test, Text
from tailrace_relay.selection import parse_tail

__all__ = ["has_levels", "has_message", "is_one_of", "is_value", "query_of", "tail_or", "within"]

# Values of one parameter, and characters of each and of a text that is searched for.
MAX_VALUES = 32
LONGEST_VALUE = 256
LONGEST_SEARCH = 1_024


def query_of(*parts: Node | None) -> Query:
    """All parts must match; those that are None were not asked for."""
    given = tuple(part for part in parts if part is not None)
    if not given:
        return EVERYTHING
    return Query(given[0] if len(given) == 1 else And(given))


def within(query: Query, start: str, end: str) -> Query:
    """The same of a span of time: `start_time` and `end_time`, both included.

    Raises:
        ParameterError: for what is no time.
    """
    since = parse_moment("start_time", start)[0] if start else None
    until = parse_moment("end_time", end)[1] if end else None
    return query.between(since, until)


def has_levels(text: str) -> Node | None:
    """Exactly one of these levels, by name or number, separated by commas.

    Raises:
        ParameterError: for too many.
    """
    return _either([Field("level", _level(value)) for value in _values("level", text)])


def is_one_of(key: str, text: str) -> Node | None:
    """A value is one of these, separated by commas; in any case.

    Raises:
        ParameterError: for too many.
    """
    return _either([is_value(key, value) for value in _values(key, text)])


def is_value(key: str, value: str) -> Node:
    """A value is this one, in any case."""
    return Field(key, Is(Text(value)))


def has_message(text: str) -> Node | None:
    """The message has this text in it, in any case.

    Raises:
        ParameterError: for one that is too long.
    """
    if len(text) > LONGEST_SEARCH:
        raise ParameterError("search", f"{len(text)} characters; {LONGEST_SEARCH} is the limit")
    return Field("message", Is(Text(text))) if text else None


def tail_or(default: int, text: str) -> int:
    """The parameter `tail`, 1 to `MAX_TAIL`; the default where it is empty.

    Raises:
        ParameterError: for anything else.
    """
    return parse_tail(text, least=1) if text else default


def _values(parameter: str, text: str) -> list[str]:
    values = [value.strip() for value in text.split(",") if value.strip()]
    if len(values) > MAX_VALUES or any(len(value) > LONGEST_VALUE for value in values):
        raise ParameterError(parameter, f"more than {MAX_VALUES} values, or one of more than {LONGEST_VALUE} letters")
    return values


def _level(value: str) -> Test:
    try:
        number = parse_level(value)
    except LevelError:
        return Is(Text(value))  # a level of the application's own
    return Equals(Quantity(number), str(number)) if value.isdigit() else Is(Text(NAMES.get(number, value)))


def _either(nodes: list[Node]) -> Node | None:
    if len(nodes) < 2:
        return nodes[0] if nodes else None
    return Or(tuple(nodes))
