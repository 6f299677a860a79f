"""`tailrace ship`: every line of files, or of what is piped into it, becomes a record."""

from __future__ import annotations

import argparse
import errno
import hashlib
import os
import resource
import signal
import stat
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from glob import iglob

from tailrace.config import Config
from tailrace.diagnostics import write_line
from tailrace.emitter import Emitter
from tailrace.errors import CheckpointError, ConfigError
from tailrace.files.fingerprint import Fingerprint
from tailrace.files.following import Pace, follow, send_batch
from tailrace.files.log_file import LogFile
from tailrace.files.rotation import open_like
from tailrace.files.standard_input import StandardInput
from tailrace.files.watch import Watch
from tailrace.source.checkpoint import Checkpoint, Job
from tailrace.source.sender import RedisStaysAway, Sender, Stopped
from tailrace.source.stop_sign import StopSign
from tailrace.spool.spool import target_of

__all__ = ["add_arguments", "allow_many_files", "checkpoint_folder", "run"]

# What a shell says of a command that Ctrl-C has ended.
INTERRUPTED = 130


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the verb's arguments."""
    parser.usage = "tailrace ship [OPTIONS] [FILE ...]   or: tailrace ship docker [OPTIONS]"
    parser.add_argument(
        "files", nargs="*", metavar="FILE", help="each line is a record; standard input where none is given, or -"
    )
    parser.add_argument("--stream", help="the stream to write to; else TAILRACE_STREAM, else the service")
    parser.add_argument(
        "-f",
        "--follow",
        action="store_true",
        help="go on with what files get; FILE may be a pattern, such as '/var/log/app/**/*.log'",
    )
    parser.add_argument(
        "--from-end",
        action="store_true",
        help="with -f: of files nobody has shipped so far, only what they get from now on",
    )
    parser.add_argument(
        "--checkpoints",
        metavar="DIR",
        help="where it is noted how far files are shipped; else TAILRACE_CHECKPOINTS, else this user's state directory",
    )
    parser.add_argument("--rate", type=_rate, help="records per second at most")
    parser.add_argument("--service", help="who is said to log; else TAILRACE_SERVICE, else this program")
    parser.add_argument("--url", help="where Redis is; else TAILRACE_URL, REDIS_URL, redis://127.0.0.1:6379/0")
    parser.add_argument(
        "--timeout",
        type=float,
        default=30.0,
        help="seconds without an answer after which to give up (30); -f never does",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Ship until there is nothing left to ship; returns the exit code.

    Raises:
        ConfigError: for a bad stream name or URL, or options that do not go together.
    """
    config = Config.load(
        url=options.url, service=options.service, stream=options.stream, checkpoints=options.checkpoints
    )
    stopped = _stop_at_signals()
    try:
        pipe = _pipe(options.files)
        if pipe is None:
            return _ship_files(options, config, stopped)
        if options.follow:
            raise ConfigError("-f is for files; a pipe is read to its end anyway")
        return _ship_pipe(pipe, options, config, stopped)
    except CheckpointError as error:
        print(f"tailrace: {error}", file=sys.stderr)
    except OSError as error:
        what = f"can't read {error.filename}: {error.strerror}" if error.filename else f"can't read on: {error}"
        print(f"tailrace: {what}", file=sys.stderr)
    return 1


def allow_many_files() -> None:
    """Have as many open files as the system lets us: each one that is followed is one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def checkpoint_folder(place: str | None, *names: str | bytes) -> str:
    """The folder of one job's checkpoints.

    Args:
        place: `Config.checkpoints`.
        names: what makes it another job.
    """
    state = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    place = place or os.path.join(state, "tailrace")
    packed = b"\n".join(name if isinstance(name, bytes) else name.encode("utf-8", "surrogateescape") for name in names)
    return os.path.join(os.path.abspath(place), hashlib.sha256(packed).hexdigest()[:32])


def _pipe(paths: list[str]) -> str | None:
    """What is to be shipped as a pipe: `-` for standard input; None for files.

    Raises:
        ConfigError: for a pipe among others.
    """
    pipes = [path for path in paths or ["-"] if path == "-" or _is_pipe(path)]
    if pipes and len(paths) > 1:
        raise ConfigError(f"{pipes[0]} can be read once only; right would be to ship it alone")
    return pipes[0] if pipes else None


def _is_pipe(path: str) -> bool:
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return False  # a pattern, or missing, which is said later
    return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)


def _ship_pipe(path: str, options: argparse.Namespace, config: Config, stopped: threading.Event) -> int:
    fd = sys.stdin.fileno() if path == "-" else os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    source = StandardInput(Emitter(config), fd, "stdin" if path == "-" else os.path.basename(path), options.timeout)
    try:
        source.ship(Pace(options.rate, stopped), stopped)
    except RedisStaysAway:
        kept = f"they are kept in {source.folder}" if source.folder else "there was no directory to keep them in"
        _say_timeout(options, f"{source.missing} of {source.count} records are not in it; {kept}")
        return 1
    print(f"shipped {source.count} records to stream {config.stream}")
    return 0


def _ship_files(options: argparse.Namespace, config: Config, stopped: threading.Event) -> int:
    job = _job(options, config)
    sender = Sender(config, float("inf") if options.follow else options.timeout, stopped)
    try:
        if options.follow:
            return _follow(options, config, job, sender, stopped)
        return _ship_once(options, config, job, sender, stopped)
    finally:
        sender.close()
        job.close()


def _job(options: argparse.Namespace, config: Config) -> Job:
    # What is shipped once is another job for other files; what is followed may match others tomorrow.
    files = [] if options.follow else [os.path.abspath(path) for path in options.files]
    return Job(checkpoint_folder(config.checkpoints, "files", target_of(config), config.stream, *files))


def _follow(options: argparse.Namespace, config: Config, job: Job, sender: Sender, stopped: threading.Event) -> int:
    allow_many_files()
    try:
        watch = Watch(options.files, config.stream, job, sender.resume, at_end=options.from_end, say=write_line)
    except Stopped:
        return 0
    try:
        follow(watch, sender, Pace(options.rate, stopped), stopped)
    except Stopped:
        pass
    finally:
        watch.close()
    return 0


def _ship_once(options: argparse.Namespace, config: Config, job: Job, sender: Sender, stopped: threading.Event) -> int:
    count, files, pace = 0, [], Pace(options.rate, stopped)
    try:
        files = _open(options.files, config.stream, job, sender)
        for file in files:
            while number := send_batch(sender, file, pace, to_end=True):
                count += number
                if stopped.is_set():
                    raise Stopped
    except RedisStaysAway:
        _say_timeout(options, f"{count} records are in it; the same command goes on behind them")
        return 1
    except Stopped:
        print(f"tailrace: stopped after {count} records; the same command goes on behind them", file=sys.stderr)
        return INTERRUPTED
    sender.finish(file.checkpoint for file in files)
    job.done()
    print(f"shipped {count} records to stream {config.stream}")
    return 0


def _open(paths: Iterable[str], stream: str, job: Job, sender: Sender) -> list[LogFile]:
    """The files, each where an earlier run of the same command was interrupted, else at its beginning."""
    # All of them before the first is shipped.
    opened = [(path, _open_file(path)) for path in _expanded(paths)]
    files, left = [], job.checkpoints()
    for path, fd in opened:
        found = next((each for each in left if each.position["path"] == path and _is_of(each, fd)), None)
        if found is None:
            files.append(LogFile.new(path, fd, job, stream))
        else:
            left.remove(found)
            files.append(LogFile(path, fd, found, sender.resume(found)))
    return [*_rotated(left, sender), *files]


def _open_file(path: str) -> int:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        raise OSError(errno.EINVAL, "it is a directory or a device", path)
    return fd


def _expanded(paths: Iterable[str]) -> Iterator[str]:
    """Patterns that no shell has expanded are expanded here."""
    for path in map(os.path.abspath, paths):
        found = [] if os.path.lexists(path) else sorted(iglob(path, recursive=True))
        yield from found or [path]


def _is_of(checkpoint: Checkpoint, fd: int) -> bool:
    return Fingerprint.of_position(checkpoint.position).is_of(fd)


def _rotated(left: Iterable[Checkpoint], sender: Sender) -> Iterator[LogFile]:
    """The rest of files that have another name than when the command was interrupted."""
    for checkpoint in left:
        path, line = checkpoint.position["path"], checkpoint.position["line"]
        fd = open_like(Fingerprint.of_position(checkpoint.position), path, ())
        if fd is not None:
            yield LogFile(path, fd, checkpoint, sender.resume(checkpoint))
        else:
            write_line(f"{path} as it was up to line {line} can't be found: what it had behind that is not shipped")
            checkpoint.remove()


def _stop_at_signals() -> threading.Event:
    stopped = StopSign()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    return stopped


def _say_timeout(options: argparse.Namespace, what: str) -> None:
    print(f"tailrace: Redis took nothing for {options.timeout:g} s: {what}", file=sys.stderr)


def _rate(text: str) -> float:
    rate = float(text)
    if not 0.0 < rate < float("inf"):
        raise argparse.ArgumentTypeError("right would be a number above 0")
    return rate
