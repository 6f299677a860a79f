from __future__ import annotations

import httpx
import pytest

from tests.e2e.gateways import GatewayThread
from tests.servers import RedisServer


@pytest.mark.parametrize("path", ["/api/streams", "/api/streams/none/records", "/api/live/events", "/nothing", "/"])
@pytest.mark.usefixtures("built_viewer")
def test_no_answer_lets_a_browser_run_guess_or_keep_it(path: str, redis_server: RedisServer, prefix: str) -> None:
    gateway = GatewayThread(redis_server.url, prefix)
    gateway.start()
    try:
        headers = httpx.get(gateway.url + path, verify=False).headers
    finally:
        gateway.stop()
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["cache-control"] == ("no-cache" if path == "/" else "no-store")
