from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tailrace import TailraceHandler
from tailrace.agent import _engines
from tailrace.config import Config
from tailrace.spool.spool import Spool

MIB = 1 << 20

MakeLogger = Callable[..., logging.Logger]
MakeSpool = Callable[..., Spool]

_names = count()


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests say what they need; the machine they run on may have an agent of its own."""
    for name in ("TAILRACE_URL", "REDIS_URL", "TAILRACE_SERVICE", "OTEL_SERVICE_NAME", "TAILRACE_STREAM"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def no_engine_outlives_its_test() -> Iterator[None]:
    yield
    for key, engine in list(_engines.items()):
        engine.close(0.0, 0.0)
        del _engines[key]


@pytest.fixture
def make_logger(prefix: str, tmp_path: Path) -> MakeLogger:
    """Makes a logger of its own, outside the tree, whose records go to a stream `s` of the test's own prefix."""

    def make(url: str, *, name: str | None = None, **settings: Any) -> logging.Logger:
        settings = {"prefix": prefix, "stream": "s", "service": "test", "spool_dir": str(tmp_path / "spool")} | settings
        logger = logging.Logger(name or f"app{next(_names)}", logging.DEBUG)
        logger.addHandler(TailraceHandler(url=url, **settings))
        return logger

    return make


@pytest.fixture
def make_spool(tmp_path: Path) -> Iterator[MakeSpool]:
    """Makes a spool that nobody ships."""
    made: list[Spool] = []

    def make(*, limit: int = 64 * MIB, folder: Path | None = None) -> Spool:
        spool = Spool.open(Config.load({}, spool_dir=str(folder or tmp_path / "spool"), spool_max=limit))
        made.append(spool)
        return spool

    yield make
    for spool in made:
        spool.head.close()


def handler_of(logger: logging.Logger) -> TailraceHandler:
    handler = logger.handlers[0]
    assert isinstance(handler, TailraceHandler)
    return handler


def engine_of(logger: logging.Logger) -> Any:
    channel = handler_of(logger).emitter.channel
    assert channel is not None
    return channel.engine
