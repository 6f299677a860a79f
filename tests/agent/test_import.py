"""The agent lives in other people's processes: it imports what it needs and nothing else."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version

import tailrace

# What the agent brings into a process that has its two dependencies already.
PROGRAM = """
import sys
import redis, msgpack
before = set(sys.modules)
import tailrace, tailrace.cli
print("\\n".join(sorted({name.partition(".")[0] for name in set(sys.modules) - before})))
"""


def test_importing_the_agent_brings_in_no_third_party() -> None:
    run = subprocess.run([sys.executable, "-W", "error", "-c", PROGRAM], capture_output=True, text=True, check=True)
    brought = set(run.stdout.split())
    assert "tailrace" in brought
    assert brought - {"tailrace"} <= set(sys.stdlib_module_names)


def test_the_version_is_that_of_the_distribution() -> None:
    assert tailrace.__version__ == version("tailrace")
