"""The engine behind all handlers of a process: one spool and one shipper for each Redis, service and spool place."""

from __future__ import annotations

import atexit
import os
import sys
import time

from tailrace.adoption import Adoption
from tailrace.config import Config
from tailrace.correlation.correlation import correlation
from tailrace.identity import facts_of_process, is_deserted
from tailrace.native import allocate_lock, get_ident
from tailrace.presence import Presence
from tailrace.shipper.shipper import Shipper
from tailrace.spool.directory import usage
from tailrace.spool.head import Ending
from tailrace.spool.slot import Slot
from tailrace.spool.spool import Spool

__all__ = ["Channel", "Engine", "channel_for", "finish_if_exiting", "flush"]

# Seconds that the end of the process may take: while Redis answers, and when it is known not to.
EXIT, EXIT_WHEN_DOWN = 2.0, 0.2


# Bytes that a spool may take even in a crowded place.
SMALLEST_LIMIT = 1 << 20


class Channel:
    """Where records of one stream go: a slot of a spool.

    Attributes:
        pid: the process it belongs to; in any other it must not be touched.
    """

    __slots__ = ("engine", "pid", "slot", "spool")

    def __init__(self, engine: Engine, slot: Slot) -> None:
        self.engine = engine
        self.spool = engine.spool
        self.slot = slot
        self.pid = engine.pid


class Engine:
    """A spool and its shipper.

    Attributes:
        refused: audit records that found the spool full.
    """

    def __init__(self, config: Config) -> None:
        self.pid = os.getpid()
        self.refused = 0
        self.closed = False
        self._config = config
        self.spool = Spool.open(config)
        self.adoption = Adoption(config)
        self.shipper = Shipper(config, self.spool, facts_of_process(config.service).pack(), self._look_after)
        self._channels: dict[str, Channel] = {}
        self._deserted_at = 0.0
        self._presence = Presence(config, self, self.spool.head.info.id.hex())

    # For presence.

    @property
    def slots(self) -> list[Slot]:
        """All streams that have been written to."""
        return list(self.spool.slots.values())

    @property
    def shed(self) -> tuple[int, ...]:
        """Records declared lost, by level class."""
        return self.shipper.backlog.counters.declared

    @property
    def errors(self) -> int:
        """Records of ERROR or above that Redis has taken."""
        return self.shipper.backlog.counters.errors

    @property
    def last(self) -> tuple[str, str] | None:
        """Stream and ID of the newest record that Redis has taken."""
        return self.shipper.backlog.counters.last

    @property
    def waiting_bytes(self) -> int:
        """Bytes of the spool that wait for an acknowledgement."""
        return self.spool.shelf.unsettled()

    def channel(self, stream: str) -> Channel:
        """The channel of a stream.

        Raises:
            SpoolFull: when this process has too many streams with unacknowledged records.
        """
        found = self._channels.get(stream)
        if found is None or found.slot.retired:
            if len(self._channels) > 2 * len(self.spool.slots):
                for name, each in list(self._channels.items()):
                    if each.slot.retired:
                        self._channels.pop(name, None)
            found = self._channels[stream] = Channel(self, self.spool.slot(stream))
        return found

    def flush(self, timeout: float) -> bool:
        """Wait until everything written so far is in Redis; whether it is."""
        return self.shipper.flush(timeout)

    def _look_after(self) -> None:
        """Once a second, by the shipper's thread."""
        if not self.closed and not self.spool.head.still_ours():
            # The next record opens a new engine. What is left in memory is shipped, unless an adopter does that.
            self.closed = True
            self.spool.abandon()
            if self.spool.head.exists():
                self.shipper.stop()
        correlation.look()
        self.adoption.look()
        self.shipper.tell(self._presence.commands)
        self._leave_if_deserted()
        limit = self._limit()
        if limit != self.spool.shelf.limit:
            self.spool.limit_to(limit)

    def _leave_if_deserted(self) -> None:
        """Where a thread has forked, the child ends when that thread does, if no other is left: not even ours."""
        if not is_deserted():
            return
        self._deserted_at = self._deserted_at or time.monotonic()
        patience = EXIT_WHEN_DOWN if self.shipper.backlog.healthy is False else EXIT
        if not self.spool.pending() or time.monotonic() - self._deserted_at > patience:
            self.closed = True
            self.spool.head.ending = Ending.GOODBYE
            self.shipper.tell(self._presence.goodbye)
            self.shipper.stop()

    def _limit(self) -> int:
        """Bytes for this process: what the others have taken of the place is not there for it."""
        folder, most = self.spool.folder, self._config.spool_max
        if folder is None or self.spool.shelf.unsettled() <= SMALLEST_LIMIT // 2:
            return most
        others = usage(os.path.dirname(folder)) - self.spool.shelf.taken()
        return max(min(most, self._config.spool_dir_max - others), SMALLEST_LIMIT)

    def close(self, timeout: float = EXIT, timeout_when_down: float = EXIT_WHEN_DOWN) -> bool:
        """Ship what is there, within these seconds, and stop; whether everything is in Redis.

        What is not stays in the spool for a sibling to adopt. A later record opens a new engine.
        """
        if self.closed:
            return True
        begin = time.monotonic()
        done = self.shipper.flush(timeout, timeout_when_down)
        self.closed = True
        self.spool.head.ending = Ending.GOODBYE
        left = max(begin + timeout - time.monotonic(), 0.05) if done else 0.0
        stopped = self.shipper.finish(left, self._presence.goodbye)
        if stopped and not self.spool.pending():
            self.spool.remove()
        return done


_pid = os.getpid()
_engines: dict[tuple[object, ...], Engine] = {}
_lock = allocate_lock()
# Threads that are making an engine or a channel.
_inside: set[int] = set()
_watching_exit = False
_exiting = False


class Reentered(Exception):
    """A channel is asked for by a thread that is just making one."""


def channel_for(config: Config) -> Channel:
    """The channel for a handler's settings; its engine is made at the first call in a process.

    Raises:
        SpoolFull: as `Engine.channel`.
        Reentered: when this thread is in here already: a signal handler or a destructor logs.
    """
    if _pid != os.getpid():
        _after_fork_in_child()  # a fork that ran no hook
    me = get_ident()
    if me in _inside:
        raise Reentered
    _inside.add(me)
    try:
        key = (config.url, config.prefix, config.service, config.spool_dir, config.spool_max)
        engine = _engines.get(key)
        if engine is None or engine.closed:
            engine = _make_engine(key, config)
        return engine.channel(config.stream)
    finally:
        _inside.discard(me)


def flush(timeout: float = EXIT) -> bool:
    """Wait until everything logged so far is in Redis; whether it is.

    Args:
        timeout: seconds.
    """
    deadline = time.monotonic() + timeout
    done = True
    for engine in list(_engines.values()):
        done &= engine.flush(max(deadline - time.monotonic(), 0.0))
    return done


def _make_engine(key: tuple[object, ...], config: Config) -> Engine:
    with _lock:
        engine = _engines.get(key)
        if engine is None or engine.closed:
            engine = _engines[key] = Engine(config)
            _watch_exit()
            if sys.is_finalizing():
                # A destructor logs. No thread will ship that, nobody will come back: it is left, and is no death.
                engine.spool.head.ending = Ending.GOODBYE
    return engine


def finish_if_exiting() -> None:
    """At the end of the process, after everything was shipped: ship what was logged since."""
    if _exiting:
        _close_all()


def _close_all() -> None:
    global _exiting
    _exiting = True
    pid = os.getpid()
    begin = time.monotonic()
    for engine in list(_engines.values()):
        if engine.pid == pid:
            left = begin + EXIT - time.monotonic()
            engine.close(max(left, EXIT_WHEN_DOWN))


def _watch_exit() -> None:
    """A process of `multiprocessing` runs no atexit functions on older Pythons, but its own finalizers."""
    global _watching_exit
    util = sys.modules.get("multiprocessing.util")
    if util is not None and not _watching_exit:
        util.Finalize(None, _close_all, exitpriority=10)
    _watching_exit = True


def _forget_parents_engines() -> None:
    """The parent owns its spool and ships it; here it is only let go of: nothing is removed, written or closed."""
    global _watching_exit, _exiting
    for engine in _engines.values():
        engine.spool.head.close()
    _engines.clear()
    _watching_exit = _exiting = False


def _after_fork_in_child() -> None:
    global _lock, _pid
    _pid = os.getpid()
    # The parent's lock may have been held by a thread that does not exist here.
    _lock = allocate_lock()
    _inside.clear()
    _forget_parents_engines()


# Registered when this module is imported, so that it runs after what the application registers later.
atexit.register(_close_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
