"""A query: read once, compiled once, and then asked of each record."""

from __future__ import annotations

import re
from functools import cached_property, lru_cache

from tailrace.wire import Frame
from tailrace_relay.query.errors import QueryError
from tailrace_relay.query.outlook import OPEN, Look, Outlook, compile_outlook
from tailrace_relay.query.parser import parse
from tailrace_relay.query.predicate import compile_predicate
from tailrace_relay.query.quantity import INSTANT, Quantity
from tailrace_relay.query.syntax import And, Between, Compare, Everything, Field, Node
from tailrace_relay.render import Predicate

__all__ = ["EVERYTHING", "MAX_QUERY", "Query"]

_SURROGATE = re.compile("[\ud800-\udfff]")

# Characters of one query.
MAX_QUERY = 4096


class Query:
    """Which records are meant. Queries of one canonical form are equal, and share what is found for one of them.

    Attributes:
        text: the canonical form.
    """

    def __init__(self, tree: Node) -> None:
        self.tree = tree
        self.text = str(tree)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Query) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    @staticmethod
    def parse(text: str, *, level: int = 0) -> Query:
        """Read a query, of records at or above a level.

        Raises:
            QueryError: what is wrong with it, where, and what would be right.
        """
        if len(text) > MAX_QUERY:
            raise QueryError(f"{len(text)} characters; {MAX_QUERY} is the limit", MAX_QUERY)
        if not text.isprintable() and (surrogate := _SURROGATE.search(text)):
            raise QueryError("half of a surrogate pair is no character", surrogate.start(), 1)
        query = _known(parse(text))
        return query._and(Field("level", Compare(">=", Quantity(level)))) if level else query

    def between(self, since: int | None, until: int | None) -> Query:
        """The same of a span of record times, in microseconds since 1970 UTC, both included."""
        if since is None and until is None:
            return self
        sides = [None if side is None else Quantity(side, INSTANT) for side in (since, until)]
        return self._and(Field("time", Between(*sides)))

    def both(self, other: Query) -> Query:
        """What matches this and another."""
        return self if other.tree == Everything() else self._and(other.tree)

    def _and(self, node: Node) -> Query:
        if self.tree == Everything():
            return _known(node)
        return _known(And((*_parts(node), *_parts(self.tree))))

    @cached_property
    def predicate(self) -> Predicate | None:
        """Tells whether a record matches; None when all do."""
        return None if self.tree == Everything() else compile_predicate(self.tree)

    def outlook(self, stream: str, frame: Frame) -> Outlook:
        """What can be said of the records of a frame by its header."""
        return OPEN if self._look is None else self._look(stream, frame)

    @cached_property
    def _look(self) -> Look | None:
        return compile_outlook(self.tree)


def _parts(tree: Node) -> tuple[Node, ...]:
    return tree.parts if isinstance(tree, And) else (tree,)


@lru_cache(128)
def _known(tree: Node) -> Query:
    return Query(tree)


EVERYTHING = Query.parse("")
