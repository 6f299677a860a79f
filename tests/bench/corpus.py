"""The records that the benchmarks send: lines of real systems where they are at hand, else made-up ones."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

from tests.servers import ROOT

__all__ = ["log_records", "origin", "tagged_lines"]

LOGHUB = ROOT.parent / "shared" / "data" / "loghub"

MADE_UP = 14_000

# Log calls in the code of one system.
CALLS = 40


def origin() -> str:
    return "loghub" if _files() else "made-up lines"


def tagged_lines() -> list[tuple[str, str]]:
    """Every line once, each with the system that it comes from."""
    return [(path.stem, line) for path in _files() for line in _lines(path)] or list(islice(_made_up(), MADE_UP))


def log_records(count: int) -> list[logging.LogRecord]:
    """As `logging` would make them; lines come again when there are too few."""
    return [log_record(system, line) for system, line in islice(cycle(tagged_lines()), count)]


def log_record(system: str, line: str) -> logging.LogRecord:
    # Each of the seven systems has some forty log calls in its code: the templates that loghub lists.
    number = len(line) % CALLS
    return logging.LogRecord(
        f"app.{system.lower()}", logging.INFO, f"/srv/{system}.py", number, line, None, None, "serve"
    )


def _files() -> list[Path]:
    return sorted(LOGHUB.glob("*.log"))


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text(errors="replace").splitlines() if line]


def _made_up() -> Iterator[tuple[str, str]]:
    for i in cycle(range(1_000_003)):
        noise = i * 2654435761 % 2**32
        path = f"/v2/{noise % 97}/servers/{noise:08x}"
        yield f"System{i // 2000}", f'10.11.{i % 256}.1 "GET {path} HTTP/1.1" status: {200 + i % 5} len: {noise % 5000}'
