"""Errors over HTTP, as problem details (RFC 9457)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from tailrace.wire import StreamNameError
from tailrace_relay.errors import (
    Forbidden,
    Gone,
    KeyReused,
    NotFound,
    ParameterError,
    RelayError,
    TooMany,
    Unauthorized,
    Unavailable,
)

__all__ = ["install_problems", "problem", "refusal"]

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


def refusal(error: RelayError) -> Response:
    """The answer to what the relay raises."""
    text = str(error)
    if isinstance(error, ParameterError):
        return problem(STATUSES.get(type(error), 400), text, details=error.details)
    if isinstance(error, Unauthorized):
        found = {"error": "invalid_token", "error_description": text} if error.given else {}
        return problem(401, text, headers={"WWW-Authenticate": _challenge(**found)})
    if isinstance(error, Forbidden):
        scope = {"scope": error.action} if error.action else {}
        return problem(403, text, headers={"WWW-Authenticate": _challenge(error="insufficient_scope", **scope)})
    if isinstance(error, TooMany):
        return problem(429, text, headers={"Retry-After": str(error.retry_after)})
    return problem(503, text, headers={"Retry-After": RETRY_AFTER})


def install_problems(app: FastAPI) -> None:
    """Answer every error of ours and of the framework as a problem, never with a stack trace."""
    for kind in (ParameterError, Unauthorized, Forbidden, TooMany, Unavailable):
        app.add_exception_handler(kind, _refused)
    app.add_exception_handler(StreamNameError, _stream_name)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, RelayError)
    return refusal(error)


async def _stream_name(_: Request, error: Exception) -> Response:
    return problem(400, str(error), "stream")


async def _validation(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    return problem(400, first["msg"], str(first["loc"][-1]))


async def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return problem(error.status_code, error.detail, headers=dict(error.headers or {}))


def _challenge(**more: str) -> str:
    """RFC 6750, 3: who has sent no token is told of no error."""
    members = {"realm": "tailrace", **more}
    quoted = ((name, re.sub(r'(["\\\\])', r"\\\1", value)) for name, value in members.items())
    return "Bearer " + ", ".join(f'{name}="{value}"' for name, value in quoted)
