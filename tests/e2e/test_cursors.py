"""Cursors that lead nowhere any more, or never did: each gives the right typed gap or a clear error, and it goes on."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import redis

from tailrace.wire import Keys, StreamID
from tests.conftest import running
from tests.e2e.checker import check, read_cursor
from tests.e2e.clients import Client, EventClient, Query, WebSocketClient
from tests.e2e.gateways import GatewayProcess
from tests.e2e.producers import ProducerProcess
from tests.e2e.verdict import Verdict
from tests.e2e.wire_producer import WireProducer
from tests.servers import RedisServer, wait_for_async

pytestmark = pytest.mark.anyio

# Seconds. Generous, never the point of a test.
SOON = 20.0

TRANSPORTS = [WebSocketClient, EventClient]
HOUR = 3_600_000
KEYS = Keys("cursors")


@dataclass
class Scene:
    """A Redis, a gateway at it, and who writes and reads there."""

    server: RedisServer
    gateway: GatewayProcess
    redis: redis.Redis
    directory: Path
    stream: str
    keys: Keys = KEYS

    def producer(self, label: str = "p") -> WireProducer:
        return WireProducer(self.redis, self.keys, self.stream, label)

    @asynccontextmanager
    async def client(self, transport: type[Client], name: str = "client", **query: Any) -> AsyncIterator[Client]:
        """A client that is greeted, or refused, already."""
        client = transport(name, [self.gateway.url], Query(**({"streams": self.stream} | query)), self.directory)
        async with client:
            await wait_for_async(lambda: client.connections or client.refused, SOON, "a greeting or a refusal")
            yield client

    def page(self, status: int = 200, **parameters: str | int) -> dict[str, Any]:
        answer = self.gateway.get(f"/api/streams/{self.stream}/records", **parameters)
        assert answer.status_code == status, answer.text
        page: dict[str, Any] = answer.json()
        return page

    def trim(self, frames: int) -> None:
        """Keep the newest frames alone."""
        self.redis.xtrim(self.keys.stream(self.stream), maxlen=frames, approximate=False)

    def set_meta(self, field: str, value: int) -> None:
        self.redis.hset(self.keys.meta(self.stream), field, value)

    def last_id(self) -> StreamID:
        held: Any = self.redis.hmget(self.keys.meta(self.stream), "ms", "n")
        return StreamID(int(held[0]), int(held[1]))


@pytest.fixture(scope="module")
def server(redis_binary: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis that the tests of this module empty, kill and roll back."""
    yield from running(RedisServer(tmp_path_factory.mktemp("redis")))


@pytest.fixture(scope="module")
def gateway(server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """One gateway for all of them: whatever happens to its Redis, it goes on."""
    gateway = GatewayProcess(tmp_path_factory.mktemp("gateway"), server.url, KEYS.prefix)
    try:
        gateway.start()
        yield gateway
    finally:
        gateway.kill()


@pytest.fixture
def scene(server: RedisServer, gateway: GatewayProcess, tmp_path: Path) -> Iterator[Scene]:
    with server.client() as client:
        yield Scene(server, gateway, client, tmp_path, f"api.{uuid4().hex[:8]}")


async def reach(client: Client, producer: WireProducer) -> None:
    """The client has all that the producer, alone in its stream, has emitted."""
    await wait_for_async(lambda: client.reached(producer.stream) == producer.emitted, SOON, f"all of {producer.label}")


def shown(verdict: Verdict) -> Verdict:
    print(f"\n{verdict}")
    return verdict


def in_short(gaps: Sequence[dict[str, Any]]) -> list[tuple[str, int | None, int | None, int | None]]:
    """Reason, count, and the numbers of `after` and `before`."""

    def number(id: str | None) -> int | None:
        return None if id is None else StreamID.parse(id).n

    return [(gap["reason"], gap["count"], number(gap["after"]), number(gap["before"])) for gap in gaps]


def numbers(records: Sequence[dict[str, Any]]) -> list[int]:
    return [StreamID.parse(record["id"]).n for record in records]


# Trimmed


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_trimmed_cursor_gives_a_gap_of_the_exact_size(
    scene: Scene, transport: type[Client], tmp_path: Path
) -> None:
    producer = scene.producer()
    producer.emit(1000, frame=100)
    async with scene.client(transport, after="0-0") as client:
        await reach(client, producer)
        await client.stop()
        producer.emit(500, frame=100)
        scene.trim(2)
        # At another gateway: this one remembers the newest records for a while, and would lose nothing.
        other = GatewayProcess(tmp_path, scene.server.url, KEYS.prefix)
        try:
            other.start()
            client.gateways = [other.url]
            client.start()
            await reach(client, producer)
            producer.emit(10)
            await reach(client, producer)
        finally:
            other.kill()
        assert in_short(client.of_type("gap")) == [("trimmed", 300, 1000, 1301)]
        verdict = shown(check([producer.emission], {client.name: client.evidence()}))
    assert verdict.clean
    assert verdict.row("client").declared == 300


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_cursor_within_a_trimmed_frame_counts_the_rest_of_that_frame(
    scene: Scene, transport: type[Client]
) -> None:
    producer = scene.producer()
    producer.emit(300, frame=100)
    id = StreamID.parse(scene.page(limit=1, after="0-0")["records"][0]["id"])._replace(n=42)
    scene.trim(1)
    async with scene.client(transport, after=str(id)) as client:
        await reach(client, producer)
        assert in_short(client.of_type("gap")) == [("trimmed", 158, 42, 201)]
    page = scene.page(after=str(id))
    assert in_short(page["gaps"]) == [("trimmed", 158, 42, 201)]
    assert numbers(page["records"]) == list(range(201, 301))


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_stream_trimmed_to_nothing_gives_one_gap_and_goes_on(scene: Scene, transport: type[Client]) -> None:
    producer = scene.producer()
    producer.emit(300)
    scene.trim(0)
    async with scene.client(transport, after="0-0") as client:
        await reach(client, producer)
        producer.emit(5)
        await reach(client, producer)
        assert in_short(client.of_type("gap")) == [("trimmed", 300, 0, 301)]
        verdict = shown(check([producer.emission], {client.name: client.evidence()}))
    assert verdict.clean
    assert in_short(scene.page(after="0-0")["gaps"]) == [("trimmed", 300, 0, 301)]


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_what_somebody_cleared_is_told_apart_from_what_was_trimmed(scene: Scene, transport: type[Client]) -> None:
    producer = scene.producer()
    producer.emit(300, frame=100)
    scene.set_meta("cleared", 150)
    scene.trim(1)
    async with scene.client(transport, after="0-0") as client:
        await reach(client, producer)
        expected = [("cleared", 150, 0, 151), ("trimmed", 50, 150, 201)]
        assert in_short(client.of_type("gap")) == expected
        verdict = shown(check([producer.emission], {client.name: client.evidence()}))
    assert verdict.clean
    assert in_short(scene.page(after="0-0")["gaps"]) == expected


# Emptied


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_an_emptied_redis_starts_an_epoch_under_the_readers(scene: Scene, transport: type[Client]) -> None:
    old, new = scene.producer("old"), scene.producer("new")
    old.emit(300)
    async with scene.client(transport, after="0-0") as client:
        await reach(client, old)
        scene.redis.flushall()
        new.emit(7)
        await reach(client, new)
        new.emit(5)
        await reach(client, new)
        [gap] = client.of_type("gap")
        assert (gap["reason"], gap["count"]) == ("epoch", None)
        verdict = shown(check([old.emission, new.emission], {client.name: client.evidence()}))
    assert verdict.clean
    assert verdict.row("client").delivered == 312


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_readers_are_told_of_an_emptied_redis_though_nobody_writes(scene: Scene, transport: type[Client]) -> None:
    old, new = scene.producer("old"), scene.producer("new")
    old.emit(30)
    async with scene.client(transport, after="0-0") as client:
        await reach(client, old)
        scene.redis.flushall()
        await wait_for_async(lambda: client.of_type("gap"), SOON, "the gap")
        assert in_short(client.of_type("gap")) == [("epoch", None, 30, None)]
        new.emit(5)
        await reach(client, new)
        assert len(client.of_type("gap")) == 1
        verdict = shown(check([old.emission, new.emission], {client.name: client.evidence()}))
    assert verdict.clean


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_cursor_of_an_epoch_that_has_ended_leads_to_the_new_one(scene: Scene, transport: type[Client]) -> None:
    old, new = scene.producer("old"), scene.producer("new")
    old.emit(300)
    async with scene.client(transport, after="0-0") as client:
        await reach(client, old)
        await client.stop()
        scene.redis.flushall()
        # More than before: comparing numbers alone would pass over 300 of them.
        new.emit(400)
        client.start()
        await reach(client, new)
        assert [(gap["reason"], gap["count"]) for gap in client.of_type("gap")] == [("epoch", None)]
        verdict = shown(check([old.emission, new.emission], {client.name: client.evidence()}))
    assert verdict.clean
    assert verdict.row("client").delivered == 700


async def test_a_page_after_a_cursor_of_an_ended_epoch_says_so(scene: Scene) -> None:
    old, new = scene.producer("old"), scene.producer("new")
    old.emit(300)
    cursor = scene.page(after="0-0", limit=200)["next"]
    scene.redis.flushall()
    assert scene.page(404, after=cursor)["parameter"] == "stream"
    new.emit(20)
    page = scene.page(after=cursor)
    assert [(gap["reason"], gap["count"]) for gap in page["gaps"]] == [("epoch", None)]
    assert numbers(page["records"]) == list(range(1, 21))


async def test_a_redis_that_comes_back_empty_starts_an_epoch(scene: Scene) -> None:
    old, new = scene.producer("old"), scene.producer("new")
    old.emit(300)
    async with (
        scene.client(WebSocketClient, "ws", after="0-0") as ws,
        scene.client(EventClient, "sse", streams=f"{scene.stream[:-1]}*", after="0-0") as sse,
    ):
        await reach(ws, old)
        await wait_for_async(lambda: sse.reached(scene.stream) == 300, SOON, "all of old")
        scene.server.kill()
        scene.server.start()
        new.emit(20)
        for client in (ws, sse):
            await reach(client, new)
        verdict = shown(check([old.emission, new.emission], {c.name: c.evidence() for c in (ws, sse)}))
        assert [gap["reason"] for client in (ws, sse) for gap in client.of_type("gap")] == ["epoch", "epoch"]
    assert verdict.clean


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_an_agent_goes_on_in_a_new_epoch_and_repeats_nothing(scene: Scene, transport: type[Client]) -> None:
    agent = ProducerProcess(
        scene.directory, "agent", scene.server.url, KEYS.prefix, stream=scene.stream, label="p", count=2000, rate=1000
    )
    async with scene.client(transport, after="0-0") as client:
        try:
            agent.start()
            await wait_for_async(lambda: client.reached(scene.stream) >= 500, SOON, "a quarter")
            scene.redis.flushall()
            await wait_for_async(lambda: agent.ended, SOON, "the agent to end")
            emission = agent.result()
            await wait_for_async(lambda: client.reached(scene.stream) == scene.last_id().n, SOON, "the rest")
        finally:
            agent.kill()
        assert [gap["reason"] for gap in client.of_type("gap")] == ["epoch"]
        verdict = shown(check([emission], {client.name: client.evidence()}))
    assert verdict.clean
    # What was published before is not lost to who was there, and what came after stands in the new epoch.
    assert verdict.row("client").delivered == emission.count


# From the future


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("form", ["bare", "whole"])
async def test_a_cursor_from_the_future_is_taken_back_to_what_there_is(
    scene: Scene, transport: type[Client], form: str
) -> None:
    producer = scene.producer()
    producer.emit(50)
    last = scene.last_id()
    ahead = str(StreamID(last.ms + HOUR, 80))
    if form == "whole":
        ahead += "~" + scene.page(after="0-0", limit=10)["next"].partition("~")[2]
    async with scene.client(transport, after=ahead) as client:
        await wait_for_async(lambda: client.of_type("gap"), SOON, "the gap")
        assert in_short(client.of_type("gap"))[0][:3] == ("fork", 30, 50)
        producer.emit(5)
        await reach(client, producer)
        records = [record for message in client.of_type("records") for record in message["records"]]
        assert numbers(records) == [51, 52, 53, 54, 55]
    page = scene.page(after=ahead)
    assert in_short(page["gaps"])[0][:3] == ("fork", 25, 55)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_cursor_whose_time_alone_lies_in_the_future_loses_nothing(
    scene: Scene, transport: type[Client]
) -> None:
    producer = scene.producer()
    producer.emit(300, frame=100)
    last = scene.last_id()
    async with scene.client(transport, after=str(StreamID(last.ms + HOUR, 150))) as client:
        await reach(client, producer)
        assert client.of_type("gap") == []
        records = [record for message in client.of_type("records") for record in message["records"]]
        assert numbers(records) == list(range(151, 301))


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_cursor_of_a_stream_that_does_not_exist_yet_is_told_so(scene: Scene, transport: type[Client]) -> None:
    producer = scene.producer()
    async with scene.client(transport, after="1763683200000-42") as client:
        await wait_for_async(lambda: client.of_type("gap"), SOON, "the gap")
        assert in_short(client.of_type("gap")) == [("epoch", None, 42, None)]
        producer.emit(5)
        await reach(client, producer)
        records = [record for message in client.of_type("records") for record in message["records"]]
        assert numbers(records) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_cursor_of_several_streams_from_the_future_begins_now(scene: Scene, transport: type[Client]) -> None:
    producer = scene.producer()
    producer.emit(50)
    async with scene.client(transport, streams=f"{scene.stream},run:*", after="9999999999999") as client:
        producer.emit(5)
        await reach(client, producer)
        verdict = shown(check([producer.emission], {client.name: client.evidence()}))
    assert verdict.clean
    assert verdict.row("client").delivered == 5


# Forks


@dataclass
class RolledBack:
    """A Redis whose data file can be put back to where it was saved, as after a failover that lost the newest."""

    server: RedisServer

    @property
    def file(self) -> Path:
        return self.server.directory / "dump.rdb"

    def save(self) -> None:
        with self.server.client() as client:
            client.save()
        shutil.copy(self.file, self.file.with_suffix(".saved"))

    def roll_back(self) -> None:
        self.server.kill()
        shutil.copy(self.file.with_suffix(".saved"), self.file)
        self.server.start()


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("clock", ["on time", "behind"])
async def test_a_data_file_rolled_back_under_a_reader_withdraws_what_it_lost(
    scene: Scene, transport: type[Client], clock: str
) -> None:
    data, producer = RolledBack(scene.server), scene.producer()
    producer.emit(500, frame=100)
    async with scene.client(transport, after="0-0") as client:
        await reach(client, producer)
        data.save()
        if clock == "behind":
            # The master that is lost was ten minutes ahead: what comes again has earlier IDs than what was withdrawn.
            ahead = scene.last_id().ms + HOUR // 6
            scene.set_meta("ms", ahead)
        producer.emit(300, frame=100)
        await reach(client, producer)
        data.roll_back()
        producer.emit(50, frame=100)
        await reach(client, producer)
        assert in_short(client.of_type("gap"))[0][:3] == ("fork", 300, 500)
        verdict = shown(check([producer.emission], {client.name: client.evidence()}))
    assert verdict.clean
    assert verdict.row("client").delivered == 850


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("clock", ["on time", "behind"])
async def test_a_fork_while_a_reader_is_away_shows_by_the_generation_though_numbers_have_passed_it(
    scene: Scene, transport: type[Client], clock: str
) -> None:
    data, producer, other = RolledBack(scene.server), scene.producer(), scene.producer("other")
    producer.emit(500, frame=100)
    async with scene.client(transport, after="0-0") as client:
        data.save()
        if clock == "behind":
            scene.set_meta("ms", scene.last_id().ms + HOUR // 6)
        producer.emit(300, frame=100)
        await reach(client, producer)
        await client.stop()
        data.roll_back()
        # Other records under the same numbers, and beyond them.
        other.emit(400, frame=100)
        producer.emit(50, frame=100)
        total = producer.emitted + other.emitted
        client.start()
        await wait_for_async(lambda: client.reached(scene.stream) == total, SOON, "all")
        assert in_short(client.of_type("gap"))[0][:3] == ("fork", 300, 500)
        verdict = shown(check([producer.emission, other.emission], {client.name: client.evidence()}))
    assert verdict.clean
    assert verdict.row("client").delivered == total


async def test_a_page_after_a_cursor_that_a_fork_withdrew_says_so(scene: Scene) -> None:
    data, producer = RolledBack(scene.server), scene.producer()
    producer.emit(100)
    data.save()
    producer.emit(100)
    async with scene.client(WebSocketClient, after="0-0") as client:
        await reach(client, producer)
        assert client.cursor is not None
        cursor = client.cursor
        data.roll_back()
        producer.emit(50)
        await reach(client, producer)
    page = scene.page(after=cursor, limit=1000)
    assert in_short(page["gaps"])[0][:3] == ("fork", 100, 100)
    assert numbers(page["records"]) == list(range(101, 251))


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_stream_rolled_back_to_before_its_beginning_starts_an_epoch(
    scene: Scene, transport: type[Client]
) -> None:
    data, old, new = RolledBack(scene.server), scene.producer("old"), scene.producer("new")
    data.save()
    old.emit(100)
    async with scene.client(transport, after="0-0") as client:
        await reach(client, old)
        data.roll_back()
        new.emit(50)
        await reach(client, new)
        assert [gap["reason"] for gap in client.of_type("gap")] == ["epoch"]
        verdict = shown(check([old.emission, new.emission], {client.name: client.evidence()}))
    assert verdict.clean


# Nonsense

NONSENSE = [
    "nonsense",
    "-",
    "1-",
    "-1",
    "1-1-1",
    "01-1",
    "1-01",
    "9007199254740992-1",
    "99999999999999999999999-1",
    "1-1~",
    "1-1~epoch",
    "1-1~epoch~x",
    "1-1~~0",
    "1-1~epoch~0~api",
    "17~api",
    "17~api~1-1~epoch",
    "17~a/b~1-1~epoch~0",
    "١٧-١",
    "1-1\n2-2",
    "'; FLUSHALL",
    "x" * 5000,
]


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_nonsense_is_refused_by_name_and_nobody_else_notices(scene: Scene, transport: type[Client]) -> None:
    producer = scene.producer()
    producer.emit(10)
    async with scene.client(WebSocketClient, "other", after="0-0") as other:
        for i, cursor in enumerate(NONSENSE):
            async with scene.client(transport, f"nonsense-{i}", after=cursor) as client:
                assert client.refused.startswith("3501" if transport is WebSocketClient else "400"), (cursor, client)
                if transport is WebSocketClient:
                    [error] = client.of_type("error")
                    assert (error["code"], error["parameter"]) == ("bad_request", "after")
                else:
                    assert '"parameter":"after"' in client.refused
        producer.emit(10)
        await reach(other, producer)
        verdict = shown(check([producer.emission], {other.name: other.evidence()}))
    assert verdict.clean
    assert other.losses == 0


async def test_a_page_after_nonsense_is_refused_by_name(scene: Scene) -> None:
    scene.producer().emit(10)
    for cursor in NONSENSE:
        answer = scene.page(400, after=cursor)
        assert answer["parameter"] == "after"
        assert answer["status"] == 400
    assert scene.page(400, before="nonsense")["parameter"] == "before"
    assert numbers(scene.page(after="0-0")["records"]) == list(range(1, 11))


async def test_a_nonsensical_last_event_id_is_refused_too(scene: Scene) -> None:
    scene.producer().emit(10)
    async with scene.client(EventClient) as client:
        await client.stop()
        client.cursor = "nonsense"
        client.start()
        await wait_for_async(lambda: client.refused, SOON, "the refusal")
        assert client.refused.startswith("400")


async def test_a_place_in_one_stream_is_no_place_in_several(scene: Scene) -> None:
    scene.producer().emit(10)
    async with scene.client(WebSocketClient, streams=f"{scene.stream},run:*", after="1763683200000-5") as client:
        assert "several" in client.refused


async def test_a_cursor_too_long_is_refused_with_advice(scene: Scene) -> None:
    async with scene.client(WebSocketClient, after="1~" + "x" * 17_000) as client:
        [error] = client.of_type("error")
        assert "follow fewer streams" in error["message"]


@pytest.mark.parametrize("ms", [0, 5, 1_763_683_200_000])
async def test_a_right_number_under_a_wrong_time_is_found_all_the_same(scene: Scene, ms: int) -> None:
    producer = scene.producer()
    producer.emit(300, frame=100)
    async with scene.client(WebSocketClient, after=f"{ms}-150") as client:
        await reach(client, producer)
        assert client.of_type("gap") == []
        records = [record for message in client.of_type("records") for record in message["records"]]
        assert numbers(records) == list(range(151, 301))
    assert numbers(scene.page(after=f"{ms}-150", limit=1000)["records"]) == list(range(151, 301))


async def test_every_record_of_a_frame_is_a_cursor(scene: Scene) -> None:
    producer = scene.producer()
    producer.emit(20)
    ids = [record["id"] for record in scene.page(after="0-0")["records"]]
    assert read_cursor(ids[-1], scene.stream) == {scene.stream: 20}
    for n, id in enumerate(ids, 1):
        assert numbers(scene.page(after=id)["records"]) == list(range(n + 1, 21))
