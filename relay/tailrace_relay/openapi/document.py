"""Completing what the framework knows of the routes: bodies, shapes, examples, errors and where tokens go."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from tailrace_relay.auth.door import is_open
from tailrace_relay.openapi.operations import OPERATIONS, PARAMETERS, PROBLEMS, Operation
from tailrace_relay.openapi.shapes import NewRecord, Problem
from tailrace_relay.settings import Settings

__all__ = ["describe"]

SHAPES = "#/components/schemas/{name}"

# What any request may be answered with, and what any of a token.
ERRORS = (400, 429, 503)
TOKEN_ERRORS = (401, 403)


def describe(app: FastAPI, settings: Settings) -> None:
    """Have the application give a complete description; made at the first look."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app, settings)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI's documentation has it


def _document(app: FastAPI, settings: Settings) -> dict[str, Any]:
    document = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
    kinds = [kind for each in OPERATIONS.values() for kind in (each.answer, each.takes) if kind is not None]
    references, shapes = msgspec.json.schema_components([*kinds, Problem, NewRecord], ref_template=SHAPES)
    schemas = dict(zip(kinds, references, strict=False))
    for path, methods in document["paths"].items():
        for method, described in methods.items():
            known = OPERATIONS.get((method, path))
            if known is not None:
                _complete(described, known, schemas)
            _add_errors(described, known, closed=not is_open(path))
            for parameter in described.get("parameters", ()):
                if parameter["name"] in PARAMETERS:
                    parameter["example"] = PARAMETERS[parameter["name"]]
    components = document.setdefault("components", {})
    components["schemas"] = shapes
    components["securitySchemes"] = _security(settings)
    return document


def _complete(described: dict[str, Any], known: Operation, schemas: dict[Any, Any]) -> None:
    status = next(iter(described["responses"]))
    answer = described["responses"][status]
    answer.setdefault("description", HTTPStatus(int(status)).phrase)
    if known.answer is not None:
        json_answer = {"schema": schemas[known.answer], "example": known.example}
        answer["content"] = {**answer.get("content", {}), "application/json": json_answer}
        if status == "201":
            described["responses"]["200"] = {**answer, "description": "It had been stored before"}
    else:
        answer["content"] = {kind: {"example": example} for kind, example in known.example.items()}
    if known.takes is not None:
        content: dict[str, Any] = {"application/json": {"schema": schemas[known.takes], "example": known.given}}
        if known.lines:
            lines = msgspec.json.encode(known.given).decode() + "\n"
            content["application/x-ndjson"] = {"schema": {"type": "string"}, "example": lines}
        described["requestBody"] = {"required": True, "content": content}


def _add_errors(described: dict[str, Any], known: Operation | None, *, closed: bool) -> None:
    responses = described["responses"]
    if "HTTPValidationError" in str(responses.get("422")):
        del responses["422"]  # the framework's own: such mistakes are answered as all others
    statuses = {int(status) for status, answer in responses.items() if "content" not in answer}
    statuses |= set(known.errors if known is not None else ())
    if closed:
        statuses |= {*ERRORS, *TOKEN_ERRORS}
        described["security"] = [{"header": []}, {"address": []}, {"cookie": []}, {}]
    for status in sorted(statuses):
        responses[str(status)] = _problem(status) | responses.get(str(status), {})


def _problem(status: int) -> dict[str, Any]:
    phrase = HTTPStatus(status).phrase
    example = {"type": "about:blank", "title": phrase, "status": status, **PROBLEMS[status]}
    content = {"schema": {"$ref": SHAPES.format(name="Problem")}, "example": example}
    return {"description": phrase, "content": {"application/problem+json": content}}


def _security(settings: Settings) -> dict[str, Any]:
    return {
        "header": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        "address": {"type": "apiKey", "in": "query", "name": "token"},
        "cookie": {"type": "apiKey", "in": "cookie", "name": settings.token_cookie},
    }
