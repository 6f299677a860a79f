"""Installing: one call, as often as one likes, that never makes a logger more silent."""

from __future__ import annotations

import logging
import logging.config
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import tailrace
from tailrace import ConfigError, TailraceHandler, install
from tailrace.capture.detached import LOGGERS
from tailrace.installation import _captures
from tests.agent.conftest import MakeLogger, engine_of
from tests.agent.delivered import delivered
from tests.servers import Server

NOWHERE = "redis://127.0.0.1:1/0"

MakeInstalled = Callable[..., TailraceHandler]


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


def test_it_goes_to_the_root_logger_when_none_is_named(at_root: MakeInstalled) -> None:
    assert at_root() in logging.getLogger().handlers


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


CONFIG = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler", "stream": "ext://sys.stderr"}},
    "loggers": {
        "uvicorn": {"handlers": ["console"], "level": "INFO", "propagate": False},
        "uvicorn.error": {"level": "INFO"},
        "uvicorn.access": {"handlers": ["console"], "level": "INFO", "propagate": False},
    },
}


@pytest.fixture
def at_root(make_logger: MakeLogger, redis_server: Server, prefix: str, tmp_path: Path) -> Iterator[MakeInstalled]:
    """Installs on the root logger, and takes it all back."""
    root = logging.getLogger()
    servers = [logging.getLogger(name) for name in LOGGERS]
    before = [(each, each.handlers[:], each.filters[:], each.level, each.propagate) for each in (root, *servers)]
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook, warnings.showwarning

    def make(**settings: Any) -> TailraceHandler:
        place = {"prefix": prefix, "stream": "s", "service": "test", "spool_dir": str(tmp_path / "spool")}
        return install(redis_server.url, **{**place, **settings})

    yield make
    for capture in _captures.values():
        capture.stop()
    _captures.clear()
    sys.excepthook, threading.excepthook, sys.unraisablehook, warnings.showwarning = hooks
    for each, handlers, filters, level, propagate in before:
        each.handlers[:], each.filters[:], each.level, each.propagate = handlers, filters, level, propagate
        each.__dict__.pop("callHandlers", None)


@pytest.mark.parametrize("servers_first", [True, False], ids=["the server first", "install first"])
def test_what_web_servers_keep_from_the_root_logger_is_recorded_once(
    at_root: MakeInstalled, redis_server: Server, prefix: str, servers_first: bool
) -> None:
    if servers_first:
        logging.config.dictConfig(CONFIG)
    at_root(level="INFO")
    at_root(level="INFO")
    if not servers_first:
        logging.config.dictConfig(CONFIG)
        logging.config.dictConfig(CONFIG)
    logging.getLogger("gunicorn.error").propagate = False
    names = ["uvicorn", "uvicorn.error", "uvicorn.access", "gunicorn.error", "gunicorn.access", "app"]
    for name in names:
        logging.getLogger(name).warning(name)
    logging.getLogger("uvicorn.error").propagate = False
    logging.getLogger("uvicorn.error").warning("alone")
    logging.getLogger("uvicorn.error").propagate = True
    logging.getLogger("uvicorn").propagate = True
    logging.getLogger("uvicorn.error").warning("with all others")
    assert tailrace.flush(20)
    assert delivered(redis_server.client(), prefix, "s").messages == [*names, "alone", "with all others"]


def test_filters_and_levels_of_a_web_servers_logger_count(
    at_root: MakeInstalled, redis_server: Server, prefix: str
) -> None:
    at_root(level="INFO")
    logging.config.dictConfig(CONFIG)
    access = logging.getLogger("uvicorn.access")
    access.addFilter(lambda record: "healthz" not in record.getMessage())
    for message in ("GET /healthz", "GET /"):
        access.info(message)
    access.debug("too low")
    assert tailrace.flush(20)
    assert delivered(redis_server.client(), prefix, "s").messages == ["GET /"]


def test_what_a_web_servers_handler_prints_is_not_captured(
    at_root: MakeInstalled, redis_server: Server, prefix: str
) -> None:
    at_root(capture_output=True)
    logging.config.dictConfig(CONFIG)
    logging.getLogger("uvicorn.access").info("GET /")
    assert tailrace.flush(20)
    assert delivered(redis_server.client(), prefix, "s").messages == ["GET /"]


def test_web_servers_are_left_alone_when_the_handler_is_taken_off(
    at_root: MakeInstalled, redis_server: Server, prefix: str
) -> None:
    handler = at_root()
    logging.getLogger().removeHandler(handler)
    logging.getLogger("uvicorn.access").warning("GET /")
    assert handler.emitter.channel is None


def test_output_is_captured_when_asked_for(
    at_root: MakeInstalled, redis_server: Server, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAILRACE_CAPTURE", "stderr=WARNING")
    handler = at_root()
    for _ in range(2):
        assert at_root(capture_output=True) is handler
    print("to stdout")
    print("to stderr", file=sys.stderr)
    assert tailrace.flush(20)
    found = delivered(redis_server.client(), prefix, "s").all
    assert [(record.message, record.level) for record in found] == [("to stdout", "INFO"), ("to stderr", "WARNING")]


def test_a_handler_on_another_logger_captures_only_what_it_is_told_to(logger: logging.Logger) -> None:
    hook, showwarning = sys.excepthook, warnings.showwarning
    install(NOWHERE, logger=logger)
    assert (sys.excepthook, warnings.showwarning) == (hook, showwarning)


def test_everything_in_all_is_there() -> None:
    assert all(hasattr(tailrace, name) for name in tailrace.__all__)
    assert sorted(tailrace.__all__) == tailrace.__all__
