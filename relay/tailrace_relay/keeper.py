"""The keeper: has each stream keep to its limits, also while nothing is appended, and lets go of runs long over.

One gateway at a time does it, whichever takes the turn first.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any

import msgspec
import redis.asyncio

from tailrace.wire import Keys
from tailrace_relay.answering import answering
from tailrace_relay.errors import Unavailable
from tailrace_relay.history import History
from tailrace_relay.retention import DEFAULT, Limits, Rules
from tailrace_relay.writer import Writer

__all__ = ["Keeper"]

logger = logging.getLogger("tailrace.relay")

RETAIN_SCRIPT = Path(__file__).with_name("retain.lua").read_text("utf-8")

SECONDS = 1.0

# How often all streams are visited, by whichever gateway; and how often each looks whether it is its turn.
EVERY = 30 * SECONDS
LOOK = 10 * SECONDS

# Streams visited in one round trip: bounds how long Redis is kept from others.
AT_ONCE = 100

# Streams of runs: thousands of them come and go, and each would leave its meta behind.
RUN = "run:"


class Keeper:
    """Applies retention."""

    def __init__(self, client: redis.asyncio.Redis, keys: Keys, history: History, writer: Writer, gateway: str) -> None:
        self._client = client
        self._keys = keys
        self._history = history
        self._writer = writer
        self._gateway = gateway
        self._script = client.register_script(RETAIN_SCRIPT)

    async def keep(self) -> None:
        """Take a turn now and then, for ever."""
        while True:
            await asyncio.sleep(LOOK)
            try:
                with answering():
                    if await self._is_our_turn():
                        await self.visit()
            except Unavailable as error:
                logger.warning("%s", error)
            except Exception:  # the next turn must come, whatever the reason
                logger.exception("retention failed")

    async def rules(self) -> Rules:
        """What was set.

        Raises:
            Unavailable: when Redis does not answer.
        """
        with answering():
            stored: Any = await self._client.hgetall(self._keys.retention)
        return Rules(stored)

    async def set(self, pattern: str, limits: Limits | None) -> bool:
        """Set limits, or with None take them back, and apply them; whether there were some before.

        Raises:
            Unavailable: when Redis does not answer.
        """
        with answering():
            if limits is None:
                known = bool(await self._client.hdel(self._keys.retention, pattern))
            else:
                packed = msgspec.json.encode(limits)
                known = not await self._client.hset(self._keys.retention, pattern, packed)
            await self.visit()
        return known

    async def visit(self) -> None:
        """Have all streams keep to their limits.

        Raises:
            Unavailable: when Redis does not answer.
        """
        rules, now = await self.rules(), await self._history.now()
        names: list[str] = []
        with answering():
            async for packed, active in self._client.zscan_iter(self._keys.streams, count=AT_ONCE):
                name = packed.decode("ascii", "replace")
                if self._keys.stream_of(self._keys.stream(name)) is None:
                    continue
                age = (rules.of(name) or DEFAULT).age
                if name.startswith(RUN) and age and active < now - age:
                    await self._writer.expire(name, now - age)
                    continue
                names.append(name)
                if len(names) == AT_ONCE:
                    await self._retain(names, rules)
                    names = []
        await self._retain(names, rules)

    async def _retain(self, names: list[str], rules: Rules) -> None:
        with answering():
            async with self._client.pipeline(transaction=False) as pipeline:
                for name in names:
                    own = rules.of(name)
                    limits = own or DEFAULT
                    keys = [self._keys.stream(name), self._keys.meta(name)]
                    await self._script(keys, [limits.age, limits.bytes, "1" if own else ""], client=pipeline)
                answers = await pipeline.execute(raise_on_error=False)
        for name, answer in zip(names, answers, strict=True):
            if isinstance(answer, Exception):  # a key of a wrong type concerns its own stream alone
                logger.warning("stream %s cannot be kept to its limits: %s", name, answer)

    async def _is_our_turn(self) -> bool:
        turn = self._keys.retention_turn
        return bool(await self._client.set(turn, self._gateway, nx=True, px=int(EVERY * 1000)))
