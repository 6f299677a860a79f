"""From the log call to the client, at a steady rate."""

from __future__ import annotations

from tests.bench.fan_out import RATE, gateway_traffic, waiting_row
from tests.bench.rig import Rig
from tests.bench.table import Row, at_most, by_itself

__all__ = ["run"]

CLIENTS = 100
READING = 20


def run(rig: Rig) -> list[Row]:
    found = [gateway_traffic(rig, CLIENTS, READING) for _ in range(rig.scaled(3, 1))]
    what = f"log call to client, {RATE} records/s, {CLIENTS} clients"
    return [
        by_itself(f"{what}: p50", "ms", [1000 * traffic.p50 for traffic in found], at_most(10)),
        by_itself(f"{what}: p99", "ms", [1000 * traffic.p99 for traffic in found], at_most(50)),
        waiting_row(found),
    ]
