"""`tailrace ship`: every line of a file becomes a record."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterable, Iterator
from itertools import count
from typing import BinaryIO

from tailrace.agent import Channel, channel_for
from tailrace.config import Config
from tailrace.spool.segment import tag_of
from tailrace.values import cut_text
from tailrace.wire.record import Record, pack_record

__all__ = ["add_arguments", "line_text", "run"]

INFO = 20

# Bytes written between two looks at how full the spool is: its smallest segment.
LOOK_EVERY = 64 << 10

# Seconds between two looks at what Redis has acknowledged.
POLL = 0.02


class _RedisStaysAway(Exception):
    """Nothing was acknowledged for as long as was asked for."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the verb's arguments."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="read to its end; each line is a record")
    parser.add_argument("--stream", required=True, help="the stream to write to")
    parser.add_argument("--rate", type=_rate, help="records per second at most")
    parser.add_argument("--service", help="who is said to log; else TAILRACE_SERVICE, else this program")
    parser.add_argument("--url", help="where Redis is; else TAILRACE_URL, REDIS_URL, redis://127.0.0.1:6379/0")
    parser.add_argument("--timeout", type=float, default=30.0, help="seconds without an answer after which to give up")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Ship the files and wait until everything is acknowledged; returns the exit code.

    Raises:
        ConfigError: for a bad stream name or URL.
    """
    config = Config.load(url=options.url, service=options.service, stream=options.stream)
    try:
        files = [open(path, "rb") for path in options.files]  # noqa: SIM115  # all of them before the first is shipped
    except OSError as error:
        print(f"tailrace: can't read {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    shipment = _Shipment(channel_for(config), options.timeout)
    try:
        for line in paced(lines(files), options.rate):
            shipment.add(line)
        shipment.wait_until_empty()
    except _RedisStaysAway:
        print(f"tailrace: Redis took nothing for {options.timeout:g} s: {shipment.remains()}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"tailrace: can't read on: {error}", file=sys.stderr)
        return 1
    print(f"shipped {shipment.count} records to stream {config.stream}")
    return 0


def lines(files: Iterable[BinaryIO]) -> Iterator[Record]:
    """The lines of the files as records, named after file and line."""
    for file in files:
        with file:
            name = os.path.basename(file.name)
            for number, line in enumerate(file, 1):
                yield Record(
                    time=time.time_ns() // 1000,
                    level_number=INFO,
                    logger=name,
                    message=cut_text(line_text(line)),
                    source="file",
                    line_number=number,
                )


def line_text(line: bytes) -> str:
    """A line's text without the `\\n` or `\\r\\n` that ends it; bytes that are no UTF-8 as backslash escapes."""
    if line.endswith(b"\n"):
        line = line[:-2] if line.endswith(b"\r\n") else line[:-1]
    return line.decode("utf-8", "backslashreplace")


def paced(records: Iterator[Record], rate: float | None) -> Iterator[Record]:
    """The records, at most so many a second; each is made when its turn has come."""
    begin = time.monotonic()
    for number in count():
        if rate is not None:
            time.sleep(max(begin + number / rate - time.monotonic(), 0.0))
        record = next(records, None)
        if record is None:
            return
        yield record


class _Shipment:
    """Writes records to a spool, but never so many that the spool would shed any."""

    def __init__(self, channel: Channel, timeout: float) -> None:
        self.count = 0
        self._channel = channel
        self._timeout = timeout
        self._unlooked = 0
        self._acked = 0
        self._heard_at = time.monotonic()

    def add(self, record: Record) -> None:
        """Write one record, when there is room for it.

        Raises:
            _RedisStaysAway: when there is none for too long.
        """
        packed = pack_record(record)
        self._unlooked += len(packed)
        if self._unlooked >= LOOK_EVERY:
            self._unlooked = 0
            while self._channel.spool.shelf.crowded():
                self._wait()
        self._channel.spool.append(self._channel.slot, tag_of(INFO), record.time, packed)
        self.count += 1

    def wait_until_empty(self) -> None:
        """Wait until Redis has everything.

        Raises:
            _RedisStaysAway: when it acknowledges nothing for too long.
        """
        while self._channel.slot.acked < self._channel.slot.last_seq:
            self._wait()

    def remains(self) -> str:
        """What became of the records that Redis did not take."""
        slot, folder = self._channel.slot, self._channel.spool.folder
        missing = slot.last_seq - slot.acked
        kept = f"they are kept in {folder}" if folder else "there was no directory to keep them in"
        return f"{missing} of {self.count} records are not in it; {kept}"

    def _wait(self) -> None:
        self._channel.engine.flush(POLL)
        now = time.monotonic()
        if self._channel.slot.acked != self._acked:
            self._acked, self._heard_at = self._channel.slot.acked, now
        elif now - self._heard_at > self._timeout:
            raise _RedisStaysAway


def _rate(text: str) -> float:
    rate = float(text)
    if not 0.0 < rate < float("inf"):
        raise argparse.ArgumentTypeError("right would be a number above 0")
    return rate
