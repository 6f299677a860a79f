"""Memory of a gateway for each WebSocket that is connected and hears nothing."""

from __future__ import annotations

import time

from tests.bench.rig import Child, Rig, alternate, resident_bytes
from tests.bench.table import Row, at_most, beside, by_itself

__all__ = ["run"]

KIB = 1024

# Connections before the measurement: what the first ones import and allocate is not what one more costs.
FIRST = 100


def run(rig: Rig) -> list[Row]:
    count, rounds = rig.scaled(2000, 50), rig.scaled(3, 1)
    ours, peer = alternate(rounds, lambda: gateway_memory(rig, count), lambda: plain_memory(rig, count))
    return [
        by_itself("gateway memory per idle WebSocket", "KiB", ours, at_most(15)),
        beside("  beside a plain FastAPI relay", "KiB", ours, peer),
    ]


def gateway_memory(parent: Rig, count: int) -> float:
    with parent.part() as rig:
        gateway = rig.gateway(rig.redis().url)
        return kib_each(rig, gateway, "/api/live?streams=idle", '"state":"live"', count)


def plain_memory(parent: Rig, count: int) -> float:
    with parent.part() as rig:
        return kib_each(rig, rig.plain_relay(rig.redis().url), "/live", "\r\n\r\n", count)


def kib_each(rig: Rig, server: Child, path: str, awaited: str, count: int) -> float:
    crowd = rig.child("clients", port=server.port)
    crowd.ask(do="connect", path=path, awaited=awaited, count=FIRST, reading=0)
    settle(rig)
    before = resident_bytes(server.pid)
    crowd.ask(do="connect", path=path, awaited=awaited, count=count, reading=0)
    settle(rig)
    return (resident_bytes(server.pid) - before) / count / KIB


def settle(rig: Rig) -> None:
    time.sleep(0.2 if rig.quick else 3.0)
