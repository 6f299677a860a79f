"""A query of three terms over frames, on one core, beside plain Python over lines of JSON; and a hostile expression."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from tailrace.wire import Facts, Frame, Record, StreamID, make_frame
from tailrace_relay.position import Position
from tailrace_relay.query import Query
from tailrace_relay.reader import Piece
from tailrace_relay.render import RenderedPiece
from tests.bench.corpus import tagged_lines
from tests.bench.rig import Rig, alternate
from tests.bench.table import Row, at_least, at_most, beside, by_itself

__all__ = ["run"]

QUERY = Query.parse("level:>=info logger:app.* failed")

# Frames as a busy agent sends them.
RECORDS = 256

HOSTILE = Query.parse("/(a|aa|a?a)+(a*)*b/")
SHORT, LONG = 600, 60_000

NANO = 1e9


def run(rig: Rig) -> list[Row]:
    records = [
        Record(time=1, level_number=20, logger=f"app.{system.lower()}", message=line) for system, line in tagged_lines()
    ]
    frames = [
        make_frame(bytes(16), 1, Facts(service="app"), records[at : at + RECORDS])
        for at in range(0, len(records), RECORDS)
    ]
    lines = [json.dumps({"level": 20, "logger": r.logger, "message": r.message}) for r in records]
    times = rig.scaled(10, 1)
    ours, peer = alternate(
        rig.scaled(5, 1),
        lambda: rate(times * len(records), lambda: [found(frame) for frame in frames], times),
        lambda: rate(times * len(records), lambda: [plain(line) for line in lines], times),
    )
    short, long = (hostile(length, rig) for length in (SHORT, LONG))
    return [
        beside("records filtered by three terms, per CPU-second", "/s", ours, peer),
        by_itself("  the same", "/s", ours, at_least(200_000)),
        beside(f"a hostile expression, for a character of {LONG} beside {SHORT}", "ns", long, short, at_most(2)),
    ]


def found(data: bytes) -> int:
    """How many records of a frame match, from the bytes that Redis has."""
    frame = Frame.parse(data)
    outlook = QUERY.outlook("app", frame)
    if not outlook.match:
        return 0
    last = StreamID(1, frame.count)
    return len(RenderedPiece("app", Piece(frame, last, 0, Position(last))).places(QUERY.predicate))


def plain(line: str) -> bool:
    """As one would write it by hand."""
    record = json.loads(line)
    return record["level"] >= 20 and record["logger"].startswith("app.") and "failed" in record["message"].lower()


def rate(records: int, filter_all: Callable[[], object], times: int) -> float:
    began = time.process_time()
    for _ in range(times):
        filter_all()
    return records / (time.process_time() - began)


def hostile(length: int, rig: Rig) -> list[float]:
    """Nanoseconds for a character of a text on which backtracking would not end in a lifetime."""
    text = "a" * length
    frame = Frame.parse(make_frame(bytes(16), 1, Facts(), [Record(time=1, level_number=20, logger="x", message=text)]))
    last = StreamID(1, 1)
    piece = RenderedPiece("app", Piece(frame, last, 0, Position(last)))
    times = LONG // length * rig.scaled(20, 1)
    seconds = 1 / rate(1, lambda: piece.places(HOSTILE.predicate), times)
    return [seconds / times / length * NANO]
