"""The append script from the agent's side: its arguments, its answers, and what it publishes."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tailrace.errors import AnswerError, FrameError, StreamIDError
from tailrace.wire.frame import Frame
from tailrace.wire.ids import StreamID
from tailrace.wire.keys import Keys

__all__ = [
    "DEFAULT_AGE",
    "DEFAULT_SIZE",
    "FINISHED_TTL",
    "MARK_TTL",
    "SCRIPT",
    "Answer",
    "Publication",
    "Status",
    "append_call",
    "new_epoch",
    "new_producer",
]

# `importlib.resources` would take longer to import than all of this package.
SCRIPT = Path(__file__).with_name("append.lua").read_text("utf-8")

SECONDS = 1000
DAYS = 86_400 * SECONDS

# How long a producer's mark outlives its last frame, in ms: longer than any spool waits for its Redis.
MARK_TTL = 7 * DAYS

# The same once the producer has said that it is finished: longer than any retry of its last frame, in ms.
FINISHED_TTL = 600 * SECONDS

# What a stream keeps when nobody set a limit: age in ms, and bytes.
DEFAULT_AGE = 7 * DAYS
DEFAULT_SIZE = 256 << 20

_EPOCH = re.compile(r"[A-Za-z0-9]{1,32}", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,16}", re.ASCII)


class Status(StrEnum):
    """What became of a frame."""

    OK = "ok"
    OLD = "old"
    OVERLAP = "overlap"
    BEHIND = "behind"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the script said.

    Attributes:
        status: `ok` appended, `old` accepted before, `overlap` accepted in part, `behind` records are missing.
        id: the ID of the frame's last record (`ok`) or of the mark (otherwise); None where there is none.
        mark: the last seq accepted from this producer; None when Redis holds no mark of it.
        epoch: the stream's epoch; empty when the stream has no numbering.
        generation: the stream's generation.
        last: the ID of the stream's last record.
        warning: what could not be done besides, such as a trim that was denied; mostly empty.
    """

    status: Status
    id: StreamID | None
    mark: int | None
    epoch: str
    generation: int
    last: StreamID
    warning: str

    @classmethod
    def parse(cls, reply: object) -> Answer:
        """Read the reply of the script.

        Raises:
            AnswerError: when no version of the script answers so.
        """
        try:
            status, id, mark, epoch, generation, last, warning = [_text(item) for item in reply]  # type: ignore[attr-defined]
            return cls(
                Status(status),
                StreamID.parse(id) if id else None,
                _number(mark) if mark else None,
                _word(epoch) if epoch else "",
                _number(generation),
                StreamID.parse(last),
                warning,
            )
        except (TypeError, ValueError, StreamIDError) as error:
            raise AnswerError(f"no answer of the append script: {reply!r}"[:200]) from error


@dataclass(frozen=True, slots=True)
class Publication:
    """What subscribers of a stream's channel receive: `<ID> <epoch> <generation>`, a line feed, the frame."""

    id: StreamID
    epoch: str
    generation: int
    frame: Frame

    @classmethod
    def parse(cls, payload: bytes) -> Publication:
        """Read a message of a stream's channel.

        Raises:
            FrameError: when it is no publication or its frame is damaged.
        """
        head, newline, data = payload.partition(b"\n")
        try:
            id, epoch, generation = head.decode("ascii").split(" ")
            place = StreamID.parse(id), _word(epoch), _number(generation)
        except (ValueError, StreamIDError) as error:
            raise FrameError(
                "no publication: right would be '<ID> <epoch> <generation>', a line feed and a frame"
            ) from error
        if not newline:
            raise FrameError("no publication: there is no line feed before the frame")
        return cls(*place, Frame.parse(data))


def append_call(
    keys: Keys,
    stream: str,
    frame: bytes,
    *,
    producer: bytes,
    count: int,
    first_seq: int,
    shed: int,
    epoch: str,
    mark_ttl: int = MARK_TTL,
    age: int = DEFAULT_AGE,
    size: int = DEFAULT_SIZE,
    publish: str = "PUBLISH",
) -> tuple[list[str], list[bytes | str | int]]:
    """The script's keys and arguments for one frame.

    Args:
        epoch: the word that names the numbering, should it start with this frame: `new_epoch()`.
        mark_ttl, age: in ms; an age of 0 keeps for ever.
        size: in bytes; 0 is without limit.
        publish: `PUBLISH`, or `SPUBLISH` on a cluster.
    """
    names = [keys.stream(stream), keys.meta(stream), keys.mark(stream, producer)]
    return names, [frame, count, first_seq, shed, epoch, mark_ttl, age, size, publish]


def new_epoch() -> str:
    """A random word that names a numbering: 10 hexadecimal digits."""
    return secrets.token_hex(5)


def new_producer() -> bytes:
    """16 random bytes that name one incarnation of one process writing to one stream."""
    return secrets.token_bytes(16)


def _text(item: object) -> str:
    return item.decode("ascii", "replace") if isinstance(item, bytes) else str(item)


def _number(text: str) -> int:
    if _NUMBER.fullmatch(text) is None:
        raise ValueError(f"not a number: {text[:64]!r}")
    return int(text)


def _word(text: str) -> str:
    if _EPOCH.fullmatch(text) is None:
        raise ValueError(f"not an epoch: {text[:64]!r}")
    return text
