"""Waiting until a gateway stands where a test wants it."""

from __future__ import annotations

from tests.relay.dialects.conftest import Relay
from tests.relay.live import TIMEOUT
from tests.servers import wait_for_async


async def live(relay: Relay, clients: int = 1) -> None:
    """Until so many clients are live: what is written from here on is theirs."""

    def members() -> int:
        return sum(len(group.members) for group in relay.gateway.hub.groups.values())

    await wait_for_async(lambda: members() == clients, TIMEOUT, f"{clients} live clients")
