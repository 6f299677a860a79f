"""The tree of a query. The text of a tree is a query of the same meaning; equal trees have equal texts."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

from tailrace_relay.query.quantity import Quantity

__all__ = [
    "And",
    "Between",
    "Compare",
    "Equals",
    "Everything",
    "Exists",
    "Field",
    "Glob",
    "Is",
    "Node",
    "Not",
    "Or",
    "Pattern",
    "Regex",
    "Search",
    "Test",
    "Text",
    "Wildcard",
]

_SPECIAL_IN_KEY = re.compile(r"[^\w.@/-]")
_SPECIAL = re.compile(r'[\\*?:()"/ \t\r\n-]')


class Wildcard(enum.Enum):
    """What stands for other characters in a glob: any run of them, or one."""

    ANY = "*"
    ONE = "?"


@dataclass(frozen=True, slots=True)
class Text:
    """Text as it is, in any case."""

    text: str

    def __str__(self) -> str:
        escaped = self.text.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'


@dataclass(frozen=True, slots=True)
class Glob:
    """Text with wildcards in it, in any case."""

    parts: tuple[str | Wildcard, ...]

    def __str__(self) -> str:
        return "".join(p.value if isinstance(p, Wildcard) else _SPECIAL.sub(_escaped, p) for p in self.parts)


@dataclass(frozen=True, slots=True)
class Regex:
    """A regular expression, as it stands between the slashes."""

    expression: str
    ignore_case: bool

    def __str__(self) -> str:
        return f"/{self.expression}/{'i' if self.ignore_case else ''}"


Pattern = Text | Glob | Regex


@dataclass(frozen=True, slots=True)
class Exists:
    """There is a value."""

    def __str__(self) -> str:
        return "*"


@dataclass(frozen=True, slots=True)
class Is:
    """The value is this text, or like it."""

    pattern: Pattern

    def __str__(self) -> str:
        return str(self.pattern)


@dataclass(frozen=True, slots=True)
class Equals:
    """The value is this number, or is written like this."""

    quantity: Quantity
    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Compare:
    """The value is a number on one side of this one; `operator` is one of > >= < <=."""

    operator: str
    quantity: Quantity

    def __str__(self) -> str:
        return f"{self.operator}{self.quantity}"


@dataclass(frozen=True, slots=True)
class Between:
    """The value is a number from `low` to `high`, both included; None is no bound."""

    low: Quantity | None
    high: Quantity | None

    def __str__(self) -> str:
        return f"{'' if self.low is None else self.low}..{'' if self.high is None else self.high}"


Test = Exists | Is | Equals | Compare | Between


@dataclass(frozen=True, slots=True)
class Everything:
    """Every record."""

    def __str__(self) -> str:
        return "*"


@dataclass(frozen=True, slots=True)
class Search:
    """The record's text has this in it."""

    pattern: Pattern

    def __str__(self) -> str:
        return str(self.pattern)


@dataclass(frozen=True, slots=True)
class Field:
    """The value under a key passes a test."""

    key: str
    test: Test

    def __str__(self) -> str:
        return f"{_SPECIAL_IN_KEY.sub(_escaped, self.key)}:{self.test}"


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not match."""

    part: Node

    def __str__(self) -> str:
        return f"-({self.part})" if isinstance(self.part, Not) else f"-{_grouped(self.part)}"


@dataclass(frozen=True, slots=True)
class And:
    """All parts match."""

    parts: tuple[Node, ...]

    def __str__(self) -> str:
        return " ".join(map(_grouped, self.parts))


@dataclass(frozen=True, slots=True)
class Or:
    """At least one part matches."""

    parts: tuple[Node, ...]

    def __str__(self) -> str:
        return " OR ".join(map(_grouped, self.parts))


Node = Everything | Search | Field | Not | And | Or


def _escaped(character: re.Match[str]) -> str:
    return f"\\{character[0]}"


def _grouped(node: Node) -> str:
    return f"({node})" if isinstance(node, And | Or) else str(node)
