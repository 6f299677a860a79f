"""The context: fields that everything recorded in a request, a task or a job shares.

`bind(request_id="…")` -> a context variable -> every record of that context, in tasks begun in it too.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Any, NamedTuple, Self

from tailrace.values import clean, clean_text

__all__ = ["Binding", "Context", "bind", "bound", "current_context"]

# Fields that one context may hold; what is bound beyond that replaces nothing and is left out.
MOST_FIELDS = 64

LONGEST_KEY = 256


class Context(NamedTuple):
    """What a context's records share. Never changes.

    Attributes:
        fields: clean, as `values.clean` makes them.
        trace: trace ID and span ID, as a middleware read them from a `traceparent`.
    """

    fields: Mapping[str, Any]
    trace: tuple[str, str] | None = None


current_context: ContextVar[Context | None] = ContextVar("tailrace_context", default=None)


class Binding:
    """What was bound, until it is unbound: as a `with` statement, or by `unbind`."""

    def __init__(self, token: Token[Context | None]) -> None:
        self._token: Token[Context | None] | None = token
        self._context = current_context.get()

    def unbind(self) -> None:
        """Have the context as it was before. Once is enough; in a context that does not have it, it does nothing."""
        token, self._token = self._token, None
        if token is not None:
            try:
                current_context.reset(token)
            except ValueError:
                self._unbind_copy(token.old_value)

    def _unbind_copy(self, before: Any) -> None:
        """In another context: one that was copied from ours has it too, that of a stray generator never had it."""
        if current_context.get() is self._context:
            current_context.set(None if before is Token.MISSING else before)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.unbind()


def bind(**fields: Any) -> Binding:
    """Have everything recorded in this context carry these fields, besides those bound before.

    What a log call gives as `extra` wins over what is bound. Values of any type may be given; they are made plain
    here, once, by the rules for extras. An asyncio task inherits what is bound when it begins; a new thread nothing.

    Args:
        fields: names and values; None takes a field out again.

    Returns:
        for a `with` statement, or to `unbind()`; it may as well be forgotten where the context itself ends.
    """
    return Binding(current_context.set(with_fields(current_context.get(), fields)))


def bound() -> dict[str, Any]:
    """The fields bound in this context."""
    context = current_context.get()
    return dict(context.fields) if context is not None else {}


def with_fields(context: Context | None, fields: Mapping[str, Any], trace: tuple[str, str] | None = None) -> Context:
    """That context with more fields, and with a trace if one is given."""
    merged = dict(context.fields) if context is not None else {}
    for key, value in fields.items():
        name = clean_text(str(key))[:LONGEST_KEY]
        if value is None:
            merged.pop(name, None)
        elif name in merged or len(merged) < MOST_FIELDS:
            merged[name] = clean(value)
    return Context(merged, trace or (context.trace if context is not None else None))
