"""Presence of containers: each is announced like an agent, with what the engine says of it."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from tailrace.config import Config
from tailrace.docker.container import Container
from tailrace.docker.follower import Follower
from tailrace.recent import Recent
from tailrace.shipper.link import Link, Unavailable
from tailrace.version import __version__
from tailrace.wire.keys import Keys
from tailrace.wire.presence import ANNOUNCE_EVERY, Announcement, announce_commands

__all__ = ["Announcer", "announcement_of", "attributes_of"]


class Announcer:
    """Announces the containers that run, every three seconds, and once that one has stopped.

    It has a connection of its own. No record depends on it: while Redis is away it says nothing.
    """

    def __init__(self, config: Config) -> None:
        self._keys = Keys(config.prefix)
        self._link = Link(config.url, self._keys)
        self._host = socket.gethostname()[:256]
        self._said_at = 0
        # Those announced as running, by their instance.
        self._running: dict[str, Follower] = {}
        self._recent: dict[str, Recent] = {}

    def announce(self, followers: Iterable[Follower]) -> None:
        """Announce them, if that is due. To be called every second or so."""
        now = self._link.now()
        if 0 <= now - self._said_at < ANNOUNCE_EVERY:
            return
        self._said_at = now
        running = {instance_of(each): each for each in followers if each.container.runs and not each.gone}
        commands: list[tuple[Any, ...]] = []
        for instance, follower in running.items():
            commands += self._commands(instance, follower, now, ended=False)
        for instance in self._running.keys() - running.keys():
            commands += self._commands(instance, self._running[instance], now, ended=True)
        if self._tell(commands):
            self._running = running
            self._recent = {instance: each for instance, each in self._recent.items() if instance in running}

    def close(self) -> None:
        """Say that nobody watches them any more."""
        now = self._link.now()
        farewells = (self._commands(*each, now, ended=True) for each in self._running.items())
        self._tell([command for commands in farewells for command in commands])
        self._link.close()

    def _commands(self, instance: str, follower: Follower, now: int, *, ended: bool) -> list[tuple[Any, ...]]:
        said = announcement_of(follower, instance, self._host, now, ended=ended)
        recent = self._recent.setdefault(instance, Recent()).look(now, follower.sent, follower.errors, 0)
        return announce_commands(self._keys, replace(said, recent=recent))

    def _tell(self, commands: list[tuple[Any, ...]]) -> bool:
        try:
            if commands:
                # Part of them is the same for all.
                self._link.tell(list(dict.fromkeys(commands)))
        except Unavailable:
            return False
        return True


def instance_of(follower: Follower) -> str:
    """The ID of one run of a container, in hex."""
    container = follower.container
    return hashlib.sha256(f"{container.id} {container.started}".encode()).hexdigest()[:32]


def announcement_of(follower: Follower, instance: str, host: str, now: int, *, ended: bool) -> Announcement:
    """What is said of a container.

    Args:
        now: ms since 1970, by the clock of Redis.
    """
    container = follower.container
    return Announcement(
        instance=instance,
        service=container.service,
        host=host,
        pid=container.pid,
        version=__version__,
        started=container.started_at,
        at=now,
        command=container.command,
        streams=(follower.stream,),
        emitted=follower.sent,
        shipped=follower.sent,
        last=follower.last,
        ended=ended,
        attributes=attributes_of(container),
    )


def attributes_of(container: Container) -> dict[str, str]:
    """What only containers have; absent where empty."""
    found = {
        "container.id": container.short_id,
        "container.name": container.name,
        "container.image.name": container.image,
        "status": container.status,
        "health": container.health,
    }
    return {name: value for name, value in found.items() if value}
