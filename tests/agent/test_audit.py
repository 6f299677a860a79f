"""Audit records: the call returns when the record is safe, and never pretends."""

from __future__ import annotations

import logging
import os
import signal
from pathlib import Path
from typing import Any

import msgpack
import pytest

from tailrace import ConfigError, NotConfirmed, NotRecorded, Receipt, SpoolFull, audit_log
from tailrace.capture.detached import LOGGERS, follow
from tailrace.capture.reach import Post
from tailrace.errors import LevelError
from tailrace.spool.reader import SpoolReader
from tailrace.wire import Record, unpack_record
from tests.agent.conftest import MIB, MakeLogger, engine_of, handler_of
from tests.agent.delivered import delivered
from tests.agent.spooling import left_in
from tests.agent.workers import Worker
from tests.servers import MakeRedisServer, Server

NOWHERE = "redis://127.0.0.1:1/0"


class Kept(logging.Handler):
    """One of the application's own handlers."""

    def __init__(self, level: int = logging.NOTSET) -> None:
        super().__init__(level)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture
def log(make_logger: MakeLogger) -> logging.Logger:
    return make_logger(NOWHERE, name="app.billing")


def recorded(logger: logging.Logger, stream: str = "s") -> list[Record]:
    left = left_in(engine_of(logger).spool, stream).left
    return [unpack_record(msgpack.unpackb(item.payload)) for item in left if item.payload is not None]


def test_the_record_says_who_did_what_and_where_it_was_logged(log: logging.Logger) -> None:
    receipt = audit_log(log, "100% paid", action="invoice.pay", metadata={"by": "ann", "sum": 12})
    (record,) = recorded(log)
    assert (record.kind, record.message, record.logger) == ("audit", "100% paid", "app.billing")
    assert (record.action, record.metadata, record.fields) == ("invoice.pay", {"by": "ann", "sum": 12}, None)
    assert (record.level, record.module) == ("INFO", "test_audit")
    assert record.function == "test_the_record_says_who_did_what_and_where_it_was_logged"
    (item,) = left_in(engine_of(log).spool).left
    assert item.audit
    assert receipt == Receipt(left_in(engine_of(log).spool).info.producer.hex(), 1)


def test_a_wrapper_may_name_its_caller(log: logging.Logger) -> None:
    def wrapper() -> None:
        audit_log(log, "x", level="warning", stacklevel=2)

    wrapper()
    (record,) = recorded(log)
    assert (record.function, record.level) == ("test_a_wrapper_may_name_its_caller", "WARNING")


def test_receipts_count_with_the_stream(log: logging.Logger) -> None:
    first = audit_log(log, "a")
    log.info("b")
    second = audit_log(log, "c")
    assert (first.seq, second.seq) == (1, 3)
    assert first.producer == second.producer


def test_no_level_swallows_an_audit_record(log: logging.Logger) -> None:
    log.setLevel(logging.CRITICAL)
    log.handlers[0].setLevel(logging.ERROR)
    logging.disable(logging.CRITICAL)
    try:
        audit_log(log, "one", level=logging.DEBUG)
    finally:
        logging.disable(logging.NOTSET)
    log.disabled = True  # as dictConfig leaves loggers that it does not name
    audit_log(log, "two")
    assert [(record.message, record.kind) for record in recorded(log)] == [("one", "audit"), ("two", "audit")]


def test_every_other_handler_sees_it_by_its_own_level_and_after_us(log: logging.Logger) -> None:
    everything, errors = Kept(), Kept(logging.ERROR)
    log.handlers[:0] = [everything, errors]
    log.setLevel(logging.ERROR)
    audit_log(log, "x", action="a")
    (seen,) = everything.records
    assert (seen.getMessage(), seen.__dict__["is_audit"], seen.__dict__["action"]) == ("x", True, "a")
    assert errors.records == []
    log.handlers.reverse()
    assert len(recorded(log)) == 1


def test_a_handler_that_fails_cannot_keep_it_from_being_recorded(log: logging.Logger) -> None:
    class Fails(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise OSError("no")

    log.handlers.insert(0, Fails())
    with pytest.raises(OSError, match="no"):
        audit_log(log, "x")
    log.handlers.reverse()
    assert [record.message for record in recorded(log)] == ["x"]


def test_a_logger_may_be_given_by_name(log: logging.Logger) -> None:
    place = logging.getLogger("test_audit.by_name")
    place.addHandler(log.handlers[0])
    try:
        audit_log("test_audit.by_name.child", "x")
    finally:
        place.removeHandler(log.handlers[0])
    assert recorded(log)[0].logger == "test_audit.by_name.child"


def test_a_logger_that_a_web_server_keeps_to_itself_has_a_way_to_us(log: logging.Logger) -> None:
    handler, server, other = handler_of(log), logging.getLogger("uvicorn.error"), Kept()
    follow(Post(log, handler))
    server.propagate = False
    server.addHandler(other)
    server.setLevel(logging.INFO)
    try:
        assert audit_log(server, "x").seq == 1
    finally:
        server.propagate = True
        server.removeHandler(other)
        server.setLevel(logging.NOTSET)
        for name in LOGGERS:
            logging.getLogger(name).__dict__.pop("callHandlers", None)
    assert len(recorded(log)) == len(other.records) == 1


def test_a_logger_that_does_not_propagate_has_a_way_to_us(log: logging.Logger) -> None:
    above, place, other = logging.getLogger("test_audit"), logging.getLogger("test_audit.quiet"), Kept()
    above.addHandler(log.handlers[0])
    place.addHandler(other)
    place.propagate = False
    try:
        assert audit_log(place, "x").seq == 1
        place.warning("an ordinary record")
    finally:
        above.removeHandler(log.handlers[0])
        place.removeHandler(other)
    assert [record.message for record in recorded(log)] == ["x"]
    assert len(other.records) == 2


def test_a_handler_of_its_own_is_enough_for_a_logger_that_does_not_propagate(
    log: logging.Logger, make_logger: MakeLogger
) -> None:
    above, place = logging.getLogger("test_audit"), logging.getLogger("test_audit.apart")
    own = make_logger(NOWHERE, stream="t").handlers[0]
    above.addHandler(log.handlers[0])
    place.addHandler(own)
    place.propagate = False
    try:
        audit_log(place, "x")
    finally:
        above.removeHandler(log.handlers[0])
        place.removeHandler(own)
    assert handler_of(log).emitter.channel is None


# As uvicorn leaves its logger, whoever comes first, and with a level that the record is below.
DETACHED = """
import logging, sys
import tailrace

def serve():
    logging.getLogger("uvicorn.access").propagate = False
    logging.getLogger("uvicorn.access").addHandler(logging.StreamHandler(sys.stdout))

def install():
    tailrace.install(stream="s", level="WARNING", capture_output={capture})

{first}()
{second}()
receipt = tailrace.audit_log("uvicorn.access", "key revoked", wait=True)
print(receipt.seq)
"""


@pytest.mark.parametrize("capture", ["False", "True"], ids=["", "output captured"])
@pytest.mark.parametrize("order", [("serve", "install"), ("install", "serve")], ids=" before ".join)
def test_the_logger_of_a_server_is_recorded_once_by_what_is_installed(
    order: tuple[str, str], capture: str, redis_server: Server, prefix: str, tmp_path: Path
) -> None:
    program = DETACHED.format(first=order[0], second=order[1], capture=capture)
    worker = Worker(program, url=redis_server.url, prefix=prefix, spool=tmp_path / "spool").stop()
    assert worker.returned == ["key revoked", "1"]
    # The receipt is printed, too.
    (record,) = [each for each in delivered(redis_server.client(), prefix, "s").all if each.message != "1"]
    assert (record.kind, record.logger, record.message) == ("audit", "uvicorn.access", "key revoked")


def test_two_streams_get_it_and_the_first_ones_receipt_is_returned(
    log: logging.Logger, make_logger: MakeLogger
) -> None:
    log.addHandler(make_logger(NOWHERE, stream="t").handlers[0])
    receipt = audit_log(log, "x")
    assert len(recorded(log)) == len(recorded(log, "t")) == 1
    assert receipt.producer == left_in(engine_of(log).spool).info.producer.hex()


def test_two_handlers_of_one_stream_record_it_once(log: logging.Logger, make_logger: MakeLogger) -> None:
    log.addHandler(make_logger(NOWHERE).handlers[0])
    assert audit_log(log, "x").seq == 1
    assert audit_log(log, "y").seq == 2
    assert len(recorded(log)) == 2


def test_without_a_handler_of_ours_it_does_not_pretend() -> None:
    log, other = logging.Logger("bare"), Kept()
    log.addHandler(other)
    with pytest.raises(NotRecorded, match=r"'bare' has no handler of Tailrace; tailrace.install\(\) adds one"):
        audit_log(log, "x")
    assert len(other.records) == 1


@pytest.mark.parametrize("who", ["logger", "handler"])
def test_a_filter_that_refuses_it_is_said(log: logging.Logger, who: str) -> None:
    (log if who == "logger" else log.handlers[0]).addFilter(lambda record: False)
    with pytest.raises(NotRecorded, match="filter"):
        audit_log(log, "x")


def test_a_disabled_agent_is_said(make_logger: MakeLogger) -> None:
    with pytest.raises(NotRecorded, match="disabled"):
        audit_log(make_logger(NOWHERE, disabled=True), "x")


def test_a_full_spool_is_said_and_other_handlers_still_see_it(make_logger: MakeLogger) -> None:
    log, other = make_logger(NOWHERE, spool_max=1 * MIB), Kept()
    log.addHandler(other)
    receipts: list[Receipt] = []

    def audit_for_ever() -> None:
        while True:
            receipts.append(audit_log(log, "x" * 10_000))

    with pytest.raises(SpoolFull, match="full of audit records"):
        audit_for_ever()
    assert len(other.records) == len(receipts) + 1 == len(recorded(log)) + 1
    assert engine_of(log).refused == 1


def test_bad_arguments_are_said_and_nothing_is_logged(log: logging.Logger) -> None:
    other = Kept()
    log.addHandler(other)
    for wait in (-1, 0, float("nan"), float("inf"), "5"):
        with pytest.raises(ConfigError, match="wait"):
            audit_log(log, "x", wait=wait)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"right would be a logging.Logger or its name"):
        audit_log(5, "x")  # type: ignore[arg-type]
    with pytest.raises(LevelError):
        audit_log(log, "x", level="loud")
    assert other.records == []


def test_waiting_returns_when_redis_has_it(make_logger: MakeLogger, redis_server: Server, prefix: str) -> None:
    log = make_logger(redis_server.url)
    receipt = audit_log(log, "x", wait=20)
    found = delivered(redis_server.client(), prefix, "s")
    assert found.messages == ["x"]
    assert receipt == Receipt(next(iter(found.records)).hex(), 1)


def test_waiting_in_vain_says_that_it_is_on_its_way(
    make_logger: MakeLogger, own_redis_server: MakeRedisServer, prefix: str
) -> None:
    server = own_redis_server()
    log = make_logger(server.url)
    audit_log(log, "before", wait=20)
    server.pause()
    with pytest.raises(NotConfirmed, match="did not acknowledge") as caught:
        audit_log(log, "x", wait=0.05)
    assert isinstance(caught.value, TimeoutError)
    assert caught.value.receipt is not None
    assert caught.value.receipt.seq == 2
    server.resume()
    assert engine_of(log).flush(20)
    assert delivered(server.client(), prefix, "s").messages == ["before", "x"]


def test_where_there_are_no_files_redis_makes_it_safe(
    make_logger: MakeLogger, redis_server: Server, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tailrace.spool.directory.candidates", lambda place: iter(()))
    log = make_logger(redis_server.url)
    audit_log(log, "x")
    assert engine_of(log).spool.folder is None
    assert delivered(redis_server.client(), prefix, "s").messages == ["x"]


def test_where_there_are_neither_files_nor_redis_it_is_said(
    make_logger: MakeLogger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tailrace.spool.directory.candidates", lambda place: iter(()))
    monkeypatch.setattr("tailrace.audit.WAIT", 0.05)
    with pytest.raises(NotConfirmed, match="dies with the process"):
        audit_log(make_logger(NOWHERE), "x")


def test_in_a_signal_handler_that_interrupts_a_log_call_it_does_not_wait_for_itself(log: logging.Logger) -> None:
    log.info("first")
    spool: Any = engine_of(log).spool
    caught: list[NotConfirmed] = []

    def on_signal(number: int, frame: object) -> None:
        with pytest.raises(NotConfirmed, match="interrupts another log call") as error:
            audit_log(log, "in the handler", wait=20)
        caught.append(error.value)

    before = signal.signal(signal.SIGUSR1, on_signal)
    try:
        spool._holding(os.kill, os.getpid(), signal.SIGUSR1)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert caught[0].receipt is None
    assert [record.message for record in recorded(log)] == ["first", "in the handler"]


@pytest.mark.parametrize(
    ("name", "message", "extra"),
    [
        ("app", "paid", {"is_audit": True}),
        ("audit", "paid", None),
        ("audit.billing", "paid", None),
        ("app", "[AUDIT] paid", None),
    ],
)
def test_what_makes_a_record_an_audit_record(
    make_logger: MakeLogger,
    redis_server: Server,
    prefix: str,
    name: str,
    message: str,
    extra: dict[str, Any] | None,
) -> None:
    log = make_logger(redis_server.url, name=name)
    for _ in range(2):  # the first takes the complete way, the second may take the hot path
        log.info(message, extra=extra)
    assert engine_of(log).flush(20)
    records = delivered(redis_server.client(), prefix, "s").all
    assert [(record.kind, record.message) for record in records] == [("audit", message)] * 2


def test_what_does_not_make_a_record_an_audit_record(
    make_logger: MakeLogger, redis_server: Server, prefix: str
) -> None:
    log = make_logger(redis_server.url, name="auditor")
    for extra in ({"is_audit": False}, {"is_audit": 1}, None):
        log.info("paid [AUDIT]", extra=extra)
    assert engine_of(log).flush(20)
    assert [record.kind for record in delivered(redis_server.client(), prefix, "s").all] == ["log"] * 3


# Dies at once after an audit record, by the way it is told.
DIES = """
import logging, os, signal, sys
import tailrace

tailrace.install(stream="s")
receipt = tailrace.audit_log("app", "last words", action="die")
os.write(1, b"%s %d\\n" % (receipt.producer.encode(), receipt.seq))
os._exit(0) if sys.argv[1] == "exit" else os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("way", ["exit", "kill"])
def test_a_process_that_dies_right_after_the_call_has_not_lost_it(way: str, prefix: str, tmp_path: Path) -> None:
    worker = Worker(DIES, way, url=NOWHERE, prefix=prefix, spool=tmp_path / "spool").stop()
    (folder,) = (tmp_path / "spool").iterdir()
    (stream,) = SpoolReader(str(folder)).streams
    (item,) = stream.left
    assert item.payload is not None
    record = unpack_record(msgpack.unpackb(item.payload))
    assert (record.kind, record.message, record.action) == ("audit", "last words", "die")
    assert worker.returned == [f"{stream.info.producer.hex()} {item.seq}"]
