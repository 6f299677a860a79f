"""The pages say what the code says."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from tailrace.config import Config
from tailrace_relay.settings import Settings
from tests.servers import ROOT


def test_the_table_of_settings_is_up_to_date() -> None:
    done = subprocess.run([sys.executable, ROOT / "tools" / "settings_table.py", "--check"], check=False)
    assert done.returncode == 0, "run: .venv/bin/python tools/settings_table.py"


DEPLOYING = [ROOT / "docs" / "DEPLOYMENT.md", ROOT / "docs" / "TROUBLESHOOTING.md", ROOT / "docker-compose.yml"]
DEPLOYING += [path for path in (ROOT / "deploy").rglob("*") if path.is_file()]

# The token that `tailrace tail` shows a gateway.
OF_COMMANDS = {"TAILRACE_TOKEN"}


@pytest.mark.parametrize("page", DEPLOYING, ids=lambda page: page.name)
def test_settings_that_are_to_be_set_exist(page: Path) -> None:
    known = {name for setting in fields(Config) for name in setting.metadata["env"]} | OF_COMMANDS
    known |= {f"TAILRACE_{name.upper()}" for name in Settings.model_fields}
    assert set(re.findall(r"\bTAILRACE_[A-Z_]+[A-Z]\b", page.read_text())) <= known


@pytest.mark.parametrize("page", [ROOT / "README.md", *DEPLOYING[:2]], ids=lambda page: page.name)
def test_files_that_are_linked_and_copied_exist(page: Path) -> None:
    text = page.read_text()
    linked = [page.parent / name for name in re.findall(r"\]\(([^)#:]+)[#)]", text)]
    copied = [ROOT / name for name in re.findall(r"(?<![/\w])deploy/[\w/.@-]*\w", text)]
    assert linked
    assert [path for path in (*linked, *copied) if not path.exists()] == []
