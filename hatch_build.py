"""Puts the viewer, which git has not, into what is built: building it needs Node, installing a package must not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

VIEWER = Path("relay") / "tailrace_relay" / "static"

# In an sdist also what it was built of: `make demo` there needs no Node then.
PARTS = {"wheel": ("index.html", "static"), "sdist": ("index.html", "static", ".built")}


class WithViewer(BuildHookInterface[Any]):
    """Asked by hatchling before each build. An editable install needs nothing: it serves what is there then."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        parts = PARTS[self.target_name]
        if not all((Path(self.root) / VIEWER / part).exists() for part in parts):
            self.app.abort(f"{VIEWER} is empty: the viewer is not built. Run: make wheel")
        inside = VIEWER if self.target_name == "sdist" else VIEWER.relative_to("relay")
        for part in parts:
            build_data["force_include"][str(VIEWER / part)] = str(inside / part)
