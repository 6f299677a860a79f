"""The command `tailrace`."""

from tailrace.cli.main import main

__all__ = ["main"]
