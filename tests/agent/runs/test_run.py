"""Runs: a unit of work has a stream of its own, which tells how it began, went and ended."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import re
import signal
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgpack
import pytest

import tailrace
from tailrace import ConfigError, Run, TailraceError, audit_log, current_run
from tailrace.agent import _engines
from tailrace.errors import LevelError
from tailrace.spool.head import MOST_BYTES, SLOT_BYTES
from tailrace.spool.reader import SpoolReader
from tailrace.spool.spool import Spool
from tailrace.wire import Record, unpack_record
from tests.agent.conftest import MakeLogger, engine_of
from tests.agent.delivered import delivered
from tests.agent.spooling import left_in
from tests.agent.workers import Worker
from tests.servers import RedisServer

NOWHERE = "redis://127.0.0.1:1/0"

MakeRun = Callable[..., Run]


@pytest.fixture
def log(make_logger: MakeLogger) -> logging.Logger:
    return make_logger(NOWHERE, name="app")


@pytest.fixture
def make_run(log: logging.Logger) -> MakeRun:
    """Makes runs of the test's own logger."""

    def make(name: str = "job", **options: Any) -> Run:
        return tailrace.run(name, **{"logger": log, **options})

    return make


def the_spool() -> Spool:
    (engine,) = _engines.values()
    return engine.spool


def recorded(stream: str = "s") -> list[Record]:
    left = left_in(the_spool(), stream).left
    return [unpack_record(msgpack.unpackb(item.payload)) for item in left if item.payload is not None]


def messages(run: Run) -> list[str]:
    """What was recorded between start and finish."""
    first, *between, last = recorded(run.stream)
    assert (first.kind, last.kind) == ("start", "finish")
    return [record.message for record in between]


def last_of(run: Run) -> tuple[Record, dict[str, Any]]:
    record = recorded(run.stream)[-1]
    return record, record.fields or {}


def test_a_run_says_how_it_began_went_and_ended(log: logging.Logger, make_run: MakeRun) -> None:
    with make_run("nightly import", id="n1", fields={"shop": 7}) as run:
        log.info("from the log")
        run.log("from the run", level="WARNING", row=3)
    assert (run.id, run.stream, run.status, run.exit_code) == ("n1", "run:n1", "ok", 0)
    start, logged, said, finish = recorded("run:n1")
    assert (start.kind, start.source, start.logger, start.level) == ("start", "sdk", "tailrace", "INFO")
    assert start.message == "run nightly import started"
    assert start.fields == {"shop": 7, "run": "nightly import", "run_id": "n1", "status": "started"}
    assert (logged.message, logged.source, logged.kind) == ("from the log", "logging", "log")
    assert (said.message, said.source, said.level, said.fields) == ("from the run", "user", "WARNING", {"row": 3})
    assert (said.logger, said.module, said.thread) == ("nightly import", "test_run", "MainThread")
    assert said.function == "test_a_run_says_how_it_began_went_and_ended"
    assert (finish.kind, finish.source, finish.level) == ("finish", "sdk", "INFO")
    assert re.fullmatch(r"run nightly import ok after \d+\.\d{3} s", finish.message)
    duration = (finish.fields or {}).pop("duration")
    assert 0 <= duration < 60
    assert finish.fields == {"shop": 7, "run": "nightly import", "run_id": "n1", "status": "ok", "exit_code": 0}


def test_what_is_logged_in_it_still_goes_where_it_went_before(log: logging.Logger, make_run: MakeRun) -> None:
    log.info("before")
    with make_run() as run:
        log.info("within")
    log.info("after")
    assert [record.message for record in recorded()] == ["before", "within", "after"]
    assert messages(run) == ["within"]


def test_it_leaves_the_logger_as_it_was(log: logging.Logger, make_run: MakeRun) -> None:
    log.setLevel(logging.ERROR)
    handlers = list(log.handlers)
    with make_run(level="DEBUG") as outer:
        with make_run(level="INFO"):
            log.debug("inner")
        log.debug("outer")
    assert (log.handlers, log.level) == (handlers, logging.ERROR)
    assert messages(outer) == ["outer"]


def test_the_level_is_the_lowest_recorded(log: logging.Logger, make_run: MakeRun) -> None:
    with make_run(level="WARNING") as run:
        log.info("no")
        log.warning("yes")
        run.log("no")
        run.log("yes too", level=logging.ERROR)
    assert messages(run) == ["yes", "yes too"]
    assert log.level == logging.DEBUG


def test_ids_are_readable_and_none_comes_twice(make_run: MakeRun) -> None:
    ids = {make_run("Nightly / import ü").id for _ in range(1000)}
    assert len(ids) == 1000
    assert all(re.fullmatch(r"Nightly-import-\d{8}-\d{6}-[a-z2-7]{8}", id) for id in ids)
    assert make_run("夜間").id.startswith("run-")
    assert len(make_run("x" * 128).stream) <= 128


@pytest.mark.parametrize("id", ["", "a b", "a/b", "ü", "x" * 125, 5, "a\n"])
def test_a_bad_id_is_said(make_run: MakeRun, id: Any) -> None:
    with pytest.raises(ConfigError, match=r"id: .* right would be 1 to 124 of the characters"):
        make_run(id=id)


@pytest.mark.parametrize("name", ["", "  ", "x" * 129, None, "a\nb"])
def test_a_bad_name_is_said(make_run: MakeRun, name: Any) -> None:
    with pytest.raises(ConfigError, match=r"name: .* right would be"):
        make_run(name)


def test_bad_settings_are_said_when_it_begins(make_run: MakeRun) -> None:
    for options in ({"level": "loud"}, {"spool_max": 5}, {"colour": "red"}):
        with pytest.raises(ConfigError):
            make_run(**options).__enter__()
    assert current_run() is None


def test_an_exception_is_recorded_and_raised_on(log: logging.Logger, make_run: MakeRun) -> None:
    error, run = ValueError("deep\ud800"), make_run()
    with pytest.raises(ValueError) as caught, run:
        raise error
    assert caught.value is error
    record, fields = last_of(run)
    assert (run.status, run.exit_code, record.level) == ("failed", 1, "ERROR")
    assert (fields["status"], fields["exit_code"], fields["error"]) == ("failed", 1, r"ValueError: deep\ud800")
    assert r"failed after" in record.message
    assert record.message.endswith(r"ValueError: deep\ud800")
    assert record.exception is not None
    assert "raise error" in record.exception


def test_an_exception_that_cannot_be_told_is_still_told(log: logging.Logger, make_run: MakeRun) -> None:
    class Hostile(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no")

    run = make_run()
    with pytest.raises(Hostile), run:
        raise Hostile
    assert last_of(run)[1]["error"].startswith("Hostile: ")


@pytest.mark.parametrize(
    ("error", "status", "code", "text"),
    [
        (SystemExit(), "ok", 0, None),
        (SystemExit(0), "ok", 0, None),
        (SystemExit(3), "failed", 3, "SystemExit: 3"),
        (SystemExit("no room"), "failed", 1, "SystemExit: no room"),
        (KeyboardInterrupt(), "cancelled", 130, "KeyboardInterrupt"),
        (asyncio.CancelledError(), "cancelled", 1, "CancelledError"),
    ],
)
def test_the_exit_status_follows_from_what_ends_it(
    log: logging.Logger, make_run: MakeRun, error: BaseException, status: str, code: int, text: str | None
) -> None:
    run = make_run()
    with pytest.raises(type(error)) as caught, run:
        raise error
    assert caught.value is error
    record, fields = last_of(run)
    assert (run.status, run.exit_code) == (fields["status"], fields["exit_code"]) == (status, code)
    assert fields.get("error") == text
    assert record.level == {"ok": "INFO", "failed": "ERROR", "cancelled": "WARNING"}[status]


def test_a_run_within_a_run_has_its_own_stream_and_names_its_parent(log: logging.Logger, make_run: MakeRun) -> None:
    with make_run("outer") as outer:
        log.info("a")
        with make_run("inner") as inner:
            assert current_run() is inner
            log.info("b")
        assert current_run() is outer
        log.info("c")
    assert current_run() is None
    assert (messages(outer), messages(inner)) == (["a", "c"], ["b"])
    assert (recorded(inner.stream)[0].fields or {})["parent"] == outer.id


def test_each_call_of_a_decorated_function_is_a_run(log: logging.Logger, make_run: MakeRun) -> None:
    runs: list[Run] = []

    @make_run("job")
    def job(number: int) -> int:
        """Its docstring."""
        run = current_run()
        assert run is not None
        runs.append(run)
        log.info("number %d", number)
        return number + 1

    assert (job(1), job(2), job.__doc__) == (2, 3, "Its docstring.")
    assert [messages(run) for run in runs] == [["number 1"], ["number 2"]]
    assert runs[0].id != runs[1].id


def test_a_decorated_coroutine_function_is_a_run_until_it_ends(log: logging.Logger, make_run: MakeRun) -> None:
    runs: list[Run] = []

    @make_run("job")
    async def job(name: str) -> None:
        run = current_run()
        assert run is not None
        runs.append(run)
        log.info("%s 1", name)
        await asyncio.sleep(0)
        await asyncio.create_task(step(name))
        log.info("%s 3", name)

    async def step(name: str) -> None:
        log.info("%s 2", name)

    async def both() -> None:
        await asyncio.gather(job("a"), job("b"))

    asyncio.run(both())
    assert sorted(messages(run) for run in runs) == [["a 1", "a 2", "a 3"], ["b 1", "b 2", "b 3"]]


def test_a_cancelled_task_ends_its_run(log: logging.Logger, make_run: MakeRun) -> None:
    run = make_run()

    async def main() -> None:
        with run:
            asyncio.current_task().cancel()  # type: ignore[union-attr]
            await asyncio.sleep(60)

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(main())
    assert run.status == "cancelled"


def test_generators_can_be_no_runs(make_run: MakeRun) -> None:
    def numbers() -> Iterator[int]:
        yield 1

    with pytest.raises(ConfigError, match="numbers is a generator"):
        make_run()(numbers)


def test_threads_have_runs_of_their_own_and_join_another_by_wrap(log: logging.Logger, make_run: MakeRun) -> None:
    runs: list[Run] = []

    def own(name: str) -> None:
        with make_run(name) as run:
            runs.append(run)
            log.info(name)

    with make_run("main") as main:
        for target in (main.wrap(lambda: log.info("joined")), lambda: log.info("apart"), lambda: own("own")):
            thread = threading.Thread(target=target)
            thread.start()
            thread.join()
    assert messages(main) == ["joined"]
    assert messages(runs[0]) == ["own"]
    assert [record.message for record in recorded()] == ["joined", "apart", "own"]


def test_what_outlives_a_run_is_no_part_of_it_any_more(log: logging.Logger, make_run: MakeRun) -> None:
    def late() -> None:
        log.info("late")

    with make_run("outer") as outer, make_run("inner") as inner:
        wrapped = inner.wrap(late)
    wrapped()
    assert (messages(outer), messages(inner)) == ([], [])
    assert [record.message for record in recorded()] == ["late"]


def test_an_audit_record_goes_to_the_run_too(log: logging.Logger, make_run: MakeRun) -> None:
    with make_run() as run:
        receipt = audit_log(log, "x", action="a")
    assert receipt.producer == left_in(the_spool()).info.producer.hex()
    assert [(record.message, record.kind) for record in recorded()] == [("x", "audit")]
    assert [record.action for record in recorded(run.stream)] == [None, "a", None]


def test_in_a_run_audit_needs_no_other_handler(log: logging.Logger, prefix: str, tmp_path: Path) -> None:
    bare = logging.Logger("bare")
    place: dict[str, Any] = {"url": NOWHERE, "prefix": prefix, "service": "test", "spool_dir": str(tmp_path / "spool")}
    with tailrace.run("job", logger=bare, **place) as run:
        assert audit_log(bare, "x").seq == 2
    assert messages(run) == ["x"]


def test_settings_go_before_those_of_the_handler(log: logging.Logger, make_run: MakeRun) -> None:
    with make_run(service="jobs") as run:
        handler = run._recorder()
    assert (handler.config.service, handler.config.url) == ("jobs", NOWHERE)
    assert handler.config.prefix == log.handlers[0].config.prefix  # type: ignore[attr-defined]


def test_it_may_capture_what_is_printed(
    log: logging.Logger, make_run: MakeRun, capsys: pytest.CaptureFixture[str]
) -> None:
    with make_run(capture_output=True) as run:
        print("out")
        print("err", file=sys.stderr)
        print("unfinished", end="")
    print("after")
    printed = recorded(run.stream)[1:-1]
    assert [(record.source, record.level, record.message) for record in printed] == [
        ("stdout", "INFO", "out"),
        ("stderr", "ERROR", "err"),
        ("stdout", "INFO", "unfinished"),
    ]
    assert capsys.readouterr().out == "out\nunfinishedafter\n"


def test_what_is_logged_to_a_captured_stream_is_recorded_once(make_run: MakeRun, prefix: str, tmp_path: Path) -> None:
    place: dict[str, Any] = {"url": NOWHERE, "prefix": prefix, "spool_dir": str(tmp_path / "spool")}
    bare = logging.Logger("bare")
    with tailrace.run("job", logger=bare, capture_output=True, **place) as run:
        bare.addHandler(logging.StreamHandler())
        bare.warning("x")
    assert messages(run) == ["x"]


def test_a_run_begins_once_and_must_have_begun_to_log(make_run: MakeRun) -> None:
    run = make_run()
    with pytest.raises(TailraceError, match="has not begun"):
        run.log("x")
    with run:
        pass
    with pytest.raises(TailraceError, match="has begun before"):
        run.__enter__()


def test_run_log_takes_anything(log: logging.Logger, make_run: MakeRun) -> None:
    class Raises:
        def __repr__(self) -> str:
            raise RuntimeError("no")

    with make_run() as run:
        run.log(Raises(), thing=Raises(), message="a field")
        run.log("large", **{f"k{i}": "x" * 9999 for i in range(9)})
        with pytest.raises(LevelError):
            run.log("x", level="loud")
    _, first, large, _ = recorded(run.stream)
    assert (first.message, first.fields) == ("<unrepr Raises>", {"thing": "<unrepr Raises>", "message": "a field"})
    assert "bytes left out" in (large.fields or {})["..."]


def test_the_same_id_goes_on_with_the_same_stream(log: logging.Logger, make_run: MakeRun) -> None:
    for _ in range(2):
        with make_run(id="same"):
            assert not left_in(the_spool(), "run:same").info.finished
        assert left_in(the_spool(), "run:same").info.finished
    assert [record.kind for record in recorded("run:same")] == ["start", "finish", "start", "finish"]


def test_a_disabled_agent_runs_nothing_but_the_body(make_logger: MakeLogger) -> None:
    log = make_logger(NOWHERE, disabled=True)
    with tailrace.run("job", logger=log) as run:
        log.info("x")
        run.log("y")
    assert run.status == "ok"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_fork_writes_to_the_run_and_does_not_end_it(
    make_logger: MakeLogger, redis_server: RedisServer, prefix: str
) -> None:
    log = make_logger(redis_server.url)
    with tailrace.run("job", id="forked", logger=log) as run:
        log.info("parent")
        child = os.fork()
        if child == 0:
            try:
                with run:
                    pass  # raises: the child cannot begin it again
            except TailraceError:
                log.info("child")
                run.__exit__(None, None, None)
            finally:
                os._exit(0 if tailrace.flush(20) else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert engine_of(log).flush(20)
    found = delivered(redis_server.client(), prefix, "run:forked").records
    assert sorted([record.message.split(" after")[0] for record in records] for records in found.values()) == [
        ["child"],
        ["run job started", "parent", "run job ok"],
    ]


KILLED = """
import logging, os, signal, sys
import tailrace

tailrace.install(stream="s")
with tailrace.run("done", id="done"):
    pass
with tailrace.run("torn", id="torn"):
    logging.getLogger("app").error("last words")
    os.write(1, b"ready\\n")
    sys.stdin.readline()
"""


def test_a_killed_run_has_a_start_and_no_finish(prefix: str, tmp_path: Path) -> None:
    worker = Worker(KILLED, url=NOWHERE, prefix=prefix, spool=tmp_path / "spool").read(1).kill()
    assert worker.process.returncode == -signal.SIGKILL
    (folder,) = (tmp_path / "spool").iterdir()
    streams = {stream.info.name: stream for stream in SpoolReader(str(folder)).streams}
    kinds = {
        name: [unpack_record(msgpack.unpackb(item.payload)).kind for item in stream.left if item.payload]
        for name, stream in streams.items()
    }
    assert kinds == {"run:done": ["start", "finish"], "run:torn": ["start", "log"], "s": ["log"]}
    assert (streams["run:done"].info.finished, streams["run:torn"].info.finished) == (True, False)


def test_more_runs_than_the_spool_has_places_for_all_arrive_and_leave_nothing_behind(
    make_logger: MakeLogger, redis_server: RedisServer, prefix: str
) -> None:
    log = make_logger(redis_server.url)
    handlers = list(log.handlers)
    runs = weakref.WeakSet[Run]()
    number = MOST_BYTES // SLOT_BYTES + 400

    def work(i: int) -> None:
        with tailrace.run("job", id=f"r{i}", logger=log) as run:
            runs.add(run)
            run.log("x")

    for i in range(number):
        work(i)
    assert tailrace.flush(20)
    client = redis_server.client()
    found = [delivered(client, prefix, f"run:r{i}") for i in range(number)]
    assert {tuple(record.kind for record in each.all) for each in found} == {("start", "log", "finish")}
    gc.collect()
    assert (list(runs), log.handlers) == ([], handlers)
    assert len(the_spool().slots) < number


def test_when_all_places_are_taken_and_redis_is_away_the_work_goes_on(
    log: logging.Logger, make_run: MakeRun, capfd: pytest.CaptureFixture[str]
) -> None:
    number = MOST_BYTES // SLOT_BYTES + 50
    done = []
    for i in range(number):
        with make_run():
            done.append(i)
    assert len(done) == number
    said = [line for line in capfd.readouterr().err.splitlines() if "streams of this process" in line]
    assert len(said) == 1
