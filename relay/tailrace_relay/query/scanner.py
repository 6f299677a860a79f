"""The characters of a query, piece by piece: blanks, words, phrases and regular expressions, each with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tailrace_relay.query.errors import QueryError
from tailrace_relay.query.syntax import Glob, Pattern, Regex, Text, Wildcard

__all__ = ["BLANKS", "Piece", "Scanner"]

BLANKS = " \t\r\n"

# What a backslash takes its meaning from, outside of phrases; before anything else it is an ordinary character.
_SPECIAL = frozenset(BLANKS + '\\*?:()"/-')

# What a word ends at.
_WORD_ENDS = frozenset(BLANKS + '()"')

# Letters of any script begin a key, then digits and punctuation that names in logs have. Behind `fields.` and
# `metadata.` any character may stand with a backslash before it.
_KEY = re.compile(r"(?:(?:fields|metadata)\.(?:[\w.@/-]|\\[^\w])+|[^\W\d][\w.@/-]*)(?=:)")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)

# `http://` is no key with a value.
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")

# A regular expression ends at the first slash that has no backslash before it, and there the word ends, too. Where it
# does not, the slash that seemed to begin it is an ordinary character: /api/users is a path.
_REGEX = re.compile(r"/((?:[^/\\\n]|\\[^\n])+)/(i?)(?=[ \t\r\n()]|$)")


@dataclass(frozen=True, slots=True)
class Piece:
    """A pattern and its place; `raw` is a word as it was written, None for phrases and regular expressions."""

    pattern: Pattern
    start: int
    end: int
    raw: str | None = None


class Scanner:
    """Stands at a place in a query's text; what is taken moves it on."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0

    @property
    def next(self) -> str:
        """The character here; empty at the end."""
        return self.text[self.place : self.place + 1]

    def skip_blanks(self) -> None:
        """Go on to the next piece."""
        while self.next and self.next in BLANKS:
            self.place += 1

    def take(self, literal: str) -> bool:
        """Pass over `literal`, if it stands here."""
        if not self.text.startswith(literal, self.place):
            return False
        self.place += len(literal)
        return True

    def take_keyword(self, keyword: str) -> bool:
        """Pass over a whole word."""
        end = self.place + len(keyword)
        if not self.text.startswith(keyword, self.place) or self.text[end : end + 1] not in ("", *_WORD_ENDS):
            return False
        self.place = end
        return True

    def take_key(self) -> str | None:
        """Pass over a key and its colon; the name that is meant."""
        match = _KEY.match(self.text, self.place)
        if match is None or _ADDRESS.match(self.text, self.place):
            return None
        self.place = match.end() + 1
        return _ESCAPED.sub(r"\1", match[0])

    def take_piece(self) -> Piece | None:
        """Pass over a phrase, a regular expression or a word; None where none begins.

        Raises:
            QueryError: for a phrase without an end.
        """
        if self.next == '"':
            return self._phrase()
        match = _REGEX.match(self.text, self.place)
        if match is not None:
            start, self.place = self.place, match.end()
            return Piece(Regex(match[1], bool(match[2])), start, self.place)
        return self._word()

    def _phrase(self) -> Piece:
        start, parts = self.place, []
        self.place += 1
        while self.next != '"':
            if not self.next:
                raise QueryError('a phrase begins here and does not end; right would be "…"', start, self.place - start)
            if self.next == "\\" and self.text[self.place + 1 : self.place + 2] in ("\\", '"'):
                self.place += 1
            parts.append(self.next)
            self.place += 1
        self.place += 1
        return Piece(Text("".join(parts)), start, self.place)

    def _word(self) -> Piece | None:
        start = self.place
        parts: list[str | Wildcard] = []
        while self.next and self.next not in _WORD_ENDS:
            character = self.next
            following = self.text[self.place + 1 : self.place + 2]
            self.place += 1
            if character == "\\" and following and following in _SPECIAL:
                self.place += 1
                parts.append(following)
            else:
                parts.append(Wildcard(character) if character in "*?" else character)
        if not parts:
            return None
        return Piece(_pattern(parts), start, self.place, self.text[start : self.place])


def _pattern(parts: list[str | Wildcard]) -> Pattern:
    """Neighbouring characters joined; several `*` in a row are one."""
    joined: list[str | Wildcard] = []
    for part in parts:
        last = joined[-1] if joined else None
        if isinstance(part, str) and isinstance(last, str):
            joined[-1] = last + part
        elif not (part is last is Wildcard.ANY):
            joined.append(part)
    if len(joined) == 1 and isinstance(joined[0], str):
        return Text(joined[0])
    return Glob(tuple(joined))
