"""Replay of a long stream to one client."""

from __future__ import annotations

import time

from tests.bench.rig import Child, Rig, cpu_seconds
from tests.bench.table import Row, at_least, at_most, by_itself
from tests.bench.websockets_raw import connect

__all__ = ["run"]

STREAM = "long"

# Begins every record in the gateway's JSON; within a message the quotes would be escaped.
RECORD = b'{"id":"'

READ = 1 << 20


def run(parent: Rig) -> list[Row]:
    count = parent.scaled(10_000_000 if parent.large else 1_000_000, 5000)
    with parent.part() as rig:
        url = rig.redis().url
        middle = rig.ran("fill", url=url, stream=STREAM, count=count)["middle"]
        gateway = rig.gateway(url)
        first_record(gateway, "0-0")  # what a gateway does at its first client is not what replay costs
        rounds = rig.scaled(3, 1)
        replays = [replay(gateway, min(count, 1_000_000)) for _ in range(rounds)]
        firsts = [first_record(gateway, after) for _ in range(rig.scaled(10, 1)) for after in ("0-0", middle)]
    size = f"{count:,} records".replace(",", " ")
    return [
        by_itself("replay to one client, per gateway CPU-second", "records/s", [rate for rate, _ in replays]),
        by_itself("replay to one client", "records/s", [rate for _, rate in replays], at_least(300_000)),
        by_itself(f"first replayed record from a stream of {size}", "ms", firsts, at_most(20)),
    ]


def replay(gateway: Child, count: int) -> tuple[float, float]:
    """Records per CPU-second of the gateway, and per second."""
    buffer = memoryview(bytearray(READ))
    with connect(gateway.port, path("0-0")) as connection:
        began, cpu = time.perf_counter(), cpu_seconds(gateway.pid)
        found, rest = 0, b""
        while found < count:
            size = connection.recv_into(buffer)
            assert size, "the gateway ended the connection"
            data = rest + buffer[:size]
            found += data.count(RECORD)
            rest = data[1 - len(RECORD) :]
        took, used = time.perf_counter() - began, cpu_seconds(gateway.pid) - cpu
    return found / max(used, 0.01), found / took


def first_record(gateway: Child, after: str) -> float:
    """Milliseconds from connecting to the first record."""
    began = time.perf_counter()
    with connect(gateway.port, path(after)) as connection:
        data = b""
        while RECORD not in data:
            data += connection.recv(READ)
        return 1000 * (time.perf_counter() - began)


def path(after: str) -> str:
    return f"/api/live?streams={STREAM}&after={after}"
