"""The watch: the files that match patterns, as they appear, are rotated and go.

A file that is renamed is read to its end under its new name, beside its successor. One that is copied and truncated is
read to its end in the copy, if that is found, and then from its beginning.
"""

from __future__ import annotations

import os
import resource
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from glob import iglob
from typing import NamedTuple

from tailrace.files.fingerprint import Fingerprint
from tailrace.files.log_file import DONE, LogFile
from tailrace.files.resting import Resting
from tailrace.files.rotation import Inode, changed_at, inode_at, inode_of, is_rotated, open_like, rotated_names, size_at
from tailrace.source.checkpoint import Checkpoint, Job

__all__ = ["Loss", "Watch"]

# Files read at once; others wait until one of them is through.
MOST_FILES = 1000

# Descriptors for everything else: Redis, checkpoints that are just written, the interpreter.
RESERVED = 64

# Seconds between two looks for files that lie somewhere else now.
SEARCH_EVERY = 5.0

# Seconds for which a file is looked for whose place another one has: names change while one looks.
HIDDEN = 5.0

# In the position of a checkpoint whose file is lost, once that is declared.
DECLARED = "declared"


def descriptors() -> int:
    """How many files this process may have open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return soft if soft != resource.RLIM_INFINITY else MOST_FILES + RESERVED


class Loss(NamedTuple):
    """What could not be read, in words, and the checkpoint by which it is declared and which then goes."""

    text: str
    checkpoint: Checkpoint


@dataclass(eq=False, slots=True)
class _Missing:
    """A file of an earlier run that was not found so far.

    Attributes:
        since: when another file was first seen in its place, and it nowhere; None while there is none.
    """

    checkpoint: Checkpoint
    skip: int
    since: float | None = None


class Watch:
    """Finds files, and finds them again.

    Args:
        patterns: paths, as `glob` has them; `**` for folders of any depth.
        resume: asks Redis about a checkpoint, as `Sender.resume` does.
        at_end: of files that are there at the first look and nobody has read, leave out what they have.
        say: gets what a person should know.

    Attributes:
        files: those that are read, the ones that were rotated away first.
        lost: what is to be declared.
    """

    def __init__(
        self,
        patterns: Iterable[str],
        stream: str,
        job: Job,
        resume: Callable[[Checkpoint], int],
        *,
        at_end: bool = False,
        say: Callable[[str], object],
    ) -> None:
        self.files: list[LogFile] = []
        self.lost: deque[Loss] = deque()
        self._patterns = tuple(map(os.path.abspath, patterns))
        self._stream = stream
        self._job = job
        self._at_end = at_end
        self._say = say
        self._resting = Resting()
        self._searched_at = float("-inf")
        # By path, so that each is said once.
        self._unreadable: dict[str, str] = {}
        self._too_many = False
        # Sizes of files that were seen to be copies.
        self._copies: dict[Inode | None, int] = {}
        self._missing: list[_Missing] = []
        for checkpoint in job.checkpoints():
            if self._is_wanted(checkpoint.position["path"]):
                self._missing.append(_Missing(checkpoint, resume(checkpoint)))
            else:
                checkpoint.close()

    def look(self) -> None:
        """See which files have come, which were moved, and which were written to after all."""
        now = time.monotonic()
        self._find_missing(now)
        self._see_moves(now)
        found = {inode: path for path in self._matching() if (inode := inode_at(path)) is not None}
        woken = self._resting.woken(found)
        if now - self._searched_at >= SEARCH_EVERY:
            self._searched_at = now
            woken += self._resting.look_for_others(found)
        for file in woken:
            self._go_on_with(file)
        known = self._known()
        # Those that were written to longest ago are the first, as they are after a rotation that nobody saw.
        for inode, path in sorted(found.items(), key=lambda each: changed_at(each[1])):
            if inode not in known and not self._is_copy(path):
                self._open(path)
        self.files.sort(key=lambda file: file.moved_at is None)
        self._at_end = False

    def truncated(self, file: LogFile) -> None:
        """Begin a file anew that was truncated; what was given of it goes on in a copy, where there is one."""
        self.files.remove(file)
        fd = open_like(file.fingerprint, file.path, self._known())
        if fd is not None:
            self._go_on_with(LogFile(file.path, fd, file.checkpoint), first=True)
        elif file.unread:
            text = f"{file.path} was truncated: at least {file.unread} bytes behind line {file.line} were not read"
            self.lost.append(Loss(text, file.checkpoint))
        else:
            file.checkpoint.remove()
        file.close()
        if inode_at(file.path) == file.inode:
            self._open(file.path)

    def may_rest(self, file: LogFile) -> bool:
        """Whether a file that was moved away and read to its end is done with: it has a successor, or no name."""
        return inode_at(file.path) not in (None, file.inode) or not file.stat().st_nlink

    def rest(self, file: LogFile) -> None:
        """A file is read to its end, and done with."""
        self.files.remove(file)
        self._resting.add(file)

    def close(self) -> None:
        """Let go of all files; their checkpoints stay."""
        for file in self.files:
            file.close()
            file.checkpoint.close()
        for missing in self._missing:
            missing.checkpoint.close()
        for loss in self.lost:
            loss.checkpoint.close()
        self._resting.close()
        self.files.clear()

    # Files of earlier runs, and those that were moved.

    def _find_missing(self, now: float) -> None:
        """Go on with the files that an earlier run was at."""
        for missing in list(self._missing):
            if missing not in self._missing:
                continue  # it was found on the way to another
            checkpoint = missing.checkpoint
            path, line = checkpoint.position["path"], checkpoint.position["line"]
            if checkpoint.position.get(DECLARED):
                checkpoint.remove()
            elif (fd := open_like(Fingerprint.of_position(checkpoint.position), path, self._known())) is not None:
                self._go_on_with(LogFile(path, fd, checkpoint, missing.skip))
            elif inode_at(path) is not None and now - (missing.since or now) >= HIDDEN:
                if checkpoint.position.get(DONE):
                    checkpoint.remove()
                    self._missing.remove(missing)
                    continue
                self.lost.append(
                    Loss(f"{path} was rotated out of sight: what it had behind line {line} was not read", checkpoint)
                )
            else:
                # Its folder may only not be mounted yet, or its name be changing just now.
                missing.since = missing.since or (now if inode_at(path) is not None else None)
                continue
            self._missing.remove(missing)

    def _see_moves(self, now: float) -> None:
        for file in list(self.files):
            here = inode_at(file.path) == file.inode
            if here:
                file.moved_at = None
            elif file.moved_at is None:
                file.moved_at = now
                self._open_between(file)

    def _go_on_with(self, file: LogFile, *, first: bool = False) -> None:
        """Read a file on. Where it lies elsewhere now, others may have come and gone in its place."""
        self.files.insert(0 if first else len(self.files), file)
        if inode_at(file.path) != file.inode:
            file.moved_at = time.monotonic()
            self._open_between(file)

    def _open_between(self, file: LogFile) -> None:
        """Read what was rotated behind a file that was moved, so fast that nobody saw it."""
        changed = file.stat().st_mtime_ns
        for path in reversed(rotated_names(file.path)):
            inode = inode_at(path)
            if inode is None or inode in self._known() or changed_at(path) < changed or self._is_copy(path):
                continue
            if (between := self._open(path, file.path)) is not None:
                between.moved_at = time.monotonic()

    def _is_copy(self, path: str) -> bool:
        """Whether a file may be a copy that is made of one of ours before it is truncated: then that is waited for."""
        inode, size = inode_at(path), size_at(path)
        if any(is_rotated(path, file.path) and file.is_copied_to(path) for file in self.files):
            if len(self._copies) >= MOST_FILES:
                self._copies.clear()
            self._copies[inode] = size
        # It stays one when what it was made of is gone.
        return self._copies.get(inode) == size

    def _known(self) -> set[Inode]:
        return {file.inode for file in self.files} | self._resting.inodes()

    # Files that nobody has read so far.

    def _open(self, path: str, name: str | None = None) -> LogFile | None:
        if len(self.files) >= min(MOST_FILES, descriptors() - RESERVED):
            if not self._too_many:
                self._say(f"more than {len(self.files)} files match: the others wait until one of these is moved away")
            self._too_many = True
            return None
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError as error:
            self._say_unreadable(path, str(error.strerror))
            return None
        self._unreadable.pop(path, None)
        if inode_of(os.fstat(fd)) in self._known():
            os.close(fd)  # it was renamed just now
            return None
        file = self._missed(fd) or LogFile.new(name or path, fd, self._job, self._stream, at_end=self._at_end)
        self.files.append(file)
        return file

    def _missed(self, fd: int) -> LogFile | None:
        """A file that was missing, and is opened as if it were new: its name changed while it was looked for."""
        inode = inode_of(os.fstat(fd))
        for missing in self._missing:
            fingerprint = Fingerprint.of_position(missing.checkpoint.position)
            if (fingerprint.device, fingerprint.inode) == inode and fingerprint.is_of(fd):
                self._missing.remove(missing)
                return LogFile(missing.checkpoint.position["path"], fd, missing.checkpoint, missing.skip)
        return None

    def _say_unreadable(self, path: str, reason: str) -> None:
        if self._unreadable.get(path) != reason and os.path.lexists(path):
            if len(self._unreadable) >= MOST_FILES:
                self._unreadable.clear()
            self._unreadable[path] = reason
            self._say(f"can't read {path}, trying again: {reason}")

    def _matching(self) -> Iterator[str]:
        for pattern in self._patterns:
            if os.path.lexists(pattern):
                yield pattern
            else:
                yield from sorted(iglob(pattern, recursive=True))

    def _is_wanted(self, path: str) -> bool:
        # `*` may be several folders here, and `**` none: what an earlier run followed did match.
        return any(path == each or fnmatch(path, each.replace("/**/", "*/")) for each in self._patterns)
