"""Inheritance: processes that `multiprocessing` spawns, and does not fork, get the handler of their parent.

A forked process has its parent's logging; a spawned one, and from Python 3.14 on that is the usual kind, begins with
none, and what it logs is lost without a word. `multiprocessing` gives each child a copy of its parent's `_config`, so
what is put there is unpickled in the child before its target runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tailrace.diagnostics import write_line

__all__ = ["pass_on"]

KEY = "tailrace"


def pass_on(install: Callable[..., object], settings: Mapping[str, Any]) -> None:
    """Have every process that this one spawns call `install(**settings)` first.

    Args:
        install: a function of a module, so that it can be pickled; what it raises is said on the child's stderr.
        settings: of plain types, and functions of modules; a child has the default in place of any other.
    """
    # Takes milliseconds, which those who only import the agent need not spend.
    from multiprocessing.process import current_process

    # Private, and the same from Python 2.6 to 3.14; without it children are as they would be without us.
    config = getattr(current_process(), "_config", None)
    if isinstance(config, dict):
        config[KEY] = _Legacy(install, settings)


class _Legacy:
    """What a child unpickles; that installs it."""

    def __init__(self, install: Callable[..., object], settings: Mapping[str, Any]) -> None:
        self._install = install
        self._settings = settings

    def __reduce__(self) -> tuple[Any, ...]:
        return _enter_upon, (self._install, {name: _inherited(name, each) for name, each in self._settings.items()})


def _inherited(name: str, value: Any) -> Any:
    """The setting for a child. The start of a process must not fail for a function that can't be pickled."""
    # Who spawns processes has imported it.
    import pickle

    try:
        pickle.dumps(value)
    except Exception as error:  # a stranger's object
        write_line(f"{name}={value!r} can't be given to a spawned process, which has the default: {error}")
        return None
    return value


def _enter_upon(install: Callable[..., object], settings: dict[str, Any]) -> _Legacy:
    try:
        install(**settings)
    except Exception as error:  # the child has its work to do, whatever becomes of its log
        write_line(f"this process was not installed like its parent: {error}")
    return _Legacy(install, settings)
