"""The watch: the files that match patterns, as they appear, are rotated and go.

A file that is renamed is read to its end under its new name, beside its successor. One that is copied and truncated is
read to its end in the copy, if that is found, and then from its beginning.
"""

from __future__ import annotations

import os
import stat
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from glob import iglob
from itertools import islice
from typing import NamedTuple

from tailrace.files.fingerprint import Fingerprint
from tailrace.files.log_file import LogFile
from tailrace.source.checkpoint import Checkpoint, Job

__all__ = ["Watch"]

# Files read at once; others wait until one of them is through.
MOST_FILES = 1000

# Names in a folder that are looked at in search of a file that was rotated.
MOST_NAMES = 10_000

# Seconds. A file that is just being renamed may be missed by a look.
GONE_AFTER = 10.0

Inode = tuple[int, int]


class _Done(NamedTuple):
    """What was read to its end, and when it was last seen."""

    checkpoint: Checkpoint
    seen_at: float


class Watch:
    """Finds files, and finds them again.

    Args:
        patterns: paths, as `glob` has them; `**` for folders of any depth.
        resume: asks Redis about a checkpoint, as `Sender.resume` does.
        at_end: of files that are there at the first look and nobody has read, leave out what they have.
        say: gets what a person should know.

    Attributes:
        files: those that are read, the ones that were rotated away first.
        lost: what could not be read, in words, until somebody takes it.
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
        self.lost: deque[str] = deque(maxlen=MOST_FILES)
        self._patterns = tuple(map(os.path.abspath, patterns))
        self._stream = stream
        self._job = job
        self._resume = resume
        self._at_end = at_end
        self._say = say
        # Read to their end, and still there under a name that matches.
        self._done: dict[Inode, _Done] = {}
        self._too_many = False
        self._find_again()

    def look(self) -> None:
        """See which files have come and which were moved."""
        now = time.monotonic()
        for file in self.files:
            if file.moved_at is None and _inode_at(file.path) != file.inode:
                file.moved_at = now
        found = {inode: path for path in self._matching() if (inode := _inode_at(path)) is not None}
        self._forget(found.keys(), now)
        known = self._known()
        # Those that were written to longest ago are the first, as they are after a rotation that nobody saw.
        for inode, path in sorted(found.items(), key=lambda each: _changed_at(each[1])):
            if inode not in known and not self._is_copy(path):
                self._open(path)
        self.files.sort(key=lambda file: file.moved_at is None)
        self._at_end = False

    def truncated(self, file: LogFile) -> None:
        """Begin a file anew that was truncated; what was read of it goes on in a copy, where there is one."""
        self.files.remove(file)
        copy = self._copy_of(file)
        file.close()
        if copy is not None:
            copy.moved_at = time.monotonic()
            self.files.insert(0, copy)
        else:
            if file.unread:
                self.lost.append(
                    f"{file.path} was truncated: at least {file.unread} bytes behind line {file.line} were not read"
                )
            file.checkpoint.remove()
        self._open(file.path)

    def finished(self, file: LogFile) -> None:
        """A file that was moved away is read to its end."""
        self.files.remove(file)
        file.checkpoint.settle()
        self._done[file.inode] = _Done(file.checkpoint, time.monotonic())
        file.close()

    def close(self) -> None:
        """Let go of all files; their checkpoints stay."""
        for file in self.files:
            file.close()
            file.checkpoint.close()
        for done in self._done.values():
            done.checkpoint.close()
        self.files.clear()
        self._done.clear()

    def _find_again(self) -> None:
        """Go on with the files that an earlier run was at."""
        taken: set[Inode] = set()
        for checkpoint in self._job.checkpoints():
            file = self._found(checkpoint, taken)
            if file is None:
                path, line = checkpoint.position["path"], checkpoint.position["line"]
                self.lost.append(f"{path} was rotated out of sight: what it had behind line {line} was not read")
                checkpoint.remove()
                continue
            taken.add(file.inode)
            if _inode_at(file.path) != file.inode:
                file.moved_at = time.monotonic()
            self.files.append(file)

    def _found(self, checkpoint: Checkpoint, taken: set[Inode]) -> LogFile | None:
        fingerprint = Fingerprint.of_position(checkpoint.position)
        path = checkpoint.position["path"]
        fd = _open_like(fingerprint, (path, *_names_of(fingerprint, path), *_names_like(path)), taken)
        if fd is None:
            return None
        skip = self._resume(checkpoint)
        return LogFile(path, fd, checkpoint, skip)

    def _copy_of(self, file: LogFile) -> LogFile | None:
        """What was made of a file before it was truncated."""
        if not file.fingerprint.tells_copies:
            return None
        fd = _open_like(file.fingerprint, _names_like(file.path), {file.inode})
        return None if fd is None else LogFile(file.path, fd, file.checkpoint)

    def _known(self) -> set[Inode]:
        return {file.inode for file in self.files} | self._done.keys()

    def _forget(self, found: Iterable[Inode], now: float) -> None:
        """Forget files that are read to their end and gone."""
        for inode in self._done.keys() & found:
            self._done[inode] = self._done[inode]._replace(seen_at=now)
        for inode, done in list(self._done.items()):
            if now - done.seen_at >= GONE_AFTER:
                self._done.pop(inode).checkpoint.remove()

    def _is_copy(self, path: str) -> bool:
        """Whether a file may be a copy that is made of one of ours before it is truncated: then that is waited for."""
        return any(path.startswith(file.path) and file.is_copied_to(path) for file in self.files)

    def _open(self, path: str) -> None:
        if len(self.files) >= MOST_FILES:
            if not self._too_many:
                self._say(f"more than {MOST_FILES} files match: the others wait until one of these is moved away")
            self._too_many = True
            return
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError as error:
            self._say(f"can't read {path}: {error.strerror}")
            return
        if _inode(os.fstat(fd)) in self._known():
            os.close(fd)  # it was renamed just now
            return
        self.files.append(LogFile.new(path, fd, self._job, self._stream, at_end=self._at_end))

    def _matching(self) -> Iterator[str]:
        for pattern in self._patterns:
            if os.path.lexists(pattern):
                yield pattern
            else:
                yield from sorted(iglob(pattern, recursive=True))


def _inode_at(path: str) -> Inode | None:
    """Which file is there; None for none, and for what is no file."""
    with suppress(OSError):
        found = os.stat(path)
        if stat.S_ISREG(found.st_mode):
            return _inode(found)
    return None


def _inode(found: os.stat_result) -> Inode:
    return found.st_dev, found.st_ino


def _changed_at(path: str) -> int:
    with suppress(OSError):
        return os.stat(path).st_mtime_ns
    return 0


def _names_of(fingerprint: Fingerprint, path: str) -> list[str]:
    """The names under which that very file lies in the folder, whatever it is called now."""
    with suppress(OSError), os.scandir(os.path.dirname(path)) as found:
        return [each.path for each in found if each.inode() == fingerprint.inode]
    return []


def _names_like(path: str) -> list[str]:
    """The names in its folder that begin with its own, the newest file first: those it may have been rotated to."""
    folder, name = os.path.split(path)
    with suppress(OSError), os.scandir(folder) as found:
        like = [each.path for each in islice(found, MOST_NAMES) if each.name.startswith(name) and each.name != name]
        return sorted(like, key=_changed_at, reverse=True)
    return []


def _open_like(fingerprint: Fingerprint, paths: Iterable[str], but: set[Inode]) -> int | None:
    """Open the file that has this fingerprint: at its own place, else a copy."""
    candidates = [(path, inode) for path in paths if (inode := _inode_at(path)) is not None and inode not in but]
    home = (fingerprint.device, fingerprint.inode)
    at_home = [path for path, inode in candidates if inode == home]
    elsewhere = [path for path, inode in candidates if inode != home] if fingerprint.tells_copies else []
    for path in (*at_home, *elsewhere):
        with suppress(OSError):
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            if fingerprint.is_of(fd):
                return fd
            os.close(fd)
    return None
