"""Memory that Redis needs for a record: frames beside entries of JSON, of the same records."""

from __future__ import annotations

from typing import Any

from tests.bench.corpus import origin, tagged_lines
from tests.bench.rig import Rig, alternate
from tests.bench.shipping import ship
from tests.bench.table import Row, at_most, beside

__all__ = ["run"]


def run(parent: Rig) -> list[Row]:
    count = parent.scaled(len(tagged_lines()), 1000)
    ours, peer = alternate(1, lambda: bytes_each(parent, "agent", count), lambda: bytes_each(parent, "pipeline", count))
    what = f"Redis memory per record ({origin()})"
    return [
        beside(what, "B", [ours[0][0]], [peer[0][0]], at_most(0.2)),
        beside("  by used_memory", "B", [ours[0][1]], [peer[0][1]]),
    ]


def bytes_each(parent: Rig, how: str, count: int) -> tuple[float, float]:
    """By MEMORY USAGE of all keys, and by the difference in what Redis uses."""
    with parent.part() as rig:
        redis = rig.redis()
        with redis.client() as client:
            before = used_memory(client)
            ship(rig, redis, how, count)
            keys: Any = client.keys()
            usage: list[Any] = [client.memory_usage(key, samples=0) for key in keys]
            return sum(usage) / count, (used_memory(client) - before) / count


def used_memory(client: Any) -> int:
    return int(client.info("memory")["used_memory"])
