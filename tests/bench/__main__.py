"""`python -m tests.bench [name …]`: the budgets of DESIGN §10, each beside its peer in the same run."""

from __future__ import annotations

import argparse
import os
import platform
import signal
import sys
from collections.abc import Callable
from typing import NoReturn

from tests.bench import (
    callers,
    fan_out,
    filtering,
    idle,
    imports,
    latency,
    log_call,
    memory,
    replay,
    shipping,
    viewer,
)
from tests.bench.rig import Rig
from tests.bench.table import Row, format_table

__all__ = ["BENCHMARKS", "main"]

BENCHMARKS: dict[str, Callable[[Rig], list[Row]]] = {
    "log-call": log_call.run,
    "callers": callers.run,
    "shipping": shipping.run,
    "memory": memory.run,
    "fan-out": fan_out.run,
    "latency": latency.run,
    "replay": replay.run,
    "filtering": filtering.run,
    "idle": idle.run,
    "import": imports.run,
    "viewer": viewer.run,
}


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"default: all of {', '.join(BENCHMARKS)}")
    parser.add_argument("--quick", action="store_true", help="only see that everything works; the numbers mean nothing")
    parser.add_argument("--large", action="store_true", help="replay from a stream of ten million records")
    options = parser.parse_args(argv)
    if unknown := set(options.names) - set(BENCHMARKS):
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    rows: list[Row] = []
    with Rig(quick=options.quick, large=options.large) as rig:
        for name in options.names or BENCHMARKS:
            print(f"{name} …", file=sys.stderr, flush=True)
            rows += BENCHMARKS[name](rig)
    print(f"{machine()}\n\n{format_table(rows)}")
    return 0


def machine() -> str:
    return f"{os.cpu_count()} cores ({platform.machine()}), {platform.system()}, Python {platform.python_version()}"


def end(signum: int, frame: object) -> NoReturn:
    """As by Ctrl-C: what was started is ended on the way out."""
    raise SystemExit(128 + signum)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, end)
    sys.exit(main())
