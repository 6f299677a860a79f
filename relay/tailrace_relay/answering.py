"""What Redis fails at, as the relay's own error."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from redis.exceptions import RedisError

from tailrace_relay.errors import Unavailable

__all__ = ["answering"]


@contextlib.contextmanager
def answering(failing: str = "Redis does not answer") -> Iterator[None]:
    """Raise `Unavailable`, with what was not done, for whatever Redis or the network raise within.

    Raises:
        Unavailable: also for the error replies that were not caught within.
    """
    try:
        yield
    except (RedisError, OSError, TimeoutError) as error:
        raise Unavailable(f"{failing}: {error}") from error
