"""From a LogRecord to Redis: the agent's CPU per record, and records a second, beside pipelined XADD + PUBLISH."""

from __future__ import annotations

from typing import Any

from tailrace.wire import Keys
from tests.bench.children.ship import FIRST, PLAIN
from tests.bench.rig import Rig, alternate, cpu_seconds
from tests.bench.table import Row, at_least, at_most, beside
from tests.servers import RedisServer

__all__ = ["STREAM", "run", "ship"]

STREAM = "bench"

MICRO = 1e6

Found = dict[str, float]


def run(parent: Rig) -> list[Row]:
    count = parent.scaled(100_000, 1000)
    ours, peer = alternate(
        parent.scaled(5, 1), lambda: measure(parent, "agent", count), lambda: measure(parent, "pipeline", count)
    )
    return [
        beside("agent CPU per record at full frames", "µs", each(ours, "cpu"), each(peer, "cpu"), at_most(0.2)),
        beside("  CPU of Redis per record", "µs", each(ours, "redis"), each(peer, "redis")),
        beside("records/s, one process to Redis", "/s", each(ours, "rate"), each(peer, "rate"), at_least(7)),
        beside("  out of the spool, once all is logged", "/s", each(ours, "drained"), each(peer, "drained")),
    ]


def each(found: list[Found], name: str) -> list[float]:
    return [values[name] for values in found]


def measure(parent: Rig, how: str, count: int) -> Found:
    with parent.part() as rig:
        redis = rig.redis()
        before = cpu_seconds(redis.pid)
        found = ship(rig, redis, how, count)
        used = cpu_seconds(redis.pid) - before
    return {
        "cpu": found["cpu"] / count * MICRO,
        "redis": max(used, 0.01) / count * MICRO,
        "rate": count / found["seconds"],
        "drained": found["drained"],
    }


def ship(rig: Rig, redis: RedisServer, how: str, count: int) -> Any:
    """What the child found, once Redis has shown that everything came."""
    found = rig.ran("ship", how=how, url=redis.url, stream=STREAM, count=count, spool_dir=str(rig.folder()))
    arrived = records_in(redis, how)
    assert arrived == count + FIRST, f"{arrived} of {count + FIRST} records arrived"
    return found


def records_in(redis: RedisServer, how: str) -> int:
    with redis.client() as client:
        number: Any = client.hget(Keys().meta(STREAM), "n") if how == "agent" else client.xlen(PLAIN)
    return int(number or 0)
