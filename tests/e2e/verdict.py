"""What the checker found: one row of sums for each client, and every finding by its kind."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

__all__ = ["Finding", "Row", "Verdict"]

# Findings of one kind that are printed; the rest is counted.
PRINTED = 12


class Finding(NamedTuple):
    """One thing that must not be."""

    client: str
    stream: str
    place: str
    reason: str

    def __str__(self) -> str:
        return f"{self.client}: stream {self.stream}, {self.place}: {self.reason}"


@dataclass(slots=True)
class Row:
    """One client's sums: emitted = delivered + declared + missing.

    `missing` were neither delivered nor declared; where an epoch has ended nobody can count them, and `unknown` is set.
    """

    client: str
    emitted: int = 0
    delivered: int = 0
    declared: int = 0
    missing: int = 0
    unknown: bool = False
    gaps: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        missing = "?" if self.unknown else str(self.missing)
        gaps = ", ".join(f"{count} {reason}" for reason, count in sorted(self.gaps.items()))
        return f"{self.client:<28} {self.emitted:>9} {self.delivered:>9} {self.declared:>9} {missing:>9}  {gaps or '-'}"


@dataclass(slots=True)
class Verdict:
    """Findings by kind; there is none when every client was given what was promised.

    Attributes:
        lost: neither delivered nor declared lost.
        duplicated: given twice.
        reordered: given out of the stream's or the producer's order, or under another ID than to others.
        altered: not as it was written.
        gaps: declared more, less or other than what happened.
        cursors: a cursor that would lead back, or over something, or that is none.
        strange: of a stream or a producer that nobody asked for.
    """

    rows: list[Row] = field(default_factory=list)
    lost: list[Finding] = field(default_factory=list)
    duplicated: list[Finding] = field(default_factory=list)
    reordered: list[Finding] = field(default_factory=list)
    altered: list[Finding] = field(default_factory=list)
    gaps: list[Finding] = field(default_factory=list)
    cursors: list[Finding] = field(default_factory=list)
    strange: list[Finding] = field(default_factory=list)

    @property
    def findings(self) -> dict[str, list[Finding]]:
        """All kinds with their findings."""
        kinds = ("lost", "duplicated", "reordered", "altered", "gaps", "cursors", "strange")
        return {kind: getattr(self, kind) for kind in kinds}

    @property
    def clean(self) -> bool:
        return not any(self.findings.values())

    def row(self, client: str) -> Row:
        return next(row for row in self.rows if row.client == client)

    def __str__(self) -> str:
        lines = [f"{'client':<28} {'emitted':>9} {'delivered':>9} {'declared':>9} {'missing':>9}  gaps"]
        lines += map(str, self.rows)
        lines.append(", ".join(f"{len(found)} {kind}" for kind, found in self.findings.items()))
        for kind, found in self.findings.items():
            lines += [f"  {kind}: {finding}" for finding in found[:PRINTED]]
            if len(found) > PRINTED:
                lines.append(f"  {kind}: … and {len(found) - PRINTED} more")
        return "\n".join(lines)
