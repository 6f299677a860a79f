"""One step of the set-up after another: commands, and what is said of them.

The syntax is that of Python 3.7, as in setup.py.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

__all__ = ["ROOT", "attempt", "fail", "output", "run", "say"]

ROOT = Path(__file__).resolve().parent.parent


def run(command: list[str]) -> None:
    if not attempt(command):
        fail(f"this command failed: {shlex.join(command)}")


def attempt(command: list[str], cwd: Path | None = None, env: Mapping[str, str] | None = None) -> bool:
    return subprocess.call(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, cwd=cwd, env=env) == 0


def output(command: list[str]) -> str:
    """What the command printed; nothing when it failed."""
    result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return result.stdout.decode(errors="replace").strip() if result.returncode == 0 else ""


def say(step: str) -> None:
    print(f"setup: {step}", flush=True)


def fail(reason: str) -> NoReturn:
    sys.exit(f"setup: {reason}")
