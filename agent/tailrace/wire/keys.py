"""All names that Tailrace uses in Redis, each with what it holds.

| name                          | type                       | holds                                                   |
|-------------------------------|----------------------------|---------------------------------------------------------|
| `<prefix>:{S}`                | stream, pub/sub channel    | frames: field `f` the frame, `b` bytes ever appended    |
| `<prefix>:{S}:meta`           | hash                       | epoch, born, ms, n, b, b0, gens, cleared, age, bytes    |
| `<prefix>:{S}:p:<producer>`   | string with TTL            | `<mark> <ID of the mark>`                               |
| `<prefix>:streams`            | sorted set                 | stream names by last activity (Redis time, ms)          |
| `<prefix>:probe:<gateway>`    | pub/sub channel            | a gateway's probe of its own subscription               |
| `<prefix>:retention`          | hash                       | stream name or pattern to limits, JSON                  |
| `<prefix>:retention:turn`     | string with TTL            | the gateway that keeps all streams to their limits      |
| `<prefix>:agents`             | sorted set with TTL        | instances of agents by when they last spoke (ms)        |
| `<prefix>:agent:<instance>`   | string with TTL            | what the agent said of itself, JSON                     |

The braces keep all keys of one stream in one cluster slot.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tailrace.errors import StreamNameError

__all__ = ["DEFAULT_PREFIX", "Keys", "check_stream_name"]

DEFAULT_PREFIX = "tailrace"

_STREAM_NAME = re.compile(r"[A-Za-z0-9._:-]{1,128}", re.ASCII)


def check_stream_name(name: str) -> str:
    """Give the name back.

    Raises:
        StreamNameError: when it is not 1 to 128 of the characters `A-Za-z0-9._:-`.
    """
    if _STREAM_NAME.fullmatch(name) is None:
        raise StreamNameError(name)
    return name


@dataclass(frozen=True, slots=True)
class Keys:
    """The names in Redis under one prefix."""

    prefix: str = DEFAULT_PREFIX

    def stream(self, stream: str) -> str:
        """The Redis stream, and the pub/sub channel of the same name."""
        return f"{self.prefix}:{{{stream}}}"

    def meta(self, stream: str) -> str:
        return f"{self.prefix}:{{{stream}}}:meta"

    def mark(self, stream: str, producer: bytes) -> str:
        return f"{self.prefix}:{{{stream}}}:p:{producer.hex()}"

    @property
    def streams(self) -> str:
        return f"{self.prefix}:streams"

    @property
    def retention(self) -> str:
        return f"{self.prefix}:retention"

    @property
    def retention_turn(self) -> str:
        return f"{self.prefix}:retention:turn"

    @property
    def agents(self) -> str:
        return f"{self.prefix}:agents"

    def agent(self, instance: str) -> str:
        return f"{self.prefix}:agent:{instance}"

    def probe(self, gateway: str) -> str:
        return f"{self.prefix}:probe:{gateway}"

    def stream_of(self, channel: str) -> str | None:
        """The stream whose channel this is, or None for another channel."""
        head = f"{self.prefix}:{{"
        name = channel[len(head) : -1]
        return name if _STREAM_NAME.fullmatch(name) and channel == self.stream(name) else None
