from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.deploy.front import Front, running_front
from tests.servers import RedisServer


@pytest.fixture(scope="module")
def front(installed_nginx: str, redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """For all tests of a module, which keep apart by their streams: nobody kills its gateways."""
    with running_front(redis_server, f"test-{uuid4().hex[:12]}", tmp_path_factory.mktemp("front")) as front:
        yield front


@pytest.fixture
def own_front(installed_nginx: str, redis_server: RedisServer, prefix: str, tmp_path: Path) -> Iterator[Front]:
    with running_front(redis_server, prefix, tmp_path) as front:
        yield front
