"""The shipper: one daemon thread that carries what is in the spool to Redis. The backlog decides, the link does.

It may not use `logging`: its own records would be shipped in turn. Its thread is marked, and handlers ignore
whatever a library logs in it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tailrace.config import Config
from tailrace.diagnostics import Voice
from tailrace.native import Bell, allocate_lock, local, start_thread
from tailrace.shipper.backlog import HOLE_PATIENCE, Backlog
from tailrace.shipper.lane import Flight
from tailrace.shipper.link import CONNECT_TIMEOUT, Link, Refusal, Unavailable
from tailrace.spool.spool import AWAKE, Spool
from tailrace.wire.append import Answer
from tailrace.wire.frame import MAX_RECORDS
from tailrace.wire.keys import Keys

__all__ = ["Shipper", "shipping"]

# Seconds. After a frame was sent less than this ago, the next waits until then for company.
LINGER = 0.01
# How often an idle shipper looks after the spool, and says in its head that it lives.
LOOK_AFTER = 1.0
# How often, at most, acknowledged segments are looked for while records flow.
RECLAIM_EVERY = 0.02

# Words of an entry, assumed when guessing how far the spool is from a full frame.
USUAL_ENTRY = 20


class _Mark(local):
    """Whether the current thread ships; what it logs is then not recorded."""

    now = False


shipping = _Mark()


class Shipper:
    """Ships one spool. Starts its thread at the first record.

    Args:
        facts: packed, as they open the body of every frame.
        each_second: called by the thread about once a second.
    """

    def __init__(self, config: Config, spool: Spool, facts: bytes, each_second: Callable[[], object] = bool) -> None:
        self.backlog = Backlog(spool, facts)
        self._config = config
        self._spool = spool
        self._voice = Voice()
        self._link: Link | None = None
        # A thread was started; it stops being there only with `finish`.
        self._started = False
        self._bell = Bell()
        self._asleep = False
        self._stopping = False
        self._hurry = False
        # Who holds it drives the backlog: the thread, or at exit whoever flushes.
        self._wheel = allocate_lock()
        self._waiting: list[Bell] = []
        self._each_second = each_second
        self._sent_at = self._reclaimed_at = self._looked_at = 0.0
        spool.on_wake = self.wake

    def wake(self) -> None:
        """There is something to send. Costs next to nothing when the thread is awake."""
        if not self._started:
            self._start()
        elif self._asleep:
            self._asleep = False
            self._spool.wake_at = AWAKE
            self._bell.ring()

    def flush(self, timeout: float, timeout_when_down: float | None = None) -> bool:
        """Wait until everything written so far is in Redis; whether it is.

        Args:
            timeout_when_down: in place of `timeout` once an attempt to reach Redis has failed.
        """
        begin = time.monotonic()
        self._spool.drain()
        wanted = [(slot, slot.last_seq) for slot in list(self._spool.slots.values())]
        arrived = Bell()
        self._waiting.append(arrived)
        try:
            while any(slot.acked < last for slot, last in wanted):
                down = self.backlog.healthy is False and timeout_when_down is not None
                left = begin + (timeout_when_down if down and timeout_when_down is not None else timeout)
                left -= time.monotonic()
                if left <= 0:
                    return False
                self._press(left)
                arrived.wait(min(left, LOOK_AFTER / 10))
            return True
        finally:
            self._waiting.remove(arrived)

    def tell(self, make_commands: Callable[[int], list[tuple[Any, ...]]]) -> None:
        """Send commands that no record depends on, once Redis has answered, and not while it is left alone.

        Args:
            make_commands: gets the time of Redis, in ms since 1970.
        """
        if self._link is None or (self.backlog.healthy is False and time.monotonic() < self.backlog.retry_at):
            return
        commands = make_commands(self._link.now())
        if not commands:
            return
        try:
            refused = self._link.tell(commands)
            self.backlog.on_contact()
        except Unavailable as error:
            self.backlog.on_lost(time.monotonic())
            self._voice.say(f"Redis at {self._config.url} does not answer, trying again: {error}")
            return
        if refused is not None:
            self._voice.say(f"this process can't be listed among the agents: {refused}")

    def drain(self, deadline: float, patience: float) -> bool:
        """Ship everything by the calling thread, for good; whether all of it is in Redis.

        Args:
            deadline: on the monotonic clock.
            patience: seconds in which Redis answers, but takes nothing, after which to give up.
        """
        before, shipping.now = shipping.now, True
        acked, moved_at = -1, 0.0
        try:
            while self._spool.pending():
                now = time.monotonic()
                reached = sum(slot.acked for slot in self._spool.slots.values())
                if reached != acked or not self.backlog.healthy:
                    acked, moved_at = reached, now
                if now >= deadline or now - moved_at >= patience:
                    return False
                with self._wheel:
                    pause = self._step(now)
                if pause > 0:
                    self._bell.wait(min(pause, deadline - now))
            return True
        finally:
            self.finish(CONNECT_TIMEOUT)
            shipping.now = before

    def finish(self, timeout: float, last_words: Callable[[int], list[tuple[Any, ...]]] = lambda now: []) -> bool:
        """Stop the thread for good, and let go of what Redis keeps for our producers; whether the thread stopped."""
        self._stopping = True
        self._bell.ring()
        if not self._wheel.acquire(timeout=max(timeout, 0.0)):
            return False
        try:
            if self._link is not None and self.backlog.healthy:
                self.tell(last_words)
            if self._link is not None and self.backlog.healthy:
                self._farewell(self._link)
            return True
        finally:
            self._wheel.release()

    # The thread.

    def _start(self) -> None:
        self._spool.wake_at = AWAKE
        self._started = start_thread(self._run)
        if not self._started:
            self._spool.wake_at = 0  # records wait in the spool

    def _run(self) -> None:
        shipping.now = True
        while not self._stopping:
            with self._wheel:
                pause = self._step(time.monotonic())
            if pause > 0:
                self._bell.wait(pause)
            self._asleep = False
            self._spool.wake_at = AWAKE

    def stop(self) -> None:
        """End the thread when it has done what it is about."""
        self._stopping = True
        self._bell.ring()

    def _step(self, now: float) -> float:
        """Do what is due; seconds until something else is."""
        try:
            return self._look_and_send(now)
        except Exception as error:  # a defect of ours must neither end shipping nor reach the application
            self.backlog.on_lost(now)
            self._voice.say(f"internal error, shipping goes on: {error!r}")
            return LINGER

    def _look_and_send(self, now: float) -> float:
        backlog = self.backlog
        self._look_after(now)
        if now < backlog.retry_at and not self._hurry:
            return min(backlog.retry_at - now, LOOK_AFTER)
        urgent = backlog.read(now)
        linger = self._sent_at + LINGER - now
        if linger > 0 and not urgent and not self._hurry:
            _, at = self._spool.written()
            self._sleep_until(at + MAX_RECORDS * USUAL_ENTRY)
            return linger
        backlog.declare_holes(now, 0.0 if self._hurry else HOLE_PATIENCE)
        self._hurry = False
        if self._send(now):
            return 0.0
        return self._idle(now)

    def _idle(self, now: float) -> float:
        self._sleep_until(0)
        if not self.backlog.at_end():
            return 0.0
        due = self.backlog.due(now)
        return LOOK_AFTER if due is None else min(max(due - now, 0.001), LOOK_AFTER)

    def _sleep_until(self, wake_at: int) -> None:
        self._asleep = True
        self._spool.wake_at = wake_at

    def _send(self, now: float) -> bool:
        """One round trip; False when there was nothing to send."""
        flights = self.backlog.frames(now)
        if not flights:
            return False
        self._sent_at = now
        try:
            link = self._linked()
            results = link.send(flights, self.backlog.announcements(flights, now))
            for flight, result in zip(flights, results, strict=True):
                self._note(link, flight, result, time.monotonic())
        except Unavailable as error:
            self.backlog.on_lost(time.monotonic())
            self._voice.say(f"Redis at {self._config.url} takes no records, trying again: {error}")
        self._tell_waiting()
        self._reclaim(now)
        return True

    def _note(self, link: Link, flight: Flight, result: Answer | Refusal, now: float) -> None:
        if isinstance(result, Refusal):
            self.backlog.on_refused(flight, now)
            self._voice.say(f"Redis refuses stream {flight.stream!r}, trying again: {result}")
            return
        forked_at = None
        if self.backlog.wants_forks(flight, result):
            forked_at = link.forked_at(flight.stream, flight.slot.generation)
        self.backlog.on_answer(flight, result, now, forked_at)

    def _linked(self) -> Link:
        if self._link is None:
            self._link = Link(self._config.url, Keys(self._config.prefix))
        return self._link

    def _look_after(self, now: float) -> None:
        if now - self._looked_at >= LOOK_AFTER:
            self._looked_at = now
            self._spool.head.beat()
            self._spool.drain()
            self._spool.acknowledged(now)
            self._each_second()

    def _reclaim(self, now: float) -> None:
        if now - self._reclaimed_at >= RECLAIM_EVERY:
            self._reclaimed_at = now
            self._spool.acknowledged(now)

    def _tell_waiting(self) -> None:
        for bell in list(self._waiting):
            bell.ring()

    def _press(self, seconds: float) -> None:
        """Have things sent now: by the thread, or by this one when there is no thread and can be none."""
        self._hurry = True
        if not self._started:
            self._start()
        if self._started:
            self._bell.ring()
        elif self._wheel.acquire(timeout=seconds):
            try:
                shipping.now = True
                self._step(time.monotonic())
            finally:
                shipping.now = False
                self._wheel.release()

    def _farewell(self, link: Link) -> None:
        try:
            link.finish(self.backlog.finished())
        except Unavailable:
            pass  # the marks then go by their long time to live
        link.close()
