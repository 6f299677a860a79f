"""Deliveries per CPU-second of a gateway with many WebSocket clients, beside a plain FastAPI relay."""

from __future__ import annotations

import time
from dataclasses import dataclass

from tests.bench.rig import Child, Rig, alternate, cpu_seconds, waiting_seconds
from tests.bench.table import Row, at_least, at_most, beside, by_itself

__all__ = ["RATE", "Traffic", "gateway_traffic", "run", "waiting_row"]

STREAM = "bench"

# Records a second: what the budget says; and what a plain relay can bear with as many clients.
RATE = 1000
PLAIN_RATE = 25

# Seconds before the measurement, and its length.
WARM_UP = 2.0
LENGTH = 10.0

# Clients that read what they get.
READING = 10


@dataclass(frozen=True, slots=True)
class Traffic:
    """Deliveries, CPU-seconds and seconds without a core, each per second; latency in seconds."""

    deliveries: float
    cpu: float
    waiting: float
    p50: float
    p99: float

    @property
    def per_cpu_second(self) -> float:
        return self.deliveries / max(self.cpu, 1e-9)


def run(rig: Rig) -> list[Row]:
    clients, rounds = rig.scaled(1000, 20), rig.scaled(3, 1)
    ours, peer = alternate(rounds, lambda: gateway_traffic(rig, clients), lambda: plain_traffic(rig, clients))
    return [
        beside(
            f"deliveries per gateway CPU-second, {clients} WebSocket clients",
            "/s",
            [traffic.per_cpu_second for traffic in ours],
            [traffic.per_cpu_second for traffic in peer],
            at_least(30),
        ),
        by_itself("  its p99, log call to client", "ms", [1000 * traffic.p99 for traffic in ours], at_most(100)),
        waiting_row(ours),
        beside(
            "  its share of a core",
            "%",
            [100 * traffic.cpu for traffic in ours],
            [100 * traffic.cpu for traffic in peer],
        ),
        beside(
            "  its deliveries a second",
            "/s",
            [traffic.deliveries for traffic in ours],
            [traffic.deliveries for traffic in peer],
        ),
    ]


def waiting_row(found: list[Traffic]) -> Row:
    """Where this is more than a few percent, the latency is that of a busy machine."""
    shares = [100 * traffic.waiting for traffic in found]
    return by_itself("  its gateway had to wait for a core", "% of the time", shares)


def gateway_traffic(parent: Rig, clients: int, reading: int = READING) -> Traffic:
    with parent.part() as rig:
        url = rig.redis().url
        gateway = rig.gateway(url)
        crowd = rig.child("clients", port=gateway.port)
        crowd.ask(
            do="connect", path=f"/api/live?streams={STREAM}", awaited='"state":"live"', count=clients, reading=reading
        )
        rig.child("produce", how="agent", url=url, stream=STREAM, rate=RATE, spool_dir=str(rig.folder())).answer()
        return measure(rig, gateway, crowd)


def plain_traffic(parent: Rig, clients: int) -> Traffic:
    with parent.part() as rig:
        url = rig.redis().url
        relay = rig.plain_relay(url)
        crowd = rig.child("clients", port=relay.port)
        crowd.ask(do="connect", path="/live", awaited="\r\n\r\n", count=clients, reading=READING)
        rig.child("produce", how="publish", url=url, rate=PLAIN_RATE).answer()
        return measure(rig, relay, crowd)


def measure(rig: Rig, server: Child, crowd: Child) -> Traffic:
    time.sleep(0.5 if rig.quick else WARM_UP)
    crowd.ask(do="report")
    began, cpu, waiting = time.perf_counter(), cpu_seconds(server.pid), waiting_seconds(server.pid)
    time.sleep(0.5 if rig.quick else LENGTH)
    took = time.perf_counter() - began
    cpu, waiting = cpu_seconds(server.pid) - cpu, waiting_seconds(server.pid) - waiting
    found = crowd.ask(do="report")
    assert found["deliveries"], "nothing was delivered"
    return Traffic(found["deliveries"] / took, cpu / took, waiting / took, found["p50"], found["p99"])
