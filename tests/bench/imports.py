"""What importing the agent takes when its two dependencies are there already."""

from __future__ import annotations

import subprocess
import sys

from tests.bench.rig import Rig, environment
from tests.bench.table import Row, at_most, by_itself
from tests.servers import ROOT

__all__ = ["run"]

# The CPU time of the last line alone: a busy machine does not make it longer.
PROGRAM = """
import time
import redis, msgpack
began = time.process_time()
from tailrace import TailraceHandler
print(1000 * (time.process_time() - began))
"""


def run(rig: Rig) -> list[Row]:
    milliseconds()  # compiles what nobody has imported yet
    found = [milliseconds() for _ in range(rig.scaled(15, 1))]
    return [by_itself("import of the agent, over import redis, msgpack", "ms", found, at_most(20))]


def milliseconds() -> float:
    command = [sys.executable, "-c", PROGRAM]
    return float(subprocess.run(command, cwd=ROOT, env=environment(), check=True, stdout=subprocess.PIPE).stdout)
