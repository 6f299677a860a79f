"""From frames to the JSON of records (docs/PROTOCOL.md, B1).

Unpacks with msgspec, several times faster than the agent's reader and held to the same vectors.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from tailrace.wire import Frame, FrameError, level_name
from tailrace.wire.levels import UNBOUNDED
from tailrace.wire.record import KIND, MAX_DEPTH, SOURCE
from tailrace_relay.reader import Piece

__all__ = [
    "COLUMNS",
    "Predicate",
    "RenderedPiece",
    "Rest",
    "Shared",
    "SharedFacts",
    "WireRecord",
    "encode_lines",
    "time_text",
]


# Bytes of a body that no agent's usual frame exceeds. msgspec has no bound on what a hostile body expands to, up to
# seventy times its size; beyond this the agent's reader, which has, looks first.
USUAL_BODY = 1 << 20


class Rest(msgspec.Struct, omit_defaults=True, gc=False):
    """The last element of a packed record: what few records have."""

    level: str | None = None
    source: str | None = None
    kind: str | None = None
    line_number: int | None = None
    exception: str | None = None
    trace_id: str | None = None
    span_id: str | None = None
    action: str | None = None
    metadata: Any = None
    fields: dict[str, Any] | None = None


class WireRecord(msgspec.Struct, array_like=True, gc=False):
    """A packed record, unpacked."""

    time: int
    level_number: int
    logger: str
    message: str
    module: str | None
    function: str | None
    line: int | None
    thread: str | None
    rest: Rest | None = None


class SharedFacts(msgspec.Struct, omit_defaults=True):
    """The first element of a frame's body."""

    service: str | None = None
    host: str | None = None
    pid: int | None = None
    process: str | None = None


# What the JSON of a record has, in this order; what is None is left out.
_PLAIN = ("id", "time", "level", "level_number", "logger", "message", "source", "kind")
_CALLER = ("thread", "module", "function", "line")
_REST = Rest.__struct_fields__[3:]  # level, source and kind stand among the plain ones
_SHARED = (*SharedFacts.__struct_fields__, "stream", "producer", "seq")


def _shape(name: str, *fields: str) -> type[msgspec.Struct]:
    return msgspec.defstruct(name, [(field, Any, None) for field in fields], omit_defaults=True, gc=False)


# One of them becomes one JSON object. Most records have nothing of the rest, and are made and encoded faster without.
_Row = _shape("_Row", *_PLAIN, *_CALLER, *_SHARED)
_FullRow = _shape("_FullRow", *_PLAIN, *_CALLER, *_REST, *_SHARED)

# All fields that the JSON of a record may have, in their order.
COLUMNS = _FullRow.__struct_fields__

# The shared facts, the stream and the producer; the seq follows.
Shared = tuple[str | None, str | None, int | None, str | None, str, str]

Predicate = Callable[[WireRecord, Shared], bool]

_decode_body = msgspec.msgpack.Decoder(list[dict[str, Any] | WireRecord]).decode
_encoder = msgspec.json.Encoder()
_encode = _encoder.encode

# Seconds whose text is remembered: records come in the order of time, nearly.
_SECONDS_REMEMBERED = 64

# Looked up in half the time that formatting takes.
_THREE_DIGITS = [f"{number:03d}" for number in range(1000)]


class RenderedPiece:
    """A piece whose records are unpacked once, and rendered once for each predicate, whoever asks.

    Raises:
        FrameError: from the constructor, naming what is wrong with the body.
    """

    def __init__(self, stream: str, piece: Piece) -> None:
        self.piece = piece
        frame = piece.frame
        if frame.body_size > USUAL_BODY:
            frame.records()
        try:
            facts, *records = _decode_body(frame.body())
            shared = msgspec.convert(facts, SharedFacts)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise FrameError(f"the body is no msgpack of the facts and records: {error}") from error
        if len(records) != frame.count:
            raise FrameError(f"the body is no array of {frame.count + 1} elements")
        _check(records, frame)
        self.records: list[WireRecord] = records[piece.skip :]  # type: ignore[assignment]  # checked above
        self._shared: Shared = (*msgspec.structs.astuple(shared), stream, frame.producer.hex())
        self._matching: dict[Predicate | None, bytes] = {}

    def matching(self, predicate: Predicate | None) -> bytes:
        """The records that match, as JSON objects with commas between them; all for no predicate.

        Raises:
            FrameError: when a value has no form in JSON.
        """
        if predicate not in self._matching:
            places = self.places(predicate)
            if predicate is not None and len(places) == len(self.records):
                self._matching[predicate] = self.matching(None)
            else:
                self._matching[predicate] = _encoded(self.rows(places))[1:-1]
        return self._matching[predicate]

    def numbered(self, places: Sequence[int]) -> list[tuple[int, bytes]]:
        """The records at these places as JSON objects, each with its `n`.

        Raises:
            FrameError: when a value has no form in JSON.
        """
        rows = zip(places, self.rows(places), strict=True)
        return [(self.piece.first_n + place, _encoded(row)) for place, row in rows]

    @property
    def service(self) -> str:
        """The service of all of them; empty where none is named."""
        return self._shared[0] or ""

    def places(self, predicate: Predicate | None) -> Sequence[int]:
        """Which records match, counted from 0."""
        if predicate is None:
            return range(len(self.records))
        shared = self._shared
        return [place for place, record in enumerate(self.records) if predicate(record, shared)]

    def rows(self, places: Sequence[int]) -> list[msgspec.Struct]:
        """The records at these places, as structures with the fields of `COLUMNS`, the rare ones only where set."""
        piece, shared = self.piece, self._shared
        before_n, first_n = f"{piece.last.ms}-", piece.first_n
        first_seq = piece.frame.first_seq + piece.skip
        records = [self.records[place] for place in places]
        timed = zip(places, records, _time_texts(records), strict=True)
        return [
            _row(record, f"{before_n}{first_n + place}", time, shared, first_seq + place)
            for place, record, time in timed
        ]


def encode_lines(rows: Sequence[msgspec.Struct]) -> bytes:
    """Rows as JSON objects, each with a line end behind it.

    Raises:
        FrameError: when a value has no form in JSON.
    """
    try:
        return _encoder.encode_lines(rows)
    except (TypeError, ValueError, RecursionError) as error:
        raise FrameError(f"a record cannot be shown: {error}") from error


def _encoded(value: msgspec.Struct | list[msgspec.Struct]) -> bytes:
    try:
        return _encode(value)
    except (TypeError, ValueError, RecursionError) as error:  # a value that JSON has no form for
        raise FrameError(f"a record cannot be shown: {error}") from error


def _check(records: Sequence[object], frame: Frame) -> None:
    """Refuse what the agent's reader refuses, too."""
    earliest, latest, highest = frame.earliest, frame.latest, frame.highest_level
    for record in records:
        if not isinstance(record, WireRecord):
            raise FrameError("a record is no array but a map")
        if not earliest <= record.time <= latest:
            raise FrameError(f"a record's time {record.time} is not within the span that the header says")
        if record.level_number > highest != UNBOUNDED:
            raise FrameError(f"a record's level {record.level_number} is above the highest that the header says")
        rest = record.rest
        if rest is not None and (rest.metadata is not None or rest.fields is not None):
            _check_plain(rest.metadata, 1)
            _check_plain(rest.fields, 1)


# A union written where it is used would be made anew for each value.
_SCALARS = (str, int, float, type(None))


def _check_plain(value: object, depth: int) -> None:
    if isinstance(value, _SCALARS):
        return
    if depth > MAX_DEPTH:
        raise FrameError(f"metadata or fields are nested more than {MAX_DEPTH} deep")
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise FrameError("a key in metadata or fields is no text")
        inner: Iterable[object] = value.values()
    elif isinstance(value, list):
        inner = value
    else:
        raise FrameError(f"metadata or fields hold {type(value).__name__}, which JSON has not")
    for item in inner:
        _check_plain(item, depth + 1)


def _row(record: WireRecord, id: str, time: str, shared: Shared, seq: int) -> msgspec.Struct:
    rest, number = record.rest, record.level_number
    if rest is not None:
        return _full_row(record, rest, id, time, shared, seq)
    service, host, pid, process, stream, producer = shared
    return _Row(  # a call with * takes a fifth longer
        id,
        time,
        level_name(number),
        number,
        record.logger,
        record.message,
        SOURCE,
        KIND,
        record.thread,
        record.module,
        record.function,
        record.line,
        service,
        host,
        pid,
        process,
        stream,
        producer,
        seq,
    )


def _full_row(record: WireRecord, rest: Rest, id: str, time: str, shared: Shared, seq: int) -> msgspec.Struct:
    number = record.level_number
    level, source, kind, *few_have = msgspec.structs.astuple(rest)
    names = (record.logger, record.message, SOURCE if source is None else source, KIND if kind is None else kind)
    caller = (record.thread, record.module, record.function, record.line)
    level = level_name(number) if level is None else level
    return _FullRow(id, time, level, number, *names, *caller, *few_have, *shared, seq)


@lru_cache(_SECONDS_REMEMBERED)
def _second_text(second: int) -> str:
    try:
        return datetime.datetime.fromtimestamp(second, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return "9999-12-31T23:59:59" if second > 0 else "0001-01-01T00:00:00"


def time_text(micros: int) -> str:
    """A time in microseconds since 1970 UTC as RFC 3339 has it."""
    second, fraction = divmod(micros, 1_000_000)
    return f"{_second_text(second)}.{fraction:06d}Z"


def _time_texts(records: Iterable[WireRecord]) -> list[str]:
    texts: list[str] = []
    second, text = 0, ""
    for record in records:
        micros = record.time - second
        if not (text and 0 <= micros < 1_000_000):
            micros = record.time % 1_000_000
            second = record.time - micros
            text = _second_text(second // 1_000_000)
        texts.append(f"{text}.{_THREE_DIGITS[micros // 1000]}{_THREE_DIGITS[micros % 1000]}Z")
    return texts
