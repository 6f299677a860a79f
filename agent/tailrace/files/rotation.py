"""Rotation: the names that a log file may get, and where a file lies that had another name before."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice

from tailrace.files.fingerprint import Fingerprint

__all__ = ["Inode", "changed_at", "inode_at", "inode_of", "is_rotated", "open_like", "rotated_names", "size_at"]

# Names in a folder that are looked at.
MOST_NAMES = 10_000

# What is put behind a name, or before its extension: `app.log.1`, `app.log-20251121`, `app-2025-11-21.log`.
_BEHIND = re.compile(r"[._-](\d[\d._:T+-]*|old|prev|bak)")

Inode = tuple[int, int]


def inode_of(found: os.stat_result) -> Inode:
    """Which file it is."""
    return found.st_dev, found.st_ino


def inode_at(path: str) -> Inode | None:
    """Which file is there; None for none, and for what is no file."""
    with suppress(OSError):
        found = os.stat(path)
        if stat.S_ISREG(found.st_mode):
            return inode_of(found)
    return None


def changed_at(path: str) -> int:
    """When it was written to last, in ns since 1970; 0 where there is nothing."""
    with suppress(OSError):
        return os.stat(path).st_mtime_ns
    return 0


def size_at(path: str) -> int:
    """Its size in bytes; 0 where there is nothing."""
    with suppress(OSError):
        return os.stat(path).st_size
    return 0


def is_rotated(path: str, base: str) -> bool:
    """Whether the file may have had the name `base`, by its name now. Compressed ones can't be read on."""
    if path.startswith(base) and _BEHIND.fullmatch(path, len(base)):
        return True
    stem, extension = os.path.splitext(base)
    inner = path.endswith(extension) and path.startswith(stem)
    return inner and _BEHIND.fullmatch(path, len(stem), len(path) - len(extension)) is not None


def rotated_names(path: str) -> list[str]:
    """What a file of that name may be called by now, the one first that was written to last."""
    found = (
        each.path for folder, base in _places(path).items() for each in _entries(folder) if is_rotated(each.path, base)
    )
    return sorted(dict.fromkeys(found), key=changed_at, reverse=True)


def open_like(fingerprint: Fingerprint, path: str, but: Iterable[Inode]) -> int | None:
    """Open the file of that name once that has this fingerprint: where it lies now, else a copy of it."""
    but = set(but)
    home = (fingerprint.device, fingerprint.inode)
    for candidate in (path, *_names_of(home, path), *rotated_names(path)):
        inode = inode_at(candidate)
        # Of an empty file every other one is a copy.
        if inode is not None and inode not in but and (inode == home or fingerprint.offset):
            with suppress(OSError):
                fd = os.open(candidate, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
                if fingerprint.is_of(fd):
                    return fd
                os.close(fd)
    return None


def _names_of(inode: Inode, path: str) -> Iterator[str]:
    """The names of that very file in its folder, whatever they are."""
    for folder in _places(path):
        yield from (each.path for each in _entries(folder) if each.inode() == inode[1])


def _places(path: str) -> dict[str, str]:
    """Folder and path of a file; where it is a link, also those of what it leads to."""
    return {os.path.dirname(each): each for each in (os.path.realpath(path), path)}


def _entries(folder: str) -> list[os.DirEntry[str]]:
    with suppress(OSError), os.scandir(folder) as found:
        return list(islice(found, MOST_NAMES))
    return []
