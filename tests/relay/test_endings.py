from __future__ import annotations

import asyncio

import pytest

from tailrace_relay.endings import end_tasks

pytestmark = pytest.mark.anyio


async def test_a_task_that_swallows_its_first_cancellation_ends_all_the_same() -> None:
    swallowed = 0

    async def stubborn() -> None:
        nonlocal swallowed
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                swallowed += 1
                if swallowed > 2:
                    raise

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    await end_tasks([task])
    assert task.cancelled()
    assert swallowed == 3


async def test_nothing_to_end_is_fine() -> None:
    await end_tasks([])
