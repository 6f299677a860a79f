from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agent.docker.engine import FakeEngine, running_engine
from tests.agent.docker.shipping import Shipping
from tests.servers import RedisServer


@pytest.fixture
def engine() -> Iterator[FakeEngine]:
    """An engine that runs."""
    with running_engine() as engine:
        yield engine


@pytest.fixture
def shipping(engine: FakeEngine, redis_server: RedisServer, prefix: str, tmp_path: Path) -> Iterator[Shipping]:
    """Ships the engine's logs in a thread of this process, once it is started."""
    shipping = Shipping(engine, redis_server, prefix, tmp_path / "checkpoints")
    yield shipping
    shipping.close()
