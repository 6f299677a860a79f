from __future__ import annotations

import json
from typing import Any

import pytest
from websockets.frames import Opcode

from tailrace.wire import ZERO, FrameError, StreamID
from tailrace_relay.dialects.events import EventsSpeech
from tailrace_relay.dialects.logs import LogsSpeech
from tailrace_relay.dialects.monitor import MonitorSpeech
from tailrace_relay.dialects.runs import RunSpeech
from tailrace_relay.dialects.services import ServiceSpeech
from tailrace_relay.dialects.speech import Speech
from tailrace_relay.position import Position
from tailrace_relay.reader import Gap, Piece
from tailrace_relay.render import RenderedPiece
from tests.relay.stored import frame_of

SPEECHES: list[Speech] = [LogsSpeech(), MonitorSpeech(), EventsSpeech(), ServiceSpeech("api"), RunSpeech("1")]

AFTER, BEFORE = StreamID(1_763_683_200_000, 7), StreamID(1_763_683_201_000, 20)


def cursor(stream: str, position: Position) -> str:
    return f"{stream}~{position.id}"


def said(speech: Speech, gap: Gap) -> Any:
    message = speech.gap("api", gap, cursor)
    return None if message is None else json.loads(message.text)


@pytest.mark.parametrize("speech", SPEECHES, ids=lambda speech: type(speech).__name__)
def test_a_gap_is_a_warning_of_its_time_and_never_silent(speech: Speech) -> None:
    place = Position(BEFORE)
    for reason, count, expected in (
        ("trimmed", 12, "12 records are missing: trimmed"),
        ("unreadable", 3, "3 records are missing: unreadable"),
        ("epoch", None, "records may be missing: Redis lost the numbering of stream api (epoch)"),
        ("fork", 2, "2 records of stream api were taken back by a failover, and come again if they can: fork"),
    ):
        shown = said(speech, Gap(count, AFTER, BEFORE, reason, place))
        text = json.dumps(shown)
        assert expected in text
        assert "tailrace" in text or "run_id" in text
        assert "WARNING" in text
        assert "2025-11-21T00:00:01" in text or "content" in text
    assert said(speech, Gap(0, AFTER, None, "cleared", place)) is None


def test_what_has_no_time_has_the_present() -> None:
    shown = said(LogsSpeech(), Gap(None, ZERO, None, "epoch", Position(ZERO)))
    assert shown["timestamp"] > "2025"


@pytest.mark.parametrize("speech", SPEECHES, ids=lambda speech: type(speech).__name__)
def test_nothing_but_records_is_sent(speech: Speech) -> None:
    assert speech.hello("gateway", [], "0-0", complete=True) is None
    assert speech.live("0-0") is None
    alive = speech.heartbeat("0-0")
    if alive is not None:
        assert (alive.websocket, alive.texts) == (bytes([0x80 | Opcode.PING, 0]), ())


def test_each_record_has_the_cursor_behind_it() -> None:
    piece = Piece(frame_of(["a", "b", "c"]), StreamID(5, 9), 1, Position(StreamID(5, 9)))
    speech = EventsSpeech()
    part = speech.part(RenderedPiece("api", piece), None)
    events = speech.records("api", [part, part], piece.position, cursor).event.split(b"\n\n")
    assert [event.split(b"\n")[0] for event in events[:-1]] == [b"id: api~5-8", b"id: api~5-9"] * 2
    assert [json.loads(event.split(b"data: ")[1])["message"] for event in events[:-1]] == ["b", "c"] * 2


def test_nothing_that_matches_is_nothing_at_all() -> None:
    piece = Piece(frame_of(["a"]), StreamID(5, 1), 0, Position(StreamID(5, 1)))
    assert LogsSpeech().part(RenderedPiece("api", piece), lambda record, shared: False) == b""


def test_equal_dialects_share_a_group_and_others_do_not() -> None:
    assert LogsSpeech() == LogsSpeech()
    assert RunSpeech("1") == RunSpeech("1") != RunSpeech("2")
    assert len({hash(speech) for speech in (LogsSpeech(), LogsSpeech())}) == 1
    assert len(set(SPEECHES)) == len(SPEECHES)


def test_a_value_without_a_form_in_json_is_no_readable_frame() -> None:
    class Odd(LogsSpeech):
        def content(self, entry: Any) -> Any:
            return {"x": object()}

    piece = Piece(frame_of(["a"]), StreamID(5, 1), 0, Position(StreamID(5, 1)))
    with pytest.raises(FrameError, match="cannot be shown"):
        Odd().part(RenderedPiece("api", piece), None)
