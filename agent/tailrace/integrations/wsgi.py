"""WSGI: what is recorded in a request carries its `traceparent`, `X-Request-ID`, method and path.

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
    """Binds what a request says until its answer is closed; passes everything on as it is."""

    def __init__(self, app: App) -> None:
        self.app = app

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        binding = bind_request(
            traceparent=str(environ.get("HTTP_TRACEPARENT", "")),
            request_id=str(environ.get("HTTP_X_REQUEST_ID", "")),
            method=str(environ.get("REQUEST_METHOD", "")),
            path=_path(environ),
        )
        try:
            answer = self.app(environ, start_response)
        except BaseException:
            binding.unbind()
            raise
        return _Answer(answer, binding)


def _path(environ: dict[str, Any]) -> str:
    """The whole path. WSGI gives bytes as characters of Latin-1; what they are text of is UTF-8."""
    path = f"{environ.get('SCRIPT_NAME', '')}{environ.get('PATH_INFO', '')}"
    return path.encode("latin-1", "replace").decode("utf-8", "replace")


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
