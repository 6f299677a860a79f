"""Handlers that others would choose, beside ours: what a call costs its caller, what memory they take, how they end."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.bench.rig import Rig
from tests.bench.table import Row, at_most, beside, by_itself
from tests.servers import HOST, free_port

__all__ = ["run"]

PEERS = {
    "queue": "QueueHandler with a listener",
    "opentelemetry": "OpenTelemetry, batch processor",
    "logstash": "python-logstash-async",
    "loguru": "loguru, enqueue=True",
}

# Of these there is a backend that can be away.
WITH_BACKEND = ("opentelemetry", "logstash")

AHEAD = at_most(1)

Found = dict[str, float]


def run(parent: Rig) -> list[Row]:
    with parent.part() as rig, sink() as port:
        url = rig.redis().url
        up: dict[str, list[Found]] = {way: [] for way in ("nothing", "tailrace", *PEERS)}
        down: dict[str, list[Found]] = {way: [] for way in ("tailrace", *WITH_BACKEND)}
        for _ in range(rig.scaled(5, 1)):
            for way in up:
                up[way].append(measure(rig, way, url=url, port=port, down=False))
            for way in down:
                down[way].append(measure(rig, way, url=f"redis://{HOST}:{free_port()}/0", port=free_port(), down=True))
    return [*call_rows(up, down), *exit_rows(up, down), *memory_rows(up)]


def call_rows(up: dict[str, list[Found]], down: dict[str, list[Found]]) -> list[Row]:
    ours = up["tailrace"]
    rows = [by_itself("a whole log call, no-op handler, p50", "µs", each(up["nothing"], "p50"))]
    for way, name in PEERS.items():
        for measure_ in ("p50", "p99"):
            rows.append(
                beside(
                    f"the same, ours beside {name}, {measure_}",
                    "µs",
                    each(ours, measure_),
                    each(up[way], measure_),
                    AHEAD,
                )
            )
    for measure_ in ("p50", "cpu"):
        rows.append(
            beside(
                f"ours with Redis down beside up, {measure_}",
                "µs",
                each(down["tailrace"], measure_),
                each(ours, measure_),
                at_most(1.1),
            )
        )
    return rows


def exit_rows(up: dict[str, list[Found]], down: dict[str, list[Found]]) -> list[Row]:
    rows = [
        by_itself("exit delay, Redis up", "s", each(up["tailrace"], "exit"), at_most(2)),
        by_itself("exit delay, Redis down", "s", each(down["tailrace"], "exit"), at_most(0.5)),
    ]
    rows += [
        beside(f"  up, beside {PEERS[way]}", "s", each(up["tailrace"], "exit"), each(up[way], "exit")) for way in PEERS
    ]
    rows += [
        beside(f"  down, beside {PEERS[way]}", "s", each(down["tailrace"], "exit"), each(down[way], "exit"))
        for way in WITH_BACKEND
    ]
    return rows


def memory_rows(up: dict[str, list[Found]]) -> list[Row]:
    ours = each(up["tailrace"], "memory")
    rows = [by_itself("memory added, modules included", "MiB", ours, at_most(32))]
    rows += [beside(f"  beside {name}", "MiB", ours, each(up[way], "memory")) for way, name in PEERS.items()]
    return rows


def measure(rig: Rig, way: str, *, url: str, port: int, down: bool) -> Found:
    """What the child found, and how many seconds it took to end."""
    arguments: dict[str, Any] = {"way": way, "url": url, "port": port, "down": down}
    child = rig.child("caller", **arguments, spool_dir=str(rig.folder()), calls=rig.scaled(10_000, 1000))
    found: Found = child.answer()
    began = time.perf_counter()
    if rig.quick and down and way in WITH_BACKEND:
        child.kill()  # it would try for half a minute to reach its backend, to find a number that means nothing
    else:
        child.wait()
    return found | {"exit": time.perf_counter() - began}


def each(found: list[Found], measure_: str) -> list[float]:
    return [max(one[measure_], 0.001) for one in found]


@contextmanager
def sink() -> Iterator[int]:
    """A port where everything is taken and nothing answered."""
    with socket.create_server((HOST, 0)) as server:
        threading.Thread(target=swallow, args=(server,), daemon=True).start()
        yield server.getsockname()[1]


def swallow(server: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the server is closed at the end
        while True:
            connection, _ = server.accept()
            threading.Thread(target=drain, args=(connection,), daemon=True).start()


def drain(connection: socket.socket) -> None:
    with connection, contextlib.suppress(OSError):
        while connection.recv(1 << 16):
            pass
