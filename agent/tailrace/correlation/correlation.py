"""Correlation: what a record says besides what its log call said: bound fields, trace and span, the asyncio task."""

from __future__ import annotations

# Documented for those who make event loops; `get_running_loop` raises where there is none, which costs a log call dear.
from asyncio import _get_running_loop, current_task
from dataclasses import replace
from typing import Any

from tailrace.correlation.context import current_context
from tailrace.correlation.tracing import Trace, Tracer, find_tracers, trace_of
from tailrace.redaction import Redactor
from tailrace.wire.record import Record

__all__ = ["Correlation", "correlation"]

LONGEST_TASK_NAME = 256


class Correlation:
    """What there is to ask in this process.

    Attributes:
        tracers: of the tracing libraries that are loaded; kept by `look`.
    """

    def __init__(self) -> None:
        self.tracers: tuple[Tracer, ...] = ()

    def look(self) -> None:
        """Find what has been loaded meanwhile. Once a second is often enough."""
        self.tracers = find_tracers()

    def gather(self, redactor: Redactor | None = None) -> tuple[Trace | None, dict[str, Any]]:
        """Trace and fields of the current context. Never raises.

        Args:
            redactor: takes secrets out of the fields; None where somebody else does.
        """
        context = current_context.get()
        fields: dict[str, Any] = {}
        name = _task_name() if _get_running_loop() is not None else None
        if name is not None:
            fields["task"] = name if redactor is None else redactor.text(name)
        if context is not None:
            fields |= context.fields if redactor is None else redactor.shared(context.fields)
        trace = trace_of(self.tracers) if self.tracers else None
        return trace or (context.trace if context is not None else None), fields

    def rest(self, own: dict[str, Any] | None, redactor: Redactor | None) -> dict[str, Any]:
        """The last element of a packed record, for one with these fields of its own.

        Args:
            redactor: takes secrets out of what is bound; its own fields hold none any more.
        """
        trace, fields = self.gather(redactor)
        if own:
            fields |= own
        rest: dict[str, Any] = {"fields": fields} if fields else {}
        if trace is not None:
            rest["trace_id"], rest["span_id"] = trace
        return rest

    def complete(self, record: Record) -> Record:
        """The record with what is to be said besides; what it says itself stays."""
        trace, fields = self.gather()
        if trace is None and not fields:
            return record
        found: dict[str, Any] = {"fields": {**fields, **(record.fields or {})} or None}
        if trace is not None and record.trace_id is None:
            found |= {"trace_id": trace[0], "span_id": trace[1]}
        return replace(record, **found)


def _task_name() -> str | None:
    try:
        task = current_task()
    except RuntimeError:
        return None  # a loop that is just ending
    return task.get_name()[:LONGEST_TASK_NAME] if task is not None else None


# One for the process: what is loaded is the same for all handlers.
correlation = Correlation()
