"""WSGI: what is recorded in a request carries its `traceparent` and `X-Request-ID`.

app = TailraceMiddleware(app)     # Flask: app.wsgi_app = TailraceMiddleware(app.wsgi_app)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tailrace.correlation.context import Binding
from tailrace.integrations.requests import bind_request

__all__ = ["TailraceMiddleware"]

App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class TailraceMiddleware:
    """Binds what a request's headers say until its answer is closed; passes everything on as it is."""

    def __init__(self, app: App) -> None:
        self.app = app

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        headers = [str(environ.get(name, "")) for name in ("HTTP_TRACEPARENT", "HTTP_X_REQUEST_ID")]
        binding = bind_request(*headers)
        try:
            answer = self.app(environ, start_response)
        except BaseException:
            binding.unbind()
            raise
        return _Answer(answer, binding)


class _Answer:
    """The application's answer; the request ends when the server closes it."""

    def __init__(self, answer: Iterable[bytes], binding: Binding) -> None:
        self._answer = answer
        self._binding = binding

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._answer)

    def close(self) -> None:
        try:
            close = getattr(self._answer, "close", None)
            if close is not None:
                close()
        finally:
            self._binding.unbind()
