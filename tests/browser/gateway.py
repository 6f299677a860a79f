"""What the page needs behind it: gateways to be killed, and records in Redis."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import redis

from tailrace.wire import (
    MAX_RECORDS,
    SCRIPT,
    Answer,
    Facts,
    Keys,
    Record,
    Status,
    append_call,
    make_frame,
    new_epoch,
    new_producer,
)
from tests.forked import GatewayFork
from tests.servers import HOST, Process, Server

INFO = 20


class GatewayServer(Server):
    """`tailrace serve` as a user starts it."""

    def __init__(self, directory: Path, port: int, redis_url: str, prefix: str, origins: str) -> None:
        arguments = ["serve", "--port", str(port), "--url", redis_url, "--prefix", prefix, "--allowed-origins", origins]
        super().__init__(directory, port, arguments)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}/"

    def _begin(self) -> Process:
        return GatewayFork(self._command, self.log)

    def _answers(self) -> bool:
        if self._running().poll() is not None:
            raise AssertionError(f"the gateway ended at its start:\n{self.log.read_text(errors='replace')}")
        try:
            with urllib.request.urlopen(f"{self.url}api/ready", timeout=1) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


class Log:
    """One producer for each stream, which appends records as an agent does."""

    def __init__(self, client: redis.Redis, prefix: str) -> None:
        self._client = client
        self._keys = Keys(prefix)
        self._producers: dict[str, tuple[bytes, int]] = {}
        self._newest_ms = 0

    def write(
        self, stream: str, *messages: str, shed: int = 0, level: int = INFO, ago: float = 0.0, **more: Any
    ) -> None:
        """A record for each message, logged so many seconds ago; `shed` DEBUG records are declared lost before them.

        Of two writes the second is later, in whatever streams: records of the same millisecond have no order
        between streams, and a test must not depend on how long a write took.
        """
        while self._clock_ms() <= self._newest_ms:
            pass
        now = time.time_ns() // 1000
        logged = now - int(ago * 1e6)
        records = [Record(time=logged, level_number=level, logger="shop", message=text, **more) for text in messages]
        self._client.zadd(self._keys.streams, {stream: now // 1000})
        for start in range(0, len(records), MAX_RECORDS):
            self._append(stream, records[start : start + MAX_RECORDS], shed if start == 0 else 0)

    def trim(self, stream: str, kept: int) -> None:
        """Leaves the newest writes alone, as retention does."""
        self._client.xtrim(self._keys.stream(stream), maxlen=kept, approximate=False)

    def _clock_ms(self) -> int:
        seconds, microseconds = self._client.time()
        return int(seconds) * 1000 + int(microseconds) // 1000

    def _append(self, stream: str, records: list[Record], shed: int) -> None:
        producer, mark = self._producers.get(stream, (new_producer(), 0))
        first = mark + shed + 1
        frame = make_frame(producer, first, Facts(service="shop"), records, shed=(shed, 0, 0, 0, 0))
        names, arguments = append_call(
            self._keys,
            stream,
            frame,
            producer=producer,
            count=len(records),
            first_seq=first,
            shed=shed,
            epoch=new_epoch(),
        )
        reply: Any = self._client.eval(SCRIPT, len(names), *names, *arguments)
        answer = Answer.parse(reply)
        assert answer.status is Status.OK, answer
        self._newest_ms = max(self._newest_ms, answer.last.ms)
        self._producers[stream] = (producer, first + len(records) - 1)
