"""Clearing a stream: the script that does it, and the notice that it publishes (docs/PROTOCOL.md, A8)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

__all__ = ["CLEAR_SCRIPT", "Cleared", "parse_cleared"]

CLEAR_SCRIPT = Path(__file__).with_name("clear.lua").read_text("utf-8")

_NOTICE = re.compile(rb"cleared (\d{1,16}) ([A-Za-z0-9]{1,32})")


class Cleared(NamedTuple):
    """A stream was cleared up to a number.

    Attributes:
        n: of the last record that went.
        epoch: of the numbering that this number is of.
    """

    n: int
    epoch: str


def parse_cleared(payload: bytes) -> Cleared | None:
    """Read a message of a stream's channel; None when it is another one."""
    found = _NOTICE.fullmatch(payload)
    return None if found is None else Cleared(int(found[1]), found[2].decode())
