"""Who this process is: the facts that all its records share, and what tells it from another with the same PID."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from contextlib import suppress
from dataclasses import dataclass

from tailrace.wire.record import Facts

__all__ = ["Incarnation", "facts_of_process", "is_deserted", "is_running", "signal_of"]

# Seconds after its last heartbeat when a process that cannot be looked for is taken for dead.
SILENCE = 5.0

# Bytes of a file of the kernel's that are read.
MOST = 4096


@dataclass(frozen=True, slots=True)
class Incarnation:
    """One life of one process; no other has the same four values.

    Attributes:
        pid: as the process itself sees it.
        started: when it started, in clock ticks since boot; 0 where the system does not tell.
        boot: the ID of this boot of the machine; zeros where there is none.
        namespace: the inode of the PID namespace; 0 where there is none.
    """

    pid: int
    started: int
    boot: bytes
    namespace: int

    @classmethod
    def current(cls) -> Incarnation:
        """That of the calling process."""
        return cls(os.getpid(), start_time("self"), boot_id(), pid_namespace())


def start_time(pid: int | str) -> int:
    """When a process started, in clock ticks since boot; 0 when it does not run, is a zombie, or nobody tells."""
    with suppress(OSError, ValueError, IndexError):
        # The second field is the program's name in parentheses and may hold anything, also spaces and parentheses.
        state, *fields = _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
        return 0 if state in (b"Z", b"X") else int(fields[18])
    return 0


def is_running(owner: Incarnation, heartbeat: int) -> bool:
    """Whether a process may still run; False only when it surely does not.

    Args:
        heartbeat: when it last said that it lives, µs since 1970; for one that cannot be looked for.
    """
    if owner.boot != boot_id():
        return False
    if owner.namespace != pid_namespace():
        return time.time() - heartbeat / 1e6 < SILENCE
    if owner.started:
        return start_time(owner.pid) == owner.started
    try:
        os.kill(owner.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def is_deserted() -> bool:
    """Whether the thread that this process began with has ended, and others have not."""
    with suppress(OSError):
        return _read("/proc/self/stat").rpartition(b")")[2].split()[0] == b"Z"
    return False


def signal_of(owner: Incarnation) -> str | None:
    """The name of the signal that killed a child of this process, while nobody has waited for it; else None."""
    if owner.namespace != pid_namespace() or not hasattr(os, "waitid"):
        return None
    try:
        # Looks only: whoever waits for the child finds it as it is.
        found = os.waitid(os.P_PID, owner.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except OSError:
        return None
    if found is None or found.si_code not in (os.CLD_KILLED, os.CLD_DUMPED):
        return None
    return signal.Signals(found.si_status).name


def boot_id() -> bytes:
    """16 bytes that change with every boot; zeros where there is no such ID."""
    with suppress(OSError, ValueError):
        text = _read("/proc/sys/kernel/random/boot_id").decode("ascii")
        return bytes.fromhex(text.strip().replace("-", ""))[:16].ljust(16, b"\0")
    return bytes(16)


def _read(path: str) -> bytes:
    """What a file of the kernel's says. `open` is gone when destructors log at the interpreter's end."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(file, MOST)
    finally:
        os.close(file)


def pid_namespace() -> int:
    """The inode of this process's PID namespace; 0 where there is none."""
    with suppress(OSError):
        return os.stat("/proc/self/ns/pid").st_ino
    return 0


def facts_of_process(service: str) -> Facts:
    """What a frame says once for all of its records."""
    return Facts(service=service, host=socket.gethostname()[:256], pid=os.getpid(), process=_process_name())


def _process_name() -> str:
    # Who uses multiprocessing has imported it; for the others its import would cost more than the name is worth.
    module = sys.modules.get("multiprocessing.process")
    return str(module.current_process().name)[:256] if module else "MainProcess"
