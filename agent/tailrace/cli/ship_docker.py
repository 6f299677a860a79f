"""`tailrace ship docker`: the logs of containers, each line a record."""

from __future__ import annotations

import argparse
import os
import re
import signal
import sys
import time
from contextlib import suppress
from datetime import datetime

from tailrace.cli.ship import allow_many_files, checkpoint_folder
from tailrace.config import Config
from tailrace.diagnostics import write_line
from tailrace.docker.announcer import Announcer
from tailrace.docker.container import STREAM, Selection, StreamName
from tailrace.docker.engine import SOCKET, Engine, EngineError, socket_of
from tailrace.docker.follower import Outlet
from tailrace.docker.roster import Choice, Roster
from tailrace.docker.shipment import Shipment
from tailrace.docker.stamp import SECOND
from tailrace.errors import CheckpointError
from tailrace.source.checkpoint import Job
from tailrace.source.sender import Sender
from tailrace.source.stop_sign import StopSign
from tailrace.spool.spool import target_of

__all__ = ["add_arguments", "run"]

# How this process is called among the agents.
SERVICE = "docker"

# Seconds of the units in which an age is given.
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_AGE = re.compile(r"(\d{1,9})([smhd])")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the verb's arguments."""
    parser.usage = "tailrace ship docker [OPTIONS]"
    parser.add_argument("--socket", metavar="PATH", help=f"where the Docker engine is; else DOCKER_HOST, {SOCKET}")
    parser.add_argument(
        "--stream",
        default=STREAM,
        metavar="NAME",
        help=f"the stream to write to, with {{name}}, {{id}}, {{image}}, {{project}} or {{service}} in it ({STREAM})",
    )
    parser.add_argument(
        "--container", action="append", default=[], metavar="NAME", help="only this one, by name or ID; may be repeated"
    )
    parser.add_argument(
        "--label", action="append", default=[], metavar="KEY[=VALUE]", help="only those with this label; repeated: all"
    )
    parser.add_argument(
        "--label-field", action="append", default=[], metavar="KEY", help="make this label a field of the records"
    )
    parser.add_argument(
        "--since",
        type=_since,
        default=0,
        metavar="TIME",
        help="of logs nobody has shipped, leave out what is older: 10m, or 2026-01-31T12:00:00Z",
    )
    parser.add_argument(
        "--checkpoints",
        metavar="DIR",
        help="where it is noted how far logs are shipped; else TAILRACE_CHECKPOINTS, else this user's state directory",
    )
    parser.add_argument(
        "--service", default=None, help="who is said to log; else each container, or its service in a composition"
    )
    parser.add_argument("--url", help="where Redis is; else TAILRACE_URL, REDIS_URL, redis://127.0.0.1:6379/0")
    parser.add_argument("--prefix", help="what all names in Redis begin with; else TAILRACE_PREFIX, tailrace")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Ship until a signal says stop; returns the exit code: 1 when the engine can't be asked.

    Raises:
        ConfigError: for settings that are not usable.
    """
    service = options.service or os.environ.get("TAILRACE_SERVICE")
    config = Config.load(
        url=options.url, service=service or SERVICE, prefix=options.prefix, checkpoints=options.checkpoints
    )
    stream = StreamName(options.stream)
    try:
        path = socket_of(options.socket, os.environ)
        job = Job(checkpoint_folder(config.checkpoints, "docker", target_of(config), os.path.abspath(path)))
    except (EngineError, CheckpointError) as error:
        return _fail(str(error))
    try:
        choice = Choice(Selection(options.container, options.label), stream, options.since)
        return _ship(Engine(path), job, config, choice, tuple(options.label_field), service or "")
    except EngineError as error:
        return _fail(str(error))
    except OSError as error:
        return _fail(f"checkpoints can't be kept: {error.strerror}")
    finally:
        job.close()


def _ship(engine: Engine, job: Job, config: Config, choice: Choice, labels: tuple[str, ...], service: str) -> int:
    allow_many_files()
    stopped = StopSign()
    sender = Sender(config, stopped=stopped)
    outlet = Outlet(sender, write_line, labels, config.level or 0, service)
    shipment = Shipment(engine, Roster(job, outlet, choice), outlet, Announcer(config), stopped)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: shipment.stop())
    try:
        shipment.run()
    finally:
        sender.close()
    return 0


def _fail(text: str) -> int:
    print(f"tailrace: {text}", file=sys.stderr)
    return 1


def _since(text: str) -> int:
    """A time in ns since 1970, from an age such as 10m, seconds since 1970, or RFC 3339."""
    age = _AGE.fullmatch(text)
    if age is not None:
        return max(time.time_ns() - int(age[1]) * UNITS[age[2]] * SECOND, 0)
    with suppress(ValueError, OverflowError, OSError):
        seconds = float(text) if re.fullmatch(r"\d{1,11}(\.\d+)?", text) else datetime.fromisoformat(text).timestamp()
        return max(round(seconds * SECOND), 0)
    raise argparse.ArgumentTypeError("right would be an age such as 10m, or a time such as 2026-01-31T12:00:00Z")
