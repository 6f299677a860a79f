"""What the agent says about itself: on stderr, seldom, never through `logging`, never with a password."""

from __future__ import annotations

import re
import sys
import time
from contextlib import suppress

__all__ = ["Voice", "without_password"]

# Seconds between two lines: an outage of an hour is worth sixty lines, not a million.
QUIET = 60.0

_USERINFO = re.compile(r"(?<=://)[^/\s]{0,1024}@")
_PARAMETER = re.compile(r"(?<=[?&])(password|username)=[^&\s]*")


def without_password(text: str) -> str:
    """The text without the user and password of any URL in it, wherever they stand there."""
    return _PARAMETER.sub(r"\1=***", _USERINFO.sub("***@", text))


class Voice:
    """Says at most one line a minute on stderr; counts what it left unsaid."""

    def __init__(self) -> None:
        self._quiet_until = 0.0
        self._unsaid = 0

    def say(self, text: str) -> None:
        """Say it, or count it when something was said within the last minute."""
        now = time.monotonic()
        if now < self._quiet_until:
            self._unsaid += 1
            return
        more = f" (and {self._unsaid} messages more since the last)" if self._unsaid else ""
        self._quiet_until, self._unsaid = now + QUIET, 0
        write_line(f"{text}{more}")


def write_line(text: str) -> None:
    """Write one line to the process's real stderr, if it has one."""
    # A closed or full stderr is no reason to fail: there is no other place to say so.
    with suppress(OSError, ValueError, AttributeError):
        sys.__stderr__.write(f"tailrace: {without_password(text)}\n")  # type: ignore[union-attr]
        sys.__stderr__.flush()  # type: ignore[union-attr]
