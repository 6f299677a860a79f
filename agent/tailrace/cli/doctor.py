"""`tailrace doctor`: look whether an agent would work here, and say what to do where it would not."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict

from tailrace.config import Config
from tailrace.diagnosis import FAILURE, Finding, acl_line, examine

__all__ = ["add_arguments", "run"]

SIGNS = {"ok": "ok      ", "warning": "WARNING ", "failure": "FAILURE "}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the verb's arguments."""
    parser.add_argument("--url", help="where Redis is; else TAILRACE_URL, REDIS_URL, redis://127.0.0.1:6379/0")
    parser.add_argument("--prefix", help="what all names in Redis begin with; else TAILRACE_PREFIX, tailrace")
    parser.add_argument("--spool-dir", help="where spools live; else TAILRACE_SPOOL_DIR, else the usual places")
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    parser.add_argument("--acl", action="store_true", help="only print the smallest rights that suffice")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Look; returns the exit code: 1 when something would not work.

    Raises:
        ConfigError: for a bad URL or prefix.
    """
    config = Config.load(url=options.url, prefix=options.prefix, spool_dir=options.spool_dir, service="tailrace-doctor")
    if options.acl:
        print(acl_line(config.prefix))
        return 0
    findings: list[Finding] = []
    for finding in examine(config):
        findings.append(finding)
        if not options.json:
            show(finding)
    if options.json:
        json.dump([asdict(finding) for finding in findings], sys.stdout, indent=2)
        print()
    return int(any(finding.state == FAILURE for finding in findings))


def show(finding: Finding) -> None:
    """Print one finding."""
    print(f"{SIGNS[finding.state]}{finding.check}: {finding.text}")
    if finding.advice:
        print(f"        -> {finding.advice}")
