"""What each operation takes and answers, beside what its route says already, with an example of each."""

from __future__ import annotations

from typing import Any, NamedTuple

from tailrace_relay.openapi import dialect_shapes, shapes

__all__ = ["OPERATIONS", "Operation"]

ID, LAST_ID, PLACE = "1763683200000-1", "1763683200250-42", "1763683200000-1~4f1c0d9e2b7a6c58~0"

RECORD: dict[str, Any] = {
    "id": ID,
    "time": "2025-11-21T00:00:00.000000Z",
    "level": "INFO",
    "level_number": 20,
    "logger": "shop.cart",
    "message": "paid 17.90",
    "source": "logging",
    "kind": "log",
    "fields": {"order": 4711},
    "service": "api",
    "host": "web-1",
    "pid": 4242,
    "stream": "api",
    "producer": "9f86d081884c7d659a2feaa0c55ad015",
    "seq": 1,
}
GAP = {"count": 12, "after": "0-0", "before": "1763683200000-13", "reason": "trimmed"}
LIMITS = {"age": 604_800_000, "bytes": 268_435_456}
SERVICE = {
    "service": "api",
    "health": "degraded",
    "reasons": ["lost"],
    "instances": {"running": 2, "exited": 0, "lost": 1},
    "last": {"stream": "api", "id": LAST_ID, "time": "2025-11-21T00:00:00.250Z"},
    "rate": 12.4,
    "error_rate": 0.1,
    "streams": ["api", "run:nightly"],
}
HELLO = (
    'id: 0-0\nevent: hello\ndata: {"type":"hello","protocol":1,"gateway":"web-1-42","streams":[],"complete":true,'
    '"cursor":"0-0"}\n\n'
)


class Operation(NamedTuple):
    """One operation.

    Attributes:
        answer: the shape of its answer; None where it is no JSON.
        example: of it, by its media type.
        takes: the shape of its body, or several; None without one.
        given: an example of it.
        lines: the body may also be one JSON object a line.
        errors: statuses, beside those that all have.
    """

    answer: type | None
    example: Any
    takes: Any = None
    given: Any = None
    lines: bool = False
    errors: tuple[int, ...] = ()


# An example of each parameter, whatever route it belongs to.
PARAMETERS: dict[str, Any] = {
    "stream": "api",
    "streams": "api,run:*",
    "pattern": "run:*",
    "run_id": "import-7f3a",
    "service": "billing",
    "after": PLACE,
    "before": LAST_ID,
    "id": ID,
    "limit": 100,
    "offset": 0,
    "lines": 20,
    "buckets": 60,
    "tail": 100,
    "order": "desc",
    "level": "WARNING",
    "query": "level:>=warning duration_ms:>=500",
    "since": "-15m",
    "until": "2025-11-21T12:00:00Z",
    "start_time": "-15m",
    "end_time": "2025-11-21T12:00:00Z",
    "search": "timeout",
    "source": "stderr",
    "format": "csv",
    "content-type": "application/json",
    "content-encoding": "gzip",
    "idempotency-key": "import-7",
}

# What a problem of each status says, for example.
PROBLEMS: dict[int, dict[str, Any]] = {
    400: {"detail": "a value is missing here", "parameter": "query", "position": 6, "length": 0},
    401: {"detail": "the token has expired"},
    403: {"detail": "this token does not allow to write 'api'"},
    404: {"detail": "there is no stream 'api'", "parameter": "stream"},
    410: {"detail": f"record {ID} is not kept any more: trimmed", "parameter": "id"},
    413: {"detail": "a body of more than 4194304 bytes; send less at a time"},
    415: {"detail": "a body of text/plain; right would be application/json or application/x-ndjson"},
    422: {
        "detail": "record 1: message is a number; right would be a text",
        "errors": [
            {"pointer": "#/1/message", "index": 1, "field": "message", "detail": "is a number; right would be a text"}
        ],
    },
    429: {"detail": "more than 100 requests a second of one token"},
    503: {"detail": "Redis does not answer: timed out"},
}

RUN_LOG = {
    "id": ID,
    "run_id": "import-7f3a",
    "level": "INFO",
    "message": "12 files read",
    "timestamp": "2025-11-21T00:00:00.000000Z",
    "source": "user",
    "line_number": 1,
}

OPERATIONS: dict[tuple[str, str], Operation] = {
    ("get", "/api/streams"): Operation(
        shapes.Streams,
        {
            "streams": [
                {
                    "stream": "api",
                    "epoch": "4f1c0d9e2b7a6c58",
                    "oldest": ID,
                    "oldest_time": "2025-11-21T00:00:00.000Z",
                    "age": 86_400_000,
                    "newest": LAST_ID,
                    "records": 42,
                    "bytes": 2048,
                    "limits": LIMITS,
                    "last_activity": 1_763_683_200_250,
                }
            ]
        },
    ),
    ("get", "/api/streams/{stream}/records"): Operation(
        shapes.Page, {"records": [RECORD], "next": PLACE, "previous": None, "gaps": [GAP]}, errors=(404,)
    ),
    ("get", "/api/streams/{stream}/records/latest"): Operation(
        shapes.Page, {"records": [RECORD], "next": PLACE, "previous": ID, "gaps": []}, errors=(404,)
    ),
    ("get", "/api/streams/{stream}/records/context"): Operation(
        shapes.Page, {"records": [RECORD], "next": PLACE, "previous": ID, "gaps": []}, errors=(404, 410)
    ),
    ("get", "/api/streams/{stream}/records/summary"): Operation(
        shapes.Summary,
        {
            "total": 42,
            "first": {"id": ID, "time": "2025-11-21T00:00:00.000000Z"},
            "last": {"id": LAST_ID, "time": "2025-11-21T00:00:00.250000Z"},
            "by_level": {"INFO": 40, "ERROR": 2},
            "by_logger": {"shop.cart": 42},
            "by_source": {"logging": 42},
            "by_kind": {"log": 42},
            "by_service": {"api": 42},
            "histogram": {
                "seconds": 1.0,
                "buckets": [{"time": "2025-11-21T00:00:00.000000Z", "total": 42, "by_level": {"INFO": 40, "ERROR": 2}}],
            },
            "missing": 0,
        },
        errors=(404,),
    ),
    ("get", "/api/streams/{stream}/records/download"): Operation(
        None,
        {
            "text/plain; charset=utf-8": "2025-11-21 00:00:00.000 INFO shop.cart: paid 17.90\n",
            "application/json": [RECORD],
            "application/x-ndjson": '{"id":"1763683200000-1","message":"paid 17.90"}\n',
            "text/csv; charset=utf-8": "id,message\r\n1763683200000-1,paid 17.90\r\n",
        },
        errors=(404,),
    ),
    ("get", "/api/streams/{stream}/records/search"): Operation(
        None,
        {"application/x-ndjson": '{"type":"done","scanned_to":"1763683200250-42","matches":0,"done":true}\n'},
        errors=(404,),
    ),
    ("get", "/api/records"): Operation(
        shapes.MergedPage,
        {
            "records": [RECORD],
            "next": "1763683200000~api~1763683200000-1~4f1c0d9e2b7a6c58~0",
            "gaps": [{"stream": "api", **GAP}],
        },
    ),
    ("post", "/api/streams/{stream}/records"): Operation(
        shapes.Receipt,
        {"stream": "api", "ids": [ID]},
        shapes.NewRecord | list[shapes.NewRecord],
        {"message": "paid 17.90", "level": "INFO", "logger": "shop.cart", "fields": {"order": 4711}},
        lines=True,
        errors=(413, 415, 422),
    ),
    ("delete", "/api/streams/{stream}/records"): Operation(
        shapes.Cleared, {"stream": "api", "cleared": LAST_ID}, errors=(404,)
    ),
    ("delete", "/api/streams/{stream}"): Operation(shapes.Removed, {"stream": "api"}, errors=(404,)),
    ("post", "/api/test/logs"): Operation(shapes.Told, {"status": "success", "message": "Test log messages generated"}),
    ("get", "/api/retention"): Operation(
        shapes.Retention, {"default": LIMITS, "rules": {"run:*": {"age": 86_400_000, "bytes": 0}}}
    ),
    ("put", "/api/retention/{pattern}"): Operation(
        shapes.Rule,
        {"pattern": "run:*", "age": 86_400_000, "bytes": 0},
        shapes.NewLimits,
        {"age": "1d", "bytes": None},
    ),
    ("delete", "/api/retention/{pattern}"): Operation(shapes.Rule, {"pattern": "run:*"}, errors=(404,)),
    ("get", "/api/agents"): Operation(
        shapes.Agents,
        {
            "agents": [
                {
                    "instance": "9f86d081884c7d65",
                    "service": "api",
                    "host": "web-1",
                    "pid": 4242,
                    "version": "0.1.0",
                    "started": 1_763_683_200_000,
                    "at": 1_763_683_203_000,
                    "command": "uvicorn",
                    "streams": ["api"],
                    "emitted": 42,
                    "shipped": 42,
                    "shed": [0, 0, 0, 0, 0],
                    "refused": 0,
                    "spool_bytes": 0,
                    "lag": 0,
                    "ended": False,
                    "attributes": {},
                    "state": "running",
                }
            ]
        },
    ),
    ("get", "/api/services"): Operation(shapes.Services, {"services": [SERVICE]}),
    ("get", "/api/status"): Operation(shapes.Status, {"type": "status", "state": "services", "services": [SERVICE]}),
    ("get", "/api/health"): Operation(shapes.Alive, {"status": "alive", "gateway": "web-1-42"}),
    ("get", "/api/ready"): Operation(shapes.Alive, {"status": "ready", "gateway": "web-1-42"}, errors=(503,)),
    ("get", "/api/logs"): Operation(
        dialect_shapes.RunningServices,
        {"services": [{"service": "billing", "status": "running", "container_id": "3f2a9c1b7d04"}]},
    ),
    ("get", "/api/logs/{service}"): Operation(
        dialect_shapes.ServiceLines,
        {"logs": ["2025-11-21T00:00:00.000000Z ERROR billing.pay: card refused"], "service": "billing", "count": 1},
    ),
    ("get", "/runs/{run_id}/logs"): Operation(
        dialect_shapes.RunPage, {"logs": [RUN_LOG], "total": 1, "limit": 100, "offset": 0}
    ),
    ("get", "/runs/{run_id}/logs/latest"): Operation(dialect_shapes.RunLatest, {"logs": [RUN_LOG], "count": 1}),
    ("get", "/runs/{run_id}/logs/summary"): Operation(
        dialect_shapes.RunSummary, {"total": 3, "by_level": {"INFO": 2, "ERROR": 1}}
    ),
    ("post", "/runs/{run_id}/logs"): Operation(
        dialect_shapes.RunReceipt,
        {"id": ID, "run_id": "import-7f3a"},
        dialect_shapes.NewRunLog,
        {"level": "INFO", "message": "12 files read"},
        errors=(413, 415, 422),
    ),
    ("post", "/runs/{run_id}/logs/batch"): Operation(
        dialect_shapes.RunReceipts,
        {"ids": [ID], "run_id": "import-7f3a", "count": 1},
        list[dialect_shapes.NewRunLog] | dialect_shapes.RunBatch,
        {"logs": [{"level": "INFO", "message": "12 files read"}]},
        errors=(413, 415, 422),
    ),
    ("delete", "/runs/{run_id}/logs"): Operation(
        dialect_shapes.RunCleared, {"run_id": "import-7f3a", "cleared": LAST_ID}
    ),
    ("get", "/api/live/events"): Operation(None, {"text/event-stream": HELLO}),
}
