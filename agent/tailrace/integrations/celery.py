"""Celery: tasks carry on what was bound where they were sent, and a worker that configures logging keeps the handler.

`tailrace.install` and `tailrace.TailraceHandler` do this by themselves in a process that has Celery loaded.
"""

from __future__ import annotations

import logging
import os
from typing import Any

from celery import signals  # type: ignore[import-untyped]

from tailrace.correlation.context import Binding, bound, current_context, with_fields
from tailrace.correlation.correlation import correlation
from tailrace.handler import TailraceHandler

__all__ = ["follow"]

# The header of a task's message that carries fields and trace.
HEADER = "tailrace"

# Seconds that a worker's process may take at its end; what is left is adopted.
LAST_FLUSH = 0.5

# By task ID.
_bindings: dict[str, Binding] = {}
# Those of the root logger.
_handlers: list[TailraceHandler] = []


def follow(handler: TailraceHandler | None = None) -> None:
    """Correlate tasks, and have a worker keep the root logger's handlers. Calling it again changes nothing.

    Args:
        handler: one that is on the root logger; those that are there when a worker begins need not be named.
    """
    for signal, receiver in (
        (signals.import_modules, _note),
        (signals.celeryd_init, _note),
        (signals.after_setup_logger, _keep),
        (signals.after_setup_task_logger, _keep),
        (signals.before_task_publish, _send),
        (signals.task_prerun, _begin),
        (signals.task_postrun, _end),
        (signals.worker_process_shutdown, _leave),
    ):
        signal.connect(receiver, weak=False, dispatch_uid=f"tailrace.{receiver.__name__}.{id(signal)}")
    if handler is not None:
        if handler not in _handlers:
            _handlers.append(handler)
        _keep(logging.getLogger("celery.task"))  # when a worker has configured it already


def _note(**_: Any) -> None:
    """A worker, or `beat`, is about to configure logging; both signals, since Django does it between them."""
    _handlers[:] = [each for each in logging.root.handlers if isinstance(each, TailraceHandler)]


def _keep(logger: logging.Logger | None = None, **_: Any) -> None:
    """A worker takes all handlers off the root logger, and gives that of tasks one of its own and no way to root."""
    if logger is not None and (logger is logging.root or not logger.propagate):
        for handler in _handlers:
            if handler not in logger.handlers:
                logger.addHandler(handler)


def _send(headers: dict[str, Any] | None = None, **_: Any) -> None:
    trace, fields = correlation.gather()[0], bound()
    if headers is not None and (trace or fields):
        headers[HEADER] = {"fields": fields, "trace": trace}


def _begin(task_id: str = "", task: Any = None, **_: Any) -> None:
    sent = getattr(getattr(task, "request", None), HEADER, None)
    sent = sent if isinstance(sent, dict) else {}
    fields, trace = sent.get("fields"), sent.get("trace")
    own = {"celery_task_id": task_id, "celery_task": getattr(task, "name", None)}
    context = with_fields(current_context.get(), {**(fields if isinstance(fields, dict) else {}), **own}, _trace(trace))
    _bindings[task_id] = Binding(current_context.set(context))


def _trace(trace: object) -> tuple[str, str] | None:
    if isinstance(trace, list | tuple) and len(trace) == 2:
        return str(trace[0])[:32], str(trace[1])[:16]
    return None


def _end(task_id: str = "", **_: Any) -> None:
    binding = _bindings.pop(task_id, None)
    if binding is not None:
        binding.unbind()


def _leave(**_: Any) -> None:
    """The pool ends its processes by `os._exit`: without a goodbye each would be said to have died."""
    for handler in _handlers:
        channel = handler.emitter.channel
        if channel is not None and channel.pid == os.getpid():
            channel.engine.close(LAST_FLUSH)
