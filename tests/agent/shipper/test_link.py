"""The link: one connection to Redis, made again however often it breaks."""

from __future__ import annotations

import os
import socket

import pytest

from tailrace.shipper.link import Link, Unavailable
from tailrace.wire import Keys
from tests.servers import HOST, MakeRedisServer, RedisServer, free_port


def test_it_tries_as_often_as_it_takes(own_redis_server: MakeRedisServer, prefix: str) -> None:
    """redis-py's pool counts the connections that it made in vain, and stops at a hundred."""
    server = own_redis_server()
    server.stop()
    link = Link(server.url, Keys(prefix))
    for _ in range(150):
        with pytest.raises(Unavailable):
            link.connect()
    server.start()
    link.connect()
    link.close()


def test_a_password_is_not_in_the_reason(prefix: str) -> None:
    link = Link(f"redis://user:geheim@{HOST}:{free_port()}/0", Keys(prefix))
    with pytest.raises(Unavailable) as raised:
        link.connect()
    assert "geheim" not in str(raised.value)


def test_it_neither_writes_to_nor_closes_what_took_its_descriptor(redis_server: RedisServer, prefix: str) -> None:
    """A process that daemonises closes all descriptors, and the next socket gets the number of ours."""
    link = Link(redis_server.url, Keys(prefix))
    link.connect()
    number = link._connection._sock.fileno()
    os.close(number)
    ours, theirs = socket.socketpair()
    taken = number if number in (ours.fileno(), theirs.fileno()) else os.dup2(ours.fileno(), number)
    try:
        link.connect()
        assert link.send([], ["s"]) == []
        link.close()
        os.fstat(taken)
        ours.setblocking(False)
        theirs.setblocking(False)
        for end in (ours, theirs):
            with pytest.raises(BlockingIOError):
                end.recv(1)
    finally:
        if taken not in (ours.fileno(), theirs.fileno()):
            os.close(taken)
        ours.close()
        theirs.close()


def test_a_master_that_became_a_replica_is_not_spoken_to_again(own_redis_server: MakeRedisServer, prefix: str) -> None:
    """Behind its address there may be another server by now."""
    server = own_redis_server()
    link = Link(server.url, Keys(prefix))
    assert link.tell([("SET", f"{prefix}:x", "1")]) is None
    server.client().replicaof(HOST, free_port())
    with pytest.raises(Unavailable, match="replica"):
        link.tell([("SET", f"{prefix}:x", "2")])
    assert link._connection is None
    server.client().replicaof("NO", "ONE")
    assert link.tell([("SET", f"{prefix}:x", "3")]) is None
    link.close()
