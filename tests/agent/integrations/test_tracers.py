"""Tracing libraries for real: what they patch, log and print neither doubles a record nor makes one of shipping it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tailrace.wire.record import Record
from tests.agent.delivered import delivered
from tests.agent.workers import Worker
from tests.servers import RedisServer, wait_for

SOON = 30.0

# Each command of the application's client is a span, and each span is logged.
INSTRUMENTED_REDIS = """
import logging, os, sys
import redis
from opentelemetry.instrumentation.redis import RedisInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
import tailrace

class Logged(SpanExporter):
    def export(self, spans):
        for span in spans:
            logging.getLogger("spans").info("span %s", span.name)
        return SpanExportResult.SUCCESS

def instrument():
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(Logged()))
    RedisInstrumentor().instrument(tracer_provider=provider)

def install():
    tailrace.install(stream="s", level="INFO")
    logging.info("installed")

{first}()
{second}()
client = redis.Redis.from_url(os.environ["TAILRACE_URL"])
for number in range(5):
    client.set(os.environ["TAILRACE_PREFIX"] + ":own", number, ex=60)
    logging.info("set %d", number)
assert tailrace.flush(30)
sys.stdin.readline()
"""

# Sentry keeps what it would send.
SENTRY = """
import logging, sys
import sentry_sdk
from sentry_sdk.transport import Transport
import tailrace

kept = []

class Kept(Transport):
    def capture_envelope(self, envelope):
        kept.extend(envelope.items)

def sentry():
    options = {{"dsn": "http://key@127.0.0.1:1/1", "transport": Kept, "max_breadcrumbs": 50, "enable_logs": True}}
    sentry_sdk.init(traces_sample_rate=1.0, **options, {lifecycle})

def install():
    tailrace.install(stream="s", level="INFO", capture_output=True)
    logging.getLogger().addHandler(logging.StreamHandler())

{first}()
{second}()
log = logging.getLogger("app")
with {begin}(name="work") as span:
    for number in range(3):
        log.info("in %s %s", span.trace_id, span.span_id)
    logging.getLogger("uvicorn.access").propagate = False
    logging.getLogger("uvicorn.access").info("access")
    try:
        1/0
    except ZeroDivisionError:
        log.exception("caught")
log.info("out")
(event,) = [item.payload.json for item in kept if item.type == "event"]
assert [each["category"] for each in event["breadcrumbs"]["values"]] == ["app", "app", "app", "uvicorn.access"]
raise ValueError("uncaught")
"""

# Sentry has two kinds of spans; how each is asked for, and begun.
KINDS = {
    "transactions": ("trace_lifecycle='static'", "sentry_sdk.start_transaction"),
    "streamed spans": ("trace_lifecycle='stream'", "sentry_sdk.traces.start_span"),
}


@pytest.mark.parametrize("order", [("instrument", "install"), ("install", "instrument")], ids=" before ".join)
def test_shipping_makes_no_spans_where_the_redis_client_is_instrumented(
    order: tuple[str, str], redis_server: RedisServer, prefix: str, tmp_path: Path
) -> None:
    program = INSTRUMENTED_REDIS.replace("{first}", order[0]).replace("{second}", order[1])
    worker = Worker(program, url=redis_server.url, prefix=prefix, spool=tmp_path / "spool")
    client = redis_server.client()
    # By then it has shipped records, and said by other commands that it is there.
    wait_for(lambda: client.exists(f"{prefix}:agents"), SOON, "the agent's own word")
    worker.stop()
    assert worker.process.returncode == 0
    messages = delivered(client, prefix, "s").messages
    assert messages == ["installed", *(text for number in range(5) for text in ("span SET", f"set {number}"))]


@pytest.mark.parametrize("order", [("sentry", "install"), ("install", "sentry")], ids=" before ".join)
@pytest.mark.parametrize("kind", KINDS)
def test_what_sentry_sees_too_is_recorded_once_and_with_its_span(
    kind: str, order: tuple[str, str], redis_server: RedisServer, prefix: str, tmp_path: Path
) -> None:
    lifecycle, begin = KINDS[kind]
    program = SENTRY.format(first=order[0], second=order[1], lifecycle=lifecycle, begin=begin)
    Worker(program, url=redis_server.url, prefix=prefix, spool=tmp_path / "spool").stop()
    found = delivered(redis_server.client(), prefix, "s").all
    within, (access, caught, out, uncaught) = found[:3], found[3:]
    assert {record.message for record in within} == {f"in {access.trace_id} {access.span_id}"}
    assert {ids(record) for record in (*within, caught)} == {ids(access)} != {(None, None)}
    assert [(record.logger, record.message) for record in (access, caught, out, uncaught)] == [
        ("uvicorn.access", "access"),
        ("app", "caught"),
        ("app", "out"),
        ("uncaught", "uncaught exception: ValueError: uncaught"),
    ]
    assert ids(out) == ids(uncaught) == (None, None)


def ids(record: Record) -> tuple[str | None, str | None]:
    return record.trace_id, record.span_id
