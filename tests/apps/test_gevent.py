"""gevent: no greenlet waits for Redis, whether it was patched before or after the agent was imported."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.agent.delivered import delivered
from tests.agent.workers import Worker
from tests.servers import MakeRedisServer, wait_for

# One greenlet counts while others log; what it says at the end is how often it came round.
PROGRAM = """
{first}
{second}
import logging, sys, time
import gevent
tailrace.install(stream="s", level="INFO")
log = logging.getLogger("app")
turns = 0

def count():
    global turns
    while True:
        gevent.sleep(0.001)
        turns += 1

def work(name):
    for i in range(100):
        log.info("%s %d", name, i)
        gevent.sleep(0.005)

gevent.spawn(count)
gevent.joinall([gevent.spawn(work, name) for name in "abcd"])
print(turns, flush=True)
sys.stdin.readline()
"""

PATCH, IMPORT = "from gevent import monkey; monkey.patch_all()", "import tailrace"


@pytest.mark.parametrize("order", [(PATCH, IMPORT), (IMPORT, PATCH)], ids=["patched before", "patched after"])
@pytest.mark.filterwarnings("ignore")
def test_greenlets_go_on_while_redis_is_frozen(
    order: tuple[str, str], own_redis_server: MakeRedisServer, prefix: str, tmp_path: Path
) -> None:
    server = own_redis_server()
    server.pause()
    program = PROGRAM.format(first=order[0], second=order[1])
    worker = Worker(program, url=server.url, prefix=prefix, spool=tmp_path / "spool").read(1)
    assert int(worker.last) > 100, "the counting greenlet was held up"
    server.resume()
    client = server.client()
    wait_for(lambda: len(delivered(client, prefix, "s").messages) == 400, 30, "all records")
    assert sorted(delivered(client, prefix, "s").messages) == sorted(f"{n} {i}" for n in "abcd" for i in range(100))
    worker.stop()
