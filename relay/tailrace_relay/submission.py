"""What clients hand in over HTTP: a record, an array, or JSON lines; taken whole, or refused with all its mistakes."""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tailrace.redaction import Redactor
from tailrace.values import clean, clean_text, cut_text
from tailrace.wire import MAX_RECORDS, Facts, LevelError, Record, level_name, parse_level
from tailrace_relay.errors import RelayError
from tailrace_relay.query.quantity import parse_time

__all__ = [
    "MAX_BODY",
    "Mistake",
    "Submission",
    "SubmissionError",
    "json_of",
    "read_submission",
    "submission_of",
    "unpacked",
]

# Bytes of a body, unpacked: half of what a frame holds, since redaction may write more than it takes out.
MAX_BODY = 4 << 20

# Members of a gzip body, such as one for each record; and bytes of one that are looked at at a time.
MOST_MEMBERS = 1024
SLICE = 64 << 10

# Mistakes that are named in one answer.
MOST_MISTAKES = 100

SOURCE, LOGGER, INFO = "user", "http", 20

TEXTS = ("logger", "source", "module", "function", "thread", "exception", "trace_id", "span_id", "action")
NUMBERS = ("line", "line_number")
FREE = ("metadata", "fields")
SHARED = ("service", "host", "process", "pid")
KINDS = ("log", "audit")
KNOWN = ("message", "level", "level_number", "time", "kind", *TEXTS, *NUMBERS, *FREE, *SHARED)

LARGEST_INT = (1 << 53) - 1

# Characters of what all records share: each record is given with it.
LONGEST_SHARED = 256

# Characters of a name that is wrong.
LONGEST_NAME = 64

_redactor = Redactor()


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with one record.

    Attributes:
        index: of the record, from 0.
        field: its name; empty where the record as a whole is meant.
    """

    index: int
    field: str
    detail: str


class SubmissionError(RelayError):
    """Nothing of a body can be taken.

    Attributes:
        status: of HTTP.
        mistakes: each record's.
        array: a JSON pointer to the records in the body; None where the body is one record.
    """

    def __init__(self, status: int, message: str, mistakes: tuple[Mistake, ...] = (), array: str | None = "#") -> None:
        self.status = status
        self.mistakes = mistakes
        self.array = array
        super().__init__(message)

    def pointer(self, mistake: Mistake) -> str:
        """Where in the body it is (RFC 6901); of NDJSON, as if its lines were an array."""
        record = "#" if self.array is None else f"{self.array}/{mistake.index}"
        return f"{record}/{mistake.field.replace('~', '~0').replace('/', '~1')}" if mistake.field else record


@dataclass(frozen=True, slots=True)
class Submission:
    """Records that are right, with the facts that all of them share."""

    facts: Facts
    records: list[Record]


def read_submission(body: bytes, *, lines: bool, gzipped: bool, service: str) -> Submission:
    """Read a body.

    Args:
        lines: it is NDJSON; else one JSON object or an array of them.
        gzipped: as HTTP's `Content-Encoding: gzip` has it.
        service: of records that name none.

    Raises:
        SubmissionError: naming what is wrong, for each record where that is.
    """
    text = unpacked(body, gzipped=gzipped)
    value = _lines(text) if lines else json_of(text, "the body is not JSON")
    if isinstance(value, list):
        return submission_of(value, service)
    return submission_of([value], service, array=None)


def submission_of(values: list[Any], service: str, *, array: str | None = "#") -> Submission:
    """Records as JSON has them.

    Args:
        service: of records that name none.
        array: where they stand in the body, as `SubmissionError` has it.

    Raises:
        SubmissionError: naming what is wrong, for each record where that is.
    """
    if not 1 <= len(values) <= MAX_RECORDS:
        status = 413 if values else 400
        raise SubmissionError(status, f"{len(values)} records; right would be 1 to {MAX_RECORDS} in one request")
    reader = _Reader(values, service)
    records = [reader.record(index, value) for index, value in enumerate(values)]
    if reader.mistakes:
        first = reader.mistakes[0]
        raise SubmissionError(
            422,
            f"record {first.index}: {first.field or 'it'} {first.detail}",
            tuple(reader.mistakes[:MOST_MISTAKES]),
            array,
        )
    return Submission(reader.facts, [_redactor.record(record) for record in records if record is not None])


def unpacked(body: bytes, *, gzipped: bool) -> bytes:
    """The text of a body.

    Raises:
        SubmissionError: when it is not what it says, or too much.
    """
    text = _inflate(body) if gzipped else body
    if len(text) > MAX_BODY:
        raise SubmissionError(413, f"a body of more than {MAX_BODY} bytes, unpacked; send less at a time")
    return text


def _inflate(body: bytes) -> bytes:
    """What is in gzip, which may have several members, one after the other."""
    text, rest, members = bytearray(), memoryview(body), 0
    while rest and len(text) <= MAX_BODY:
        members += 1
        if members > MOST_MEMBERS:
            raise SubmissionError(400, f"more than {MOST_MEMBERS} members of gzip; right would be one")
        rest = _inflate_member(rest, text)
    return bytes(text)


def _inflate_member(body: memoryview, text: bytearray) -> memoryview:
    """Append what is in one member, and a byte more than may be at most; gives what lies behind it."""
    inflater = zlib.decompressobj(wbits=31)
    while body and not inflater.eof and len(text) <= MAX_BODY:
        # In slices: what lies behind a member is copied, and would be with each.
        piece = body[:SLICE]
        try:
            text += inflater.decompress(piece, MAX_BODY + 1 - len(text))
        except zlib.error as error:
            raise SubmissionError(400, f"the body is not gzip: {error}") from error
        body = body[len(piece) - len(inflater.unused_data) - len(inflater.unconsumed_tail) :]
    if len(text) <= MAX_BODY and not inflater.eof:
        raise SubmissionError(400, "the body is not gzip: its end is missing")
    return body


def _lines(text: bytes) -> list[Any]:
    lines = [line for line in text.split(b"\n") if line.strip()]
    if len(lines) > MAX_RECORDS:
        raise SubmissionError(413, f"{len(lines)} records; right would be 1 to {MAX_RECORDS} in one request")
    return [json_of(line, f"line {number} is not JSON") for number, line in enumerate(lines, 1)]


def json_of(text: bytes, what: str) -> Any:
    """A JSON value.

    Raises:
        SubmissionError: saying `what` is wrong.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SubmissionError(400, f"{what}: {error}") from None


class _Reader:
    """Reads records one after the other and keeps what is wrong with them."""

    def __init__(self, values: list[Any], service: str) -> None:
        self.mistakes: list[Mistake] = []
        self._now = time.time_ns() // 1000
        first = next((value for value in values if isinstance(value, dict)), {})
        self._shared = {name: first.get(name) for name in SHARED}
        self.facts = Facts(
            service=_shared_text(first.get("service")) or service,
            host=_shared_text(first.get("host")),
            process=_shared_text(first.get("process")),
            pid=first["pid"] if _is_number(first.get("pid")) else 0,
        )

    def record(self, index: int, value: Any) -> Record | None:
        """One record; None when something is wrong with it."""
        if not isinstance(value, dict):
            self.mistakes.append(Mistake(index, "", f"is {_kind(value)}; right would be an object"))
            return None
        wrong = list(self._wrong(value))
        self.mistakes += [Mistake(index, clean_text(name[:LONGEST_NAME]), detail) for name, detail in wrong]
        return None if wrong else self._made(value)

    def _wrong(self, value: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        if value.get("message") is None:
            yield "message", "is missing"
        for name, item in value.items():
            if item is None:
                continue
            if name not in KNOWN:
                yield name, "is no field of a record; free ones go into fields"
            elif name in ("message", "service", "host", "process", *TEXTS) and not isinstance(item, str):
                yield name, f"is {_kind(item)}; right would be a text"
            elif name in SHARED and isinstance(item, str) and len(item) > LONGEST_SHARED:
                yield name, f"has {len(item)} characters; {LONGEST_SHARED} are the limit"
            elif name in (*NUMBERS, "pid") and not _is_number(item):
                yield name, f"is {_kind(item)}; right would be a whole number from 0 to 2^53 - 1"
            elif name in SHARED and item != self._shared[name]:
                yield name, "is another one than in the first record; send those of each process by themselves"
            elif name == "fields" and not isinstance(item, dict):
                yield name, f"is {_kind(item)}; right would be an object"
            elif name == "kind" and item not in KINDS:
                yield name, "is none; right would be log or audit"
            elif name == "level_number" and not (_is_number(item) and item <= 1000):
                yield name, "is none; right would be a whole number from 0 to 1000"
            elif name == "time" and _time(item) is None:
                yield name, "is none; right would be as 2026-11-21T10:30:00.123456Z"
            elif name == "level" and not _is_level(item, value.get("level_number")):
                yield name, "is none; right would be DEBUG, INFO, WARNING, ERROR, CRITICAL, or a name with level_number"

    def _made(self, value: Mapping[str, Any]) -> Record:
        rest: dict[str, Any] = {"logger": LOGGER, "source": SOURCE}
        rest |= {name: cut_text(clean_text(value[name])) for name in TEXTS if value.get(name)}
        rest |= {name: value[name] for name in NUMBERS if value.get(name) is not None}
        rest |= {name: clean(value[name]) for name in FREE if value.get(name) is not None}
        number, level = _level(value)
        return Record(
            time=self._now if value.get("time") is None else _time(value["time"]) or 0,
            level_number=number,
            level=level,
            message=cut_text(clean_text(value["message"])),
            kind=value.get("kind") or "log",
            **rest,
        )


def _level(value: Mapping[str, Any]) -> tuple[int, str]:
    """Number and name of a record's level, which must be right."""
    level, number = value.get("level"), value.get("level_number")
    if number is None:
        number = INFO if level is None else parse_level(level)
        return number, level_name(number)
    return number, clean_text(level)[:64] if level else level_name(number)


def _is_level(level: Any, number: Any) -> bool:
    """Whether a name is one of `logging`, or any name beside a number."""
    if not isinstance(level, str) or number is not None:
        return isinstance(level, str)
    try:
        parse_level(level)
    except LevelError:
        return False
    return True


def _shared_text(value: Any) -> str:
    return clean_text(value) if isinstance(value, str) else ""


def _time(value: Any) -> int | None:
    found = parse_time(value) if isinstance(value, str) else None
    return None if found is None or found[0] < 0 else found[0]


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST_INT


def _kind(value: Any) -> str:
    kinds = ((bool, "true or false"), (str, "a text"), (int, "a number"), (float, "a number"), (list, "an array"))
    return next((name for kind, name in kinds if isinstance(value, kind)), "an object" if value is not None else "null")
