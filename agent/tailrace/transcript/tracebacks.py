"""Tracebacks among lines: what an interpreter prints over many lines when something fails is put together to one.

A `Gatherer` takes lines one by one. A line that may open a traceback is held; each next line either goes on with it or
ends it. What a traceback of a kind consists of is a small table of patterns, by the state that it is in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from tailrace.transcript.lines import Line

__all__ = ["Gatherer", "Passage"]

# A traceback beyond this is given in several pieces: a deep recursion in Java has 1024 lines.
MOST_LINES = 2000
MOST_CHARACTERS = 256 << 10

# Seconds without a further line after which it is over: in the middle of it, when it may be complete, and when so far
# there is only a line that might open one.
IN_MIDDLE, AT_END, AT_HEAD = 0.5, 0.25, 0.1

# Seconds after which it is over however it goes on.
LONGEST = 2.0


class Passage(NamedTuple):
    """One or more lines that belong together.

    Attributes:
        number: of its first line.
        text: its lines.
        title: what failed, of a traceback: `ValueError: no`; None for any other line.
    """

    number: int
    text: str
    title: str | None = None


class _State(NamedTuple):
    """What may come next, each with the state that it leads to.

    Attributes:
        patience: seconds that the next line may take.
        titled: a line that led here names what failed.
        whole: what is here is a traceback, even if nothing follows.
    """

    next: tuple[tuple[re.Pattern[str], str], ...]
    patience: float
    titled: bool = False
    whole: bool = True


def _way(pattern: str, state: str) -> tuple[re.Pattern[str], str]:
    return re.compile(pattern, re.ASCII), state


# Python: header, indented lines, the exception's own line; then perhaps a blank line, words about a chain, a blank line
# and the next header.
_HEADER = _way(r"Traceback \(most recent call last\):", "python")
_SYNTAX = _way(r'  File "[^"]*", line \d+', "python")
_GROUP_HEADER = _way(r"  \+ Exception Group Traceback \(most recent call last\):", "group")
_FINAL = _way(r"[A-Za-z_][\w.]*(Error|Exception|Exit|Interrupt|Warning|Iteration|Group)\b", "python end")
_ANY_FINAL = _way(r"[A-Za-z_][\w.<>]*(:|$)", "python end")
_MORE = _way(r"\s+\S|\[(SQL|parameters): |\(Background on this error", "python more")
_CHAIN = r"(During handling of the above exception, another|The above exception was the direct cause)"

# Java: a head that names class and text, `at` lines, causes.
_JAVA_CLASS = r"([A-Za-z_$][\w$]*\.)+[A-Za-z_$][\w$]*(Exception|Error|Throwable)\b"
_AT = _way(r"\s+at \S.*[):>]|\s+\.\.\. \d+ (more|common frames omitted)|\s*(Caused by|Suppressed): ", "at")

# Node: perhaps place, source line and a caret under it; a head `TypeError: text`, `at` lines, properties in braces.
_NODE_HEAD = _way(r"(Uncaught )?([A-Z]\w*)?Error( \[\w+\])?(:|$)", "head")
_NODE_PLACE = r"(/|file:|node:|\[eval)\S*:\d+$"

# Go: `panic: text`, goroutines of functions and indented places.
_GOROUTINE = _way(r"goroutine \d+ [^\[]*\[[^\]]*\]:", "go")
_GO_LINE = _way(r"$|\t\S|\S.*\)$|created by |exit status \d+|\[signal |\[recovered|\tpanic: |panic: ", "go")

# Ruby: `a.rb:1:in 'f': text (Kind)` and `from` lines.
_FROM = _way(r"\s+(from |\d+: from )\S+:\d+:in ", "ruby")

# The interpreter itself dies.
_FATAL = _way(r"Fatal Python error: ", "fatal")

_STATES = {
    "start": _State(
        (
            _HEADER,
            _GROUP_HEADER,
            _SYNTAX,
            _FATAL,
            _way(r"Exception (in thread|ignored in)\b|Task exception was never retrieved", "head"),
            _GOROUTINE,
            _way(r"(panic|fatal error): ", "panic"),
            _way(_JAVA_CLASS, "head"),
            _NODE_HEAD,
            _way(_NODE_PLACE, "place"),
            _way(r"\S+:\d+:in .+\([^\s()]+\)$", "ruby head"),
            _FROM,
            _AT,
        ),
        0.0,
    ),
    "head": _State(
        (_HEADER, _GROUP_HEADER, _AT, _way(r"future: ", "head"), _way(_JAVA_CLASS, "head")), AT_HEAD, True, False
    ),
    "place": _State((_way(r"", "source"),), AT_HEAD, whole=False),
    "source": _State((_way(r"\s*\^+$", "caret"),), AT_HEAD, whole=False),
    "caret": _State((_way(r"$", "caret"), _NODE_HEAD), AT_HEAD, whole=False),
    "at": _State((_AT, _way(r"\s+\S|\}$", "at"), _way(r"$", "at blank")), AT_END),
    "at blank": _State((_way(r"Node\.js v\d", "at blank"),), AT_END),
    "python": _State((_HEADER, _way(r"\s+\S", "python"), _FINAL, _ANY_FINAL), IN_MIDDLE),
    "python end": _State((_way(r"$", "python blank"), _MORE), AT_END, True),
    "python more": _State((_way(r"$", "python blank"), _MORE), AT_END),
    "python blank": _State((_way(_CHAIN, "python chain"),), AT_END),
    "python chain": _State((_way(r"$", "python chain"), _HEADER, _GROUP_HEADER), IN_MIDDLE),
    "group": _State((_way(r"\s+[|+]", "group"), _way(r"$", "python blank")), AT_END),
    "panic": _State((_way(r"$|\[signal |\tpanic: |\s+\S", "panic"), _GOROUTINE), AT_HEAD, True, False),
    "go": _State((_GOROUTINE, _GO_LINE), AT_END),
    "ruby head": _State((_FROM,), AT_HEAD, True, False),
    "ruby": _State((_FROM,), AT_END),
    "fatal": _State(
        (_way(r"$|\s+\S|(Current t|T)hread 0x|Extension modules:|Python runtime state:|Current thread's C", "fatal"),),
        AT_END,
    ),
}
_START = _STATES["start"]
_GROUP_TITLE = re.compile(r"\s+\| (\S.*\(\d+ sub-exceptions?\))$")

# No line that opens a traceback begins with anything else: most lines are done after one look.
_MAY_OPEN = re.compile(
    r"[ \t]|Trace|Fatal|Exception|Task|gorou|panic|fatal|Caused|Suppressed"
    r"|\S*(Error|Exception|Throwable)|\S+:\d+(:in |$)"
)


class Gatherer:
    """Puts the lines of tracebacks together; each other line is a passage of its own.

    It holds at most 2000 lines and 256 Ki characters.

    Attributes:
        deadline: when `flush` is due, by the clock whose readings `add` was given; None while it holds nothing.
    """

    def __init__(self) -> None:
        self.deadline: float | None = None
        self._state = _START
        self._lines: list[Line] = []
        self._size = 0
        self._title = ""
        self._since = 0.0

    def add(self, line: Line, now: float) -> list[Passage]:
        """Take the next line; the passages that are complete with it."""
        if not self._lines and _MAY_OPEN.match(line.text) is None:
            return [Passage(*line)] if line.text else []
        ready = self.flush() if self._lines and self._is_over(line, now) else []
        state = _next(self._state, line.text)
        if state is None and self._lines:
            ready += self.flush()
            state = _next(_START, line.text)
        if state is None:
            return ready + ([Passage(*line)] if line.text else [])
        self._hold(line, state, now)
        return ready

    def flush(self) -> list[Passage]:
        """What it holds, as it is."""
        lines, state = self._lines, self._state
        title = self._title
        self._lines, self._size, self._title, self._state, self.deadline = [], 0, "", _START, None
        while lines and not lines[-1].text.strip():
            lines.pop()
        if not lines:
            return []
        if not state.whole:
            return [Passage(*line) for line in lines if line.text]
        return [Passage(lines[0].number, "\n".join(line.text for line in lines), title or _first(lines))]

    def _is_over(self, line: Line, now: float) -> bool:
        full = len(self._lines) >= MOST_LINES or self._size + len(line.text) > MOST_CHARACTERS
        return full or (self.deadline is not None and now >= self.deadline)

    def _hold(self, line: Line, state: _State, now: float) -> None:
        if not self._lines:
            self._since = now
        self._title = _title(self._title, state, line.text)
        self._lines.append(line)
        self._size += len(line.text) + 1
        self._state = state
        self.deadline = min(now + state.patience, self._since + LONGEST)


def _next(state: _State, text: str) -> _State | None:
    return next((_STATES[name] for pattern, name in state.next if pattern.match(text)), None)


def _title(title: str, state: _State, text: str) -> str:
    """What failed, as far as it is known with this line: the last of a chain, the outermost of a group."""
    if state is _STATES["python chain"]:
        return ""
    if state is _STATES["python end"]:
        return text
    if state is _STATES["group"] and not title and (found := _GROUP_TITLE.match(text)):
        return found[1]
    return title or (text if state.titled else "")


def _first(lines: Iterable[Line]) -> str:
    return next((line.text.strip() for line in lines if line.text.strip()), "")
