"""Presence, the agent's side: when a process says something of itself, and what. No I/O.

engine -> Presence.commands, once a second -> the shipper's link -> Redis
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Sequence
from typing import Any, Protocol

from tailrace.config import Config
from tailrace.recent import Lag, Recent
from tailrace.version import __version__
from tailrace.wire.keys import Keys
from tailrace.wire.presence import ANNOUNCE_EVERY, MOST_STREAMS, Announcement, announce_commands

__all__ = ["Presence"]


class Numbered(Protocol):
    """How far one stream has come."""

    name: str
    acked: int

    @property
    def last_seq(self) -> int: ...


class Engine(Protocol):
    """What there is to say."""

    refused: int

    @property
    def slots(self) -> Sequence[Numbered]: ...
    @property
    def shed(self) -> tuple[int, ...]: ...
    @property
    def errors(self) -> int: ...
    @property
    def last(self) -> tuple[str, str] | None: ...
    @property
    def waiting_bytes(self) -> int: ...


class Presence:
    """Announces one engine.

    Args:
        instance: the ID of its spool, in hex.
    """

    def __init__(self, config: Config, engine: Engine, instance: str) -> None:
        self._keys = Keys(config.prefix)
        self._service = config.service
        self._engine = engine
        self._instance = instance
        self._host = socket.gethostname()[:256]
        self._command = os.path.basename((sys.argv or [""])[0])[:256]
        self._started = self._said_at = 0
        self._recent, self._lag = Recent(), Lag()

    def commands(self, now: int) -> list[tuple[Any, ...]]:
        """What to send now; nothing when that was done less than three seconds ago.

        Args:
            now: ms since 1970, by the clock of Redis.
        """
        if 0 <= now - self._said_at < ANNOUNCE_EVERY:
            return []
        self._said_at = now
        return announce_commands(self._keys, self._announcement(now))

    def goodbye(self, now: int) -> list[tuple[Any, ...]]:
        """What to send last, also by a process too short to have been announced; nothing where none has logged."""
        if not self._started and not any(slot.last_seq for slot in self._engine.slots):
            return []
        return announce_commands(self._keys, self._announcement(now, ended=True))

    def _announcement(self, now: int, *, ended: bool = False) -> Announcement:
        slots = self._engine.slots
        emitted, shipped = sum(slot.last_seq for slot in slots), sum(slot.acked for slot in slots)
        self._started = self._started or now
        shed, refused, last = self._engine.shed, self._engine.refused, self._engine.last
        return Announcement(
            instance=self._instance,
            service=self._service,
            host=self._host,
            pid=os.getpid(),
            version=__version__,
            started=self._started,
            at=now,
            command=self._command,
            streams=tuple(slot.name for slot in slots[:MOST_STREAMS]),
            emitted=emitted,
            shipped=shipped,
            shed=shed,
            refused=refused,
            spool_bytes=self._engine.waiting_bytes if emitted > shipped else 0,
            lag=self._lag.look(now, emitted, shipped),
            recent=self._recent.look(now, shipped, self._engine.errors, sum(shed) + refused),
            last={} if last is None else {"stream": last[0], "id": last[1]},
            ended=ended,
        )
