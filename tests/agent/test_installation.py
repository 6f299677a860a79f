"""Installing: one call, as often as one likes, that never makes a logger more silent."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

import tailrace
from tailrace import ConfigError, install
from tests.agent.conftest import MakeLogger, engine_of
from tests.agent.delivered import delivered
from tests.servers import Server

NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def logger(request: pytest.FixtureRequest) -> Iterator[logging.Logger]:
    logger = logging.getLogger(f"installed.{request.node.name}")
    yield logger
    logger.handlers.clear()
    logger.setLevel(logging.NOTSET)


def test_it_adds_one_handler_however_often_it_is_called(logger: logging.Logger) -> None:
    first = install(NOWHERE, service="a", logger=logger)
    assert install(NOWHERE, service="a", logger=logger.name) is first
    other = install(NOWHERE, service="b", logger=logger)
    assert logger.handlers == [first, other]


def test_it_goes_to_the_root_logger_when_none_is_named() -> None:
    handler = install(NOWHERE)
    try:
        assert handler in logging.getLogger().handlers
    finally:
        logging.getLogger().removeHandler(handler)


def test_it_lowers_a_loggers_level_and_never_raises_it(logger: logging.Logger) -> None:
    logger.setLevel(logging.WARNING)
    install(NOWHERE, level="INFO", logger=logger)
    assert logger.level == logging.INFO
    install(NOWHERE, level="ERROR", logger=logger)
    assert logger.level == logging.INFO


def test_a_handler_that_is_disabled_changes_no_level(logger: logging.Logger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAILRACE_DISABLED", "1")
    logger.setLevel(logging.WARNING)
    install(NOWHERE, level="DEBUG", logger=logger)
    logger.warning("x")
    assert logger.level == logging.WARNING


def test_a_bad_environment_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAILRACE_SPOOL_MAX", "lots")
    with pytest.raises(ConfigError, match="TAILRACE_SPOOL_MAX"):
        install(NOWHERE)


def test_it_makes_no_file_before_the_first_record(logger: logging.Logger, tmp_path: Path) -> None:
    place = tmp_path / "spool"
    install(NOWHERE, spool_dir=str(place), logger=logger)
    assert not place.exists()


def test_the_environment_is_enough(
    logger: logging.Logger,
    redis_server: Server,
    prefix: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    make_logger: MakeLogger,
) -> None:
    settings = {"URL": redis_server.url, "STREAM": "s", "PREFIX": prefix, "SPOOL_DIR": str(tmp_path), "LEVEL": "debug"}
    for name, value in settings.items():
        monkeypatch.setenv(f"TAILRACE_{name}", value)
    install(logger=logger)
    logger.debug("from the environment")
    assert engine_of(logger).flush(20)
    assert delivered(redis_server.client(), prefix, "s").messages == ["from the environment"]


def test_flush_waits_for_all_that_was_logged(make_logger: MakeLogger, redis_server: Server, prefix: str) -> None:
    log = make_logger(redis_server.url)
    log.info("x")
    assert tailrace.flush(20)
    assert delivered(redis_server.client(), prefix, "s").messages == ["x"]


def test_everything_in_all_is_there() -> None:
    assert all(hasattr(tailrace, name) for name in tailrace.__all__)
    assert sorted(tailrace.__all__) == tailrace.__all__
