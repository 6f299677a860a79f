"""`python -m tailrace_relay.demo`: starts the demo and ends it on a signal, leaving no process."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from types import FrameType

from tailrace_relay.demo.parts import Demo
from tailrace_relay.errors import RelayError

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> int:
    """Run the demo; gives the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tailrace_relay.demo", description="Two gateways and four workers to watch in a browser."
    )
    parser.add_argument(
        "--port",
        type=int,
        help="of the first gateway, the second takes the next; 0: free ones; default: 8000, else free",
    )
    parser.add_argument("--seconds", type=float, help="end by itself after so long; default: on Ctrl-C")
    options = parser.parse_args()
    end_on_signals()
    try:
        with Demo(say, port=options.port) as demo:
            say(demo.describe())
            return demo.watch(options.seconds)
    except RelayError as error:
        say(f"demo: {error}")
        return 1


def end_on_signals() -> None:
    """Leave the program by its ordinary way on Ctrl-C, a kill or the end of the terminal."""
    for number in SIGNALS:
        # nohup has the hang-up ignored, and means it.
        if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, end)


def end(number: int, frame: FrameType | None) -> None:
    """Raise SystemExit, once: an impatient second signal must not keep the parts from being stopped."""
    for other in SIGNALS:
        signal.signal(other, signal.SIG_IGN)
    sys.exit(0)


def say(text: str) -> None:
    """Print, even when the terminal is gone: then there are still processes to end."""
    try:
        print(text, flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
