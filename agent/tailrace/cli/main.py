"""The command `tailrace`: the agent's own verbs, and the way to the relay's."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec

from tailrace.cli import doctor, drain, run, ship
from tailrace.errors import TailraceError
from tailrace.version import __version__

__all__ = ["main"]

# Verbs of the relay, which may not be installed.
RELAY = {
    "serve": "run a gateway",
    "dev": "run an embedded Redis and a gateway, to try things",
    "tail": "print a stream, and follow it",
    "token": "make a token for trying permissions out",
}

USAGE_ERROR = 2
# What shells say of a program that SIGPIPE ended, 128 + 13.
READER_LEFT = 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with these arguments, else the process's; returns the exit code."""
    argv = list(sys.argv[1:] if argv is None else argv)
    if argv and argv[0] in RELAY:
        return hand_to_relay(argv)
    if argv[:2] == ["ship", "docker"]:
        return _run(_docker_parser(), argv[2:])
    return _run(parser(), argv)


def _run(parser: argparse.ArgumentParser, argv: list[str]) -> int:
    options = parser.parse_args(argv)
    try:
        code = int(options.run(options))
        print(end="", flush=True)
        return code
    except TailraceError as error:
        print(f"tailrace: {error}", file=sys.stderr)
        return USAGE_ERROR
    except BrokenPipeError:
        # Whoever read us has enough; the interpreter's own flush at exit must not complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return READER_LEFT
    except KeyboardInterrupt:
        return 130


def parser() -> argparse.ArgumentParser:
    """The arguments of the agent's own verbs."""
    relay = "\n".join(f"    {verb:10} {about}" for verb, about in RELAY.items())
    top = argparse.ArgumentParser(
        prog="tailrace",
        description="A log relay over Redis.",
        epilog=f"with tailrace[relay] installed also:\n{relay}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"tailrace {__version__}")
    verbs = top.add_subparsers(title="verbs", metavar="VERB", required=True)
    ship.add_arguments(verbs.add_parser("ship", help="ship files, each line a record"))
    run.add_arguments(verbs.add_parser("run", help="run a command, each line of its output a record"))
    doctor.add_arguments(verbs.add_parser("doctor", help="look whether an agent would work here, and what to do"))
    drain.add_arguments(verbs.add_parser("drain", help="ship what dead processes have left on this machine"))
    return top


def _docker_parser() -> argparse.ArgumentParser:
    # Its own, since argparse takes no file where it expects a verb; a file of that name is shipped as ./docker.
    from tailrace.cli import ship_docker

    found = argparse.ArgumentParser(prog="tailrace ship docker", description="Ship the logs of containers.")
    ship_docker.add_arguments(found)
    return found


def hand_to_relay(argv: list[str]) -> int:
    """Let the relay's command run, or say how to install it."""
    if find_spec("tailrace_relay") is None or find_spec("tailrace_relay.cli") is None:
        print(f"tailrace: {argv[0]} is part of the relay: pip install 'tailrace[relay]'", file=sys.stderr)
        return USAGE_ERROR
    return int(import_module("tailrace_relay.cli").main(argv) or 0)
