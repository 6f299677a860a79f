"""Appends frames of packed records to a stream, as an agent's shipper does."""

from __future__ import annotations

import redis

from tailrace.wire import SCRIPT, Answer, Facts, Keys, append_call, join_frame, new_epoch, new_producer

__all__ = ["LEVEL", "Appender"]

LEVEL = 20

FACTS = Facts(service="bench", host="bench-host", pid=4711, process="MainProcess").pack()


class Appender:
    """One producer of one stream, which is never trimmed: ten million records are more than a stream keeps."""

    def __init__(self, url: str, stream: str) -> None:
        self._append = redis.Redis.from_url(url).register_script(SCRIPT)
        self._keys = Keys()
        self._stream = stream
        self._producer, self._epoch = new_producer(), new_epoch()
        self._appended = 0

    def append(self, batch: list[bytes], earliest: int, latest: int) -> Answer:
        """One frame of these records; the times of their first and last in µs."""
        first = self._appended + 1
        frame = join_frame(self._producer, first, FACTS, batch, highest_level=LEVEL, earliest=earliest, latest=latest)
        names, values = append_call(
            self._keys,
            self._stream,
            frame,
            producer=self._producer,
            count=len(batch),
            first_seq=first,
            shed=0,
            epoch=self._epoch,
            size=0,
        )
        self._appended += len(batch)
        return Answer.parse(self._append(keys=names, args=values))
