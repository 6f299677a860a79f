from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import ROOT


@pytest.mark.parametrize(("ci", "outcome"), [("false", "1 skipped"), ("true", "1 error")])
def test_a_missing_chromium_skips_on_a_laptop_and_fails_on_ci(
    ci: str, outcome: str, redis_binary: str, tmp_path: Path
) -> None:
    (tmp_path / "redis-server").symlink_to(redis_binary)
    environment = os.environ | {"PATH": str(tmp_path), "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path), "CI": ci}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "tests/browser/test_mounted.py",
        "-k",
        "slash",
        "-p",
        "no:cacheprovider",
    ]
    report = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert outcome in report.stdout
    assert "no Chromium on PATH" in report.stdout
