"""Every operation of `/openapi.json` answers whatever it is called with as the description says, and never fails."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import httpx
import hypothesis
import jsonschema_rs
import pytest
import schemathesis
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tailrace.wire import Keys
from tailrace_relay.app import create_app
from tailrace_relay.settings import Settings
from tests.e2e.gateways import GatewayThread
from tests.relay.dialects.journal import Journal, record
from tests.servers import RedisServer

LONG = os.environ.get("TAILRACE_CHAOS") == "long"

# Calls of each operation.
EXAMPLES = 400 if LONG else 12

PREFIX = "test-contract"

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def gateway(redis_server: RedisServer) -> Iterator[GatewayThread]:
    """With some records, an agent and a rule, and all dialects."""
    with redis_server.client() as client:
        for key in client.scan_iter(f"{PREFIX}*"):
            client.delete(key)
        journal = Journal(client, Keys(PREFIX))
        journal.write("api", "hello", record("oh", 40, exception="Traceback", fields={"a": 1}))
        journal.announce("api", streams=("api",))
    found = GatewayThread(redis_server.url, PREFIX, dialects="all", limit_address_requests=0)
    found.start()
    httpx.put(f"{found.url}/api/retention/run:*", json={"age": "1d"}, verify=False).raise_for_status()
    yield found
    found.stop()


# What tools are told, without a server: which operations there are must be known before one runs.
DOCUMENT = create_app(Settings(dialects=("all",))).http.openapi()

# Event streams last; their first part is looked at elsewhere.
CALLED = {
    each.ok().label: each.ok()
    for each in schemathesis.openapi.from_dict(DOCUMENT).get_all_operations()
    if isinstance(each, Ok) and not each.ok().path.endswith(("/events", "/logs/stream"))
}


@pytest.mark.parametrize("label", CALLED)
def test_answers_are_as_described(label: str, gateway: GatewayThread) -> None:
    @hypothesis.given(case=CALLED[label].as_strategy())
    @hypothesis.settings(
        max_examples=EXAMPLES, deadline=None, suppress_health_check=list(hypothesis.HealthCheck), derandomize=not LONG
    )
    def call(case: Case[Any]) -> None:
        case.call_and_validate(base_url=gateway.url, checks=CHECKS, timeout=30)

    call()


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


def test_every_operation_is_described_with_an_example() -> None:
    for name, operation in operations():
        assert operation["description"], name
        for parameter in operation.get("parameters", []):
            assert parameter["in"] != "query" or parameter.get("description"), (name, parameter["name"])
        status = min(operation["responses"])
        for kind, content in operation["responses"][status]["content"].items():
            assert "example" in content or "examples" in content, (name, kind)


def test_examples_are_of_the_shapes_that_are_described() -> None:
    checked = 0
    for _, operation in operations():
        bodies = [*operation["responses"].values(), *filter(None, [operation.get("requestBody")])]
        for content in (content for body in bodies for content in body.get("content", {}).values()):
            if "schema" in content and "example" in content:
                shape = {**content["schema"], "components": DOCUMENT["components"]}
                jsonschema_rs.validator_for(shape).validate(content["example"])
                checked += 1
    assert checked > 20


def test_a_gateway_gives_the_description(gateway: GatewayThread) -> None:
    assert gateway.get("/openapi.json").json() == DOCUMENT
