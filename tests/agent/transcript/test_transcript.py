"""Transcripts: lines, tracebacks and JSON objects of one output as records."""

from __future__ import annotations

import pytest

from tailrace.transcript.transcript import Transcript
from tailrace.wire.record import Record

NOW = 1_767_268_800_000_000


def records(data: bytes, level: int = 20) -> list[Record]:
    transcript = Transcript("stdout", level, "app")
    return transcript.feed(data, 0.0, NOW) + transcript.end(0.0, NOW)


def test_a_line_is_a_record_with_its_number_in_the_output() -> None:
    found = records(b"one\r\n\n  \nfour\n10 %\r100 %\n\xff last")
    assert [(r.line_number, r.message) for r in found] == [(1, "one"), (4, "four"), (5, "100 %"), (6, "\\xff last")]
    assert {(r.source, r.logger, r.level, r.time, r.kind) for r in found} == {("stdout", "app", "INFO", NOW, "log")}


def test_a_traceback_is_one_record_of_at_least_error() -> None:
    trace = 'Traceback (most recent call last):\n  File "a.py", line 4, in f\nValueError: no'
    (found,) = records(trace.encode())
    assert (found.message, found.exception, found.level, found.line_number) == ("ValueError: no", trace, "ERROR", 1)
    assert records(trace.encode(), level=50)[0].level == "CRITICAL"


def test_a_json_object_says_what_it_is() -> None:
    line = b'{"level": "warn", "msg": "x", "time": 1, "logger": "db", "span_id": "ab", "err": {"stack": "s"}, "n": 1}\n'
    (found,) = records(line)
    assert (found.level, found.message, found.logger, found.span_id) == ("WARNING", "x", "db", "ab")
    assert (found.exception, found.fields, found.time) == ("s", {"time": 1, "n": 1}, NOW)


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("INFO:     Uvicorn running", "INFO"),
        ("ERROR:root:failed", "ERROR"),
        ("2026-01-01 12:00:00,123 WARNING app: x", "WARNING"),
        ("2026-01-01T12:00:00.5Z DEBUG x", "DEBUG"),
        ("[2026-11-21 04:29:33 +0000] [7] [INFO] Starting gunicorn", "INFO"),
        ("[2026-11-21 04:29:33,001: CRITICAL/MainProcess] x", "CRITICAL"),
        ("2026-01-01 12:00:00,123 - app.db - WARN - x", "WARNING"),
        ("\x1b[33mNOTICE\x1b[0m x", "NOTICE"),
        ("an INFO in the middle", "ERROR"),
        ("info in small letters", "ERROR"),
        ("INFORMATION", "INFO"),
        ("INFOS are no level", "ERROR"),
        ("ERROR-CODES", "ERROR"),
        ("DEBUG_MODE=1", "ERROR"),
        ("9" * 60_000, "ERROR"),
    ],
)
def test_a_line_of_text_may_begin_with_its_level(line: str, level: str) -> None:
    assert records(line.encode(), level=40)[0].level == level


def test_what_waits_for_further_lines_says_until_when() -> None:
    transcript = Transcript("stderr", 40, "app")
    assert transcript.feed(b"before\nValueError: x\nunfinish", 5.0, NOW)[0].message == "before"
    assert (transcript.deadline or 0) > 5.0
    assert [r.message for r in transcript.flush(NOW)] == ["ValueError: x"]
    assert not transcript.deadline
    assert [r.message for r in transcript.feed(b"ed\n", 6.0, NOW)] == ["unfinished"]
