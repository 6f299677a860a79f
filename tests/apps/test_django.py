"""Django: a handler in `LOGGING` and a line in `MIDDLEWARE` are all it takes, under WSGI and ASGI."""

from __future__ import annotations

import pytest

from tailrace.wire import Record
from tests.apps.programs import SOON, Read, Start, get, read, start, wait_until_served
from tests.servers import HOST, free_port, wait_for

__all__ = ["read", "start"]

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
HEADERS = {"traceparent": f"00-{TRACE}-{SPAN}-01", "X-Request-ID": "r1"}

SERVERS = {"WSGI": ["tests.apps.site:application"], "ASGI": ["-k", "uvicorn_worker.UvicornWorker"]}
SERVERS["ASGI"].append("tests.apps.site:asgi_application")


@pytest.fixture(params=SERVERS)
def port(request: pytest.FixtureRequest, start: Start) -> int:
    """Where the project is served."""
    port = free_port()
    start("-m", "gunicorn", "--bind", f"{HOST}:{port}", *SERVERS[request.param])
    wait_until_served(port, "/say/1")
    return port


def test_records_and_failures_of_views_arrive_once(port: int, read: Read) -> None:
    assert get(port, "/fail").status_code == 500
    assert get(port, "/nowhere").status_code == 404
    wait_for(lambda: "Not Found: /nowhere" in read().messages, SOON, "the last record")
    found = read().all
    assert [record.message for record in found if record.logger == "site"] == ["said 1"]
    (failure,) = [record for record in found if "ValueError: it failed" in (record.exception or "")]
    assert (failure.logger, failure.level) == ("django.request", "ERROR")


def test_what_is_recorded_in_a_request_says_in_which(port: int, read: Read) -> None:
    paths = ["/say/2", "/say-async/3", "/stream", "/fail", "/nowhere"]
    for path in paths:
        get(port, path, headers=HEADERS)
    get(port, "/say/4?after=the+others")
    wait_for(lambda: "said 4" in read().messages, SOON, "the last record")
    found = [record for record in read().all if record.logger in ("site", "django.request")]
    first, *within, last = map(request_of, found)
    assert within == [(path, "GET", "r1", TRACE, SPAN) for path in paths]
    assert (first, last) == (("/say/1", "GET", None, None, None), ("/say/4", "GET", None, None, None))


def request_of(record: Record) -> tuple[str | None, ...]:
    fields = record.fields or {}
    return fields.get("path"), fields.get("method"), fields.get("request_id"), record.trace_id, record.span_id
