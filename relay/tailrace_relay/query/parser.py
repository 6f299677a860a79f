"""From a query's text to its tree, by recursive descent (the grammar is in docs/QUERY.md)."""

from __future__ import annotations

from collections.abc import Callable

from tailrace.wire import LevelError, parse_level
from tailrace.wire.levels import NAMES
from tailrace_relay.query.errors import QueryError
from tailrace_relay.query.pattern import check_pattern
from tailrace_relay.query.quantity import INSTANT, Quantity, key_scale, parse_quantity, parse_time
from tailrace_relay.query.scanner import BLANKS, Piece, Scanner
from tailrace_relay.query.syntax import (
    And,
    Between,
    Compare,
    Equals,
    Everything,
    Exists,
    Field,
    Glob,
    Is,
    Node,
    Not,
    Or,
    Search,
    Test,
    Text,
    Wildcard,
)

__all__ = ["MAX_DEPTH", "MAX_EXPRESSIONS", "MAX_TERMS", "parse"]

# Parentheses and signs within each other: far beyond what a person writes, far below what Python can follow.
MAX_DEPTH = 32

# Words, phrases, expressions and pairs of key and value in one query; each is tried on each record.
MAX_TERMS = 64

# Expressions and globs among them: each may take 256 KiB for as long as somebody follows the query.
MAX_EXPRESSIONS = 16

OPERATORS = (">=", "<=", ">", "<")

LEVEL, TIME = "level", "time"

_ANYTHING = Glob((Wildcard.ANY,))
_RIGHT_LEVELS = "right would be DEBUG, INFO, WARNING, ERROR, CRITICAL or a number"
_RIGHT_TIMES = "right would be as 2026-11-21 or 2026-11-21T10:30:00Z"


def parse(text: str) -> Node:
    """The tree of a query; `Everything` for one without terms.

    Raises:
        QueryError: what is wrong, where, and what would be right.
    """
    parser = _Parser(text)
    parser.scanner.skip_blanks()
    if not parser.scanner.next:
        return Everything()
    tree = parser.any_of(parser.term)
    if parser.scanner.next == ")":
        raise QueryError("this parenthesis closes none", parser.scanner.place, 1)
    return tree


class _Parser:
    def __init__(self, text: str) -> None:
        self.scanner = Scanner(text)
        self._depth = 0
        self._terms = 0
        self._expressions = 0

    def any_of(self, term: Callable[[], Node]) -> Node:
        """Parts with OR between them."""
        parts = [self._all_of(term)]
        while self._keyword("OR"):
            parts.append(self._all_of(term))
        return parts[0] if len(parts) == 1 else Or(_flat(Or, parts))

    def _all_of(self, term: Callable[[], Node]) -> Node:
        parts = [self._signed(term)]
        while True:
            joined = self._keyword("AND")
            self.scanner.skip_blanks()
            if not joined and (self.scanner.next in ("", ")") or self._at_keyword("OR")):
                break
            if joined and not self.scanner.next:
                raise QueryError("nothing follows AND", self.scanner.place)
            parts.append(self._signed(term))
        return parts[0] if len(parts) == 1 else And(_flat(And, parts))

    def _signed(self, term: Callable[[], Node]) -> Node:
        scanner = self.scanner
        scanner.skip_blanks()
        start = scanner.place
        for keyword in ("AND", "OR"):
            if self._at_keyword(keyword):
                raise QueryError(
                    f'{keyword} stands without a part before it; a word is "{keyword}"', start, len(keyword)
                )
        if scanner.take_keyword("NOT"):
            return Not(self._deeper(start, lambda: self._signed(term)))
        if scanner.next == "-" and not self._is_word_alone():
            scanner.take("-")
            if scanner.next == "-":
                raise QueryError('two signs in a row; a text that begins with - is quoted: "--flag"', start, 2)
            return Not(self._deeper(start, lambda: self._signed(term)))
        if scanner.take("("):
            return self._deeper(start, lambda: self._group(start, term))
        return term()

    def _group(self, start: int, term: Callable[[], Node]) -> Node:
        self.scanner.skip_blanks()
        if self.scanner.next == ")":
            raise QueryError('nothing is between the parentheses; quote them where they are meant: "()"', start, 2)
        tree = self.any_of(term)
        if not self.scanner.take(")"):
            raise QueryError("this parenthesis is not closed", start, 1)
        return tree

    def term(self) -> Node:
        """A word, a phrase, an expression, or a key with its value."""
        start = self.scanner.place
        key = self.scanner.take_key()
        if key is None:
            piece = self._piece(start, "a word")
            if piece.pattern == Text(""):
                raise QueryError("an empty phrase is in every text; leave it out", start, 2)
            return Everything() if piece.pattern == _ANYTHING else Search(piece.pattern)
        opening = self.scanner.place
        if self.scanner.take("("):
            return self._deeper(opening, lambda: self._group(opening, lambda: self._field(key)))
        return self._field(key)

    def _field(self, key: str) -> Node:
        start = self.scanner.place
        for operator in OPERATORS:
            if self.scanner.take(operator):
                piece = self._piece(start, "a number")
                return Field(key, _comparison(key, operator, piece))
        return Field(key, _test(key, self._piece(start, "a value")))

    def _piece(self, start: int, missing: str) -> Piece:
        self._terms += 1
        if self._terms > MAX_TERMS:
            raise QueryError(f"{MAX_TERMS} words and values are the limit of one query", start)
        piece = self.scanner.take_piece()
        if piece is None:
            raise QueryError(f"{missing} is missing here", self.scanner.place)
        self._expressions += not isinstance(piece.pattern, Text) and piece.pattern != _ANYTHING
        if self._expressions > MAX_EXPRESSIONS:
            raise QueryError(f"{MAX_EXPRESSIONS} regular expressions and globs are the limit of one query", start)
        if not isinstance(piece.pattern, Text):
            check_pattern(piece.pattern, piece.start, piece.end - piece.start)
        following = self.scanner.next
        if following and following not in ")" + BLANKS:
            raise QueryError(f"a blank is missing before {following}", self.scanner.place, 1)
        return piece

    def _deeper(self, start: int, parse: Callable[[], Node]) -> Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise QueryError(f"{MAX_DEPTH} parentheses and signs within each other are the limit", start)
        tree = parse()
        self._depth -= 1
        return tree

    def _keyword(self, keyword: str) -> bool:
        self.scanner.skip_blanks()
        return self.scanner.take_keyword(keyword)

    def _at_keyword(self, keyword: str) -> bool:
        place = self.scanner.place
        found = self.scanner.take_keyword(keyword)
        self.scanner.place = place
        return found

    def _is_word_alone(self) -> bool:
        return self.scanner.text[self.scanner.place + 1 : self.scanner.place + 2] in ("", ")", *BLANKS)


def _flat(kind: type[And | Or], parts: list[Node]) -> tuple[Node, ...]:
    return tuple(inner for part in parts for inner in (part.parts if isinstance(part, kind) else (part,)))


def _test(key: str, piece: Piece) -> Test:
    raw = piece.raw
    if piece.pattern == _ANYTHING:
        return Exists()
    if raw is None:
        return Is(piece.pattern)
    low, dots, high = raw.partition("..")
    if dots and (low or high):
        between = _between(key, low, high, piece)
        if between is not None:
            return between
    if key == TIME:
        first, last = _time(raw, piece)
        return Between(Quantity(first, INSTANT), Quantity(last, INSTANT))
    if key == LEVEL and isinstance(piece.pattern, Text):
        return _level_test(raw, piece.pattern)
    quantity = parse_quantity(raw)
    if quantity is None:
        return Is(piece.pattern)
    _check_dimension(key, quantity, piece)
    return Equals(quantity, raw)


def _level_test(raw: str, pattern: Text) -> Test:
    try:
        number = parse_level(raw)
    except LevelError:
        return Is(pattern)  # a level of the application's own
    return Is(Text(NAMES[number])) if number in NAMES and not raw.isdigit() else Equals(Quantity(number), raw)


def _between(key: str, low: str, high: str, piece: Piece) -> Between | None:
    """A range; None for other text with two dots in it, which only `time` and `level` refuse."""
    if key == TIME:
        first = Quantity(_time(low, piece)[0], INSTANT) if low else None
        return Between(first, Quantity(_time(high, piece)[1], INSTANT) if high else None)
    if key == LEVEL:
        return Between(*(Quantity(_level(side, piece)) if side else None for side in (low, high)))
    sides = [parse_quantity(side) if side else None for side in (low, high)]
    if any(text and quantity is None for text, quantity in zip((low, high), sides, strict=True)):
        return None
    dimensions = {quantity.dimension for quantity in sides if quantity is not None}
    if len(dimensions) > 1:
        raise QueryError("both ends of a range have the same unit, as in 1s..5s", piece.start, piece.end - piece.start)
    for quantity in sides:
        if quantity is not None:
            _check_dimension(key, quantity, piece)
    return Between(*sides)


def _comparison(key: str, operator: str, piece: Piece) -> Compare:
    raw = piece.raw if piece.raw is not None else str(getattr(piece.pattern, "text", ""))
    if key == LEVEL:
        return Compare(operator, Quantity(_level(raw, piece)))
    if key == TIME:
        first, last = _time(raw, piece)
        return Compare(operator, Quantity(first if operator in (">=", "<") else last, INSTANT))
    quantity = parse_quantity(raw)
    if quantity is None:
        raise QueryError(
            f"{operator} compares with a number; right would be as {key}:{operator}10, 1.5s or 10MB",
            piece.start,
            piece.end - piece.start,
        )
    _check_dimension(key, quantity, piece)
    return Compare(operator, quantity)


def _check_dimension(key: str, quantity: Quantity, piece: Piece) -> None:
    if quantity.dimension and key_scale(key, quantity.dimension) is None:
        raise QueryError(f"by its name, {key} has another unit", piece.start, piece.end - piece.start)


def _level(text: str, piece: Piece) -> int:
    try:
        return parse_level(text)
    except LevelError:
        raise QueryError(f"not a level; {_RIGHT_LEVELS}", piece.start, piece.end - piece.start) from None


def _time(text: str, piece: Piece) -> tuple[int, int]:
    found = parse_time(text)
    if found is None:
        raise QueryError(f"not a time; {_RIGHT_TIMES}", piece.start, piece.end - piece.start)
    return found
