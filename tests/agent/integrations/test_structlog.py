"""structlog: events keep their fields, and arrive once, whichever way they leave it."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from tailrace import TailraceHandler, flush
from tailrace.integrations.structlog import TailraceProcessor
from tailrace.wire import Record
from tests.agent.delivered import delivered
from tests.servers import RedisServer


@pytest.fixture
def settings(redis_server: RedisServer, prefix: str, tmp_path: Path) -> Iterator[dict[str, str]]:
    yield {"url": redis_server.url, "prefix": prefix, "stream": "s", "service": "test", "spool_dir": str(tmp_path)}
    structlog.reset_defaults()


@pytest.fixture
def read(redis_server: RedisServer, prefix: str) -> Any:
    def read() -> list[Record]:
        assert flush(20)
        return delivered(redis_server.client(), prefix, "s").all

    return read


def test_an_event_is_a_record_with_its_fields(settings: dict[str, str], read: Any) -> None:
    printed = io.StringIO()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper("iso"),
            structlog.processors.CallsiteParameterAdder(),
            TailraceProcessor(**settings),
            structlog.processors.JSONRenderer(default=repr),
        ],
        logger_factory=structlog.PrintLoggerFactory(printed),
        cache_logger_on_first_use=False,
    )
    log = structlog.get_logger().bind(user="ann")
    log.warning("paid", amount=12.5, thing=object(), password="geheim")
    try:
        raise ValueError("no")
    except ValueError:
        log.exception("failed")
    log.info("voided", is_audit=True)
    paid, failed, voided = read()
    assert (paid.message, paid.level, paid.function) == (
        "paid",
        "WARNING",
        "test_an_event_is_a_record_with_its_fields",
    )
    assert paid.fields is not None
    assert paid.fields["amount"] == 12.5
    assert paid.fields["user"] == "ann"
    assert paid.fields["password"] == "[redacted]"
    assert "timestamp" not in paid.fields
    assert (failed.level, "ValueError: no" in (failed.exception or "")) == ("ERROR", True)
    assert (voided.kind, voided.level) == ("audit", "INFO")
    assert printed.getvalue().count("\n") == 3


@pytest.mark.parametrize(
    "last", [structlog.stdlib.render_to_log_kwargs, structlog.stdlib.ProcessorFormatter.wrap_for_formatter]
)
def test_by_way_of_logging_it_arrives_once_with_its_fields(last: Any, settings: dict[str, str], read: Any) -> None:
    logger = logging.Logger("app", logging.DEBUG)
    logger.addHandler(TailraceHandler(**settings))
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            TailraceProcessor(**settings),
            last,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    log = structlog.wrap_logger(logger)
    for _ in range(2):
        log.warning("paid", amount=12.5)
    found = read()
    assert [(record.message, record.level) for record in found] == [("paid", "WARNING")] * 2
    assert all((record.fields or {})["amount"] == 12.5 for record in found)
    assert not any(name.startswith("_") for record in found for name in record.fields or {})
