"""Tailrace: a log relay over Redis. This package is the agent, which a backend installs to ship its records."""

from tailrace.agent import flush
from tailrace.audit import audit_log
from tailrace.capture.output import capture_output
from tailrace.config import Config
from tailrace.correlation.context import bind, bound
from tailrace.emitter import Receipt
from tailrace.errors import ConfigError, NotConfirmed, NotRecorded, SpoolFull, StreamNameError, TailraceError
from tailrace.handler import TailraceHandler
from tailrace.installation import install
from tailrace.runs.run import Run, current_run, run
from tailrace.version import __version__

__all__ = [
    "Config",
    "ConfigError",
    "NotConfirmed",
    "NotRecorded",
    "Receipt",
    "Run",
    "SpoolFull",
    "StreamNameError",
    "TailraceError",
    "TailraceHandler",
    "__version__",
    "audit_log",
    "bind",
    "bound",
    "capture_output",
    "current_run",
    "flush",
    "install",
    "run",
]
