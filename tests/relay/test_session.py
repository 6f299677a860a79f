from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tailrace_relay.dialect import NATIVE
from tailrace_relay.hub import Hub
from tailrace_relay.position import START, Position
from tailrace_relay.reader import Page, Reader
from tailrace_relay.selection import Selection
from tailrace_relay.session import Session
from tests.relay.stored import StoredStream
from tests.relay.told import MemoryOutbox, Told

NAME = "api"
ALL = Selection.parse(NAME)
ERRORS = Selection.parse(NAME, "ERROR")

# `make chaos` tries more.
LONG = os.environ.get("TAILRACE_CHAOS") == "long"
EXAMPLES = 2_000 if LONG else 200


# Never run: time passes for nobody, and flushes come when a test says so.
LOOP = asyncio.new_event_loop()


@pytest.fixture(scope="module", autouse=True)
def loop() -> Iterator[None]:
    yield
    LOOP.close()


class Gateway:
    """A hub on one stored stream; what the feed does with Redis, it does with the stream, when it is told to."""

    def __init__(self, stored: StoredStream) -> None:
        self.stored = stored
        self.hub = Hub(LOOP)
        meta = stored.meta
        self.hub.add_stream(NAME, self.newest(), () if meta is None else meta.generations)

    def newest(self) -> Position:
        meta = self.stored.meta
        return START if meta is None else meta.newest

    def publish(self, *arguments: Any, heard: bool = True, **options: Any) -> None:
        publication = self.stored.append(*arguments, **options)
        if heard and not self.hub.receive(NAME, publication):
            self.hub.streams[NAME].repairing = True

    def repair(self) -> None:
        """What the feed does on a hole, or when the stream's meta shows one."""
        stream = self.hub.streams[NAME]
        for _ in range(100):
            if not stream.repairing and stream.in_line_with(self.stored.meta, stream.position):
                return
            stream.repairing = True
            reader = Reader(stream.position, stream.lineage)
            read = 0
            for _ in range(1_000):
                if reader.level:
                    break
                read = stream.held
                items = reader.take(self.stored.page(reader.scan, 3))
                self.hub.deliver(NAME, items, reader.position, reader.lineage)
            stream.repairing = False
            for held in stream.release()[read:]:
                numbering = stream.position.epoch, stream.position.generation
                if (held.epoch, held.generation) == numbering and not self.hub.receive(NAME, held):
                    stream.repairing = True
        raise AssertionError("the repair comes to no end")

    def flush(self) -> None:
        for group in self.hub.groups.values():
            group.flush()

    def client(self, selection: Selection = ALL, position: Position | None = None, **limits: int) -> Client:
        positions = {} if position is None else {NAME: position}
        return Client(self, selection, positions, MemoryOutbox(**limits))


class Client:
    """A client, and the task that keeps it supplied: the same steps as `CatchUp`, one at a time."""

    def __init__(
        self, gateway: Gateway, selection: Selection, positions: dict[str, Position], outbox: MemoryOutbox
    ) -> None:
        self._gateway = gateway
        self.outbox = outbox
        self.falls = 0
        group = gateway.hub.group(selection, NATIVE)
        self.session = Session(gateway.hub, group, outbox, positions, self._fell)
        self.told = Told(self.session.positions[NAME].id.n, filtered=selection != ALL)
        # The page that Redis has answered with, which has not arrived yet.
        self.page: Page | None = None
        self.pages = 0

    def _fell(self, session: Session) -> None:
        self.falls += 1

    def step(self, count: int = 32) -> None:
        """As far as the next await."""
        session = self.session
        if self.page is not None:
            page, self.page = self.page, None
            session.take(NAME, page)
            session.write()
        elif not session.live and session.write() and not self._behind(count) and not session.join():
            stream = session.ahead()
            if stream is not None:
                self._ask(count)

    def _behind(self, count: int) -> bool:
        if not self.session.behind():
            return False
        self._ask(count)
        return True

    def _ask(self, count: int) -> None:
        self.pages += 1
        self.page = self._gateway.stored.page(self.session.reader(NAME).scan, count)

    def read(self, count: int | None = None) -> None:
        self.told.take(self.outbox.read(count))

    def until_live(self) -> None:
        """All steps, the client reading along."""
        for _ in range(2_000):
            if self.session.live:
                break
            self.step()
            self.read()
        else:
            raise AssertionError("the client does not become live")
        self.read()


@pytest.fixture
def stored() -> StoredStream:
    """Numbers 1 to 12 in frames of three."""
    stored = StoredStream()
    for _ in range(4):
        stored.append(3)
    return stored


@pytest.fixture
def gateway(stored: StoredStream) -> Gateway:
    return Gateway(stored)


def test_a_client_without_a_cursor_is_live_at_once_and_from_now(gateway: Gateway) -> None:
    client = gateway.client()
    client.step()
    assert client.session.live
    assert client.pages == 0
    gateway.publish(2)
    gateway.flush()
    client.read()
    assert sorted(client.told.records) == [13, 14]


def test_a_client_with_a_cursor_reads_pages_and_goes_live_where_they_end(gateway: Gateway) -> None:
    client = gateway.client(position=gateway.stored.position(5))
    client.until_live()
    gateway.publish(1)
    gateway.flush()
    client.read()
    assert sorted(client.told.records) == list(range(6, 14))


def test_what_the_group_has_not_written_yet_comes_to_the_joining_client_once(gateway: Gateway) -> None:
    client = gateway.client(position=gateway.stored.position(12))
    gateway.publish(2)
    client.step()
    assert client.session.live
    gateway.flush()
    client.read()
    assert sorted(client.told.records) == [13, 14]


def test_the_last_stretch_comes_from_memory_without_a_page(gateway: Gateway) -> None:
    early = gateway.client()
    early.until_live()
    gateway.publish(3)
    gateway.publish(3)
    gateway.flush()
    late = gateway.client(position=gateway.stored.position(14))
    late.until_live()
    assert late.pages == 0
    assert sorted(late.told.records) == [15, 16, 17, 18]


def test_a_page_that_reaches_beyond_the_group_is_left_to_the_group(gateway: Gateway) -> None:
    live = gateway.client()
    live.until_live()
    late = gateway.client(position=gateway.stored.position(0))
    late.step()
    gateway.publish(2)
    late.step()
    late.read()
    assert late.told.n == 12
    late.until_live()
    gateway.flush()
    late.read()
    assert sorted(late.told.records) == list(range(1, 15))


def test_a_foreign_entry_behind_a_frame_that_is_the_groups_hides_nothing(gateway: Gateway) -> None:
    gateway.client().until_live()
    gateway.stored.trim(4)
    late = gateway.client(position=Position(START.id))
    gateway.publish(2)
    gateway.stored.add_foreign()
    late.step()
    late.step()
    gateway.flush()
    late.until_live()
    assert late.told.gaps == ["trimmed"]
    assert sorted(late.told.records) == [13, 14]


def test_a_slow_client_leaves_the_group_and_comes_back_with_everything(gateway: Gateway) -> None:
    slow, quick = gateway.client(high=1_000, limit=2_000), gateway.client()
    slow.until_live()
    quick.until_live()
    for _ in range(30):
        gateway.publish(3)
        gateway.flush()
        quick.read()
    assert not slow.session.live
    assert slow.falls == 1
    assert slow.outbox.unsent < 4_000
    slow.until_live()
    assert sorted(slow.told.records) == sorted(quick.told.records) == list(range(13, 103))
    assert slow.told.statuses == ["live", "live"]


def test_a_slow_client_whose_memory_stretch_is_overtaken_gets_nothing_twice(gateway: Gateway) -> None:
    client = gateway.client(position=gateway.stored.position(12), high=1_000, limit=1_000_000)
    client.step()
    gateway.flush()
    client.session.group.members.discard(client.session)
    client.session.fall_behind(dict(client.session.group.positions))
    # A page first, so that there is a reader; then a stretch out of memory, written in part.
    gateway.hub.streams[NAME]._remembered_from = Position(gateway.stored.last, "e1", 0)  # as if it began just now
    gateway.publish(3)
    gateway.flush()
    client.session.positions[NAME] = gateway.stored.position(11)
    client.told = Told(11)
    client.outbox.read()
    client.step()
    client.step(1)
    for _ in range(10):
        gateway.publish(3)
    gateway.flush()
    client.step()
    client.step()
    assert client.outbox.behind
    stream = gateway.hub.streams[NAME]
    stream._forget()
    stream._remembered_from = stream.position
    gateway.publish(3)
    gateway.flush()
    client.until_live()
    assert sorted(client.told.records) == list(range(12, gateway.stored.last.n + 1))


def test_a_client_ahead_of_its_gateway_waits_for_it(gateway: Gateway) -> None:
    gateway.publish(3, heard=False)
    client = gateway.client(position=gateway.stored.position(15))
    client.step()
    client.step()
    assert not client.session.live
    gateway.repair()
    gateway.flush()
    client.until_live()
    gateway.publish(1)
    gateway.flush()
    client.read()
    assert sorted(client.told.records) == [16]


def test_a_cursor_from_the_future_is_answered_with_a_fork_and_goes_live(gateway: Gateway) -> None:
    client = gateway.client(position=Position(gateway.stored.last._replace(n=400), "e1", 0))
    client.until_live()
    assert client.told.gaps == ["fork"]


def test_a_client_of_an_older_generation_is_told_of_the_fork_before_it_goes_live(gateway: Gateway) -> None:
    client = gateway.client(position=gateway.stored.position(12), high=0)
    gateway.stored.roll_back(1)
    gateway.stored.append(3)
    gateway.hub.streams[NAME].repairing = True
    gateway.repair()
    gateway.flush()
    # The same number and the same epoch as the group, but other records.
    assert client.session.positions[NAME].id.n == client.session.group.positions[NAME].id.n
    client.until_live()
    assert client.told.gaps == ["fork"]
    assert client.told.records == {n: f"e1/1/{n}" for n in (10, 11, 12)}


def test_a_cursor_of_an_epoch_that_is_gone_starts_the_new_one_over(gateway: Gateway) -> None:
    cursor = gateway.stored.position(12)
    gateway.stored.lose()
    gateway.publish(2)
    gateway.repair()
    client = gateway.client(position=cursor)
    client.until_live()
    gateway.flush()
    client.read()
    assert client.told.gaps[0] == "epoch"
    assert sorted(client.told.records) == [1, 2]


def test_a_filtered_client_keeps_its_cursor_fresh_where_nothing_matches(gateway: Gateway) -> None:
    client = gateway.client(ERRORS, gateway.stored.position(0))
    client.until_live()
    assert client.told.records == {}
    assert client.told.position == gateway.newest()


def test_a_client_that_leaves_is_written_to_no_more(gateway: Gateway) -> None:
    client = gateway.client()
    client.until_live()
    client.session.leave()
    gateway.publish(1)
    gateway.flush()
    assert client.outbox.read() == []
    assert not client.session.open


def test_a_closed_outbox_ends_the_session(gateway: Gateway) -> None:
    client = gateway.client()
    client.until_live()
    client.outbox.abort()
    assert not client.session.open


class Interleavings(RuleBasedStateMachine):
    """Publishing, losing, repairing, flushing, joining, reading slowly, trimming, forking, losing all: in any order."""

    @initialize(first=st.integers(0, 3))
    def begin(self, first: int) -> None:
        self.stored = StoredStream(lost=True)
        for _ in range(first):
            self.stored.append(2)
        self.gateway = Gateway(self.stored)
        self.clients: list[Client] = []

    def teardown(self) -> None:
        if hasattr(self, "gateway"):
            self.settle()

    @rule(count=st.integers(1, 4), shed=st.sampled_from([0, 0, 2]), heard=st.sampled_from([True, True, False]))
    def publish(self, count: int, shed: int, heard: bool) -> None:
        level = 40 if count == 4 else 20
        self.gateway.publish(count, shed=shed, heard=heard, level=level, ms=count % 2)

    @rule(count=st.integers(1, 20))
    def publish_much(self, count: int) -> None:
        for _ in range(count):
            self.gateway.publish(5)
            self.gateway.flush()

    @rule()
    def repair(self) -> None:
        self.gateway.repair()

    @rule()
    def flush(self) -> None:
        self.gateway.flush()

    @rule()
    def forget(self) -> None:
        """As when the hub's memory is full."""
        stream = self.gateway.hub.streams[NAME]
        stream._forget()
        stream._remembered_from = stream.position

    @precondition(lambda self: len(self.clients) < 4)
    @rule(behind=st.none() | st.integers(0, 20), high=st.sampled_from([0, 500, 1 << 20]), filtered=st.booleans())
    def join(self, behind: int | None, high: int, filtered: bool) -> None:
        meta = self.stored.meta
        position = None
        if behind is not None and meta is not None:
            position = self.stored.position(max(meta.last.n - behind, 0))
        selection = ERRORS if filtered else ALL
        self.clients.append(self.gateway.client(selection, position, high=high, limit=high + 1_000))

    @precondition(lambda self: self.clients)
    @rule(which=st.integers(0, 3), count=st.integers(1, 4), steps=st.integers(1, 3))
    def step(self, which: int, count: int, steps: int) -> None:
        for _ in range(steps):
            self.clients[which % len(self.clients)].step(count)

    @precondition(lambda self: self.clients)
    @rule(which=st.integers(0, 3), count=st.none() | st.integers(1, 3))
    def read(self, which: int, count: int | None) -> None:
        self.clients[which % len(self.clients)].read(count)

    @precondition(lambda self: self.clients)
    @rule(which=st.integers(0, 3))
    def come_again(self, which: int) -> None:
        """The connection is lost with what is unread, and the client comes again with its cursor."""
        old = self.clients.pop(which % len(self.clients))
        old.session.leave()
        if old.told.position is None:
            return
        told = old.told
        client = self.gateway.client(old.session.group.output.selection, told.position)
        client.told = told
        self.clients.append(client)

    @rule(entries=st.integers(1, 3))
    def trim(self, entries: int) -> None:
        self.stored.trim(entries)

    @rule(entries=st.integers(1, 3), clock=st.sampled_from([0, 7]))
    def roll_back(self, entries: int, clock: int) -> None:
        if not self.stored.lost:
            self.stored.roll_back(entries, clock=clock)

    @rule()
    def lose(self) -> None:
        self.stored.lose()

    @rule()
    def clear(self) -> None:
        if not self.stored.lost:
            self.stored.clear()

    @invariant()
    def nobody_who_is_live_holds_positions(self) -> None:
        for client in getattr(self, "clients", []):
            assert not (client.session.live and client.session.positions)

    def settle(self) -> None:
        self.gateway.publish(1, heard=False)
        self.gateway.repair()
        self.gateway.flush()
        for client in self.clients:
            client.until_live()
            client.session.group.flush()
            client.session.group.heartbeat()
            client.read()
            told, least = client.told, 0 if client.session.group.output.selection == ALL else 40
            assert told.n == self.stored.last.n
            assert all(self.stored.names[n] == name for n, name in told.records.items())
            wanted = {n for n, of in self.stored.levels.items() if n > told.start and of >= least}
            assert wanted <= told.records.keys() | told.declared


Interleavings.TestCase.settings = settings(
    max_examples=EXAMPLES, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
)
TestInterleavings = Interleavings.TestCase
