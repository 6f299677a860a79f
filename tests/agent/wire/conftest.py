from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import redis
from hypothesis import HealthCheck, settings

from tailrace.wire import Keys
from tests.agent.wire.producing import Producer, Stream
from tests.servers import MakeRedisServer, RedisServer, Server

MakeUser = Callable[..., redis.Redis]

# What is asked is whether it is right, also on a machine that is busy with something else.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.fixture
def stream(any_redis: Server, prefix: str) -> Iterator[Stream]:
    """A stream of its own for each test, on each of the servers."""
    with any_redis.client() as client:
        yield Stream(client, Keys(prefix))


@pytest.fixture
def producer(stream: Stream) -> Producer:
    return Producer(stream, stream.client)


@pytest.fixture
def real_stream(redis_server: RedisServer, prefix: str) -> Iterator[Stream]:
    """On a real Redis alone, for what fakeredis has not: permissions within scripts, and `INFO`."""
    with redis_server.client() as client:
        yield Stream(client, Keys(prefix))


@pytest.fixture
def user(redis_server: RedisServer, prefix: str) -> Iterator[MakeUser]:
    """Clients of users who may do everything but what is said: `user("-xtrim")`."""
    clients: list[redis.Redis] = []
    with redis_server.client() as admin:

        def make(*rules: str) -> redis.Redis:
            name = f"{prefix}-{len(clients)}"
            admin.execute_command("ACL", "SETUSER", name, "on", ">secret", "~*", "&*", "+@all", *rules)
            clients.append(redis.Redis(port=redis_server.port, username=name, password="secret"))
            return clients[-1]

        yield make
        for number, client in enumerate(clients):
            client.close()
            admin.execute_command("ACL", "DELUSER", f"{prefix}-{number}")


@pytest.fixture
def own_redis(own_redis_server: MakeRedisServer) -> Iterator[Stream]:
    """A stream on a server that only this test uses."""
    with own_redis_server().client() as client:
        yield Stream(client, Keys())
