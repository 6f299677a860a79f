"""Processes that announce themselves, as agents do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import redis

from tailrace.wire import Keys
from tailrace.wire.presence import Announcement, announce_commands

SAID = Announcement(instance="aa", service="api", host="h", pid=7, version="1", started=1, at=1)


def said(instance: str = "aa", **facts: Any) -> Announcement:
    return replace(SAID, instance=instance, **facts)


def announce(client: redis.Redis, prefix: str, announcement: Announcement) -> None:
    for command in announce_commands(Keys(prefix), announcement):
        client.execute_command(*command)  # type: ignore[no-untyped-call]


def forget(client: redis.Redis, prefix: str, instance: str) -> None:
    keys = Keys(prefix)
    client.delete(keys.agent(instance))
    client.zrem(keys.agents, instance)


def now_of(client: redis.Redis) -> int:
    seconds, micros = client.time()
    return int(seconds) * 1000 + int(micros) // 1000
