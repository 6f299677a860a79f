from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgpack
import pytest

from tailrace.wire import Facts, Frame, StreamID, join_frame
from tailrace_relay.dialect import NATIVE, Native
from tailrace_relay.group import MESSAGE_BYTES, PENDING_BYTES, Counters, Delivery, Group, Output
from tailrace_relay.hub import Hub
from tailrace_relay.position import Position
from tailrace_relay.reader import Gap, Piece
from tailrace_relay.selection import Selection
from tailrace_relay.session import Session
from tests.relay.stored import StoredStream
from tests.relay.told import MemoryOutbox
from tests.servers import wait_for_async

# Never run, so that flushes come when a test says so.
LOOP = asyncio.new_event_loop()


@pytest.fixture(scope="module", autouse=True)
def loop() -> Iterator[None]:
    yield
    LOOP.close()


@pytest.fixture
def stored() -> StoredStream:
    stored = StoredStream()
    stored.append(1)
    return stored


def hub_of(*streams: tuple[str, StoredStream], loop: asyncio.AbstractEventLoop = LOOP) -> Hub:
    hub = Hub(loop)
    for name, stored in streams:
        meta = stored.meta
        assert meta is not None
        hub.add_stream(name, meta.newest, meta.generations)
    return hub


def join(hub: Hub, streams: str = "api", level: str = "", subscription: str | None = None) -> MemoryOutbox:
    """A client that is live."""
    outbox = MemoryOutbox()
    group = hub.group(Selection.parse(streams, level), Native(subscription))
    assert Session(hub, group, outbox, {}, lambda session: None).join()
    outbox.read()
    return outbox


def only(hub: Hub) -> Group:
    [group] = hub.groups.values()
    return group


def texts(messages: list[dict[str, Any]]) -> list[str]:
    return [record["message"] for message in messages for record in message.get("records", ())]


def test_two_hundred_equal_clients_cost_one_evaluation_and_one_encoding(stored: StoredStream) -> None:
    hub = hub_of(("api", stored))
    clients = [join(hub, level="INFO") for _ in range(200)]
    for _ in range(5):
        hub.receive("api", stored.append(3))
    only(hub).flush()
    assert (hub.counters.evaluations, hub.counters.encodings, hub.counters.delivered) == (5, 1, 200)
    waiting = [client.waiting for client in clients]
    # One message in memory, whoever waits for it.
    assert len({id(message) for messages in waiting for message in messages}) == 1
    assert all(len(texts(client.read())) == 15 for client in clients)


def test_the_same_records_are_unpacked_once_for_all_groups(stored: StoredStream) -> None:
    hub = hub_of(("api", stored))
    join(hub)
    join(hub, level="DEBUG")
    hub.receive("api", stored.append(3))
    pending = [group._pending[0] for group in hub.groups.values()]
    assert pending[0] is pending[1]
    assert pending[0].rendered() is pending[1].rendered()


def test_a_frame_below_the_level_is_passed_over_by_its_header(stored: StoredStream) -> None:
    hub = hub_of(("api", stored))
    client = join(hub, level="ERROR")
    # A body that cannot be unpacked shows that nobody tried to.
    publication = stored.append(3, level=30, readable=False)
    hub.receive("api", publication)
    only(hub).flush()
    assert client.read() == []
    assert hub.counters.evaluations == 0
    assert only(hub).positions["api"] == Position(publication.id, "e1", 0)


def test_a_level_beyond_the_header_is_looked_for_in_the_records(stored: StoredStream) -> None:
    hub = hub_of(("api", stored))
    client = join(hub, level="300")
    hub.receive("api", stored.append(1, level=299))
    hub.receive("api", stored.append(1, level=300))
    only(hub).flush()
    assert texts(client.read()) == ["e1/0/3"]


def test_an_unreadable_frame_is_a_gap_in_place_of_its_records(stored: StoredStream) -> None:
    hub = hub_of(("api", stored))
    client = join(hub)
    hub.receive("api", stored.append(1))
    hub.receive("api", stored.append(3, readable=False))
    hub.receive("api", stored.append(1))
    only(hub).flush()
    first, gap, last = client.read()
    assert texts([first, last]) == ["e1/0/2", "e1/0/6"]
    assert (gap["reason"], gap["count"]) == ("unreadable", 3)
    assert (StreamID.parse(gap["after"]).n, StreamID.parse(gap["before"]).n) == (2, 6)
    assert gap["cursor"] == "1003-5~e1~0"
    assert hub.counters.damaged == 1


def test_a_gap_stands_between_the_records_that_it_parts(stored: StoredStream) -> None:
    hub = hub_of(("api", stored))
    client = join(hub)
    hub.receive("api", stored.append(1))
    hub.receive("api", stored.append(1, shed=4))
    only(hub).flush()
    assert [message["type"] for message in client.read()] == ["records", "gap", "records"]


def test_a_client_of_a_level_is_told_of_gaps_too(stored: StoredStream) -> None:
    hub = hub_of(("api", stored))
    client = join(hub, level="CRITICAL")
    hub.receive("api", stored.append(1, shed=4))
    only(hub).flush()
    [gap] = client.read()
    assert gap["by_level"] == {"DEBUG": 4}


def test_a_batch_of_one_stream_is_one_message_with_the_cursor_behind_it(stored: StoredStream) -> None:
    hub = hub_of(("api", stored))
    client = join(hub, subscription="mine")
    for _ in range(4):
        hub.receive("api", stored.append(2))
    only(hub).flush()
    [message] = client.read()
    assert message["subscription"] == "mine"
    assert message["cursor"] == f"{stored.last}~e1~0"


def test_streams_of_one_group_take_turns_and_the_cursor_names_both() -> None:
    api, run = StoredStream(ms=9_000_000), StoredStream(ms=9_000_000)
    api.append(1)
    run.append(1)
    hub = hub_of(("api", api), ("run", run))
    hub.set_clock(9_000_001)
    client = join(hub, "*")
    hub.receive("api", api.append(1))
    hub.receive("run", run.append(1))
    only(hub).flush()
    first, second = client.read()
    assert (first["stream"], second["stream"]) == ("api", "run")
    # The first message does not speak for what comes with the second.
    assert first["cursor"] == "5400001~api~9000002-2~e1~0~run~9000001-1~e1~0"
    assert second["cursor"] == "5400001~api~9000002-2~e1~0~run~9000002-2~e1~0"


def test_big_batches_are_cut_into_messages(stored: StoredStream) -> None:
    hub = hub_of(("api", stored))
    client = join(hub)
    for _ in range(30):
        hub.receive("api", stored.append(512))
    only(hub).flush()
    sizes = [len(message.text) for message in client.waiting]
    assert len(sizes) > 5
    assert max(sizes) < 2 * MESSAGE_BYTES
    assert len(texts(client.read())) == 30 * 512


def test_a_group_that_holds_much_writes_at_once(stored: StoredStream) -> None:
    hub = hub_of(("api", stored))
    client = join(hub)
    size = 0
    while not client.waiting:
        publication = stored.append(512)
        size += len(publication.frame.data)
        hub.receive("api", publication)
        assert size < 2 * PENDING_BYTES
    assert size > PENDING_BYTES


def test_a_heartbeat_stands_where_the_last_message_led(stored: StoredStream) -> None:
    hub = hub_of(("api", stored))
    client = join(hub)
    hub.receive("api", stored.append(1))
    only(hub).heartbeat()
    [heartbeat] = client.read()
    assert heartbeat["cursor"] == "1001-1~e1~0"
    only(hub).flush()
    [records] = client.read()
    assert records["cursor"] == "1002-2~e1~0"


def test_a_client_that_is_full_leaves_before_the_message_that_it_did_not_take(stored: StoredStream) -> None:
    hub = hub_of(("api", stored))
    outbox = MemoryOutbox(limit=10)
    fallen: list[dict[str, Position]] = []
    session = Session(hub, hub.group(Selection.parse("api"), NATIVE), outbox, {}, lambda _: fallen.append({}))
    assert session.join()
    hub.receive("api", stored.append(1))
    only(hub).flush()
    assert len(fallen) == 1
    assert session.positions == {"api": Position(stored.position(1).id, "e1", 0)}
    assert not session.live
    assert hub.counters.fell_behind == 1


def test_a_stream_that_comes_later_is_in_every_group_that_matches_it(stored: StoredStream) -> None:
    hub = hub_of(("api", stored))
    every, one = join(hub, "*"), join(hub, "api")
    run = StoredStream(lost=True)
    hub.add_stream("run", Position(stored.last._replace(ms=0, n=0)))
    hub.receive("run", run.append(2))
    for group in hub.groups.values():
        group.flush()
    assert len(texts(every.read())) == 2
    assert one.read() == []


def test_a_message_of_a_stream_that_nobody_follows_is_passed_over(stored: StoredStream) -> None:
    hub = hub_of(("api", stored))
    assert hub.receive("other", StoredStream().append(1))


def test_groups_without_clients_and_streams_without_groups_are_let_go(
    stored: StoredStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = hub_of(("api", stored))
    session = Session(hub, hub.group(Selection.parse("api"), NATIVE), MemoryOutbox(), {}, lambda _: None)
    assert hub.drop_unused() == []
    session.leave()
    assert hub.drop_unused() == []
    assert not hub.groups
    monkeypatch.setattr("tailrace_relay.hub.LINGER", 0.0)
    assert hub.drop_unused() == ["api"]
    assert not hub.streams


def test_nothing_that_matches_is_still_a_step_forward(stored: StoredStream) -> None:
    output = Output(Selection.parse("api", "ERROR"), NATIVE, Counters())
    publications = [stored.append(1), stored.append(1)]
    deliveries = [Delivery("api", Piece(p.frame, p.id, 0, Position(p.id, p.epoch, p.generation))) for p in publications]
    written = list(output.messages(deliveries, lambda stream, position: str(position)))
    assert [(stream, position.id.n, message) for stream, position, message in written] in (
        [("api", 3, None)],
        [("api", 2, None), ("api", 3, None)],
    )


def test_a_gap_alone_is_a_message(stored: StoredStream) -> None:
    output = Output(Selection.parse("api"), Native("x"), Counters())
    gap = Gap(3, stored.last, None, "trimmed", Position(stored.last._replace(n=4), "e1"))
    [(_, position, message)] = output.messages([Delivery("api", gap)], lambda stream, position: str(position))
    assert message is not None
    assert json.loads(message.text)["count"] == 3
    assert position.id.n == 4


@pytest.mark.anyio
async def test_a_record_is_written_without_waiting_when_the_group_rested(stored: StoredStream) -> None:
    hub = hub_of(("api", stored), loop=asyncio.get_running_loop())
    client = join(hub)
    hub.receive("api", stored.append(1))
    await wait_for_async(lambda: client.waiting, 5, "the message")
    hub.receive("api", stored.append(1))
    hub.receive("api", stored.append(1))
    await wait_for_async(lambda: len(texts([json.loads(m.text) for m in client.waiting])) == 3, 5, "the messages")


def test_a_hostile_frame_costs_the_others_of_its_batch_nothing(stored: StoredStream) -> None:
    """A frame whose body is msgpack, but holds what JSON has not."""
    hub = hub_of(("api", stored))
    client = join(hub)
    hub.receive("api", stored.append(1))
    publication = stored.append(1)
    hub.receive("api", replace(publication, frame=_with_an_extension(publication.frame)))
    hub.receive("api", stored.append(1))
    only(hub).flush()
    assert [message["type"] for message in client.read()] == ["records", "gap", "records"]


def _with_an_extension(frame: Frame) -> Frame:
    record = msgpack.packb(
        [frame.earliest, 20, "t", "x", None, None, None, None, {"metadata": msgpack.ExtType(5, b"")}]
    )
    return Frame.parse(
        join_frame(
            frame.producer,
            frame.first_seq,
            Facts().pack(),
            [record],
            highest_level=20,
            earliest=frame.earliest,
            latest=frame.latest,
            compress=False,
        )
    )
