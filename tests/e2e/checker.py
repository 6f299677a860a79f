"""The checker: what producers emitted, against what each client was given (DESIGN §1). Pure.

Producers number their records (numbered.py); a client's log holds its messages as it received them. For each client
and each stream that it asked for must hold: emitted = delivered + declared lost, no duplicate, no reordering, no
altered text, and no gap that says more, less or other than what happened.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from tailrace.wire import StreamID
from tests.e2e.numbered import Number
from tests.e2e.replay import FIRST, StreamReplay
from tests.e2e.verdict import Finding, Row, Verdict

__all__ = ["Emission", "Expectation", "Message", "check"]

Message = Mapping[str, Any]

# Messages that say where the client stands after them.
WITH_CURSOR = frozenset(("hello", "records", "gap", "heartbeat", "status"))


@dataclass(frozen=True, slots=True)
class Emission:
    """What one producer handed in to one stream: its records 1 to `count`.

    `notices` are records of Tailrace's own, without a number, that may stand in the stream besides.
    """

    stream: str
    label: str
    count: int
    notices: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What a client asked for.

    Attributes:
        streams: names and globs.
        from_first: whether from the first record on (`after=0-0`); else from where its first greeting says.
        tail: how many records it must have been given at least, if there are so many.
        wants: which records match the client's query; None is all.
    """

    streams: tuple[str, ...]
    from_first: bool = False
    tail: int = 0
    wants: Callable[[Number], bool] | None = None

    def selects(self, stream: str) -> bool:
        return any(fnmatchcase(stream, pattern) for pattern in self.streams)


def check(emissions: Sequence[Emission], clients: Mapping[str, tuple[Expectation, Iterable[Message]]]) -> Verdict:
    """Replay every client's log. A log is read once, from its beginning to its end."""
    verdict = Verdict()
    places: dict[tuple[str, Number], tuple[str, StreamID]] = {}
    with _uncollected():
        for client, (expectation, log) in clients.items():
            replay = ClientReplay(client, expectation, verdict)
            for place, message in enumerate(log):
                replay.take(place, message)
            replay.end(emissions)
            _compare_places(client, replay, places, verdict)
    return verdict


@contextmanager
def _uncollected() -> Iterator[None]:
    """Nothing here makes cycles, and nearly all of it is kept: looking for garbage would take as long as the rest."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _compare_places(
    client: str,
    replay: ClientReplay,
    places: dict[tuple[str, Number], tuple[str, StreamID]],
    verdict: Verdict,
) -> None:
    """All clients were given the same record under the same ID."""
    for name, stream in replay.streams.items():
        for number, id in stream.delivered.items():
            other, expected = places.setdefault((name, number), (client, id))
            if id != expected:
                verdict.reordered.append(
                    Finding(client, name, str(id), f"{number} is there; {other} has it at {expected}")
                )


class ClientReplay:
    """One client's log, handed out to its streams."""

    def __init__(self, client: str, expectation: Expectation, verdict: Verdict) -> None:
        self.streams: dict[str, StreamReplay] = {}
        self._client = client
        self._expectation = expectation
        self._verdict = verdict
        # Where each stream stood at the first greeting; None before it.
        self._newest: dict[str, int] | None = None

    def take(self, place: int, message: Message) -> None:
        """Take the next message."""
        match message["type"]:
            case "hello":
                if self._newest is None:
                    self._greet(message)
            case "records" | "gap":
                stream = self._stream(place, message["stream"])
                if stream is not None:
                    take = stream.records if message["type"] == "records" else stream.gap
                    take(place, message)
        if message["type"] in WITH_CURSOR:
            self._cursor(place, str(message.get("cursor")))

    def end(self, emissions: Sequence[Emission]) -> None:
        """Compare with what was emitted, and note the sums."""
        expectation, row = self._expectation, Row(self._client)
        for name in dict.fromkeys(e.stream for e in emissions if expectation.selects(e.stream)):
            counts = {e.label: e.count for e in emissions if e.stream == name}
            notices = sum(e.notices for e in emissions if e.stream == name)
            stream = self._stream(0, name)
            assert stream is not None
            stream.end(counts, notices, row)
        self._verdict.rows.append(row)
        if row.delivered + row.declared < min(expectation.tail, row.emitted):
            reason = f"{row.delivered} delivered; the tail alone is {expectation.tail}"
            self._verdict.lost.append(Finding(self._client, "*", "end", reason))

    def _greet(self, message: Message) -> None:
        known = message["streams"]
        self._newest = {s["stream"]: StreamID.parse(s["newest"]).n if s["newest"] else 0 for s in known}
        for name in self._newest:
            self._stream(0, name)

    def _stream(self, place: int, name: str) -> StreamReplay | None:
        """The replay of a stream; begun where the client said that it begins."""
        if not self._expectation.selects(name):
            self._verdict.strange.append(Finding(self._client, name, f"message {place}", "a stream not asked for"))
            return None
        stream = self.streams.get(name)
        if stream is None:
            newest = (self._newest or {}).get(name, 0)
            start = FIRST if self._expectation.from_first or not newest else None
            stream = StreamReplay(self._client, name, start, newest, self._expectation.wants, self._verdict)
            self.streams[name] = stream
        return stream

    def _cursor(self, place: int, text: str) -> None:
        try:
            entries = read_cursor(text, self._expectation.streams[0])
        except ValueError as error:
            self._verdict.cursors.append(Finding(self._client, "*", f"message {place}", f"no cursor: {error}"))
            return
        for name, n in entries.items():
            stream = self._stream(place, name)
            if stream is not None:
                stream.cursor(place, n)


def read_cursor(text: str, single: str) -> dict[str, int]:
    """The number of the last record that a cursor speaks of, in each stream that it names.

    Raises:
        ValueError: when it is no cursor.
    """
    words = text.split("~")
    if "-" in words[0]:
        return {single: StreamID.parse(words[0]).n}
    groups = [words[i : i + 4] for i in range(1, len(words), 4)]
    if not words[0].isdigit() or len(words) % 4 != 1:
        raise ValueError(text)
    return {stream: StreamID.parse(id).n for stream, id, _, _ in groups}
