"""What a frame's header tells of a query before its records are unpacked."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tailrace.wire import Frame
from tailrace.wire.levels import UNBOUNDED
from tailrace_relay.query.pattern import is_whole
from tailrace_relay.query.syntax import And, Between, Compare, Equals, Everything, Exists, Field, Is, Node, Not, Or

__all__ = ["ALL", "NONE", "OPEN", "Look", "Outlook", "compile_outlook"]

INFINITE = float("inf")


class Outlook(NamedTuple):
    """Whether some of a frame's records may match, and whether some may not."""

    match: bool
    fail: bool


ALL, NONE, OPEN = Outlook(True, False), Outlook(False, True), Outlook(True, True)

Look = Callable[[str, Frame], Outlook]


def compile_outlook(node: Node) -> Look | None:
    """What a stream's name and a frame's header tell; None where they never tell anything."""
    match node:
        case Everything():
            return lambda stream, frame: ALL
        case Not(part):
            inner = compile_outlook(part)
            return inner and _opposite(inner)
        case And(parts) | Or(parts):
            looks = [compile_outlook(part) for part in parts]
            told = [look for look in looks if look is not None]
            return _joined(told, some_open=len(told) < len(looks), all_of=isinstance(node, And)) if told else None
        case Field("level", Compare() | Between() | Equals() as test):
            return lambda stream, frame: _within(test, -INFINITE, _highest(frame))
        case Field("time", Compare() | Between() as test):
            return lambda stream, frame: _within(test, frame.earliest, frame.latest)
        case Field("stream", Exists()):
            return lambda stream, frame: ALL
        case Field("stream", Is(pattern)):
            matches = is_whole(pattern)
            return lambda stream, frame: ALL if matches(stream) else NONE
    return None


def _highest(frame: Frame) -> float:
    return INFINITE if frame.highest_level == UNBOUNDED else frame.highest_level


def _opposite(inner: Look) -> Look:
    return lambda stream, frame: Outlook(*reversed(inner(stream, frame)))


def _joined(looks: list[Look], *, some_open: bool, all_of: bool) -> Look:
    def look(stream: str, frame: Frame) -> Outlook:
        found = [look(stream, frame) for look in looks]
        if some_open:
            found.append(OPEN)
        quantifiers = (all, any) if all_of else (any, all)
        return Outlook(quantifiers[0](each.match for each in found), quantifiers[1](each.fail for each in found))

    return look


def _within(test: Compare | Between | Equals, lowest: float, highest: float) -> Outlook:
    """Of numbers that are somewhere from the lowest to the highest."""
    match test:
        case Equals(quantity):
            wanted = quantity.value
            return Outlook(lowest <= wanted <= highest, not lowest == wanted == highest)
        case Between(low, high):
            bottom = -INFINITE if low is None else low.value
            top = INFINITE if high is None else high.value
            return Outlook(lowest <= top and highest >= bottom, lowest < bottom or highest > top)
        case Compare(">", quantity):
            return Outlook(highest > quantity.value, lowest <= quantity.value)
        case Compare(">=", quantity):
            return Outlook(highest >= quantity.value, lowest < quantity.value)
        case Compare("<", quantity):
            return Outlook(lowest < quantity.value, highest >= quantity.value)
        case _:
            return Outlook(lowest <= test.quantity.value, highest > test.quantity.value)
