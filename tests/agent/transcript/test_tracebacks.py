"""Tracebacks of several languages stay together, whatever comes before, after and in between."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tailrace.transcript.lines import Line
from tailrace.transcript.tracebacks import AT_END, AT_HEAD, IN_MIDDLE, LONGEST, MOST_LINES, Gatherer, Passage

PLAIN = """\
Traceback (most recent call last):
  File "a.py", line 4, in <module>
    f()
    ^^^
ValueError: no"""

CHAINED = """\
Traceback (most recent call last):
  File "a.py", line 2, in <module>
    1/0
ZeroDivisionError: division by zero

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "a.py", line 5, in <module>
KeyError: 1

During handling of the above exception, another exception occurred:

  + Exception Group Traceback (most recent call last):
  |   File "a.py", line 6, in <module>
  | ExceptionGroup: several (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | ValueError: 1
    +---------------- 2 ----------------
    | TypeError: 2
    +------------------------------------"""

THREAD = 'Exception in thread Thread-1 (f):\nTraceback (most recent call last):\n  File "a.py", line 2, in f\nOops'

NOT_RETRIEVED = f"Task exception was never retrieved\nfuture: <Task finished name='Task-2'>\n{PLAIN}"

SQL = f"{PLAIN}\n[SQL: SELECT 1]\n[parameters: (1,)]\n(Background on this error at: https://sqlalche.me/e/20/e3q8)"

SYNTAX = '  File "a.py", line 1\n    x = = 2\n        ^\nSyntaxError: invalid syntax'

FATAL = """\
Fatal Python error: Segmentation fault

Current thread 0x00007fd8b2bf6b80 (most recent call first):
  File "a.py", line 519 in string_at"""

JAVA = """\
Exception in thread "main" java.lang.RuntimeException: outer
\tat X.main(X.java:1)
\tSuppressed: java.io.IOException: closing
\t\tat X.close(X.java:9)
Caused by: java.lang.IllegalStateException: bad
\tat X.f(X.java:1)
\t... 1 more"""

KOTLIN = "kotlin.KotlinNullPointerException\n\tat MainKt.main(Main.kt:2)"

GO = """\
panic: runtime error: invalid memory address or nil pointer dereference
[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x47]

goroutine 1 [running]:
main.f(...)
\t/src/x.go:3
main.main()
\t/src/x.go:9 +0x65

goroutine 5 [chan receive, 2 minutes]:
main.wait()
\t/src/x.go:12 +0x1d
created by main.main in goroutine 1
\t/src/x.go:8 +0x59
exit status 2"""

NODE = """\
/src/a.js:3
null.x
     ^

TypeError: Cannot read properties of null (reading 'x')
    at f (/src/a.js:3:36)
    at async Promise.all (index 0) {
  code: 'E1',
  [cause]: Error: inner
      at /src/a.js:1:123
}

Node.js v20.20.2"""

RUBY = "a.rb:1:in 'Object#foo': boom (RuntimeError)\n\tfrom a.rb:2:in 'bar'\n\tfrom a.rb:4:in '<main>'"


def gather(text: str) -> list[Passage]:
    gatherer = Gatherer()
    found: list[Passage] = []
    for number, line in enumerate(text.split("\n"), 1):
        found += gatherer.add(Line(number, line), 0.0)
    return found + gatherer.flush()


@pytest.mark.parametrize(
    ("traceback", "title"),
    [
        pytest.param(PLAIN, "ValueError: no", id="python"),
        pytest.param(CHAINED, "ExceptionGroup: several (2 sub-exceptions)", id="chained"),
        pytest.param(THREAD, "Oops", id="thread"),
        pytest.param(NOT_RETRIEVED, "ValueError: no", id="asyncio"),
        pytest.param(SQL, "ValueError: no", id="sqlalchemy"),
        pytest.param(SYNTAX, "SyntaxError: invalid syntax", id="syntax"),
        pytest.param(FATAL, "Fatal Python error: Segmentation fault", id="faulthandler"),
        pytest.param(JAVA, 'Exception in thread "main" java.lang.RuntimeException: outer', id="java"),
        pytest.param(KOTLIN, "kotlin.KotlinNullPointerException", id="kotlin"),
        pytest.param(GO, GO.split("\n")[0], id="go"),
        pytest.param(NODE, "TypeError: Cannot read properties of null (reading 'x')", id="node"),
        pytest.param(RUBY, "a.rb:1:in 'Object#foo': boom (RuntimeError)", id="ruby"),
    ],
)
def test_a_traceback_is_one_passage_between_its_neighbours(traceback: str, title: str) -> None:
    after = traceback.count("\n") + 4
    assert gather(f"before\n{traceback}\n\nafter it") == [
        Passage(1, "before"),
        Passage(2, traceback, title),
        Passage(after, "after it"),
    ]


@pytest.mark.parametrize(
    "program",
    ["1/0", "raise KeyboardInterrupt", "raise ExceptionGroup('g', [ValueError(1), ExceptionGroup('h', [OSError(2)])])"],
)
def test_what_this_interpreter_prints_is_one_passage(program: str) -> None:
    done = subprocess.run([sys.executable, "-c", program], stderr=subprocess.PIPE, text=True, check=False)
    (passage,) = gather(done.stderr)
    assert passage.text == done.stderr.rstrip("\n")


def test_two_tracebacks_in_a_row_are_two() -> None:
    assert [p.text for p in gather(f"{PLAIN}\n{PLAIN}\n{JAVA}\n{RUBY}")] == [PLAIN, PLAIN, JAVA, RUBY]


def test_a_line_that_only_looks_like_the_head_of_one_is_a_line() -> None:
    text = "ValueError: just said\nfoo.BarError\n  at home\n  indented\npanic: no\n/src/a.js:3\nsource\na.rb:1:in b (C)"
    assert gather(text) == [Passage(n, line) for n, line in enumerate(text.split("\n"), 1)]


def test_a_line_of_another_in_the_middle_of_one_is_kept_and_so_are_both_parts() -> None:
    lines = PLAIN.split("\n")
    assert [p.text for p in gather("\n".join([*lines[:3], "12:00 another thread", *lines[3:]]))] == [
        "\n".join(lines[:3]),
        "12:00 another thread",
        *lines[3:],
    ]


def test_blank_lines_are_no_passages() -> None:
    assert gather("a\n\n\nb\n") == [Passage(1, "a"), Passage(4, "b")]


@pytest.mark.parametrize(
    ("text", "patience"),
    [("ValueError: x", AT_HEAD), (PLAIN, AT_END), (PLAIN[: PLAIN.index("\n  ", 40)], IN_MIDDLE), (GO, AT_END)],
)
def test_it_is_over_after_some_time_without_a_further_line(text: str, patience: float) -> None:
    gatherer = Gatherer()
    for number, line in enumerate(text.split("\n"), 1):
        assert gatherer.add(Line(number, line), 100.0) == []
    assert gatherer.deadline == 100.0 + patience
    assert [p.text for p in gatherer.add(Line(99, "next"), 100.0 + patience)] == [text, "next"]
    assert gatherer.deadline is None


def test_it_is_over_after_some_time_however_it_goes_on() -> None:
    gatherer = Gatherer()
    gatherer.add(Line(1, PLAIN.split("\n")[0]), 0.0)
    for tenth in range(1, 20):
        assert gatherer.add(Line(tenth + 1, "  more"), tenth / 10) == []
    assert gatherer.deadline == LONGEST
    assert gatherer.add(Line(21, "next"), LONGEST)[0].text.count("\n") == 19


def test_one_without_end_is_given_in_pieces_that_miss_nothing() -> None:
    frames = [f"\tat a.B.c{i}(B.java:{i})" for i in range(3 * MOST_LINES)]
    passages = gather("\n".join(frames))
    assert "\n".join(p.text for p in passages) == "\n".join(frames)
    assert max(p.text.count("\n") for p in passages) < MOST_LINES
    wide = gather("\n".join(["panic: x"] + ["\t" + "x" * 60_000] * 20))
    assert max(len(p.text) for p in wide) < 260_000


@pytest.mark.parametrize(
    "line",
    ["a:1:in " + "(" * 60_000, "  at " + "a" * 60_000, "goroutine 1 " + "[" * 60_000, "a." * 30_000, "1:" * 30_000],
)
def test_hostile_lines_cost_no_more_than_their_length(line: str) -> None:
    found = gather(f"{line}\n{PLAIN}\n{line}\n" * 20)
    assert sum(p.text.count(line) for p in found) == 40
