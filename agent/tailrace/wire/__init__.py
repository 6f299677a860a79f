"""The schema that agent and relay share: records, frames, stream IDs, Redis names and the append script. Pure."""

from tailrace.errors import (
    AnswerError,
    FrameError,
    LevelError,
    StreamIDError,
    StreamNameError,
    TailraceError,
    WireError,
)
from tailrace.wire.append import (
    DEFAULT_AGE,
    DEFAULT_SIZE,
    FINISHED_TTL,
    MARK_TTL,
    SCRIPT,
    Answer,
    Publication,
    Status,
    append_call,
    new_epoch,
    new_producer,
)
from tailrace.wire.frame import MAX_BODY, MAX_RECORDS, NOTHING_SHED, Frame, Shed, join_frame, make_frame
from tailrace.wire.ids import ZERO, StreamID
from tailrace.wire.keys import DEFAULT_PREFIX, Keys, check_stream_name
from tailrace.wire.levels import CLASSES, by_class, level_class, level_name, parse_level
from tailrace.wire.record import Facts, Record, pack_record, unpack_record

__all__ = [
    "CLASSES",
    "DEFAULT_AGE",
    "DEFAULT_PREFIX",
    "DEFAULT_SIZE",
    "FINISHED_TTL",
    "MARK_TTL",
    "MAX_BODY",
    "MAX_RECORDS",
    "NOTHING_SHED",
    "SCRIPT",
    "ZERO",
    "Answer",
    "AnswerError",
    "Facts",
    "Frame",
    "FrameError",
    "Keys",
    "LevelError",
    "Publication",
    "Record",
    "Shed",
    "Status",
    "StreamID",
    "StreamIDError",
    "StreamNameError",
    "TailraceError",
    "WireError",
    "append_call",
    "by_class",
    "check_stream_name",
    "join_frame",
    "level_class",
    "level_name",
    "make_frame",
    "new_epoch",
    "new_producer",
    "pack_record",
    "parse_level",
    "unpack_record",
]
