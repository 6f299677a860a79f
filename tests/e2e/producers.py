"""A program that logs numbered records: through the agent as an application does, or straight by the append script.

    python -m tests.e2e.producers agent --url redis://… --stream api --label p1 --count 25000 --rate 2000

It prints a line of JSON when it begins, and one with what it emitted when it has ended.
"""

from __future__ import annotations

import argparse
import json
import logging
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import redis

from tests.e2e.checker import Emission
from tests.e2e.numbered import level_of, message_of
from tests.servers import ROOT

__all__ = ["ProducerProcess"]

# Seconds: for the last records to reach Redis.
FLUSH_TIMEOUT = 30.0

# Seconds between two bursts of a producer with a rate.
BEAT = 0.01

# Every how many records one carries an exception, and one is an audit event.
EXCEPTIONS = 97
AUDITS = 53


class ProducerProcess:
    """A producer as a process of its own."""

    def __init__(
        self,
        directory: Path,
        way: str,
        redis_url: str,
        prefix: str,
        *,
        stream: str,
        label: str,
        count: int,
        rate: int = 0,
    ) -> None:
        self.emission = Emission(stream, label, count)
        self.errors = directory / f"producer-{label}.log"
        self._command = [sys.executable, "-m", "tests.e2e.producers", way, "--url", redis_url, "--prefix", prefix]
        self._command += ["--stream", stream, "--label", label, "--count", str(count), "--rate", str(rate)]
        self._command += ["--spool-dir", str(directory)]
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        with self.errors.open("ab") as errors:
            self._process = subprocess.Popen(
                self._command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True
            )

    @property
    def ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def result(self) -> Emission:
        """What it says to have emitted, once it has ended."""
        assert self._process is not None
        assert self._process.stdout is not None
        lines = self._process.stdout.read().splitlines()
        code = self._process.wait()
        assert code == 0, f"producer {self.emission.label} ended with {code}:\n{self.errors.read_text()}"
        return Emission(**json.loads(lines[-1]))

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            if self._process.stdout is not None:
                self._process.stdout.close()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("way", choices=["agent", "wire"])
    for name in ("url", "prefix", "stream", "label", "spool-dir"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--rate", type=int, default=0, help="records a second; 0 is as fast as it goes")
    options = parser.parse_args()
    print(json.dumps({"begins": options.label}), flush=True)
    by_agent(options) if options.way == "agent" else by_wire(options)
    emission = {"stream": options.stream, "label": options.label, "count": options.count}
    print(json.dumps(emission), flush=True)


def by_agent(options: argparse.Namespace) -> None:
    """Through the public API of the agent, and otherwise the standard `logging` module alone."""
    import tailrace

    tailrace.install(
        url=options.url,
        service="e2e",
        stream=options.stream,
        prefix=options.prefix,
        spool_dir=options.spool_dir,
        level=logging.DEBUG,
    )
    logger = logging.getLogger("tests.e2e")

    def emit(first: int, last: int) -> None:
        for number in range(first, last + 1):
            log(logger, level_of(number), message_of(options.label, number), number)

    paced(options.count, options.rate, emit)
    if not tailrace.flush(FLUSH_TIMEOUT):
        sys.exit("not everything reached Redis")


def log(logger: logging.Logger, level: int, message: str, number: int) -> None:
    """A plain record, or one of the richer kinds among them."""
    more: dict[str, Any] = {}
    if number % AUDITS == 0:
        more = {"is_audit": True, "action": "order.refund", "metadata": {"order": number, "note": "zurück ↩"}}
    if number % EXCEPTIONS:
        logger.log(level, message, extra=more)
        return
    try:
        raise ValueError(f"order {number} cannot be")
    except ValueError:
        logger.log(level, message, extra=more, exc_info=True)


def by_wire(options: argparse.Namespace) -> None:
    """Straight by the append script: no agent."""
    from tailrace.wire import Keys
    from tests.e2e.wire_producer import WireProducer

    with redis.Redis.from_url(options.url) as client:
        producer = WireProducer(client, Keys(options.prefix), options.stream, options.label)
        paced(options.count, options.rate, lambda first, last: producer.emit(last - first + 1))


def paced(count: int, rate: int, emit: Callable[[int, int], None]) -> None:
    """Emit records 1 to `count` in bursts, so that they come at this rate."""
    begin, done = time.monotonic(), 0
    while done < count:
        due = int((time.monotonic() - begin) * rate) if rate else done + 512
        last = min(due, count)
        if last > done:
            emit(done + 1, last)
            done = last
        elif rate:
            time.sleep(BEAT)


if __name__ == "__main__":
    main()
