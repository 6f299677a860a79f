from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import pytest

from tests.built import VIEWER, npm_binary
from tests.servers import (
    FakeRedisServer,
    MakeRedisServer,
    RedisServer,
    Server,
    nginx_binary,
    on_ci,
    redis_server_binary,
)

# Under nohup the hang-up is ignored, and what the tests start would inherit that.
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# What the developer's own shell says to Tailrace is not for the tests.
for name in [name for name in os.environ if name.startswith("TAILRACE_") and name != "TAILRACE_CHAOS"]:
    del os.environ[name]

ServerT = TypeVar("ServerT", bound=Server)


# Files that take longest. They come first: at the end they would have one worker to themselves while the other is idle.
LONGEST = ("tests/test_bare_environment.py", "tests/e2e/test_spine.py", "tests/e2e/test_quiet.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Tests marked `anyio` run under asyncio alone, the loop that the relay is written for."""
    return "asyncio"


@pytest.fixture(scope="session")
def redis_binary() -> str:
    """A missing service skips on a laptop and fails on CI, where a skip would be read as success."""
    return existing(redis_server_binary(), "redis-server on PATH")


@pytest.fixture(scope="session")
def installed_nginx() -> str:
    """As for Redis."""
    return existing(nginx_binary(), "nginx on PATH or in /usr/sbin")


@pytest.fixture(scope="session")
def built_viewer() -> Path:
    """As for Redis: the viewer's files, which gateways of this checkout serve."""
    return Path(existing(str(VIEWER) if (VIEWER / "index.html").is_file() else None, "viewer that is built"))


@pytest.fixture(scope="session")
def npm() -> str:
    """As for Redis; to be run in `tests.built.node_environment`."""
    return existing(npm_binary(), "npm with the packages of relay/web")


def existing(binary: str | None, what: str) -> str:
    if binary is not None:
        return binary
    message = f"no {what}: make setup brings one"
    if on_ci():
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def redis_server(redis_binary: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """One real Redis for all tests of this process: they keep apart by `prefix`, and nobody kills or empties it."""
    yield from running(RedisServer(tmp_path_factory.mktemp("redis")))


@pytest.fixture(scope="session")
def fakeredis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeRedisServer]:
    yield from running(FakeRedisServer(tmp_path_factory.mktemp("fakeredis")))


@pytest.fixture(params=["redis", "fakeredis"])
def any_redis(request: pytest.FixtureRequest) -> Server:
    """The test runs twice, once on each of the shared servers."""
    server = request.getfixturevalue(f"{request.param}_server")
    assert isinstance(server, Server)
    return server


@pytest.fixture
def own_redis_server(redis_binary: str, tmp_path: Path) -> Iterator[MakeRedisServer]:
    """Starts servers that belong to this test, to kill and to freeze: `own_redis_server("--appendonly", "yes")`."""
    servers: list[RedisServer] = []

    def make(*arguments: str) -> RedisServer:
        server = RedisServer(tmp_path / f"redis-{len(servers)}", *arguments)
        servers.append(server)
        server.start()
        return server

    yield make
    for server in servers:
        server.kill()


@pytest.fixture
def prefix() -> str:
    """Begins every key and channel of a test on a shared server."""
    return f"test-{uuid4().hex[:12]}"


def running(server: ServerT) -> Iterator[ServerT]:
    server.start()
    yield server
    server.kill()


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A tmpfs of one MiB, which only root may mount."""
    place = tmp_path / "disk"
    place.mkdir()
    options = ["-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs", str(place)]
    if subprocess.run(["mount", *options], capture_output=True, check=False).returncode != 0:
        message = "a tmpfs can't be mounted here"
        pytest.fail(message) if on_ci() and os.getuid() == 0 else pytest.skip(message)
    yield place
    subprocess.run(["umount", str(place)], check=True)
