"""The pages say what the code says."""

from __future__ import annotations

import subprocess
import sys

from tests.servers import ROOT


def test_the_table_of_settings_is_up_to_date() -> None:
    done = subprocess.run([sys.executable, ROOT / "tools" / "settings_table.py", "--check"], check=False)
    assert done.returncode == 0, "run: .venv/bin/python tools/settings_table.py"
