"""Presence: what an agent says of itself every few seconds, and what its silence means."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from itertools import islice
from typing import Any

from tailrace.errors import FrameError
from tailrace.wire.keys import Keys

__all__ = ["ANNOUNCE_EVERY", "REMEMBERED", "SILENCE", "Announcement", "State", "announce_commands"]

SECONDS = 1000

# In ms: between two announcements; after the last one, when its process is taken for lost; and how long it is listed.
ANNOUNCE_EVERY = 3 * SECONDS
SILENCE = 9 * SECONDS
REMEMBERED = 15 * 60 * SECONDS
REMEMBERED_AFTER_GOODBYE = 60 * SECONDS

MOST_STREAMS = 64
MOST_ATTRIBUTES = 16
LONGEST_TEXT = 256
# Bytes of an announcement that a reader looks at.
LARGEST = 64 << 10


class State(StrEnum):
    """What is known of a process."""

    RUNNING = "running"
    EXITED = "exited"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """What one process says of itself.

    Attributes:
        instance: the ID of its spool, in hex; another for each life of a process.
        started, at: when it began to log, and when it said this; ms since 1970, by the clock of its Redis.
        command: the program's name, without arguments, which may hold secrets.
        streams: that it has written to, at most 64.
        emitted, shipped: records that were given numbers, and of those how many Redis has or has been told to be lost.
        shed: records declared lost for want of room, by level class: below INFO, INFO, WARNING, ERROR, from CRITICAL.
        refused: audit records that found no room.
        spool_bytes: bytes that wait for an acknowledgement.
        lag: ms that its oldest record has waited, at least, that Redis has not.
        recent: of a stretch of about half a minute before `at`: how many ms it is, how many records were shipped, how
            many of those are of ERROR or above, and how many were lost (shed, or refused). Empty: it does not say.
        last: `stream` and `id` of its newest record in Redis; empty where there is none.
        ended: it has said goodbye.
        attributes: what else there is to say of it, such as the status and health of a container; at most 16.
    """

    instance: str
    service: str
    host: str
    pid: int
    version: str
    started: int
    at: int
    command: str = ""
    streams: tuple[str, ...] = ()
    emitted: int = 0
    shipped: int = 0
    shed: tuple[int, ...] = (0, 0, 0, 0, 0)
    refused: int = 0
    spool_bytes: int = 0
    lag: int = 0
    recent: tuple[int, ...] = ()
    last: dict[str, str] = field(default_factory=dict)
    ended: bool = False
    attributes: dict[str, str] = field(default_factory=dict)

    def state(self, now: int) -> State:
        """What this says at a later time, in ms since 1970 by the clock of Redis."""
        if self.ended:
            return State.EXITED
        return State.RUNNING if now - self.at <= SILENCE else State.LOST

    def pack(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def parse(cls, packed: bytes | str) -> Announcement:
        """Read the JSON; unknown names are passed over.

        Raises:
            FrameError: when it is none, or something in it is missing or of a wrong type.
        """
        try:
            value = json.loads(packed) if len(packed) <= LARGEST else None
        except (ValueError, RecursionError) as error:
            raise FrameError("an announcement is no JSON") from error
        if not isinstance(value, dict):
            raise FrameError("an announcement is no JSON object of at most 64 KiB")
        return cls(
            **{each.name: _read(each.name, str(each.type), value) for each in fields(cls) if _given(each, value)}
        )


def announce_commands(keys: Keys, announcement: Announcement) -> list[tuple[Any, ...]]:
    """The commands that make it known, and forget processes of which nothing has been heard for long."""
    kept = REMEMBERED_AFTER_GOODBYE if announcement.ended else REMEMBERED
    return [
        ("SET", keys.agent(announcement.instance), announcement.pack(), "PX", kept),
        ("ZADD", keys.agents, announcement.at, announcement.instance),
        ("ZREMRANGEBYSCORE", keys.agents, "-inf", announcement.at - REMEMBERED),
        ("PEXPIRE", keys.agents, REMEMBERED),
    ]


def _given(each: Any, value: dict[str, Any]) -> bool:
    if each.name in value:
        return True
    if each.name in ("instance", "service", "host", "pid", "version", "started", "at"):
        raise FrameError(f"an announcement has no {each.name!r}")
    return False


def _read(name: str, kind: str, value: dict[str, Any]) -> Any:
    found = value[name]
    if kind == "str" and isinstance(found, str):
        return found[:LONGEST_TEXT]
    if kind == "bool" and isinstance(found, bool):
        return found
    if kind == "int" and isinstance(found, int) and not isinstance(found, bool):
        return found
    if kind.startswith("tuple[") and isinstance(found, list):
        inner = str if "str" in kind else int
        if all(isinstance(item, inner) and not isinstance(item, bool) for item in found):
            return tuple(found[:MOST_STREAMS])
    if kind.startswith("dict[") and isinstance(found, dict) and all(isinstance(item, str) for item in found.values()):
        return {key[:LONGEST_TEXT]: item[:LONGEST_TEXT] for key, item in islice(found.items(), MOST_ATTRIBUTES)}
    raise FrameError(f"{name} of an announcement is not of the right type: {kind}")
