"""What the agent says about itself holds no password."""

from __future__ import annotations

import pytest

from tailrace.diagnostics import without_password


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("at redis://user:geheim@host:6379/0 now", "at redis://***@host:6379/0 now"),
        ("at redis://:ge@he@im@host/0", "at redis://***@host/0"),
        ("redis://host/0?password=geheim&db=1", "redis://host/0?password=***&db=1"),
        (
            "unix:///run/redis.sock?db=1&username=ann&password=geheim",
            "unix:///run/redis.sock?db=1&username=***&password=***",
        ),
        ("redis://host:6379/0", "redis://host:6379/0"),
    ],
)
def test_urls_lose_user_and_password(text: str, said: str) -> None:
    assert without_password(text) == said
