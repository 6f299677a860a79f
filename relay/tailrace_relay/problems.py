"""Errors over HTTP, as problem details (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from tailrace.wire import StreamNameError
from tailrace_relay.errors import Gone, KeyReused, NotFound, ParameterError, Unavailable

__all__ = ["install_problems", "problem"]

# What a mistake in a parameter is answered with, where it is not 400.
STATUSES = {NotFound: 404, Gone: 410, KeyReused: 422}

# Seconds after which a client may ask again while Redis is away.
RETRY_AFTER = "1"


def problem(
    status: int,
    detail: str,
    parameter: str | None = None,
    headers: dict[str, str] | None = None,
    details: Mapping[str, object] | None = None,
) -> Response:
    """The answer that says what was wrong; `parameter` names the culprit, `details` say more."""
    content: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if parameter is not None:
        content["parameter"] = parameter
    return Response(msgspec.json.encode(content | dict(details or {})), status, headers, "application/problem+json")


def install_problems(app: FastAPI) -> None:
    """Answer every error of ours and of the framework as a problem, never with a stack trace."""
    app.add_exception_handler(ParameterError, _parameter)
    app.add_exception_handler(StreamNameError, _stream_name)
    app.add_exception_handler(Unavailable, _unavailable)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)


async def _parameter(_: Request, error: Exception) -> Response:
    assert isinstance(error, ParameterError)
    return problem(STATUSES.get(type(error), 400), str(error), details=error.details)


async def _stream_name(_: Request, error: Exception) -> Response:
    return problem(400, str(error), "stream")


async def _unavailable(_: Request, error: Exception) -> Response:
    return problem(503, str(error), headers={"Retry-After": RETRY_AFTER})


async def _validation(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    return problem(400, first["msg"], str(first["loc"][-1]))


async def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return problem(error.status_code, error.detail, headers=dict(error.headers or {}))
