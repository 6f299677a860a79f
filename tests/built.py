"""What `make setup` builds of relay/web, and the Node that it builds with."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.servers import ROOT

__all__ = ["VIEWER", "WEB", "loaded_by", "node_environment", "npm_binary", "unpack"]

WEB = ROOT / "relay" / "web"
VIEWER = ROOT / "relay" / "tailrace_relay" / "static"


def loaded_by(page: str) -> list[str]:
    """What the viewer's page names, relative to it: scripts, styles and its icon."""
    return re.findall(r'(?:src|href)="\./(static/[^"]+)"', page)


def node_environment() -> dict[str, str]:
    """For programs that need `node` or `npm`: .venv has them where PATH has none."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    return os.environ | {"PATH": path}


def npm_binary() -> str | None:
    return shutil.which("npm", path=node_environment()["PATH"]) if (WEB / "node_modules").is_dir() else None


def unpack(archive: Path, folder: Path) -> None:
    """By tar itself: tarfile wants a filter from some Python 3.11 on, and takes none before."""
    folder.mkdir(exist_ok=True)
    subprocess.run(["tar", "-xzf", archive, "-C", folder], check=True)
