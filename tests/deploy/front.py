"""Two gateways behind nginx, as docs/DEPLOYMENT.md has them on one host."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.deploy.nginx_server import NginxServer
from tests.e2e.checker import check
from tests.e2e.clients import Client, EventClient, Query, WebSocketClient
from tests.e2e.gateways import GatewayProcess
from tests.e2e.producers import ProducerProcess
from tests.e2e.verdict import Verdict
from tests.servers import RedisServer, wait_for_async

__all__ = ["SOON", "Front", "judge", "running_front"]

# Seconds. Generous, never the point of a test.
SOON = 30.0


class Front:
    """nginx and its gateways; what clients see of them."""

    def __init__(self, redis: RedisServer, prefix: str, directory: Path) -> None:
        self.gateways: list[GatewayProcess] = []
        self._nginx: NginxServer | None = None
        self._redis = redis
        self.prefix = prefix
        self._directory = directory

    @property
    def nginx(self) -> NginxServer:
        assert self._nginx is not None, "nginx was not started"
        return self._nginx

    @property
    def url(self) -> str:
        return self.nginx.url

    def start(self) -> None:
        # Each takes its port when it starts: another would have it by then.
        for _ in range(2):
            self.gateways.append(GatewayProcess(self._directory, self._redis.url, self.prefix))
            self.gateways[-1].start()
        self._nginx = NginxServer(self._directory / "nginx", [gateway.port for gateway in self.gateways])
        self._nginx.start()

    def stop(self) -> None:
        if self._nginx is not None:
            self._nginx.stop()
        for gateway in self.gateways:
            gateway.kill()

    def clients(self, query: Query, each: int = 1) -> list[Client]:
        """Clients of both kinds, all by way of nginx."""
        kinds = (WebSocketClient, EventClient)
        return [kind(f"{kind.__name__}-{i}", [self.url], query, self._directory) for i in range(each) for kind in kinds]

    def producer(self, stream: str, label: str, count: int, rate: int) -> ProducerProcess:
        """A program that logs so many records, so many a second; started."""
        producer = ProducerProcess(
            self._directory,
            "agent",
            self._redis.url,
            self.prefix,
            stream=stream,
            label=label,
            count=count,
            rate=rate,
        )
        producer.start()
        return producer

    def post(self, stream: str, content: bytes, **headers: str) -> httpx.Response:
        """Store records; `Origin="…"` is a header, and `Content_Type` another."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        given.setdefault("Content-Type", "application/json")
        address = f"{self.url}/api/streams/{stream}/records"
        return httpx.post(address, content=content, headers=given, timeout=SOON, verify=False)

    def followers(self, gateway: GatewayProcess, clients: Sequence[Client]) -> list[Client]:
        """Those that this gateway greeted last. Its name ends with its number."""
        return [c for c in clients if c.of_type("hello")[-1]["gateway"].endswith(f"-{gateway.pid}")]


async def judge(clients: Sequence[Client], producers: Sequence[ProducerProcess]) -> Verdict:
    """Wait until the producers have ended and everybody has everything."""
    await wait_for_async(lambda: all(producer.ended for producer in producers), 2 * SOON, "the producers")
    emissions = [producer.result() for producer in producers]
    for emission in emissions:
        await wait_for_async(
            lambda e=emission: all(c.reached(e.stream) >= e.count for c in clients),  # type: ignore[misc]
            SOON,
            "everybody to have everything",
        )
    return check(emissions, {client.name: client.evidence() for client in clients})


@contextmanager
def running_front(redis: RedisServer, prefix: str, directory: Path) -> Iterator[Front]:
    front = Front(redis, prefix, directory)
    try:
        front.start()
        yield front
    finally:
        front.stop()
