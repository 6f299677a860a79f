"""Adoption: what a process that died has left in its spool is shipped by one that lives.

Every second the shipper's thread looks for spools whose owner is gone. What it finds is shipped by a thread of its
own, in the dead process's name and numbers, so nothing arrives twice; a record behind it says that the process died.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import suppress

from tailrace.config import Config
from tailrace.diagnostics import Voice
from tailrace.errors import SpoolError, TailraceError
from tailrace.identity import is_running, signal_of
from tailrace.native import start_thread
from tailrace.shipper.shipper import Shipper
from tailrace.spool.directory import candidates
from tailrace.spool.head import Ending, Head, HeadInfo, Unfinished, head_path, own_folders
from tailrace.spool.segment import tag_of
from tailrace.spool.slot import Slot
from tailrace.spool.spool import Spool, target_of
from tailrace.wire.record import Facts, Record, pack_record

__all__ = ["Adoption", "adopt_all", "orphans"]

# Seconds. What is younger and not finished may just be being made.
UNFINISHED = 5.0

# Seconds in which Redis answers, but takes nothing of a spool, after which the next spool has its turn.
PATIENCE = 5.0

# Seconds that pass between two looks at a folder that could not be read or shipped.
AGAIN_AFTER = 60.0

ERROR = 40

# The name of a spool's folder; others in the same place are not ours.
SPOOL_ID = re.compile(r"[0-9a-f]{32}")


class Adoption:
    """Looks for orphaned spools of one Redis and prefix, and ships them.

    Attributes:
        adopted: spools shipped to their end.
    """

    def __init__(self, config: Config) -> None:
        self.adopted = 0
        self._config = config
        self._busy = False
        self._unusable: dict[str, float] = {}
        self._known: dict[str, HeadInfo] = {}
        self._voice = Voice()

    def look(self) -> None:
        """Have what is found shipped, by a thread that ends with it. Quick when there is nothing."""
        if not self._busy and any(True for _ in self._found()):
            # At the end of the interpreter no thread can start; another process will find it.
            self._busy = start_thread(self._adopt_all)

    def _adopt_all(self) -> None:
        try:
            self.adopt()
        except Exception as error:  # a defect of ours must not end in a stranger's excepthook
            self._voice.say(f"internal error in the adoption of a dead process's spool: {error!r}")
        finally:
            self._busy = False

    def adopt(self, deadline: float = float("inf")) -> bool:
        """Ship all orphans; whether none is left that could be.

        Args:
            deadline: on the monotonic clock.
        """
        done = True
        for folder in list(self._found()):
            try:
                done &= self._adopt(folder, deadline)
            except (OSError, TailraceError) as error:
                self._unusable[folder] = time.monotonic()
                self._voice.say(f"a dead process's spool in {folder} can't be taken over: {error}")
                done = False
        return done

    def _found(self) -> Iterator[str]:
        now = time.monotonic()
        for folder in orphans(self._config, self._known):
            if now - self._unusable.get(folder, -AGAIN_AFTER) >= AGAIN_AFTER:
                yield folder

    def _adopt(self, folder: str, deadline: float) -> bool:
        head = Head.adopt(folder)
        if head is None:
            return True  # another was quicker
        try:
            spool = Spool.adopt(head)
            if head.ending is Ending.NONE:
                note_death(spool)
                head.ending = Ending.DEATH_NOTED
            shipper = Shipper(self._config, spool, head.info.facts)
            if not shipper.drain(deadline, PATIENCE):
                spool.leave()
                # One stream that Redis refuses must not keep the others waiting.
                self._unusable[folder] = time.monotonic()
                return False
            spool.remove()
            self.adopted += 1
            return True
        finally:
            head.close()


def adopt_all(config: Config, timeout: float) -> bool:
    """Ship what dead processes have left here for this Redis; whether nothing is left.

    Args:
        timeout: seconds.
    """
    return Adoption(config).adopt(time.monotonic() + timeout)


def orphans(config: Config, known: dict[str, HeadInfo] | None = None) -> Iterator[str]:
    """The folders of spools for this Redis and prefix whose owner is gone. Removes what was never finished.

    Args:
        known: what was read of other processes' spools, to be given again the next time.
    """
    known = {} if known is None else known
    target, own = target_of(config), own_folders()
    folders = [folder for place in candidates(config.spool_dir) for folder in _folders_in(place) if folder not in own]
    for folder in known.keys() - set(folders):
        del known[folder]
    for folder in folders:
        if _is_orphan(folder, target, known):
            yield folder


def _folders_in(place: str) -> list[str]:
    """Those of this user: what others have put there is none of ours, and may change while we read it."""
    me = os.getuid()
    try:
        found = os.lstat(place)
        if found.st_uid != me or found.st_mode & stat.S_IWOTH:
            return []
        with os.scandir(place) as folders:
            named = [each for each in folders if SPOOL_ID.fullmatch(each.name)]
        return [each.path for each in named if each.stat(follow_symlinks=False).st_uid == me]
    except OSError:
        return []


def _is_orphan(folder: str, target: bytes, known: dict[str, HeadInfo]) -> bool:
    try:
        info = known.get(folder) or HeadInfo.read(folder)
        if info.target != target or is_running(info.owner, info.heartbeat):
            known[folder] = info
            return False
        # The heartbeat may be an old one.
        info = HeadInfo.read(folder)
        return not is_running(info.owner, info.heartbeat)
    except (Unfinished, FileNotFoundError):
        _remove_if_abandoned(folder)
    except (SpoolError, OSError):
        pass  # of another version of ours, or it is just being removed
    return False


def _remove_if_abandoned(folder: str) -> None:
    """Remove a folder without a finished head that nobody is busy with: its owner died while it made or removed it."""
    with suppress(OSError):
        newest = os.stat(folder).st_mtime
        with suppress(FileNotFoundError):
            newest = max(newest, os.stat(head_path(folder)).st_mtime)
        if time.time() - newest > UNFINISHED:
            shutil.rmtree(folder, ignore_errors=True)


def note_death(spool: Spool) -> None:
    """Write to each stream that its writer is dead, but not where it had said that nothing more comes."""
    info = spool.head.info
    facts = Facts.parse(info.facts)
    signal = signal_of(info.owner)
    for slot in list(spool.slots.values()):
        if not slot.finished and slot.last_seq > slot.base:
            record = death_record(facts, slot, signal)
            spool.append(slot, tag_of(ERROR), record.time, pack_record(record))


def death_record(facts: Facts, slot: Slot, signal: str | None) -> Record:
    """What tells readers of a stream that a process died that wrote to it."""
    last = slot.last_seq - slot.base
    who = f"pid {facts.pid} of {facts.service} on {facts.host}" + (f", killed by {signal}" if signal else "")
    return Record(
        time=time.time_ns() // 1000,
        level_number=ERROR,
        logger="tailrace",
        message=f"process died: {who}; its last record here has seq {last}",
        source="sdk",
        kind="died",
        fields={"pid": facts.pid, "service": facts.service, "last_seq": last} | ({"signal": signal} if signal else {}),
    )
