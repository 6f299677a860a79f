"""`tailrace run -- CMD…`: any program's output becomes records, and is printed as before."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from dataclasses import dataclass
from typing import Any

from tailrace.command.command import Command, Exit, hold_signals, open_standard_descriptors
from tailrace.command.marks import PARENT, Parent, Unmarker
from tailrace.command.pump import Pump
from tailrace.config import Config
from tailrace.emitter import Emitter
from tailrace.errors import ConfigError, LevelError
from tailrace.runs.run import LEVELS
from tailrace.runs.run import run as unit_of_work
from tailrace.transcript.transcript import Transcript
from tailrace.values import clean_text
from tailrace.wire.levels import parse_level
from tailrace.wire.record import Record

__all__ = ["add_arguments", "run"]

INFO = 20

STDOUT, STDERR = 1, 2
SOURCES = {STDOUT: "stdout", STDERR: "stderr"}

# Seconds after the command's end in which others who hold its outputs are listened to.
DRAIN = 2.0

# Seconds between two looks whether such a one has ended, or whether the spool has room again.
POLL = 0.02

# Bytes of a program's name that are kept.
LONGEST_NAME = 128

# What ends a command in the ordinary way when somebody has had enough of it.
CANCELLING = ("SIGINT", "SIGTERM", "SIGHUP")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the verb's arguments."""
    parser.usage = "tailrace run [OPTIONS] -- COMMAND [ARGUMENT ...]"
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="COMMAND", help="the program and its arguments")
    parser.add_argument("--service", help="who is said to log; else TAILRACE_SERVICE, else the program's name")
    parser.add_argument("--stream", help="the stream to write to; else TAILRACE_STREAM, else the service")
    parser.add_argument("--url", help="where Redis is; else TAILRACE_URL, REDIS_URL, redis://127.0.0.1:6379/0")
    parser.add_argument("--stdout-level", type=_level, default=INFO, help="of lines that name none (INFO)")
    parser.add_argument("--stderr-level", type=_level, default=40, help="of lines that name none (ERROR)")
    parser.add_argument("--as-run", action="store_true", help="write to a stream of its own, run:<id>")
    parser.add_argument("--run-id", metavar="ID", help="what that stream is called; else made. Means --as-run")
    parser.add_argument("--quiet", action="store_true", help="record the output, do not print it")
    parser.add_argument("--no-output", action="store_true", help="leave the output alone: record only start and end")
    parser.add_argument("--lossless", action="store_true", help="hold the program back rather than shed its lines")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command to its end; returns the exit code: the command's own, 128 + n when signal n killed it.

    Raises:
        ConfigError: for settings that are not usable; then the command is not run.
    """
    open_standard_descriptors()
    arguments = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not arguments:
        raise ConfigError("there is no command; right would be: tailrace run --service NAME -- COMMAND")
    if not hasattr(signal, "sigwaitinfo"):
        raise ConfigError("tailrace run needs sigwaitinfo, which this system does not have")
    name = clean_text(os.path.basename(arguments[0]))[:LONGEST_NAME] or "command"
    work = unit_of_work(name, id=options.run_id) if options.as_run or options.run_id else None
    service = options.service or os.environ.get("TAILRACE_SERVICE") or os.environ.get("OTEL_SERVICE_NAME") or name
    config = Config.load(url=options.url, service=service, stream=work.stream if work else options.stream)
    if work is not None:
        print(f"tailrace: run {work.id}", file=sys.stderr, flush=True)
    return _Wrapper(options, arguments, config, _Story(Emitter(config), name, work.id if work else None)).run()


@dataclass
class _Story:
    """Records of how the command began and ended, in the form of those of `tailrace.run`."""

    emitter: Emitter
    name: str
    run_id: str | None
    begin: float = 0.0
    pid: int = 0

    def start(self, pid: int, arguments: list[str]) -> None:
        self.begin, self.pid = time.monotonic(), pid
        # Arguments may hold secrets: they are counted.
        about = {"command": clean_text(arguments[0]), "arguments": len(arguments) - 1}
        self._note(INFO, "start", "started", "started", about)

    def finish(self, end: Exit) -> None:
        duration = round(time.monotonic() - self.begin, 6) if self.pid else 0.0
        about: dict[str, Any] = {"exit_code": end.code, "duration": duration}
        status = "cancelled" if end.signal in CANCELLING else "failed" if end.code else "ok"
        error = end.reason or (f"killed by {end.signal}" if end.signal else f"exit code {end.code}" if end.code else "")
        if end.signal:
            about["signal"] = end.signal
        if error:
            about["error"] = error
        text = f"{status} after {duration:.3f} s" + (f": {error}" if error else "")
        self._note(LEVELS[status], "finish", status, text, about)

    def _note(self, level: int, kind: str, status: str, text: str, about: dict[str, Any]) -> None:
        what = "command" if self.run_id is None else "run"
        own: dict[str, Any] = {what: self.name, "status": status}
        if self.run_id is not None:
            own["run_id"] = self.run_id
        if self.pid:
            own["child_pid"] = self.pid
        self.emitter.emit(
            Record(
                time=time.time_ns() // 1000,
                level_number=level,
                logger="tailrace",
                message=f"{what} {self.name} {text}",
                source="sdk",
                kind=kind,
                fields=own | about,
            )
        )


class _Wrapper:
    """Connects the command, its outputs and the emitter."""

    def __init__(self, options: argparse.Namespace, arguments: list[str], config: Config, story: _Story) -> None:
        self._options = options
        self._arguments = arguments
        self._config = config
        self._story = story
        self._emitter = story.emitter
        self._ended = False
        # A wrapper around this one that would record the same once more.
        outer = Parent.around()
        self._outer = outer if outer is not None and outer.writes_as(config) else None

    def run(self) -> int:
        """Run the command to its end."""
        signals = hold_signals()
        pipes = {} if self._options.no_output else {output: os.pipe() for output in SOURCES}
        parent = Parent.here(self._config, (reading for reading, _ in pipes.values()))
        environ = self._environ(parent if pipes else None)
        outputs = {output: writing for output, (_, writing) in pipes.items()}
        command = Command.start(self._arguments, environ, outputs, signals)
        for writing in outputs.values():
            os.close(writing)
        if isinstance(command, Exit):
            return self._not_started(command)
        self._story.start(command.pid, self._arguments)
        pumps = [self._pump(output, reading, parent) for output, (reading, _) in pipes.items()]
        end = command.wait()
        self._drain(command, pumps)
        self._story.finish(end)
        return end.code

    def _environ(self, parent: Parent | None) -> dict[str, str]:
        """The command's environment: an agent in it writes to the same place, and an interpreter at once."""
        environ = {**os.environ, "PYTHONUNBUFFERED": os.environ.get("PYTHONUNBUFFERED") or "1"}
        environ |= {f"TAILRACE_{name.upper()}": getattr(self._config, name) for name in ("url", "service", "stream")}
        environ.pop(PARENT, None)
        # Without outputs of ours the command has those of the wrapper around us.
        parent = parent or self._outer
        return environ if parent is None else environ | {PARENT: str(parent)}

    def _not_started(self, end: Exit) -> int:
        print(f"tailrace: can't run {self._arguments[0]}: {end.reason}", file=sys.stderr)
        self._story.finish(end)
        return end.code

    def _pump(self, output: int, reading: int, parent: Parent) -> Pump:
        level = self._options.stdout_level if output == STDOUT else self._options.stderr_level
        transcript = Transcript(SOURCES[output], level, self._story.name)
        target = None if self._options.quiet else output
        before = self._wait_for_room if self._options.lossless else bool
        outer = self._outer if self._outer is not None and self._outer.reads(output) else None
        pump = Pump(reading, target, Unmarker(parent, outer), transcript, self._record, before)
        pump.start()
        return pump

    def _record(self, record: Record) -> None:
        if record.level_number >= (self._config.level or 0):
            self._emitter.emit(record)

    def _wait_for_room(self) -> None:
        """Hold back who writes to the pipe while the spool is half full, as long as the command lives."""
        channel = self._emitter.channel
        while channel is not None and not self._ended and channel.spool.shelf.crowded():
            channel.engine.flush(POLL)

    def _drain(self, command: Command, pumps: list[Pump]) -> None:
        """Take what is left in the pipes."""
        self._ended = True
        until = time.monotonic() + DRAIN
        for pump in pumps:
            pump.finish_by(until)
        while any(pump.is_alive() for pump in pumps) and not command.was_told_to_end():
            pumps[0 if pumps[0].is_alive() else 1].join(POLL)


def _level(text: str) -> int:
    try:
        return parse_level(text)
    except LevelError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
