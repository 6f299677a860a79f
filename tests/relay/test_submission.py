from __future__ import annotations

import gzip
import json
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tailrace.wire import Facts, Record, make_frame
from tailrace_relay.submission import MAX_BODY, Mistake, Submission, SubmissionError, read_submission

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    ["message", "level", "level_number", "time", "kind", "logger", "line", "fields", "pid", "service", "x"]
)


def read(value: Any, *, service: str = "api") -> Submission:
    return read_submission(json.dumps(value).encode(), lines=False, gzipped=False, service=service)


def refused(value: Any) -> SubmissionError:
    with pytest.raises(SubmissionError) as caught:
        read(value)
    return caught.value


def mistakes(value: Any) -> list[tuple[int, str]]:
    error = refused(value)
    assert error.status == 422
    return [(each.index, each.field) for each in error.mistakes]


def test_a_message_is_all_that_a_record_needs() -> None:
    submission = read({"message": "hello"})
    record = submission.records[0]
    assert submission.facts == Facts(service="api")
    assert (record.message, record.level, record.level_number, record.logger) == ("hello", "INFO", 20, "http")
    assert (record.source, record.kind) == ("user", "log")


def test_all_that_a_record_may_have() -> None:
    given_all = {
        "message": "m", "level": "warn", "time": "2026-11-21T10:30:00.5Z", "kind": "audit", "logger": "l",
        "source": "browser", "module": "mo", "function": "f", "thread": "t", "exception": "e", "trace_id": "tr",
        "span_id": "sp", "action": "a", "line": 1, "line_number": 2, "metadata": [1], "fields": {"k": {"v": 1.5}},
    }  # fmt: skip
    record = read(given_all).records[0]
    assert record == Record(
        **given_all | {"level": "WARNING", "level_number": 30, "time": 1_795_257_000_500_000}  # type: ignore[arg-type]
    )


def test_a_level_of_ones_own_has_a_number() -> None:
    record = read({"message": "x", "level": "NOTICE", "level_number": 25}).records[0]
    assert (record.level, record.level_number) == ("NOTICE", 25)
    assert read({"message": "x", "level_number": 40}).records[0].level == "ERROR"
    assert mistakes({"message": "x", "level": "NOTICE"}) == [(0, "level")]


def test_an_array_and_lines_are_the_same() -> None:
    records = [{"message": str(n), "time": "2026-11-21"} for n in range(3)]
    lines = "\n".join(["", *map(json.dumps, records), "  "]).encode()
    assert read_submission(lines, lines=True, gzipped=False, service="api") == read(records)
    assert read_submission(gzip.compress(lines), lines=True, gzipped=True, service="api") == read(records)


def test_gzip_may_have_several_members() -> None:
    members = [gzip.compress(json.dumps({"message": str(n)}).encode() + b"\n") for n in range(3)]
    found = read_submission(b"".join(members), lines=True, gzipped=True, service="api")
    assert [record.message for record in found.records] == ["0", "1", "2"]
    with pytest.raises(SubmissionError, match="the body is not gzip"):
        read_submission(members[0] + b"more", lines=True, gzipped=True, service="api")


def test_members_of_gzip_are_few() -> None:
    """Each costs something, also when nothing is in it."""
    with pytest.raises(SubmissionError, match="1024 members"):
        read_submission(gzip.compress(b"") * 100_000, lines=True, gzipped=True, service="api")
    record = gzip.compress(b'{"message": "x"}\n') + gzip.compress(b"") * 2
    found = read_submission(record * 300, lines=True, gzipped=True, service="api")
    assert len(found.records) == 300


def test_what_records_share_is_said_once_and_must_agree() -> None:
    submission = read([{"message": "a", "service": "shop", "pid": 7}, {"message": "b"}, {"message": "c", "pid": 7}])
    assert submission.facts == Facts(service="shop", pid=7)
    assert mistakes([{"message": "a", "service": "shop"}, {"message": "b", "service": "mail"}]) == [(1, "service")]


@pytest.mark.parametrize(
    ("record", "field"),
    [
        ({}, "message"),
        ({"message": None}, "message"),
        ({"message": 5}, "message"),
        ({"message": "x", "mesage": "y"}, "mesage"),
        ({"message": "x", "level": "loud"}, "level"),
        ({"message": "x", "level": 30}, "level"),
        ({"message": "x", "level_number": -1}, "level_number"),
        ({"message": "x", "level_number": True}, "level_number"),
        ({"message": "x", "time": "soon"}, "time"),
        ({"message": "x", "time": 5}, "time"),
        ({"message": "x", "time": "1969-12-31"}, "time"),
        ({"message": "x", "kind": "died"}, "kind"),
        ({"message": "x", "line": 1.5}, "line"),
        ({"message": "x", "line": 1 << 60}, "line"),
        ({"message": "x", "fields": []}, "fields"),
        ({"message": "x", "logger": {}}, "logger"),
        ({"message": "x", "host": "h" * 257}, "host"),
        ({"message": "x", "\ud800": 1}, "\\ud800"),
        ("text", ""),
    ],
)
def test_a_mistake_names_the_record_and_the_field(record: Any, field: str) -> None:
    assert mistakes([{"message": "right"}, record]) == [(1, field)]


def test_every_mistake_is_named() -> None:
    error = refused([{"message": 1, "level": "loud"}, {"message": "x"}, 5])
    assert error.mistakes[-1] == Mistake(2, "", "is a number; right would be an object")
    assert [(each.index, each.field) for each in error.mistakes] == [(0, "message"), (0, "level"), (2, "")]
    assert str(error) == "record 0: message is a number; right would be a text"


@pytest.mark.parametrize(
    ("body", "gzipped", "status", "text"),
    [
        (b"", False, 400, "the body is not JSON"),
        (b"{", False, 400, "the body is not JSON"),
        (b"[]", False, 400, "0 records; right would be 1 to 512"),
        (b"[" * 100_000, False, 400, "the body is not JSON"),
        (b"\xff", False, 400, "the body is not JSON"),
        (json.dumps([{"message": "x"}] * 513).encode(), False, 413, "513 records; right would be 1 to 512"),
        (b"x" * (MAX_BODY + 1), False, 413, "a body of more than"),
        (b"no gzip", True, 400, "the body is not gzip"),
        (gzip.compress(b"{}", mtime=0)[:-4], True, 400, "its end is missing"),
        (gzip.compress(b" " * (100 << 20), mtime=0), True, 413, "a body of more than"),
        (zlib.compress(b"{}"), True, 400, "the body is not gzip"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_body_that_cannot_be_taken_is_refused(body: bytes, gzipped: bool, status: int, text: str) -> None:
    with pytest.raises(SubmissionError) as caught:
        read_submission(body, lines=False, gzipped=gzipped, service="api")
    assert caught.value.status == status
    assert text in str(caught.value)


def test_a_line_that_is_not_json_is_named() -> None:
    with pytest.raises(SubmissionError, match="line 2 is not JSON"):
        read_submission(b'{"message": "x"}\n{"message\n', lines=True, gzipped=False, service="api")


def test_secrets_are_taken_out_as_in_agents() -> None:
    record = read({"message": "password=hunter2", "fields": {"token": "abc", "n": 1}}).records[0]
    assert record.message == "password=[redacted]"
    assert record.fields == {"token": "[redacted]", "n": 1}


@given(st.lists(st.dictionaries(NAMES, JSON_VALUES, max_size=4) | JSON_VALUES, min_size=1, max_size=4))
def test_whatever_comes_is_a_frame_or_a_refusal(values: list[Any]) -> None:
    try:
        submission = read(values)
    except SubmissionError as error:
        assert str(error)  # noqa: PT017 - either is right
        return
    make_frame(bytes(16), 1, submission.facts, submission.records)
