"""Tracing: records carry the trace and span of OpenTelemetry, when it is loaded and a span is active."""

from __future__ import annotations

import logging
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from opentelemetry import trace as opentelemetry_trace
from opentelemetry.sdk.trace import TracerProvider

from tailrace.correlation.correlation import correlation
from tailrace.correlation.tracing import find_tracers, trace_of
from tests.agent.conftest import MakeLogger, engine_of
from tests.agent.delivered import delivered
from tests.servers import RedisServer


def test_records_carry_the_active_span(make_logger: MakeLogger, redis_server: RedisServer, prefix: str) -> None:
    log = make_logger(redis_server.url)
    tracer = TracerProvider().get_tracer("test")
    log.info("before")
    with tracer.start_as_current_span("span") as span:
        for _ in range(2):
            log.info("within", extra={"a": 1})
        log.warning("%s", object())
    log.info("own", extra={"trace_id": "t", "span_id": "s"})
    assert engine_of(log).flush(20)
    before, *within, own = delivered(redis_server.client(), prefix, "s").all
    context = span.get_span_context()
    wanted = (f"{context.trace_id:032x}", f"{context.span_id:016x}")
    assert before.trace_id is None
    assert [(record.trace_id, record.span_id) for record in within] == [wanted] * 3
    assert (own.trace_id, own.span_id) == ("t", "s")


def test_records_carry_the_active_span_of_ddtrace(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for ddtrace, which is too large for a test; what it answers is what ddtrace 4.16 does."""
    context = SimpleNamespace(trace_id=0x6B014AF2000000001F422D11D94BCE69, span_id=0xAD98FC2E8AABB53A)
    tracer = SimpleNamespace(current_trace_context=lambda: context)
    monkeypatch.setitem(sys.modules, "ddtrace", SimpleNamespace(tracer=tracer))
    assert trace_of(find_tracers()) == ("6b014af2000000001f422d11d94bce69", "ad98fc2e8aabb53a")
    monkeypatch.setattr(tracer, "current_trace_context", lambda: None)
    assert trace_of(find_tracers()) is None


def test_nothing_is_asked_of_what_is_not_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("opentelemetry.sdk.trace", "ddtrace", "sentry_sdk"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    assert find_tracers() == ()
    assert trace_of(()) is None


def test_a_tracer_that_raises_costs_no_record(make_logger: MakeLogger, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Any:
        raise RuntimeError("no context")

    log = make_logger("redis://127.0.0.1:1/0")
    log.info("first")
    monkeypatch.setattr(correlation, "tracers", (broken,))
    logging.Logger.info(log, "second")
    assert trace_of((broken,)) is None
    assert engine_of(log).spool.slot("s").last_seq == 2


def test_an_invalid_span_is_none() -> None:
    assert opentelemetry_trace.get_current_span() is opentelemetry_trace.INVALID_SPAN
    assert trace_of(find_tracers()) is None
