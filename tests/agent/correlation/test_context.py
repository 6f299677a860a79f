"""The context: what is bound goes with every record of it, and ends where it ends."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import threading
from typing import Any

import pytest

from tailrace import bind, bound
from tailrace.correlation.context import MOST_FIELDS, Binding
from tailrace.wire import Record
from tests.agent.conftest import MakeLogger, engine_of
from tests.agent.delivered import delivered
from tests.servers import RedisServer


@pytest.fixture
def log(make_logger: MakeLogger, redis_server: RedisServer) -> logging.Logger:
    return make_logger(redis_server.url)


@pytest.fixture
def records(log: logging.Logger, redis_server: RedisServer, prefix: str) -> Any:
    def read() -> list[Record]:
        assert engine_of(log).flush(20)
        return delivered(redis_server.client(), prefix, "s").all

    return read


def test_what_is_bound_goes_with_every_record(log: logging.Logger, records: Any) -> None:
    log.info("before")
    with bind(request_id="r1", user=7):
        for _ in range(3):
            log.info("within")
        with bind(user=8, step="pay"):
            log.info("deeper", extra={"step": "own"})
        log.exception("with an error")
    log.info("after")
    assert [record.fields for record in records()] == [
        None,
        *[{"request_id": "r1", "user": 7}] * 3,
        {"request_id": "r1", "user": 8, "step": "own"},
        {"request_id": "r1", "user": 7},
        None,
    ]


def test_both_ways_of_a_record_carry_the_same(log: logging.Logger, records: Any) -> None:
    """The first record of a call site takes the complete way, the others the hot path."""
    with bind(request_id="r1"):
        for _ in range(3):
            log.info("text", extra={"a": 1})
    first, second, third = (record.fields for record in records())
    assert first == second == third == {"request_id": "r1", "a": 1}


def test_a_task_inherits_what_is_bound_and_has_a_name(log: logging.Logger, records: Any) -> None:
    async def work() -> None:
        bind(inner=True)
        log.info("in a task")

    async def main() -> None:
        with bind(request_id="r1"):
            await asyncio.create_task(work(), name="worker-1")
            log.info("outside of it")

    asyncio.run(main())
    inner, outer = (record.fields for record in records())
    assert inner == {"request_id": "r1", "inner": True, "task": "worker-1"}
    assert outer is not None
    assert outer.keys() == {"request_id", "task"}


def test_a_thread_has_its_own(log: logging.Logger, records: Any) -> None:
    with bind(request_id="r1"):
        thread = threading.Thread(target=lambda: log.info("in a thread"))
        thread.start()
        thread.join()
    (record,) = records()
    assert record.fields is None


def test_none_takes_a_field_out_again() -> None:
    with bind(a=1, b=2), bind(a=None):
        assert bound() == {"b": 2}
    assert bound() == {}


def test_unbinding_twice_or_in_another_context_does_nothing() -> None:
    binding = bind(a=1)
    contextvars.copy_context().run(binding.unbind)
    assert bound() == {"a": 1}
    binding.unbind()
    bind(a=None)
    assert bound() == {}


def test_a_copy_of_the_context_can_be_freed_of_it() -> None:
    """Django closes an answer in a thread that works in a copy of the request's context."""

    def unbind_and_look(binding: Binding) -> dict[str, Any]:
        binding.unbind()
        return bound()

    with bind(a=1):
        inner = bind(b=2)
        assert contextvars.copy_context().run(unbind_and_look, inner) == {"a": 1}
    outer = bind(a=1)
    assert contextvars.copy_context().run(unbind_and_look, outer) == {}
    assert contextvars.Context().run(unbind_and_look, bind(b=2)) == {}
    bind(a=None, b=None)


def test_values_are_made_plain_and_bounded() -> None:
    class Hostile:
        def __repr__(self) -> str:
            raise ValueError

    with bind(**{f"k{i}": i for i in range(100)}, hostile=Hostile()):
        assert len(bound()) == MOST_FIELDS
    with bind(hostile=Hostile(), text="\ud800"):
        assert bound() == {"hostile": "<unrepr Hostile>", "text": "\\ud800"}
