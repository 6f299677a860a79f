"""Writes the table of the agent's settings into docs/AGENT.md; with --check it only says whether that is up to date.

.venv/bin/python tools/settings_table.py
"""

from __future__ import annotations

import sys
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any

from tailrace.config import Config

__all__ = ["table", "written"]

PAGE = Path(__file__).resolve().parent.parent / "docs" / "AGENT.md"
BEGIN, END = "<!-- settings: begin -->", "<!-- settings: end -->"

MIB = 1 << 20


def table() -> str:
    """A row for each setting."""
    rows = ["| argument | environment | default | meaning |", "|---|---|---|---|"]
    for setting in fields(Config):
        variables = ", ".join(f"`{name}`" for name in setting.metadata["env"])
        rows.append(f"| `{setting.name}` | {variables} | {_default(setting)} | {setting.metadata['about']} |")
    return "\n".join(rows)


def _default(setting: Field[Any]) -> str:
    value = setting.default
    if value is MISSING or value is None:
        return "–"
    if isinstance(value, tuple):
        value = ",".join(part[0] if isinstance(part, tuple) else str(part) for part in value)
        return f"`{value}`" if value else "–"
    if isinstance(value, bool):
        return f"`{int(value)}`"
    if isinstance(value, int) and value % MIB == 0:
        return f"{value // MIB} MiB"
    return f"`{value}`"


def written(page: str) -> str:
    """The page with the table in its place."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}"


def main() -> int:
    page = PAGE.read_text("utf-8")
    if "--check" in sys.argv[1:]:
        return int(written(page) != page)
    PAGE.write_text(written(page), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
