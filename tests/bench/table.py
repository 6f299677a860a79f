"""What a benchmark found: one row for each thing measured, ours beside its peer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

__all__ = ["Budget", "Row", "at_least", "at_most", "beside", "by_itself", "format_table"]

HEADINGS = ("what", "ours", "peer", "ratio", "budget", "met?")


@dataclass(frozen=True, slots=True)
class Budget:
    """A limit from DESIGN §10: of the ratio to the peer, or of our own value where there is no peer."""

    limit: float
    at_least: bool

    def met(self, value: float) -> bool:
        return value >= self.limit if self.at_least else value <= self.limit

    def text(self, unit: str) -> str:
        return f"{'≥' if self.at_least else '≤'} {number(self.limit)} {unit}"


def at_least(limit: float) -> Budget:
    return Budget(limit, at_least=True)


def at_most(limit: float) -> Budget:
    return Budget(limit, at_least=False)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; `met` is None where nothing was promised."""

    what: str
    ours: str
    peer: str = "–"
    ratio: str = "–"
    budget: str = "–"
    met: bool | None = None

    def cells(self) -> tuple[str, ...]:
        verdict = {True: "yes", False: "NO", None: "–"}[self.met]
        return self.what, self.ours, self.peer, self.ratio, self.budget, verdict


def beside(what: str, unit: str, ours: Sequence[float], peer: Sequence[float], budget: Budget | None = None) -> Row:
    """Medians of interleaved runs. The ratio is the median of the pairs' ratios, so that a slow minute hits both."""
    # In a quick run a peer's CPU time may be less than the kernel counts.
    ratio = median(a / (b or float("nan")) for a, b in zip(ours, peer, strict=True))
    return Row(
        what,
        f"{number(median(ours))} {unit}",
        f"{number(median(peer))} {unit}",
        f"{number(ratio)} ×",
        "–" if budget is None else budget.text("×"),
        None if budget is None else budget.met(ratio),
    )


def by_itself(what: str, unit: str, ours: Sequence[float], budget: Budget | None = None) -> Row:
    """The median of several runs of something that has no peer."""
    value = median(ours)
    return Row(
        what,
        f"{number(value)} {unit}",
        budget="–" if budget is None else budget.text(unit),
        met=None if budget is None else budget.met(value),
    )


def number(value: float) -> str:
    """Three digits that mean something, in groups of three: 0.123, 12.3, 1 230 000."""
    if value >= 1000:
        digits = max(len(str(round(value))) - 3, 0)
        return f"{round(value, -digits):,.0f}".replace(",", " ")
    return f"{value:.3g}"


def format_table(rows: Iterable[Row]) -> str:
    """The rows as a table of Markdown, aligned so that a terminal shows it too."""
    lines = [HEADINGS, *(row.cells() for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEADINGS))]
    lines.insert(1, tuple("-" * width for width in widths))
    return "\n".join(f"| {' | '.join(cell.ljust(w) for cell, w in zip(line, widths, strict=True))} |" for line in lines)
