"""Tailrace: a log relay over Redis. This package is the agent, which a backend installs to ship its records."""

from tailrace.agent import flush
from tailrace.config import Config
from tailrace.errors import ConfigError, SpoolFull, StreamNameError, TailraceError
from tailrace.handler import TailraceHandler
from tailrace.installation import install
from tailrace.version import __version__

__all__ = [
    "Config",
    "ConfigError",
    "SpoolFull",
    "StreamNameError",
    "TailraceError",
    "TailraceHandler",
    "__version__",
    "flush",
    "install",
]
