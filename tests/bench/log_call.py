"""A log call over a no-op handler: crash-safe by the agent, beside the standard QueueHandler."""

from __future__ import annotations

from tests.bench.rig import Rig
from tests.bench.table import Row, at_most, beside
from tests.servers import HOST, free_port

__all__ = ["run"]

BUDGET, BUDGET_REDACTED = at_most(0.4), at_most(0.6)

# By handler and measure: the values of all rounds, in µs.
Found = dict[str, dict[str, list[float]]]


def run(parent: Rig) -> list[Row]:
    with parent.part() as rig:
        up = ask(rig, rig.redis().url, redis=True)
        down = ask(rig, f"redis://{HOST}:{free_port()}/0", redis=False)
    return [*rows("log call", up["plain"]), *rows("log call, Redis down", down["plain"]), *extra_rows(up["extra"])]


def ask(rig: Rig, url: str, *, redis: bool) -> dict[str, Found]:
    found: dict[str, Found] = rig.ran(
        "log_call",
        url=url,
        redis=redis,
        spool_dir=str(rig.folder()),
        rounds=rig.scaled(31, 2),
        calls=rig.scaled(1000, 50),
    )
    return found


def rows(what: str, found: Found) -> list[Row]:
    """The peer is a QueueHandler whose queue somebody empties; without, its caller has nobody to wake."""
    return [
        row(f"{what}, CPU of the caller", found, "cpu", "listened"),
        row("  with no QueueListener", found, "cpu", "queue"),
        row("  p50 by the clock", found, "p50", "listened"),
        row("  p99 by the clock", found, "p99", "listened"),
        row("  with redaction, as by default", found, "cpu", "listened", way="redacted"),
    ]


def extra_rows(found: Found) -> list[Row]:
    return [
        row("log call with two extras, CPU of the caller", found, "cpu", "listened"),
        row("  with redaction, as by default", found, "cpu", "listened", way="redacted"),
    ]


def row(what: str, found: Found, measure: str, peer: str, way: str = "agent") -> Row:
    budget = BUDGET if way == "agent" else BUDGET_REDACTED
    return beside(what, "µs", over_nothing(found, way, measure), over_nothing(found, peer, measure), budget)


def over_nothing(found: Found, way: str, measure: str) -> list[float]:
    """What is left when the cost of the call itself is taken off, round by round."""
    pairs = zip(found[way][measure], found["nothing"][measure], strict=True)
    return [max(value - floor, 0.001) for value, floor in pairs]
