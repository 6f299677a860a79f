"""A command as a child process: its outputs are read, signals are handed on to it, its end is told."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from typing import NamedTuple

__all__ = ["Command", "Exit", "hold_signals", "open_standard_descriptors"]

# What is handed on. What else may end a process ends the wrapper alone.
FORWARDED = tuple(
    getattr(signal, f"SIG{name}") for name in ("TERM", "INT", "HUP", "QUIT", "USR1", "USR2", "WINCH", "CONT", "TSTP")
)

# Sent to stop the wrapper, when there is nothing any more to hand them on to.
ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)

# What the interpreter ignores for itself and a program expects to have.
RESTORED = tuple(getattr(signal, name) for name in ("SIGPIPE", "SIGXFSZ") if hasattr(signal, name))

NOT_FOUND, NOT_EXECUTABLE = 127, 126
SIGNALLED = 128


class Exit(NamedTuple):
    """How a command ended.

    Attributes:
        code: as a shell has it: 128 and the signal's number for one that was killed; 127 where it was not found, 126
            where it could not be run.
        signal: the name of the signal that killed it, such as `SIGKILL`.
        reason: why it could not be run.
    """

    code: int
    signal: str | None = None
    reason: str | None = None


class Command:
    """A running command. It shares the wrapper's standard input and process group, and with it the terminal.

    Attributes:
        pid: the child's.
    """

    def __init__(self, pid: int, signals: frozenset[signal.Signals]) -> None:
        self.pid = pid
        self._signals = signals

    @classmethod
    def start(
        cls,
        arguments: list[str],
        environ: Mapping[str, str],
        outputs: Mapping[int, int],
        signals: frozenset[signal.Signals],
    ) -> Command | Exit:
        """Start it, or say why it does not start.

        Args:
            outputs: descriptors of this process by those of the child's that they become.
            signals: what `hold_signals` returned.
        """
        actions = [(os.POSIX_SPAWN_DUP2, ours, theirs) for theirs, ours in outputs.items()]
        try:
            pid = os.posix_spawnp(
                arguments[0], arguments, environ, file_actions=actions, setsigmask=[], setsigdef=RESTORED
            )
        except (OSError, ValueError) as error:  # the second: a NUL in an argument
            missing = isinstance(error, FileNotFoundError)
            reason = "not found" if missing else getattr(error, "strerror", None) or str(error)
            return Exit(NOT_FOUND if missing else NOT_EXECUTABLE, reason=reason)
        return cls(pid, signals)

    def wait(self) -> Exit:
        """Hand signals on until the command has ended."""
        while True:
            status = self._reap()
            if status is not None:
                return _exit(status)
            # SIGCHLD is among them.
            caught = signal.sigwaitinfo(self._signals)
            if caught.si_signo != signal.SIGCHLD:
                self._hand_on(caught)

    def was_told_to_end(self) -> bool:
        """After its end: whether the wrapper is asked to end as well."""
        while caught := signal.sigtimedwait(self._signals, 0):
            if caught.si_signo in ENDING:
                return True
        return False

    def _hand_on(self, caught: signal.struct_siginfo) -> None:
        # What the terminal sends, it sends to the child, too. A process that sends has a number of 0 or below here.
        if caught.si_code <= 0:
            os.kill(self.pid, caught.si_signo)
        if caught.si_signo == signal.SIGTSTP:
            _stop()

    def _reap(self) -> int | None:
        """The status of the command if it has ended. As process 1 of a container others come to us, too."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:  # somebody else has waited for it: nothing is known
                return 0
            if pid == self.pid:
                return status
            if pid == 0:
                return None


def hold_signals() -> frozenset[signal.Signals]:
    """Hold back what is to be handed on, in this thread and those that it starts. Those that are ignored stay so."""
    # It is only delivered where it has a handler.
    signal.signal(signal.SIGCHLD, _nothing)
    wanted = {each for each in FORWARDED if signal.getsignal(each) is not signal.SIG_IGN}
    signals = frozenset((*wanted, signal.SIGCHLD))
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    return signals


def open_standard_descriptors() -> None:
    """Open those of the first three descriptors that are closed, so that no pipe takes their place."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _stop() -> None:
    """Stop as the shell that waits for us expects it. Where none does, the kernel passes over this."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTSTP])
    os.kill(os.getpid(), signal.SIGTSTP)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTSTP])


def _nothing(*_: object) -> None:
    pass


def _exit(status: int) -> Exit:
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        return Exit(SIGNALLED + number, signal=_name(number))
    return Exit(os.WEXITSTATUS(status))


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal
        return f"signal {number}"
