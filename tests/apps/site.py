"""A Django project in one file, for WSGI and ASGI. The agent is a handler in `LOGGING` and a line in `MIDDLEWARE`."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from typing import Any

from django.conf import settings  # type: ignore[import-untyped]
from django.core.asgi import get_asgi_application  # type: ignore[import-untyped]
from django.core.wsgi import get_wsgi_application  # type: ignore[import-untyped]
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse  # type: ignore[import-untyped]
from django.urls import path  # type: ignore[import-untyped]

settings.configure(
    SECRET_KEY="of the tests",
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["*"],
    MIDDLEWARE=["tailrace.integrations.django.TailraceMiddleware", "django.middleware.common.CommonMiddleware"],
    LOGGING={
        "version": 1,
        "disable_existing_loggers": False,
        "handlers": {"tailrace": {"class": "tailrace.TailraceHandler", "stream": "s"}},
        "root": {"handlers": ["tailrace"], "level": "INFO"},
    },
)

log = logging.getLogger("site")


def say(request: HttpRequest, number: int) -> HttpResponse:
    log.info("said %d", number)
    return HttpResponse("x")


async def say_async(request: HttpRequest, number: int) -> HttpResponse:
    log.info("said %d", number)
    return HttpResponse("x")


def fail(request: HttpRequest) -> HttpResponse:
    raise ValueError("it failed")


def stream(request: HttpRequest) -> StreamingHttpResponse:
    """Each kind of server asks for the parts in its own way, and Django warns of the other's."""
    return StreamingHttpResponse(parts_async() if hasattr(request, "scope") else parts())


def parts() -> Iterator[bytes]:
    log.info("streamed")
    yield b"x"


async def parts_async() -> AsyncIterator[bytes]:
    log.info("streamed")
    yield b"x"


urlpatterns: list[Any] = [
    path("say/<int:number>", say),
    path("say-async/<int:number>", say_async),
    path("fail", fail),
    path("stream", stream),
]
application = get_wsgi_application()
asgi_application = get_asgi_application()
