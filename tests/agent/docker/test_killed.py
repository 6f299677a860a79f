"""SIGKILL of the shipper, death of Redis and of the engine: every line arrives once, as in a log read in peace."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tailrace.docker.messages import Message
from tailrace.docker.position import Position
from tailrace.docker.side import Facts
from tailrace.docker.weave import Weave
from tailrace.wire import Record
from tests.agent.delivered import delivered, wait_for_records
from tests.agent.docker.engine import FakeContainer, FakeEngine
from tests.agent.docker.shipping import TIMEOUT, Shipping
from tests.servers import MakeRedisServer, RedisServer, wait_for

PROGRAM = "import sys; from tailrace.cli import main; sys.exit(main())"


@contextmanager
def shipper(engine: FakeEngine, server: RedisServer, prefix: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`tailrace ship docker` in a process of its own, killed at the end."""
    command = [sys.executable, "-c", PROGRAM, "ship", "docker", "--socket", str(engine.path)]
    settings = ["--url", server.url, "--prefix", prefix, "--checkpoints", str(folder)]
    with subprocess.Popen([*command, *settings]) as process:
        try:
            yield process
        finally:
            process.kill()


def in_peace(container: FakeContainer) -> list[Record]:
    """What becomes of a container's log that is read at once."""
    weave = Weave(Position(), Facts(container.name, {}))
    for time, source, text in container.log:
        weave.feed(Message(source, time, text, True, True))
    weave.end()
    return [record for batch in weave.batches() for record in batch.records]


def stories(records: list[Record]) -> list[tuple[object, ...]]:
    return [(r.message, r.time, r.level, r.source, r.line_number, r.exception) for r in records]


def print_something(container: FakeContainer, chance: random.Random, number: int) -> None:
    source = chance.choice(["stdout", "stdout", "stderr"])
    kind = chance.random()
    if kind < 0.1:
        text = f'Traceback (most recent call last):\n  File "a.py", line {number}, in f\nValueError: {number}\n'
    elif kind < 0.2:
        text = f"{number} {'long ' * 8000}\n"
    elif kind < 0.25:
        text = "\n"
    else:
        text = f"{number}\n"
    container.print(text, source)


def test_a_shipper_that_is_killed_at_any_moment_costs_and_doubles_nothing(
    engine: FakeEngine, redis_server: RedisServer, prefix: str, tmp_path: Path
) -> None:
    chance = random.Random(3)
    web = engine.run("web")
    client = redis_server.client()
    for round in range(8):
        with shipper(engine, redis_server, prefix, tmp_path):
            begin = delivered(client, prefix, "docker:web").numbered
            for number in range(400):
                print_something(web, chance, round * 400 + number)
            some = begin + chance.choice([1, 50, 300])
            wait_for(lambda at=some: delivered(client, prefix, "docker:web").numbered >= at, TIMEOUT, "some records")  # type: ignore[misc]
    expected = in_peace(web)
    with shipper(engine, redis_server, prefix, tmp_path):
        found = wait_for_records(client, prefix, "docker:web", len(expected), TIMEOUT)
    assert stories(found.all) == stories(expected)
    assert len(found.records) == 1


@pytest.mark.parametrize("seed", range(6))
def test_what_is_cut_and_stopped_at_random_arrives_as_if_it_were_read_in_peace(
    engine: FakeEngine, shipping: Shipping, seed: int
) -> None:
    chance = random.Random(seed)
    engine.seeking = bool(seed % 2)
    web = engine.run("web")
    shipping.start()
    for number in range(300):
        print_something(web, chance, number)
        happens = chance.random()
        if happens < 0.03:
            engine.cut_all()
        elif happens < 0.04:
            shipping.stop()
            shipping.start()
    expected = in_peace(web)
    assert stories(shipping.records(len(expected))) == stories(expected)


@contextmanager
def shipping_to(server: RedisServer, engine: FakeEngine, prefix: str, folder: Path) -> Iterator[Shipping]:
    shipping = Shipping(engine, server, prefix, folder)
    shipping.start()
    try:
        yield shipping
    finally:
        shipping.close()


def test_a_redis_that_is_away_is_waited_for(
    engine: FakeEngine, own_redis_server: MakeRedisServer, prefix: str, tmp_path: Path
) -> None:
    server = own_redis_server("--appendonly", "yes")
    web = engine.run("web")
    with shipping_to(server, engine, prefix, tmp_path) as shipping:
        web.print("0\n")
        shipping.records(1)
        server.kill()
        web.print("".join(f"{number}\n" for number in range(1, 2000)))
        wait_for(lambda: shipping.said, TIMEOUT, "it to be said")
        server.start()
        assert shipping.messages(2000) == [str(number) for number in range(2000)]


def test_a_shipper_stops_also_while_redis_is_away(
    engine: FakeEngine, own_redis_server: MakeRedisServer, prefix: str, tmp_path: Path
) -> None:
    server = own_redis_server()
    web = engine.run("web")
    with shipper(engine, server, prefix, tmp_path) as process:
        web.print("0\n")
        wait_for_records(server.client(), prefix, "docker:web", 1)
        server.kill()
        web.print("1\n")
        process.send_signal(signal.SIGTERM)
        assert process.wait(TIMEOUT) == 0


def test_what_was_on_its_way_when_a_shipper_was_stopped_arrives_through_the_next(
    engine: FakeEngine, own_redis_server: MakeRedisServer, prefix: str, tmp_path: Path
) -> None:
    server = own_redis_server("--appendonly", "yes", "--appendfsync", "always")
    web = engine.run("web")
    with shipping_to(server, engine, prefix, tmp_path) as shipping:
        web.print("0\n")
        shipping.records(1)
        server.kill()
        web.print("1\n")
        wait_for(lambda: any("takes no records" in text for text in shipping.said), TIMEOUT, "it to be tried")
        shipping.stop()
        server.start()
        shipping.start()
        assert shipping.messages(2) == ["0", "1"]


def lose_the_last_three(server: RedisServer, shipping: Shipping, web: FakeContainer) -> None:
    """Have Redis fall back behind seven of ten records that it has taken."""
    (log,) = (server.directory / "appendonlydir").glob("*.incr.aof")
    sizes = []
    for number in range(10):
        web.print(f"{number}\n")
        shipping.records(number + 1)
        sizes.append(log.stat().st_size)
    server.kill()
    os.truncate(log, sizes[6])
    server.start()
    assert shipping.now().numbered == 7


def test_what_redis_has_lost_is_read_again(
    engine: FakeEngine, own_redis_server: MakeRedisServer, prefix: str, tmp_path: Path
) -> None:
    server = own_redis_server("--appendonly", "yes", "--appendfsync", "always")
    web = engine.run("web")
    with shipping_to(server, engine, prefix, tmp_path) as shipping:
        lose_the_last_three(server, shipping, web)
        web.print("10\n")
        assert shipping.messages(11) == [str(number) for number in range(11)]


def test_what_redis_has_lost_of_a_container_that_ends_is_read_again(
    engine: FakeEngine, own_redis_server: MakeRedisServer, prefix: str, tmp_path: Path
) -> None:
    server = own_redis_server("--appendonly", "yes", "--appendfsync", "always")
    web = engine.run("web")
    with shipping_to(server, engine, prefix, tmp_path) as shipping:
        lose_the_last_three(server, shipping, web)
        # Its last words wait for more of a traceback until the log is known to be at its end.
        web.print("Traceback (most recent call last):\n", "stderr")
        web.stop()
        expected = [*map(str, range(10)), "Traceback (most recent call last):"]
        assert shipping.messages(11) == expected


def test_a_redis_that_comes_back_empty_gets_what_follows(
    engine: FakeEngine, own_redis_server: MakeRedisServer, prefix: str, tmp_path: Path
) -> None:
    server = own_redis_server()
    web = engine.run("web")
    with shipping_to(server, engine, prefix, tmp_path) as shipping:
        web.print("0\n")
        shipping.records(1)
        server.restart()
        web.print("1\n")
        assert shipping.messages(1) == ["1"]


def test_what_a_checkpoint_does_not_know_of_since_the_machine_went_down_is_passed_over(
    engine: FakeEngine, shipping: Shipping
) -> None:
    web = engine.run("web")
    web.print("0\n1\n2\n")
    shipping.start()
    shipping.records(3)
    shipping.stop()
    (checkpoint,) = shipping.folder.glob("*.checkpoint")
    on_disk = checkpoint.read_bytes()
    shipping.start()
    for number in range(3, 10):
        web.print(f"{number}\n")
        shipping.records(number + 1)
    shipping.stop()
    checkpoint.write_bytes(on_disk)
    web.print("10\n")
    shipping.start()
    assert shipping.messages(11) == [str(number) for number in range(11)]
