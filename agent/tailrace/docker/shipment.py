"""A shipment: the logs of an engine's containers go to Redis until somebody says stop.

One thread reads and sends: while Redis is away nothing is read, and the engine keeps the logs.
"""

from __future__ import annotations

import selectors
import socket
import threading
import time
from contextlib import suppress

from tailrace.docker.announcer import Announcer
from tailrace.docker.engine import Answer, Engine
from tailrace.docker.follower import Follower, Outlet
from tailrace.docker.roster import Roster
from tailrace.docker.watch import Watch
from tailrace.source.sender import Stopped

__all__ = ["MOST_FOLLOWED", "Shipment"]

# Logs read at once: each is a connection to the engine, and a goroutine and an open file there.
MOST_FOLLOWED = 500

# Seconds between two rounds of what is done now and then.
BEAT = 1.0


class Shipment:
    """Ships the logs of the containers on a roster.

    Args:
        stopped: the same that the sender knows.
        most: logs read at once; others wait for their turn.

    Attributes:
        watch: whether the engine is there.
    """

    def __init__(
        self,
        engine: Engine,
        roster: Roster,
        outlet: Outlet,
        announcer: Announcer,
        stopped: threading.Event,
        most: int = MOST_FOLLOWED,
    ) -> None:
        self._engine = engine
        self._roster = roster
        self._outlet = outlet
        self._announcer = announcer
        self._stopped = stopped
        self._most = most
        self.watch = Watch(engine, roster, outlet.say)
        self._selector = selectors.DefaultSelector()
        self._alarm, self._waker = socket.socketpair()
        self._selector.register(self._alarm, selectors.EVENT_READ)
        # What is heard, as the selector knows it, and what is read.
        self._heard: Answer | None = None
        self._read: dict[Answer, Follower] = {}
        # Those that wait for more of a line or a traceback.
        self._waiting: dict[Follower, None] = {}
        self._beat_at = 0.0
        self._too_many = False

    def stop(self) -> None:
        """Have `run` return soon. For any thread, and for signal handlers."""
        self._stopped.set()
        with suppress(OSError):
            self._waker.send(b"\0")

    def run(self) -> None:
        """Ship until somebody says stop.

        Raises:
            EngineError: when the engine can't be asked in the beginning. Later it is waited for.
            OSError: when there can be no checkpoints.
        """
        try:
            self.watch.connect()
            while not self._stopped.is_set():
                self._turn()
        except Stopped:
            pass
        finally:
            self._close()

    def _turn(self) -> None:
        self.watch.work()
        self._hear_what_is_there()
        self._open_logs()
        self._beat()
        for key, _ in self._selector.select(self._timeout()):
            if key.fileobj is self._heard:
                self.watch.hear()
            elif isinstance(key.fileobj, Answer) and (follower := self._read.get(key.fileobj)) is not None:
                follower.read(self._engine)
                self._after(follower)
        self._flush()

    def _timeout(self) -> float:
        """Seconds until something is due."""
        due = [self._beat_at, self.watch.due_at]
        due += [each.flush_at for each in self._waiting if each.flush_at is not None]
        if self.watch.answer is not None and len(self._read) < self._most:
            due += [each.retry_at for each in self._roster.wanting.values()]
        return max(min(due) - time.monotonic(), 0.0)

    def _hear_what_is_there(self) -> None:
        """Have the selector know the events of this connection to the engine."""
        if self._heard is self.watch.answer:
            return
        if self._heard is not None:
            self._selector.unregister(self._heard)
        self._heard = self.watch.answer
        if self._heard is not None:
            self._selector.register(self._heard, selectors.EVENT_READ)
            # Some of it may have come with the head, and been read.
            self.watch.hear()

    def _open_logs(self) -> None:
        if self.watch.answer is None:
            return
        now = time.monotonic()
        for id, follower in list(self._roster.wanting.items()):
            if len(self._read) >= self._most:
                self._say_too_many()
                return
            if now >= follower.retry_at:
                follower.open(self._engine)
                if follower.answer is not None:
                    del self._roster.wanting[id]
                    self._read[follower.answer] = follower
                    self._selector.register(follower.answer, selectors.EVENT_READ)

    def _flush(self) -> None:
        now = time.monotonic()
        for follower in list(self._waiting):
            if follower.flush_at is None:
                del self._waiting[follower]
            elif now >= follower.flush_at:
                follower.flush()
                self._after(follower)

    def _after(self, follower: Follower) -> None:
        """See what has become of one that was read or flushed."""
        if follower.answer is None:
            self._forget_answer(follower)
        if follower.flush_at is None:
            self._waiting.pop(follower, None)
        else:
            self._waiting[follower] = None
        if follower.gone and follower.answer is None:
            self._waiting.pop(follower, None)
            self._roster.forget(follower)
        elif follower.look:
            follower.look = False
            self.watch.look_at(follower.container.id)
        else:
            self._roster.want(follower)

    def _forget_answer(self, follower: Follower) -> None:
        for answer in [answer for answer, each in self._read.items() if each is follower]:
            del self._read[answer]
            self._selector.unregister(answer)

    def _say_too_many(self) -> None:
        if not self._too_many:
            self._outlet.say(f"more than {self._most} containers have something to say: the others wait for their turn")
        self._too_many = True

    def _beat(self) -> None:
        now = time.monotonic()
        if now < self._beat_at:
            return
        self._beat_at = now + BEAT
        for follower in self._roster.followers.values():
            follower.settle()
        self._outlet.sender.beat()
        self._announcer.announce(self._roster.followers.values())

    def _close(self) -> None:
        self.watch.close()
        self._roster.close()
        self._announcer.close()
        self._selector.close()
        self._alarm.close()
        self._waker.close()
