"""Django: what is recorded in a request carries its `traceparent`, `X-Request-ID`, method and path.

MIDDLEWARE = ["tailrace.integrations.django.TailraceMiddleware", ...]     # the first, so that the others are in it
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.core.signals import request_finished  # type: ignore[import-untyped]

from tailrace.correlation.context import Binding
from tailrace.integrations.requests import bind_request

__all__ = ["TailraceMiddleware"]

# Of the request that this context is about.
_binding: ContextVar[Binding | None] = ContextVar("tailrace_django", default=None)


class TailraceMiddleware:
    """Binds what a request says until its answer is closed, under WSGI and ASGI, for views of either kind.

    It does not end with its own call: Django logs what was not found, and asks for a streamed answer, after that.
    """

    sync_capable = async_capable = True

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        self._get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: Any) -> Any:
        if self._is_async:
            return self._answer(request)
        _begin(request)
        try:
            return self._get_response(request)
        except BaseException:  # Django makes answers of exceptions; who ends a thread or greenlet closes none
            _end()
            raise

    async def _answer(self, request: Any) -> Any:
        _begin(request)
        try:
            answer: Awaitable[Any] = self._get_response(request)
            return await answer
        except BaseException:  # as above
            _end()
            raise


def _begin(request: Any) -> None:
    _binding.set(
        bind_request(
            traceparent=request.headers.get("traceparent", ""),
            request_id=request.headers.get("X-Request-ID", ""),
            method=request.method or "",
            path=request.path,
        )
    )


def _end(**_: Any) -> None:
    binding = _binding.get()
    if binding is not None:
        _binding.set(None)
        binding.unbind()


request_finished.connect(_end, dispatch_uid="tailrace")
