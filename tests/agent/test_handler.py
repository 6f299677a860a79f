"""The handler: every record is kept, as it was meant, whatever is in it."""

from __future__ import annotations

import gc
import logging
import logging.config
import logging.handlers
import os
import pickle
import signal
import threading
import time
from pathlib import Path
from typing import Any

import msgpack
import pytest

import tailrace
from tailrace import ConfigError, TailraceHandler
from tailrace.logrecord import pack_log_record
from tailrace.wire import Record, unpack_record
from tests.agent.conftest import MakeLogger, engine_of, handler_of
from tests.agent.delivered import delivered
from tests.agent.spooling import left_in
from tests.servers import Server

NOWHERE = "redis://127.0.0.1:1/0"


def recorded(logger: logging.Logger) -> list[Record]:
    """What is in the spool."""
    return [
        unpack_record(msgpack.unpackb(item.payload))
        for item in left_in(engine_of(logger).spool).left
        if item.payload is not None
    ]


class Raises:
    def __repr__(self) -> str:
        raise RuntimeError("no")


@pytest.fixture
def log(make_logger: MakeLogger) -> logging.Logger:
    return make_logger(NOWHERE, name="app.mod")


def test_a_record_says_what_the_log_call_said(log: logging.Logger) -> None:
    for _ in range(3):  # the first takes the complete way, the others the hot path
        before = time.time()
        log.warning("user %s has %d", "bob", 7)
        record = recorded(log)[-1]
        assert before - 0.001 <= record.time / 1e6 <= time.time()
        assert (record.level_number, record.level, record.logger) == (30, "WARNING", "app.mod")
        assert (record.message, record.module, record.thread) == ("user bob has 7", "test_handler", "MainThread")
        assert record.function == "test_a_record_says_what_the_log_call_said"
        assert record.line is not None
        assert (record.source, record.kind, record.fields) == ("logging", "log", None)


def test_both_ways_of_a_record_give_the_same(log: logging.Logger) -> None:
    extras: list[dict[str, Any] | None] = [None, {"a": 1, "b": "x", "c": None, "d": 1.5, "e": True}]
    for extra in extras:
        for _ in range(3):
            made = log.makeRecord("app.mod", 20, __file__, 5, "ü %s", ("x",), None, "f", extra)
            log.handle(made)
            assert recorded(log)[-1] == unpack_record(msgpack.unpackb(pack_log_record(made)[2]))


def test_an_exception_and_a_stack_are_kept(log: logging.Logger) -> None:
    try:
        raise ValueError("deep")
    except ValueError:
        log.exception("failed", stack_info=True)
    exception = recorded(log)[0].exception
    assert exception is not None
    assert "ValueError: deep" in exception
    assert "Stack (most recent call last)" in exception


def test_custom_levels_keep_number_and_name(log: logging.Logger) -> None:
    # No other test counts on the name of this one; names can't be taken back.
    logging.addLevelName(26, "NOTICE")
    for level, name in ((26, "NOTICE"), (7, "Level 7"), (300, "Level 300")):
        log.setLevel(1)
        log.log(level, "x")
        assert (recorded(log)[-1].level_number, recorded(log)[-1].level) == (level, name)


def test_extras_with_a_place_of_their_own_go_there(log: logging.Logger) -> None:
    trace = {"trace_id": "4bf9", "span_id": "00f0", "action": "login", "metadata": {"ip": "::1"}, "user": 5}
    log.info("x", extra=trace)
    record = recorded(log)[0]
    assert (record.trace_id, record.span_id, record.action, record.metadata) == ("4bf9", "00f0", "login", {"ip": "::1"})
    assert record.fields == {"user": 5}


def test_extras_of_the_wrong_type_are_fields(log: logging.Logger) -> None:
    log.info("x", extra={"trace_id": 5, "action": None})
    assert recorded(log)[0].fields == {"trace_id": 5, "action": None}


@pytest.mark.parametrize("extra", [{"is_audit": True}, None])
def test_audit_records_are_told_by_flag_prefix_or_logger(
    make_logger: MakeLogger, extra: dict[str, bool] | None
) -> None:
    log = make_logger(NOWHERE, name="app" if extra else "audit.billing")
    log.info("paid", extra=extra)
    log.info("[AUDIT] %s", "paid", extra=None)
    log.info("[worker] no audit", extra={"is_audit": False} if extra else None)
    kinds = [record.kind for record in recorded(log)]
    assert kinds == ["audit", "audit", "log" if extra else "audit"]
    flags = [item.audit for item in left_in(engine_of(log).spool).left]
    assert flags == [kind == "audit" for kind in kinds]


def test_an_audit_prefix_is_seen_on_the_hot_path(log: logging.Logger) -> None:
    for message in ("plain", "[AUDIT] %s", "[AUD", "", "["):
        for _ in range(2):
            log.info(message, *["x"] if "%" in message else [])
    assert [r.kind for r in recorded(log)] == ["log", "log", "audit", "audit", *["log"] * 6]
    assert [r.message for r in recorded(log)][2:] == ["[AUDIT] x"] * 2 + ["[AUD"] * 2 + [""] * 2 + ["["] * 2


def test_hostile_values_are_kept_as_text(log: logging.Logger) -> None:
    cycle: list[Any] = []
    cycle.append(cycle)
    values = {"raising": Raises(), "big": 2**70, "nan": float("nan"), "bytes": b"\xff", "cycle": cycle, "bad": "\ud800"}
    for _ in range(2):
        log.info("%s", "x", extra=values)
    for record in recorded(log):
        assert record.fields is not None
        assert record.fields["raising"] == "<unrepr Raises>"
        assert record.fields["big"] == str(2**70)
        assert record.fields["nan"] == "nan"
        assert record.fields["bytes"] == "\\xff"
        assert record.fields["bad"] == "\\ud800"


def test_wrong_arguments_keep_message_arguments_and_reason(log: logging.Logger) -> None:
    for _ in range(2):
        log.info("%d of %d", "x")
        log.info("%s", Raises())
    first, second, *_ = recorded(log)
    assert first.message == "%d of %d"
    assert first.fields is not None
    assert first.fields["format_args"] == "('x',)"
    assert "TypeError" in first.fields["format_error"]
    assert second.message == "%s"


def test_a_five_mb_message_is_cut_and_marked(log: logging.Logger) -> None:
    log.info("%s", "ä" * 2_500_000)
    (record,) = recorded(log)
    assert "cut from 5000000 bytes" in record.message
    assert len(record.message.encode()) < 64 << 10


def test_a_record_stays_within_128_kib(log: logging.Logger) -> None:
    extra = {f"field{i}": "x" * 60_000 for i in range(60)} | {"metadata": ["y" * 60_000] * 40}
    try:
        raise ValueError("z" * 100_000)
    except ValueError:
        log.exception("m" * 100_000, extra=extra)
    (item,) = left_in(engine_of(log).spool).left
    assert item.payload is not None
    assert len(item.payload) <= 128 << 10
    assert recorded(log)[0].message.startswith("mmm")


def test_a_record_made_of_foreign_data_does_not_spoil_its_frame(log: logging.Logger) -> None:
    strange: tuple[dict[Any, Any], ...] = (
        {},
        {"name": 5, "levelno": "high", "lineno": "12", "funcName": 5, "threadName": [], "module": None, "created": "x"},
        {"name": "app.mod", "levelno": 20.0, "lineno": 1.0, "msg": b"bytes"},
        {"levelno": True, "created": -5.0, "exc_info": ("a", "b", "c"), 5: 6},
        {"levelno": 10**30, "lineno": 10**30, "created": float("inf"), "args": 5, "msg": "%s %s"},
    )
    for attributes in strange:
        log.handlers[0].handle(logging.makeLogRecord(attributes))
    assert len(recorded(log)) == 5


def test_a_formatter_of_another_handler_leaves_no_extras(log: logging.Logger) -> None:
    console = logging.StreamHandler(open("/dev/null", "w"))  # noqa: SIM115
    console.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    log.handlers.insert(0, console)
    for i in range(3):
        log.info("x %d", i, extra={"a": 1})
        log.info("x %d", i)
    log.handlers.remove(console)
    console.stream.close()
    assert [r.fields for r in recorded(log)] == [{"a": 1}, None] * 3


def test_a_deleted_attribute_hides_no_extra(log: logging.Logger) -> None:
    for _ in range(3):
        record = log.makeRecord("app.mod", 20, __file__, 5, "x", (), None, "f", {"a": 1, "b": 2})
        del record.processName
        log.handle(record)
    assert [r.fields for r in recorded(log)] == [{"a": 1, "b": 2}] * 3


def test_filters_and_levels_are_obeyed(log: logging.Logger) -> None:
    handler = handler_of(log)
    log.info("kept")
    handler.addFilter(lambda record: "secret" not in record.getMessage())
    log.info("kept %s", 2)
    log.info("secret")
    handler.setLevel(logging.ERROR)
    log.info("below")
    assert [r.message for r in recorded(log)] == ["kept", "kept 2"]


def test_our_own_and_redis_loggers_are_ignored(make_logger: MakeLogger) -> None:
    log = make_logger(NOWHERE, name="redis.connection")
    log.info("x")
    other = make_logger(NOWHERE, name="redistribution")
    other.info("y")
    assert [r.message for r in recorded(other)] == ["y"]


def test_two_handlers_of_one_stream_record_once(make_logger: MakeLogger) -> None:
    log = make_logger(NOWHERE)
    log.info("before")
    log.addHandler(handler_of(make_logger(NOWHERE)))
    for i in range(3):
        log.info("n %d", i, extra={"a": 1})
        log.error("e %d", i)
    assert [r.message for r in recorded(log)] == ["before", "n 0", "e 0", "n 1", "e 1", "n 2", "e 2"]
    assert {str(r.fields) for r in recorded(log)} == {"None", "{'a': 1}"}


def test_logging_from_a_destructor_or_a_repr_loses_nothing(log: logging.Logger) -> None:
    class Chatty:
        def __init__(self) -> None:
            self.me = self

        def __repr__(self) -> str:
            log.info("from repr")
            return "chatty"

        def __del__(self) -> None:
            log.info("from del")

    gc.disable()
    try:
        for i in range(50):
            log.info("%s %d", Chatty(), i)
            if i % 10 == 0:
                gc.collect()
    finally:
        gc.enable()
    gc.collect()
    found = [r.message for r in recorded(log)]
    assert sorted(found) == sorted(
        [f"chatty {i}" for i in range(50)] + ["from repr"] * 50 + ["from del"] * found.count("from del")
    )
    assert found.count("from del") == 50


def test_logging_in_a_signal_handler_loses_nothing(log: logging.Logger) -> None:
    rung = 0

    def ring(*_: object) -> None:
        nonlocal rung
        rung += 1
        log.warning("signal %d", rung)

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
    try:
        i = 0
        while rung < 300:
            log.info("loop %d", i)
            i += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    found = [r.message for r in recorded(log)]
    # One signal may interrupt the handler of another before it has logged.
    signals = sorted((m for m in found if m.startswith("signal")), key=lambda m: int(m.split()[1]))
    assert signals == [f"signal {i}" for i in range(1, rung + 1)]
    assert [m for m in found if m.startswith("loop")] == [f"loop {n}" for n in range(i)]


@pytest.mark.parametrize("kind", [BaseException, Exception])
def test_a_signal_handler_that_raises_reaches_the_application_and_breaks_nothing(
    log: logging.Logger, kind: type[BaseException]
) -> None:
    class TimeIsUp(kind):  # type: ignore[misc, valid-type]
        pass

    def ring(*_: object) -> None:
        raise TimeIsUp

    log.info("the spool is made")
    before = signal.signal(signal.SIGALRM, ring)
    done, raised, i = [], 0, 0
    try:
        while raised < 300:
            try:
                signal.setitimer(signal.ITIMER_REAL, 1e-6 * (20 + i % 40))
                for _ in range(20):
                    i += 1
                    log.info("loop %d", i)
                    done.append(f"loop {i}")
            except TimeIsUp:
                raised += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    log.info("last")
    found = [r.message for r in recorded(log)]
    assert len(found) == len(set(found))
    assert set(done) <= set(found)
    assert found[-1] == "last"


def test_eight_threads_number_without_a_hole(make_logger: MakeLogger, redis_server: Server, prefix: str) -> None:
    log = make_logger(redis_server.url)

    def work(name: int) -> None:
        for i in range(2500):
            log.info("%d %d", name, i)

    threads = [threading.Thread(target=work, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert engine_of(log).flush(20)
    found = delivered(redis_server.client(), prefix, "s")
    assert list(found.last_seq.values()) == [20_000]
    for name in range(8):
        assert [m for m in found.messages if m.startswith(f"{name} ")] == [f"{name} {i}" for i in range(2500)]


def test_it_works_through_dict_config_again_and_again(
    redis_server: Server, prefix: str, tmp_path: Path, make_logger: MakeLogger
) -> None:
    config = {
        "version": 1,
        "disable_existing_loggers": False,
        "handlers": {
            "tailrace": {
                "class": "tailrace.TailraceHandler",
                "level": "INFO",
                "url": redis_server.url,
                "stream": "s",
                "service": "test",
                "prefix": prefix,
                "spool_dir": str(tmp_path / "spool"),
            }
        },
        "loggers": {"dict": {"handlers": ["tailrace"], "level": "DEBUG", "propagate": False}},
    }
    log = logging.getLogger("dict")
    try:
        for i in range(3):
            logging.config.dictConfig(config)
            log.debug("below")
            log.info("n %d", i)
        assert engine_of(log).flush(20)
        assert delivered(redis_server.client(), prefix, "s").messages == ["n 0", "n 1", "n 2"]
    finally:
        log.handlers.clear()


def test_a_bad_setting_is_said_by_dict_config() -> None:
    config = {"version": 1, "handlers": {"t": {"class": "tailrace.TailraceHandler", "stream": "a b"}}}
    with pytest.raises(ValueError, match="'t'") as caught:
        logging.config.dictConfig(config)
    assert isinstance(caught.value.__cause__, ConfigError)


def test_it_can_be_pickled(log: logging.Logger) -> None:
    log.info("bound")
    handler = pickle.loads(pickle.dumps(handler_of(log)))
    assert isinstance(handler, TailraceHandler)
    assert handler.config == handler_of(log).config


def test_a_disabled_handler_does_nothing(tmp_path: Path) -> None:
    handler = TailraceHandler(disabled=True, spool_dir=str(tmp_path / "spool"))
    handler.handle(logging.makeLogRecord({}))
    handler.emit(logging.makeLogRecord({}))
    assert not (tmp_path / "spool").exists()


def test_records_of_another_process_are_kept(log: logging.Logger) -> None:
    log.info("own")
    log.handle(logging.makeLogRecord({"name": "app.mod", "msg": "foreign", "process": 1, "levelno": 20}))
    assert [r.message for r in recorded(log)] == ["own", "foreign"]


@pytest.mark.parametrize("created", [1.7e12, 1.7e15, 1e300, -1.0, float("nan")])
def test_a_time_that_is_none_becomes_now_and_costs_no_other_record(log: logging.Logger, created: float) -> None:
    begin = time.time_ns() // 1000
    for _ in range(3):
        log.info("before")
    record = log.makeRecord(log.name, logging.INFO, __file__, 1, "in milliseconds", (), None)
    for _ in range(2):
        record.created = created
        log.handle(record)
    assert all(begin <= record.time <= time.time_ns() // 1000 for record in recorded(log))
    assert len(recorded(log)) == 5


def test_a_message_is_made_as_its_own_class_makes_it(log: logging.Logger, monkeypatch: pytest.MonkeyPatch) -> None:
    class Masked(logging.LogRecord):
        def getMessage(self) -> str:
            return super().getMessage().replace("4111", "****")

    log.info("card %s", "none")
    monkeypatch.setattr(logging, "_logRecordFactory", Masked)
    for _ in range(3):
        log.info("card %s", "4111")
    assert [record.message for record in recorded(log)] == ["card none"] + 3 * ["card ****"]


def test_a_forked_listener_writes_to_a_spool_of_its_own(
    make_logger: MakeLogger, redis_server: Server, prefix: str
) -> None:
    """A process that handles the records of its parent, as the logging cookbook has it."""
    log = make_logger(redis_server.url)

    def work(number: int) -> logging.LogRecord:
        return log.makeRecord(log.name, logging.INFO, __file__, 1, "queued %d", (number,), None)

    log.handle(work(-1))
    log.handle(work(-2))
    pid = os.fork()
    if pid == 0:
        for number in range(100):
            log.handle(work(number))
        tailrace.flush(10)
        os._exit(0)
    for number in range(100, 200):
        log.handle(work(number))
    assert os.waitpid(pid, 0)[1] == 0
    assert tailrace.flush(10)
    found = delivered(redis_server.client(), prefix, "s")
    assert sorted(int(message.split()[1]) for message in found.messages) == list(range(-2, 200))
    assert sum(found.declared) == 0


@pytest.mark.timeout(30)
def test_a_message_of_ten_megabytes_is_cut_before_it_is_looked_through(log: logging.Logger) -> None:
    text = "key=value; " * 950_000
    for _ in range(5):
        log.info(text)
        log.info("%s", text)
        log.info("extra", extra={"text": text})
    assert len(recorded(log)) == 15
