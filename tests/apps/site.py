"""A Django project in one file. The agent is a handler in `LOGGING`."""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings  # type: ignore[import-untyped]
from django.core.wsgi import get_wsgi_application  # type: ignore[import-untyped]
from django.http import HttpRequest, HttpResponse  # type: ignore[import-untyped]
from django.urls import path  # type: ignore[import-untyped]

settings.configure(
    SECRET_KEY="of the tests",
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["*"],
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


def fail(request: HttpRequest) -> HttpResponse:
    raise ValueError("it failed")


urlpatterns: list[Any] = [path("say/<int:number>", say), path("fail", fail)]
application = get_wsgi_application()
