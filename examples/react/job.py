"""A job that takes a while and says how far it is: `python job.py 8f3a` writes to the stream `run:8f3a`."""

from __future__ import annotations

import random
import sys
import time

import tailrace

STEPS = 120
PAUSE = 0.25  # seconds that a step takes, about


def work(run: tailrace.Run) -> None:
    for done in range(1, STEPS + 1):
        time.sleep(random.uniform(0.2, 1.8) * PAUSE)
        if random.random() < 0.05:
            run.log(f"row {done} has no price: left out", level="WARNING", row=done)
        run.log(f"imported row {done}", done=done, total=STEPS)


if __name__ == "__main__":
    with tailrace.run("import", id=sys.argv[1] if len(sys.argv) > 1 else None) as run:
        print(f"http://127.0.0.1:5173/?job={run.id}", flush=True)
        work(run)
