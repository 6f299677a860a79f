"""The link: one connection to Redis, without hidden retries.

It speaks through redis-py's connection, not its client: tracing tools patch the client, and would make records
of the shipping of records.
"""

from __future__ import annotations

# The first connection would import these two, in the shipper's thread: a process forked in that moment finds them half
# imported, and never connects.
import encodings.ascii
import encodings.idna  # noqa: F401
import hashlib
import re
import time
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from redis.backoff import NoBackoff
from redis.connection import ConnectionPool
from redis.exceptions import ConnectionError, NoScriptError, RedisError, ResponseError, TimeoutError
from redis.retry import Retry

from tailrace.errors import AnswerError
from tailrace.shipper.lane import Parcel
from tailrace.spool.directory import identity_of
from tailrace.wire.append import FINISHED_TTL, SCRIPT, Answer, append_call, new_epoch
from tailrace.wire.keys import Keys

__all__ = ["Link", "Refusal", "Unavailable"]

# Seconds: a healthy Redis answers within milliseconds, and the spool can wait.
CONNECT_TIMEOUT, ANSWER_TIMEOUT = 1.0, 2.0

# redis-py tells the server its name and version at every connect; how to have it silent changed with version 8.
NO_INTRODUCTION: dict[str, Any] = (
    {"driver_info": None} if find_spec("redis.driver_info") else {"lib_name": None, "lib_version": None}
)

SHA = hashlib.sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()

# Answers that concern Redis as a whole, not one stream; Redis 6 wraps a script's error and keeps the code inside.
_GENERAL = re.compile(
    r"(?:^|-)(?:LOADING|READONLY|OOM|BUSY|MASTERDOWN|CLUSTERDOWN|MISCONF|NOREPLICAS|NOAUTH|WRONGPASS|UNKILLABLE)\b"
)
_GENERAL_KINDS = frozenset(
    (
        "AuthenticationError",
        "BusyLoadingError",
        "ClusterDownError",
        "MasterDownError",
        "OutOfMemoryError",
        "ReadOnlyError",
        "TryAgainError",
    )
)
_GENERATION = re.compile(rb"(\d+):\d+-(\d+):\S+")


class Unavailable(Exception):
    """Redis did not answer, or takes nothing at the moment; the text says why."""


class Refusal(Exception):
    """Redis answered, but does not take this frame; the text says why."""


class Link:
    """A connection that is made when it is needed and again after it broke."""

    def __init__(self, url: str, keys: Keys) -> None:
        self._keys = keys
        self._pool = ConnectionPool.from_url(
            url,
            socket_connect_timeout=CONNECT_TIMEOUT,
            socket_timeout=ANSWER_TIMEOUT,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
            **NO_INTRODUCTION,
        )
        self._connection: Any = None
        self._socket: tuple[int, tuple[int, int] | None] = (-1, None)
        self._ahead = 0.0

    def send(self, parcels: Sequence[Parcel], announced: Sequence[str]) -> list[Answer | Refusal]:
        """Append frames and note streams as active, in one round trip; an answer or a refusal for each frame.

        Raises:
            Unavailable: then it is unknown which of the frames arrived.
        """
        self.connect()
        now = self._redis_time()
        notes = [("ZADD", self._keys.streams, "GT", now, name) for name in announced]
        calls = [self._call(parcel) for parcel in parcels]
        replies = self._ask([*notes, *calls])
        # That a stream could not be noted harms nobody who knows its name; the next attempt comes by itself.
        replies = replies[len(notes) :]
        if any(isinstance(reply, NoScriptError) for reply in replies):
            replies = self._load_and_ask_again(calls, replies)
        return [_judge(reply) for reply in replies]

    def forked_at(self, stream: str, generation: int) -> int | None:
        """The lowest `n` at which a younger generation than this began; None when there is none.

        Raises:
            Unavailable: as for `send`.
        """
        reply = self._ask([("HGET", self._keys.meta(stream), "gens")])[0]
        found = _GENERATION.findall(reply) if isinstance(reply, bytes) else []
        numbers = [int(number) for number, _ in found]
        if generation not in numbers:
            return 0 if numbers else None  # we followed a master whose records are gone
        return min((int(n) for _, n in found[numbers.index(generation) + 1 :]), default=None)

    def mark(self, stream: str, producer: bytes) -> int | None:
        """The last number that Redis has of a producer; None when it knows none.

        Raises:
            Unavailable: as for `send`.
        """
        self.connect()
        reply = self._ask([("GET", self._keys.mark(stream, producer))])[0]
        number = reply.partition(b" ")[0] if isinstance(reply, bytes) else b""
        return int(number) if number.isdigit() else None

    def tell(self, commands: Sequence[tuple[Any, ...]]) -> str | None:
        """Send commands that no record depends on; why one was refused, None when none was.

        Raises:
            Unavailable: as for `send`.
        """
        self.connect()
        refused = next((reply for reply in self._ask(commands) if isinstance(reply, ResponseError)), None)
        return None if refused is None else _reason(refused)

    def now(self) -> int:
        """The time of Redis, in ms since 1970, as far as this connection knows."""
        return self._redis_time()

    def finish(self, producers: Sequence[tuple[str, bytes]]) -> None:
        """Let marks go soon whose producers are finished.

        Raises:
            Unavailable: as for `send`.
        """
        if producers:
            self.connect()
            self._ask([("PEXPIRE", self._keys.mark(stream, producer), FINISHED_TTL) for stream, producer in producers])

    def connect(self) -> None:
        """Connect, unless that is done; learn how far Redis's clock is ahead of ours.

        Raises:
            Unavailable: with the reason.
        """
        if self._connection is not None:
            if self._has_socket():
                return
            self.close()
        # Not from the pool itself, which counts those that it makes, also in vain, and stops at a hundred.
        connection: Any = self._pool.connection_class(**self._pool.connection_kwargs)
        try:
            connection.connect()
        except (RedisError, OSError) as error:
            raise Unavailable(_reason(error)) from error
        self._connection = connection
        number = connection._sock.fileno()
        self._socket = number, identity_of(number)
        reply = self._ask([("TIME",)])[0]
        if isinstance(reply, list):
            self._ahead = int(reply[0]) + int(reply[1]) / 1e6 - time.time()

    def close(self) -> None:
        """Drop the connection; the next `send` makes another."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        if not self._has_socket() and connection._sock is not None:
            # The number may be somebody else's by now: it is let go of, not closed.
            connection._sock.detach()
        connection.disconnect()

    def _has_socket(self) -> bool:
        """Whether the descriptor still is our socket's: who closes all of them, to daemonise, closes it too."""
        number, identity = self._socket
        return identity is not None and identity_of(number) == identity

    def _redis_time(self) -> int:
        return int((time.time() + self._ahead) * 1000)

    def _call(self, parcel: Parcel) -> tuple[Any, ...]:
        names, arguments = append_call(
            self._keys,
            parcel.stream,
            parcel.frame,
            producer=parcel.producer,
            count=parcel.count,
            first_seq=parcel.first,
            shed=sum(parcel.shed),
            epoch=new_epoch(),  # never the same twice: Redis may lose its numbering while we live
        )
        return ("EVALSHA", SHA, len(names), *names, *arguments)

    def _load_and_ask_again(self, calls: list[tuple[Any, ...]], replies: list[Any]) -> list[Any]:
        self._ask([("SCRIPT", "LOAD", SCRIPT)])
        missing = [i for i, reply in enumerate(replies) if isinstance(reply, NoScriptError)]
        for i, reply in zip(missing, self._ask([calls[i] for i in missing]), strict=True):
            replies[i] = reply
        return replies

    def _ask(self, commands: Sequence[tuple[Any, ...]]) -> list[Any]:
        """One reply for each command; an error reply as the exception it is.

        Raises:
            Unavailable: also for an error reply that concerns all of Redis.
        """
        connection = self._connection
        try:
            connection.send_packed_command(connection.pack_commands(commands))
            replies = [self._read(connection) for _ in commands]
        except (RedisError, OSError) as error:
            self.close()
            raise Unavailable(_reason(error)) from error
        for reply in replies:
            if isinstance(reply, ResponseError) and _is_general(reply):
                # Behind the same address there may be another by now, such as a new master.
                self.close()
                raise Unavailable(_reason(reply))
        return replies

    def _read(self, connection: Any) -> Any:
        try:
            return connection.read_response()
        except (ConnectionError, TimeoutError):
            raise
        except ResponseError as error:
            return error


def _judge(reply: Any) -> Answer | Refusal:
    if isinstance(reply, ResponseError):
        return Refusal(_reason(reply))
    try:
        return Answer.parse(reply)
    except AnswerError as error:
        return Refusal(str(error))


def _is_general(error: ResponseError) -> bool:
    return type(error).__name__ in _GENERAL_KINDS or _GENERAL.search(str(error)) is not None


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300]
