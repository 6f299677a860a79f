"""`tailrace drain`: ship what dead processes have left on this machine, for an init container or a unit's end."""

from __future__ import annotations

import argparse
import sys
import time

from tailrace.adoption import Adoption, orphans
from tailrace.config import Config

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the verb's arguments."""
    parser.add_argument("--url", help="where Redis is; else TAILRACE_URL, REDIS_URL, redis://127.0.0.1:6379/0")
    parser.add_argument("--prefix", help="what all names in Redis begin with; else TAILRACE_PREFIX, tailrace")
    parser.add_argument("--spool-dir", help="where spools live; else TAILRACE_SPOOL_DIR, else the usual places")
    parser.add_argument("--timeout", type=float, default=30.0, help="seconds after which to give up (30)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Ship them; returns the exit code: 0 when nothing is left.

    Raises:
        ConfigError: for a bad URL or prefix.
    """
    config = Config.load(url=options.url, prefix=options.prefix, spool_dir=options.spool_dir, service="tailrace-drain")
    adoption = Adoption(config)
    adoption.adopt(time.monotonic() + options.timeout)
    left = list(orphans(config))
    print(f"shipped what {adoption.adopted} dead processes had left")
    if left:
        print(f"tailrace: {len(left)} more could not be shipped: {', '.join(left[:10])}", file=sys.stderr)
    return 1 if left else 0
