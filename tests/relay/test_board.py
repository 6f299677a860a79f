"""What clients of one view are told, and that nothing queues up for one that does not read."""

from __future__ import annotations

import pytest

from tailrace_relay.board import Board, Listener
from tailrace_relay.hub import HEARTBEAT
from tailrace_relay.services import Service
from tailrace_relay.status import SERVICES
from tests.relay.told import MemoryOutbox

pytestmark = pytest.mark.anyio


def service(name: str, health: str = "healthy") -> Service:
    return {"service": name, "health": health}


def services(**healths: str) -> dict[str, Service]:
    return {name: service(name, health) for name, health in healths.items()}


def board_with(*outboxes: MemoryOutbox, **healths: str) -> Board:
    board = Board(SERVICES)
    board.renew(services(**healths), 0.0)
    for outbox in outboxes:
        board.greet(Listener(outbox))
    return board


async def test_clients_of_one_board_share_each_message() -> None:
    one, two = MemoryOutbox(), MemoryOutbox()
    board = board_with(one, two, api="healthy")
    board.renew(services(api="down"), 2.0)
    assert one.waiting == two.waiting
    assert all(a is b for a, b in zip(one.waiting, two.waiting, strict=True))


async def test_what_has_not_changed_is_not_told() -> None:
    outbox = MemoryOutbox()
    board = board_with(outbox, api="healthy")
    board.renew(services(api="healthy"), 2.0)
    assert [message["state"] for message in outbox.read()] == ["services"]


async def test_who_does_not_read_skips_to_the_newest_state() -> None:
    outbox = MemoryOutbox(high=10)
    board = board_with(outbox, api="healthy")
    for number in range(100):
        board.renew(services(api=f"{number}", mail="healthy"), 2.0)
        board.beat(100.0 * number)
    assert [message["state"] for message in outbox.read()] == ["services"]
    board.renew(services(api="99", mail="healthy"), 4.0)
    assert outbox.read() == [
        {"type": "status", "state": "services", "services": [service("api", "99"), service("mail")]}
    ]
    board.renew(services(api="99"), 6.0)
    assert outbox.read() == [{"type": "status", "state": "changed", "services": [], "removed": ["mail"]}]


async def test_a_loss_is_told_once_also_to_who_comes_then_and_ends_with_the_whole_state() -> None:
    outbox, late = MemoryOutbox(), MemoryOutbox()
    board = board_with(outbox, api="healthy")
    board.lose(2.0)
    board.lose(4.0)
    board.greet(Listener(late))
    board.renew(services(api="healthy"), 6.0)
    assert [message["state"] for message in outbox.read()] == ["services", "unavailable", "services"]
    assert [message["state"] for message in late.read()] == ["unavailable", "services"]


async def test_a_heartbeat_comes_when_nothing_else_has_for_a_while() -> None:
    outbox = MemoryOutbox()
    board = board_with(outbox, api="healthy")
    board.beat(1.0)
    board.renew(services(api="down"), 2.0)
    board.beat(2.0 + HEARTBEAT - 0.1)
    assert [message["type"] for message in outbox.read()] == ["status", "status"]
    board.beat(2.0 + HEARTBEAT)
    board.beat(2.0 + HEARTBEAT + 1.0)
    found = outbox.read()
    assert [message["type"] for message in found] == ["heartbeat"]
    assert found[0].keys() == {"type", "time"}


async def test_who_has_only_come_needs_no_heartbeat_yet() -> None:
    board, outbox = Board(SERVICES), MemoryOutbox()
    board.renew(services(api="healthy"), 1_000.0)
    board.greet(Listener(outbox))
    board.beat(1_001.0)
    assert [message["type"] for message in outbox.read()] == ["status"]
