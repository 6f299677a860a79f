"""loguru: what is logged there arrives with level, place, exception and extra fields."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from loguru import logger

from tailrace import flush
from tailrace.integrations.loguru import tailrace_sink
from tests.agent.delivered import delivered
from tests.servers import RedisServer


@pytest.fixture(params=[False, True], ids=["directly", "enqueue"])
def log(request: pytest.FixtureRequest, redis_server: RedisServer, prefix: str, tmp_path: Path) -> Iterator[Any]:
    logger.remove()
    logger.add(
        tailrace_sink(url=redis_server.url, prefix=prefix, stream="s", service="test", spool_dir=str(tmp_path)),
        level=0,
        enqueue=request.param,
    )
    yield logger
    logger.remove()


def test_a_message_is_a_record_with_its_fields(log: Any, redis_server: RedisServer, prefix: str) -> None:
    with log.contextualize(request_id="r1"):
        log.bind(user="ann").success("paid {}", 12)
    log.trace("fine", password="geheim")
    try:
        raise ValueError("no")
    except ValueError:
        log.exception("failed")
    log.bind(is_audit=True).info("voided")
    log.complete()
    assert flush(20)
    paid, fine, failed, voided = delivered(redis_server.client(), prefix, "s").all
    assert (paid.message, paid.level, paid.level_number) == ("paid 12", "SUCCESS", 25)
    assert paid.fields == {"request_id": "r1", "user": "ann"}
    assert (paid.function, paid.module) == ("test_a_message_is_a_record_with_its_fields", "test_loguru")
    assert (fine.level, fine.level_number, fine.fields) == ("TRACE", 5, {"password": "[redacted]"})
    assert failed.level == "ERROR"
    assert "ValueError: no" in (failed.exception or "")
    assert voided.kind == "audit"
