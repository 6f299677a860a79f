"""Capturing: what is printed is printed as before, and recorded line by line, each line once."""

from __future__ import annotations

import contextlib
import functools
import gc
import io
import logging
import logging.handlers
import os
import queue
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgpack
import pytest

from tailrace import ConfigError, TailraceHandler, capture_output
from tailrace.capture.captured import CapturedStream, is_recorded_otherwise
from tailrace.wire import Record, unpack_record
from tests.agent.conftest import MakeLogger
from tests.agent.delivered import wait_for_records
from tests.agent.spooling import left_in
from tests.agent.workers import Worker
from tests.servers import Server

NOWHERE = "redis://127.0.0.1:1/0"


class Terminal(io.TextIOWrapper):
    """A stream like those of a process, which remembers what came out of it."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="latin-1", errors="replace", line_buffering=True)

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return 77

    @property
    def seen(self) -> str:
        self.flush()
        data = self.buffer.getvalue()  # type: ignore[attr-defined]  # it is the BytesIO from above
        return str(data.decode(self.encoding))


def on_terminals(test: Callable[..., None]) -> Callable[..., None]:
    """The test's `out` and `err` are the process's. No fixture can do that: pytest puts its own there afterwards."""

    @functools.wraps(test)
    def within(**fixtures: Any) -> None:
        out, err = fixtures.get("out") or Terminal(), fixtures.get("err") or Terminal()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            test(**fixtures)

    return within


@pytest.fixture
def out() -> Terminal:
    return Terminal()


@pytest.fixture
def err() -> Terminal:
    return Terminal()


@pytest.fixture
def log(make_logger: MakeLogger) -> logging.Logger:
    return make_logger(NOWHERE)


@pytest.fixture
def handler(log: logging.Logger) -> TailraceHandler:
    handler = log.handlers[0]
    assert isinstance(handler, TailraceHandler)
    return handler


@pytest.fixture
def other(make_logger: MakeLogger, log: logging.Logger) -> TailraceHandler:
    """A handler of another stream."""
    handler = make_logger(NOWHERE, stream="other").handlers[0]
    assert isinstance(handler, TailraceHandler)
    return handler


def recorded(handler: TailraceHandler) -> list[Record]:
    """What of this handler's stream is in the spool."""
    channel = handler.emitter.channel
    if channel is None:
        return []
    return [
        unpack_record(msgpack.unpackb(item.payload))
        for item in left_in(channel.spool, channel.slot.name).left
        if item.payload is not None
    ]


def messages(handler: TailraceHandler) -> list[str]:
    return [record.message for record in recorded(handler)]


@on_terminals
def test_what_is_printed_is_printed_and_recorded(handler: TailraceHandler, out: Terminal, err: Terminal) -> None:
    with capture_output(handler=handler):
        print("one", 2)
        assert out.seen == "one 2\n", "at once"
        print("oh", file=sys.stderr)
        print("\n\nthree")
    assert out.seen == "one 2\n\n\nthree\n"
    assert err.seen == "oh\n"
    assert [(r.source, r.line_number, r.level_number, r.logger, r.message, r.thread) for r in recorded(handler)] == [
        ("stdout", 1, 20, "stdout", "one 2", "MainThread"),
        ("stderr", 1, 40, "stderr", "oh", "MainThread"),
        ("stdout", 2, 20, "stdout", "three", "MainThread"),
    ]
    assert (sys.stdout, sys.stderr) == (out, err)


@on_terminals
def test_levels_are_as_one_likes_and_a_stream_may_be_left_alone(handler: TailraceHandler, err: Terminal) -> None:
    with capture_output(stdout="DEBUG", stderr=None, handler=handler):
        print("x")
        assert sys.stderr is err
        print("not this", file=sys.stderr)
    assert [(r.level, r.message) for r in recorded(handler)] == [("DEBUG", "x")]


@on_terminals
def test_what_is_below_the_handlers_level_is_left_alone(make_logger: MakeLogger, out: Terminal) -> None:
    handler = make_logger(NOWHERE, level="WARNING").handlers[0]
    assert isinstance(handler, TailraceHandler)
    with capture_output(handler=handler):
        assert sys.stdout is out
        print("x")


@on_terminals
def test_a_bad_level_is_said(handler: TailraceHandler) -> None:
    with pytest.raises(ConfigError, match=r"stderr: .*LOUD.*right would be"):
        capture_output(stderr="LOUD", handler=handler)
    with pytest.raises(ConfigError, match="exclude"):
        capture_output(handler=handler, stream="s")


@on_terminals
def test_without_a_handler_it_writes_to_the_one_of_the_root_logger(handler: TailraceHandler) -> None:
    logging.getLogger().addHandler(handler)
    try:
        with capture_output():
            print("x")
    finally:
        logging.getLogger().removeHandler(handler)
    assert messages(handler) == ["x"]


@on_terminals
def test_a_disabled_agent_touches_nothing(out: Terminal) -> None:
    with capture_output(url=NOWHERE, disabled=True):
        assert sys.stdout is out


@on_terminals
def test_the_stream_is_what_it_was_in_all_other_respects(handler: TailraceHandler, out: Terminal) -> None:
    with capture_output(handler=handler):
        captured = sys.stdout
        assert captured is not out
        assert (captured.encoding, captured.errors, captured.isatty(), captured.fileno()) == (
            "latin-1",
            "replace",
            True,
            77,
        )
        assert captured.buffer is out.buffer
        assert captured.write("abc") == 3
        captured.writelines(["d\n", "é€\n"])
        captured.flush()
        out.reconfigure(encoding="utf-8")
        assert captured.encoding == "utf-8"
    assert messages(handler) == ["abcd", "é€"]


@on_terminals
def test_bytes_pass_by(handler: TailraceHandler, out: Terminal) -> None:
    with capture_output(handler=handler):
        sys.stdout.buffer.write(b"x\n")
        with pytest.raises(TypeError):
            sys.stdout.write(b"x\n")  # type: ignore[arg-type]  # click asks in this way what kind of stream it is
    assert messages(handler) == []


@on_terminals
def test_an_error_of_the_stream_is_the_applications(handler: TailraceHandler) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb", 0) as raw:
        broken = io.TextIOWrapper(raw, write_through=True)
        with contextlib.redirect_stdout(broken), capture_output(handler=handler), pytest.raises(BrokenPipeError):
            print("for nobody")
        broken.detach()
    assert messages(handler) == ["for nobody"]


@on_terminals
def test_of_a_progress_bar_its_last_text_remains(handler: TailraceHandler) -> None:
    with capture_output(handler=handler):
        for percent in range(0, 101, 10):
            print(f"\r{percent:3} %", end="", flush=True)
        assert messages(handler) == []
        print()
    assert messages(handler) == ["100 %"]


@on_terminals
def test_an_unterminated_last_line_is_recorded_at_the_end(handler: TailraceHandler) -> None:
    with capture_output(handler=handler):
        print("a", end="")
        print("b", end="")
        assert messages(handler) == []
    assert messages(handler) == ["ab"]


@on_terminals
def test_threads_do_not_mix_their_lines_and_lose_none(handler: TailraceHandler, out: Terminal) -> None:
    barrier = threading.Barrier(8)

    def chatter(name: str) -> None:
        barrier.wait()
        for i in range(200):
            print(name, i)
        print(f"{name} is", "through", end="")

    with capture_output(handler=handler):
        threads = [threading.Thread(target=chatter, args=(f"t{n}",), name=f"t{n}") for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    found = recorded(handler)
    for n in range(8):
        mine = [record.message for record in found if record.thread == f"t{n}"]
        assert mine == [f"t{n} {i}" for i in range(200)] + [f"t{n} is through"]
    assert sorted(record.line_number or 0 for record in found) == list(range(1, 8 * 201 + 1))


@on_terminals
def test_a_thread_that_ends_in_mid_line_leaves_it_to_nobody(handler: TailraceHandler) -> None:
    with capture_output(handler=handler):
        for n in range(100):  # most of them get the number of the one before
            thread = threading.Thread(target=print, args=(n,), kwargs={"end": ""})
            thread.start()
            thread.join()
    assert sorted(messages(handler), key=int) == [str(n) for n in range(100)]


class Noisy:
    """Prints whenever it is looked at, and when it goes."""

    def __repr__(self) -> str:
        print("repr")
        return "<noisy>"

    def __del__(self) -> None:
        print("gone")


@on_terminals
def test_what_prints_within_a_log_call_ends_nowhere_in_a_circle(
    handler: TailraceHandler, log: logging.Logger, out: Terminal
) -> None:
    with capture_output(handler=handler):
        print(Noisy())
        log.info("%r", Noisy())
        cycle: list[object] = [Noisy()]
        cycle.append(cycle)
        del cycle
        gc.collect()
    assert out.seen.count("gone") == 3
    assert "<noisy>" in messages(handler)


@on_terminals
def test_a_recorder_that_prints_does_not_record_for_ever(
    handler: TailraceHandler, monkeypatch: pytest.MonkeyPatch, out: Terminal
) -> None:
    emit = handler.emitter.emit

    def chatty(record: Record) -> object:
        print(f"I emit {record.message}")
        return emit(record)

    monkeypatch.setattr(handler.emitter, "emit", chatty)
    with capture_output(handler=handler):
        print("x")
    assert messages(handler)[:3] == ["x", "I emit x", "I emit I emit x"]
    assert len(messages(handler)) < 100
    assert "pieces of output were not recorded" in messages(handler)[-1]


@on_terminals
def test_a_log_record_is_not_recorded_again_when_it_is_printed(
    handler: TailraceHandler, log: logging.Logger, out: Terminal, err: Terminal
) -> None:
    class Printing(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            print("printed", self.format(record))

    log.addHandler(logging.StreamHandler(sys.stderr))  # made before
    with capture_output(handler=handler):
        log.addHandler(logging.StreamHandler(sys.stderr))  # and after
        log.addHandler(Printing())
        log.warning("once")
    assert err.seen == "once\nonce\n"
    assert out.seen == "printed once\n"
    assert [(record.source, record.message) for record in recorded(handler)] == [("logging", "once")]


@on_terminals
def test_a_log_record_that_no_handler_of_ours_gets_is_recorded_when_it_is_printed(
    handler: TailraceHandler, log: logging.Logger
) -> None:
    alone = logging.Logger("alone")
    handler.setLevel(logging.INFO)
    with capture_output(handler=handler):
        for logger in (alone, log):
            logger.addHandler(logging.StreamHandler(sys.stderr))
        alone.info("nobody else has it")
        log.debug("too low")
        log.info("ours")
    assert [(record.source, record.message) for record in recorded(handler)] == [
        ("stderr", "nobody else has it"),
        ("stderr", "too low"),
        ("logging", "ours"),
    ]


@on_terminals
@pytest.mark.parametrize("behind", [True, False], ids=["behind the queue", "before it"])
def test_a_log_record_that_went_through_a_queue_is_recorded_once(handler: TailraceHandler, behind: bool) -> None:
    through: queue.SimpleQueue[Any] = queue.SimpleQueue()
    logger = logging.getLogger("queued")
    logger.propagate = False
    with capture_output(handler=handler):
        printing = logging.StreamHandler(sys.stderr)
        listener = logging.handlers.QueueListener(through, printing, *([handler] if behind else []))
        logger.handlers[:] = [logging.handlers.QueueHandler(through), *([] if behind else [handler])]
        listener.start()
        logger.warning("x")
        listener.stop()
    logger.handlers.clear()
    assert [(record.source, record.message) for record in recorded(handler)] == [("logging", "x")]


@on_terminals
def test_a_stream_knows_whether_the_processs_log_has_what_is_written_to_it(
    handler: TailraceHandler, out: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    known: list[bool] = []

    def write(text: str) -> int:
        known.append(is_recorded_otherwise(sys._getframe(1)))
        return len(text)

    monkeypatch.setattr(out, "write", write)
    monkeypatch.setattr(logging.getLogger(), "handlers", [handler])
    sys.stdout.write("as ever")
    with capture_output():
        sys.stdout.write("captured")
    with capture_output(url=NOWHERE, stream="other", prefix=handler.config.prefix):
        sys.stdout.write("in another stream")
    assert known == [False, True, False]


@on_terminals
def test_what_is_captured_twice_is_recorded_once(handler: TailraceHandler, out: Terminal) -> None:
    with capture_output(handler=handler):
        with capture_output(handler=handler):
            print("inside")
        print("outside")
    assert messages(handler) == ["inside", "outside"]
    assert sys.stdout is out


@on_terminals
def test_two_streams_get_both_what_they_capture(handler: TailraceHandler, other: TailraceHandler) -> None:
    with capture_output(handler=handler):
        print("first")
        with capture_output(handler=other):
            print("both")
    assert messages(handler) == ["first", "both"]
    assert [(record.message, record.line_number) for record in recorded(other)] == [("both", 1)]


@on_terminals
def test_a_stream_that_writes_to_a_captured_one_is_recorded_once(handler: TailraceHandler, out: Terminal) -> None:
    class Tee(io.StringIO):
        def __init__(self, stream: io.TextIOBase) -> None:
            super().__init__()
            self.stream = stream

        def write(self, text: str) -> int:
            return self.stream.write(text)

    with capture_output(handler=handler), contextlib.redirect_stdout(Tee(sys.stdout)):  # type: ignore[arg-type]
        print("through one")
        with capture_output(handler=handler):
            print("through both")
    assert messages(handler) == ["through one", "through both"]
    assert out.seen == "through one\nthrough both\n"


@on_terminals
def test_it_takes_back_only_what_is_its_own(handler: TailraceHandler, out: Terminal) -> None:
    capture = capture_output(handler=handler)
    capture.start()
    with contextlib.redirect_stdout(io.StringIO()) as elsewhere:
        print("elsewhere")
        capture.stop()
        there: object = sys.stdout
        assert there is elsewhere
    # What redirect_stdout has put back is ours, which only passes on.
    there = sys.stdout
    assert isinstance(there, CapturedStream)
    print("after")
    assert messages(handler) == []
    assert out.seen == "after\n"
    with capture_output(handler=handler):
        print("again")
    assert messages(handler) == ["again"]
    assert sys.stdout is out


def test_it_works_beside_capsys(make_logger: MakeLogger, capsys: pytest.CaptureFixture[str]) -> None:
    handler = make_logger(NOWHERE).handlers[0]
    assert isinstance(handler, TailraceHandler)
    with capture_output(handler=handler):
        print("x")
    assert capsys.readouterr().out == "x\n"
    assert messages(handler) == ["x"]


@on_terminals
def test_a_process_without_a_stdout_has_nothing_to_capture(handler: TailraceHandler) -> None:
    with contextlib.redirect_stdout(None), capture_output(handler=handler):
        print("nowhere")
        print("oh", file=sys.stderr)
    assert messages(handler) == ["oh"]


# Whole processes


def run(script: str, redis_server: Server, prefix: str, tmp_path: Path, **settings: str) -> list[str]:
    """Run it to its end; what it has printed."""
    settings = {"TAILRACE_STREAM": "s", "TAILRACE_CAPTURE": "stdout", **settings}
    return Worker(script, url=redis_server.url, prefix=prefix, spool=tmp_path, **settings).stop().returned


def test_a_process_ships_its_last_words(redis_server: Server, prefix: str, tmp_path: Path) -> None:
    script = """
import sys, tailrace
tailrace.install()
print("hello")
print("not ended", end="")
"""
    run(script, redis_server, prefix, tmp_path)
    found = wait_for_records(redis_server.client(), prefix, "s", 2)
    assert [(record.message, record.line_number) for record in found.all] == [("hello", 1), ("not ended", 2)]


def test_a_forked_child_records_its_own_lines_alone(redis_server: Server, prefix: str, tmp_path: Path) -> None:
    script = """
import multiprocessing, os, sys, tailrace
tailrace.install()
print("parent 0")
tailrace.flush(20)

def work():
    print("child 1")
    print("child 2", end="")

print("parent 1")
print("parent ", end="")
sys.stdout.flush()
child = multiprocessing.get_context("fork").Process(target=work)
child.start()
child.join()
if os.fork() == 0:
    print("forked")
    sys.stdout.flush()
    tailrace.flush()
    os._exit(0)
os.wait()
print("2")
"""
    run(script, redis_server, prefix, tmp_path)
    found = wait_for_records(redis_server.client(), prefix, "s", 6)
    lines = [[(record.line_number, record.message) for record in own] for own in found.records.values()]
    lines = [[line for line in own if line[0] is not None] for own in lines]
    assert sorted(lines) == [
        [(1, "child 1"), (2, "child 2")],
        [(1, "forked")],
        [(1, "parent 0"), (2, "parent 1"), (3, "parent 2")],
    ]
