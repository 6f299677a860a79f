"""Tracing: the trace and span that a record belongs to, as the tracing library in this process tells.

Nothing is imported here: a library that the application has not loaded has nothing to tell.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from tailrace.interruption import is_interruption

__all__ = ["Trace", "find_tracers", "trace_of"]

# Trace ID of 32 and span ID of 16 hexadecimal digits.
Trace = tuple[str, str]
Tracer = Callable[[], Trace | None]


def trace_of(tracers: tuple[Tracer, ...]) -> Trace | None:
    """The first that one of them tells. Never raises: a tracing library may not cost a record."""
    for tracer in tracers:
        try:
            trace = tracer()
        except Exception as error:  # a stranger's code; the next one may know
            if is_interruption(error):
                raise
            continue
        if trace is not None:
            return trace
    return None


def find_tracers() -> tuple[Tracer, ...]:
    """Those of the libraries that are loaded now, the most telling first."""
    return tuple(tracer for name, tracer in _TRACERS.items() if name in sys.modules)


def _opentelemetry() -> Trace | None:
    span = sys.modules["opentelemetry.trace"].get_current_span()
    context = span.get_span_context()
    return (f"{context.trace_id:032x}", f"{context.span_id:016x}") if context.is_valid else None


def _datadog() -> Trace | None:
    tracer: Any = getattr(sys.modules["ddtrace"], "tracer", None)
    context = tracer.current_trace_context() if tracer is not None else None
    if context is None or not context.trace_id or not context.span_id:
        return None
    return f"{context.trace_id:032x}", f"{context.span_id:016x}"


def _sentry() -> Trace | None:
    sentry = sys.modules["sentry_sdk"]
    span = sentry.get_current_span()
    if span is None:
        # With `trace_lifecycle="stream"` spans are of another kind.
        span = getattr(sentry.get_current_scope(), "streamed_span", None)
    return (str(span.trace_id), str(span.span_id)) if span is not None else None


# OpenTelemetry's interface alone has no spans, and redis-py loads that where it is installed.
_TRACERS: dict[str, Tracer] = {"opentelemetry.sdk.trace": _opentelemetry, "ddtrace": _datadog, "sentry_sdk": _sentry}
