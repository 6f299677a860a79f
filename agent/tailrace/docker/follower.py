"""A follower: one container's log goes to its stream, from where it was left to the container's end."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from tailrace.docker.container import Container
from tailrace.docker.engine import Answer, Engine, EngineAway, EngineError, EngineRefuses
from tailrace.docker.messages import Messages, Multiplexed, Raw
from tailrace.docker.position import Position
from tailrace.docker.response import ResponseError
from tailrace.docker.side import Facts
from tailrace.docker.stamp import SECOND
from tailrace.docker.weave import Weave
from tailrace.recent import errors_among
from tailrace.shipper.backlog import Backoff
from tailrace.source.checkpoint import Checkpoint
from tailrace.source.sender import Rewind, Sender
from tailrace.wire import record as wire

__all__ = ["Follower", "Outlet"]

# Seconds that a line may take from the program through the engine to us, on top of the patience with which a traceback
# is waited for.
GRACE = 0.25

# Seconds between two visits of a checkpoint to the disk.
SETTLE_EVERY = 5.0

NOT_FOUND, BAD_REQUEST = 404, 400


@dataclass(frozen=True, slots=True)
class Outlet:
    """Where followers send to.

    Attributes:
        say: gets what a person should know.
        labels: of a container, whose values its records have.
        level: records below are left out.
        service: who is said to log; else each container itself, or its service in a composition.
        host: where the containers run.
    """

    sender: Sender
    say: Callable[[str], object]
    labels: tuple[str, ...] = ()
    level: int = 0
    service: str = ""
    host: str = field(default_factory=socket.gethostname)


class Follower:
    """Reads the log of one container.

    Args:
        skip: so many records behind the checkpoint's position are in Redis.

    Attributes:
        container: as it was looked at last.
        answer: what is read; None while nothing is.
        gone: there is no such container any more.
        look: it should be looked at: its log has ended.
        sent, errors: records, by this process; and of those the ones of ERROR or above.
        flush_at: when `flush` is due; None while nothing waits.
    """

    def __init__(self, container: Container, checkpoint: Checkpoint, skip: int, outlet: Outlet) -> None:
        self.container = container
        self.answer: Answer | None = None
        self.gone = False
        self.look = False
        self.sent = self.errors = 0
        self.flush_at: float | None = None
        self.retry_at = 0.0
        self._checkpoint = checkpoint
        self._outlet = outlet
        self._weave = self._weave_at(checkpoint.position, skip)
        self._messages: Messages = Multiplexed()
        self._patience = 0.0
        self._failures = 0
        self._settled_at = 0.0
        # The engine has no log of it that could be read.
        self._silent = False
        # The end of the run whose log is or was read to its end, as the engine writes it.
        self._reading_to: str | None = None
        self._read_to: str | None = None

    @property
    def stream(self) -> str:
        """Where its records go."""
        return self._checkpoint.stream

    @property
    def last(self) -> dict[str, str]:
        """Stream and ID of its newest record in Redis, as presence says it; empty before the first."""
        answer = self._checkpoint.answer
        return {} if answer is None or answer.id is None else {"stream": self.stream, "id": str(answer.id)}

    @property
    def wants_to_read(self) -> bool:
        """Whether there is or will be something to read that nobody reads."""
        if self.answer is not None or self._silent or self.gone:
            return False
        return self.container.runs or self._read_to != self.container.finished

    def open(self, engine: Engine) -> None:
        """Ask for the log from behind what was taken. Never raises for an engine that does not answer."""
        position = self._weave.position
        self._weave = Weave(position, self._facts())
        self._messages = Raw() if self.container.tty else Multiplexed()
        self.flush_at = None
        self._reading_to = None if self.container.runs else self.container.finished
        seconds, nanoseconds = divmod(position.since, SECOND)
        query = {"stdout": "1", "stderr": "1", "timestamps": "1", "follow": "1" if self.container.runs else "0"}
        if position.since:
            query["since"] = f"{seconds}.{nanoseconds:09d}"
        try:
            self.answer = engine.open(f"/containers/{self.container.id}/logs", **query)
        except EngineError:
            self._try_again()

    def read(self, engine: Engine) -> None:
        """Take what has come, and send what is complete of it.

        Raises:
            Stopped, RedisStaysAway: as `Sender.send`.
        """
        answer = self.answer
        if answer is None:
            return
        try:
            for part in answer.read():
                for message in self._messages.feed(part):
                    self._weave.feed(message)
            if self._weave.moved:
                self._failures = 0
            if answer.complete:
                self._end_of_answer()
        except (EngineError, ResponseError) as error:
            self._broke(error, engine)
        self._send()
        self._wait_for_more()

    def flush(self) -> None:
        """Nothing more has come for a while: what waited for more is sent as it is.

        Raises:
            Stopped, RedisStaysAway: as `Sender.send`.
        """
        self._weave.give_up(self._patience)
        self._send()
        self._wait_for_more()

    def finish(self) -> None:
        """The container is gone: send what is left of its log, and forget it.

        Raises:
            Stopped, RedisStaysAway: as `Sender.send`.
        """
        self._hang_up()
        self.flush_at = None
        self._weave.end()
        self._send()
        self._checkpoint.remove()

    def settle(self) -> None:
        """Have what was sent noted on the disk, if that is due."""
        now = time.monotonic()
        if now - self._settled_at >= SETTLE_EVERY:
            self._settled_at = now
            self._note_position()
            self._checkpoint.settle()

    def close(self) -> None:
        """Let go of it. The checkpoint stays."""
        self._hang_up()
        self._note_position()
        # A full disk is no reason to fail: an older checkpoint and Redis know the same.
        with suppress(OSError):
            self._checkpoint.close()

    def _weave_at(self, position: Mapping[str, Any], skip: int) -> Weave:
        found = Position.unpack(dict(position))
        return Weave(replace(found, skip=found.skip + skip), self._facts())

    def _facts(self) -> Facts:
        container = self.container
        return Facts(container.name, container.fields(self._outlet.labels), self._outlet.level)

    def _packed(self, position: Position) -> dict[str, Any]:
        own = {name: self._checkpoint.position[name] for name in ("container", "template")}
        return {**own, **position.pack()}

    def _note_position(self) -> None:
        """Have the checkpoint know of lines, too, that were no records."""
        # While a frame is on its way, or may be, what lies behind it was not taken.
        if self._checkpoint.on_way is None:
            self._checkpoint.position = self._packed(self._weave.position)

    def _send(self) -> None:
        container = self.container
        who = wire.Facts(self._outlet.service or container.service, self._outlet.host, container.pid, container.command)
        try:
            for batch in self._weave.batches():
                self._outlet.sender.send(self._checkpoint, batch.records, self._packed(batch.position), who)
                self.sent += len(batch.records)
                self.errors += errors_among(batch.records)
        except Rewind as back:
            self._hang_up()
            self._weave = self._weave_at(back.position, back.skip)
            self._read_to = None
            self.retry_at = 0.0

    def _wait_for_more(self) -> None:
        patience = self._weave.patience
        if patience is None:
            self.flush_at = None
        else:
            self._patience = patience
            self.flush_at = time.monotonic() + patience + GRACE

    def _end_of_answer(self) -> None:
        """The engine has said all: the run is over, or it was all of a run that was over before."""
        for message in self._messages.end():
            self._weave.feed(message)
        self._hang_up()
        self.look = True
        if self._reading_to is not None:
            self._weave.end()
            self._read_to = self._reading_to
        else:
            # What is left of the log is read again when it is known what has become of the container.
            self._try_again()

    def _broke(self, error: Exception, engine: Engine) -> None:
        self._hang_up()
        if isinstance(error, EngineRefuses):
            self._is_refused(error, engine)
        elif not isinstance(error, EngineAway) and self._failures == 0:
            self._outlet.say(f"the log of container {self.container.name} can't be read, trying again: {error}")
        self._try_again()

    def _is_refused(self, error: EngineRefuses, engine: Engine) -> None:
        self.look = True
        if error.status == BAD_REQUEST:
            engine.forget_version()
        if "does not support reading" in str(error):
            self._silent = True
            self._outlet.say(f"container {self.container.name} has a log that the Docker engine can't read: {error}")
        elif error.status != NOT_FOUND and self._failures == 0:
            self._outlet.say(f"the log of container {self.container.name} is refused, trying again: {error}")

    def _try_again(self) -> None:
        self._failures += 1
        self.retry_at = time.monotonic() + Backoff().delay(self._failures)

    def _hang_up(self) -> None:
        if self.answer is not None:
            self.answer.close()
            self.answer = None
