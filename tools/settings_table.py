"""Writes the tables of settings into docs/AGENT.md and docs/API.md; --check only says whether they are up to date.

.venv/bin/python tools/settings_table.py
"""

from __future__ import annotations

import sys
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from tailrace.config import Config
from tailrace_relay.settings import Settings

__all__ = ["TABLES", "written"]

DOCS = Path(__file__).resolve().parent.parent / "docs"
BEGIN, END = "<!-- settings: begin -->", "<!-- settings: end -->"

MIB = 1 << 20


def agent_table() -> str:
    """A row for each setting of the agent."""
    rows = ["| argument | environment | default | meaning |", "|---|---|---|---|"]
    for setting in fields(Config):
        variables = ", ".join(f"`{name}`" for name in setting.metadata["env"])
        rows.append(f"| `{setting.name}` | {variables} | {_default(setting)} | {setting.metadata['about']} |")
    return "\n".join(rows)


def relay_table() -> str:
    """A row for each setting of the relay."""
    rows = ["| environment | default | meaning |", "|---|---|---|"]
    for name, setting in Settings.model_fields.items():
        rows.append(f"| `TAILRACE_{name.upper()}` | {_shown(setting.default)} | {setting.description} |")
    return "\n".join(rows)


TABLES = {"AGENT.md": agent_table, "API.md": relay_table}


def _shown(value: Any) -> str:
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, tuple):
        value = ",".join(value)
    return "–" if value == "" else f"`{value}`"


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


def written(page: str, table: str) -> str:
    """The page with the table in its place."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{table}\n\n{END}{after}"


def main() -> int:
    stale = 0
    for name, table in TABLES.items():
        file = DOCS / name
        page = file.read_text("utf-8")
        new = written(page, table())
        if new != page:
            stale = 1
            if "--check" not in sys.argv[1:]:
                file.write_text(new, "utf-8")
    return stale if "--check" in sys.argv[1:] else 0


if __name__ == "__main__":
    sys.exit(main())
