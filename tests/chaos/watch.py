"""A watch over a fault: workers log numbered records, one client follows them through a gateway, the checker judges."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from tests.agent.workers import Worker
from tests.e2e.checker import Emission, check
from tests.e2e.clients import Query, WebSocketClient
from tests.e2e.gateways import GatewayProcess
from tests.e2e.numbered import read_number
from tests.e2e.verdict import Verdict
from tests.servers import Server, wait_for_async

__all__ = ["LONG", "NUMBERED", "SOON", "Watch", "watching"]

# `make chaos` runs the long form.
LONG = os.environ.get("TAILRACE_CHAOS") == "long"

SOON = 60.0

# Logs numbered records `<label> <n>` and says the number after each call, until it is killed or has logged so many.
# Then it stays until its input ends.
NUMBERED = """
import logging, os, sys, time
import tailrace
from tests.e2e.numbered import level_of, message_of

tailrace.install(stream="s", level="DEBUG")
log = logging.getLogger("chaos")
label, count, pause = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
for number in range(1, count + 1):
    log.log(level_of(number), message_of(label, number))
    os.write(1, b"%d\\n" % number)
    if pause:
        time.sleep(pause)
sys.stdin.readline()
"""


class Watch:
    """What happens in stream `s` of one Redis, seen by one client from the first record on."""

    def __init__(self, redis: Server, prefix: str, directory: Path, client: WebSocketClient) -> None:
        self.redis = redis
        self.prefix = prefix
        self.spool = directory / "spool"
        self.client = client
        self.workers: dict[str, Worker] = {}
        self._looked = 0
        self._deaths: set[int] = set()
        self._reached: dict[str, int] = {}

    def worker(self, label: str, count: int = 10**9, pause: float = 0.0, *, script: str = NUMBERED) -> Worker:
        """Start a worker that logs under that label."""
        place = {"url": self.redis.url, "prefix": self.prefix, "spool": self.spool}
        self.workers[label] = Worker(script, label, count, pause, **place)  # type: ignore[arg-type]
        return self.workers[label]

    def deaths(self) -> set[int]:
        """The PIDs of the processes that are said to have died."""
        self._look()
        return self._deaths

    def reached(self) -> dict[str, int]:
        """The highest number of each label that the client was given."""
        self._look()
        return self._reached

    def _look(self) -> None:
        """Take in what the client was given since the last look."""
        self.client.flush()
        with self.client.log.open("rb") as log:
            log.seek(self._looked)
            for line in log:
                if line.endswith(b"\n"):
                    self._looked += len(line)
                    self._take(msgspec.json.decode(line))

    def _take(self, message: dict[str, Any]) -> None:
        for record in message.get("records", ()):
            number = read_number(record["message"])
            if number is not None:
                self._reached[number.label] = max(number.number, self._reached.get(number.label, 0))
            elif record["kind"] == "died":
                self._deaths.add(record["fields"]["pid"])

    async def verdict(self, *, notices: int = 0) -> Verdict:
        """Wait until everything whose log call has returned was given to the client, and judge.

        Args:
            notices: records of Tailrace's own besides the deaths of killed workers.
        """
        killed = [worker.pid for worker in self.workers.values() if worker.process.returncode == -9]
        returned = {label: int(worker.last) for label, worker in self.workers.items()}
        return await self.verdict_of(returned, killed, notices=notices)

    async def verdict_of(self, returned: dict[str, int], killed: list[int], *, notices: int = 0) -> Verdict:
        """As `verdict`, for labels whose log calls have returned up to these numbers."""

        def arrived() -> bool:
            reached = self.reached()
            return all(reached.get(label, 0) >= number for label, number in returned.items())

        await wait_for_async(lambda: set(killed) <= self.deaths(), SOON, "word of every death")
        await wait_for_async(arrived, SOON, f"all of {returned}")
        reached = self.reached()
        # A thread may have been killed between its record and word of its return, no thread twice.
        assert all(number <= reached[label] <= number + 1 for label, number in returned.items())
        emissions = [Emission("s", label, reached[label]) for label in returned]
        emissions[0] = Emission("s", emissions[0].label, emissions[0].count, notices + len(killed))
        await self.client.stop()
        return check(emissions, {"client": self.client.evidence()})


@asynccontextmanager
async def watching(redis: Server, prefix: str, directory: Path) -> AsyncIterator[Watch]:
    """A gateway and a client for one fault."""
    gateway = GatewayProcess(directory, redis.url, prefix)
    gateway.start()
    client = WebSocketClient("client", [gateway.url], Query("s", after="0-0"), directory)
    watch = Watch(redis, prefix, directory, client)
    try:
        async with client:
            yield watch
    finally:
        for worker in watch.workers.values():
            if worker.process.returncode is None:
                worker.kill()
        gateway.kill()
