"""Where spools live, and how their files are made: private, preallocated, mapped."""

from __future__ import annotations

import errno
import mmap
import os
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from tailrace.diagnostics import write_line

__all__ = ["candidates", "identity_of", "keep_mappings", "make_folder", "map_file", "open_file", "usage"]

ZEROS = bytes(1 << 16)

# Bytes of a spool with nothing in it: a head and one segment.
SMALLEST_SPOOL = 80 << 10

# From Python 3.13 on a mapping need not keep a descriptor of its own.
WITHOUT_DESCRIPTOR: dict[str, Any] = {"trackfd": False} if sys.version_info >= (3, 13) else {}


def candidates(configured: str | None) -> Iterator[str]:
    """The folders to try for spools, best first."""
    if configured:
        yield configured
        # A mounted volume, such as an emptyDir, mostly belongs to root and is open for all: a private folder in it.
        yield os.path.join(configured, f"tailrace-{os.getuid()}")
    else:
        state = os.environ.get("XDG_STATE_HOME", "")
        if os.path.isabs(state):
            yield os.path.join(state, "tailrace", "spool")
        yield f"/var/tmp/tailrace-{os.getuid()}"
    yield f"/dev/shm/tailrace-{os.getuid()}"


def make_folder(configured: str | None, spool_id: bytes, most: int) -> str | None:
    """Make the folder of one spool, in the first place that can be used.

    Args:
        most: bytes that all spools of one place may take.

    Returns:
        its path; None when there is no usable place, which has been said on stderr.
    """
    reasons = []
    for place in candidates(configured):
        try:
            check_place(place)
            check_room(place, most)
            path = os.path.join(place, spool_id.hex())
            os.mkdir(path, 0o700)
            return path
        except OSError as error:
            reasons.append(f"{place}: {error.strerror or error}")
    write_line(f"no usable spool directory ({'; '.join(reasons)}): unsent records are kept in memory and die with it")
    return None


def check_place(place: str) -> None:
    """Make the folder that holds spools, or see that nobody else can write or replace it.

    Raises:
        OSError: when it can't be used.
    """
    os.makedirs(place, 0o700, exist_ok=True)
    found = os.lstat(place)
    if not stat.S_ISDIR(found.st_mode):
        raise NotADirectoryError(0, "is no directory")
    if found.st_uid != os.getuid():
        raise PermissionError(0, "belongs to another user")
    if found.st_mode & stat.S_IWOTH:
        raise PermissionError(0, "is writable for everybody")


def check_room(place: str, most: int) -> None:
    """See that one more spool fits in there. Counts folders, not bytes: this may be a log call.

    Raises:
        OSError: when there are too many.
    """
    number = len(os.listdir(place))
    if number * SMALLEST_SPOOL > most:
        raise OSError(errno.EDQUOT, f"holds {number} spools, which may take {most} bytes altogether")


def usage(place: str) -> int:
    """The bytes that all spools in a place take."""
    total = 0
    for folder in os.listdir(place):
        with suppress(OSError), os.scandir(os.path.join(place, folder)) as files:  # some go while we look
            total += sum(file.stat().st_size for file in files)
    return total


def open_file(path: str, size: int) -> int:
    """Make a file of that size, every byte of it really allocated, and give its descriptor.

    A sparse file would kill the process with SIGBUS when the disk is full; here the disk is full at once or never.

    Raises:
        OSError: also when there is no room; then no file is left.
    """
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0), 0o600)
    try:
        allocate(fd, 0, size)
    except OSError:
        os.close(fd)
        with suppress(OSError):
            os.unlink(path)
        raise
    return fd


def allocate(fd: int, start: int, size: int) -> None:
    """Allocate the bytes from `start` up to `size`, and write zeros to them.

    The zeros are for speed: a page that was never written costs its first store a fault of microseconds, and that
    store is a log call's.

    Raises:
        OSError: when there is no room for them.
    """
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(fd, start, size - start)
    while start < size:
        start += os.pwrite(fd, ZEROS[: size - start], start)


def map_file(fd: int, size: int) -> mmap.mmap:
    """Map a file so that what is stored in memory is in the file, whatever becomes of the process."""
    return mmap.mmap(fd, size, flags=mmap.MAP_SHARED, **WITHOUT_DESCRIPTOR)


# A mapping's own descriptor is closed with it. Where somebody closed all descriptors that number may be another file's
# by now, so such mappings are kept for ever.
_kept: list[mmap.mmap] = []


def keep_mappings(mappings: Iterable[mmap.mmap]) -> None:
    """Never close these."""
    _kept.extend(mapping for mapping in mappings if not any(mapping is other for other in _kept))


def identity_of(file: int | str) -> tuple[int, int] | None:
    """What tells a file, by its path or descriptor, from every other; None when there is none."""
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_dev, found.st_ino
