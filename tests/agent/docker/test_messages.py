"""The messages of a log, multiplexed or of a terminal, wherever the connection cuts them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tailrace.docker.messages import PIECE, Message, Messages, Multiplexed, Raw
from tailrace.docker.response import Part, ResponseError
from tailrace.docker.stamp import SECOND, Stamps

TIME = b"2026-01-01T00:00:00.000000001Z "
NS = 1_767_225_600 * SECOND + 1


def frame(text: bytes, kind: int = 1) -> bytes:
    return bytes((kind, 0, 0, 0)) + len(text).to_bytes(4) + text


def joined(found: list[Message]) -> list[tuple[str, int, bytes]]:
    """Whole messages, of the pieces that they came in."""
    whole: list[tuple[str, int, bytes]] = []
    open_text: bytes | None = None
    for message in found:
        assert message.first == (open_text is None)
        open_text = (open_text or b"") + message.text
        if message.last:
            whole.append((message.source, message.time, open_text))
            open_text = None
    assert open_text is None
    return whole


def read(messages: Messages, chunks: list[bytes], size: int = 1 << 20) -> list[tuple[str, int, bytes]]:
    """Each chunk in pieces of that size."""
    found: list[Message] = []
    for chunk in chunks:
        for n in range(0, len(chunk), size):
            found += messages.feed(Part(chunk[n : n + size], n == 0))
    return joined(found + messages.end())


@given(st.integers(1, 200))
def test_frames_are_messages_wherever_they_are_cut(size: int) -> None:
    data = frame(TIME + b"one\n") + frame(TIME + b"x" * 500 + b"\n", 2) + frame(TIME) + frame(b"no time\n")
    assert read(Multiplexed(), [data], size) == [
        ("stdout", NS, b"one\n"),
        ("stderr", NS, b"x" * 500 + b"\n"),
        ("stdout", NS, b""),
        ("stdout", NS, b"no time\n"),
    ]


@given(st.integers(1, 200))
def test_what_a_terminal_shows_is_told_apart_by_its_times(size: int) -> None:
    long = b"y" * PIECE
    chunks = [TIME + b"one\r\n", TIME + long, TIME + long, TIME + b"z\r\n", TIME + b"cut", TIME + b"next\r\n"]
    expected = [b"one\r\n", long, long, b"z\r\n", b"cut", b"next\r\n"]
    assert read(Raw(), chunks, size) == [("stdout", NS, text) for text in expected]


def test_a_terminals_pieces_are_told_apart_also_where_a_proxy_has_joined_them() -> None:
    data = TIME + b"y" * PIECE + TIME + b"y" * PIECE + TIME + b"z\n"
    assert [text for _, _, text in read(Raw(), [data])] == [b"y" * PIECE, b"y" * PIECE, b"z\n"]


def test_a_time_that_the_program_prints_is_text() -> None:
    text = b"at " + TIME + b"it was\n" + TIME + TIME + b"again\n"
    assert [text for _, _, text in read(Raw(), [TIME + text])] == [b"at " + TIME + b"it was\n", TIME + b"again\n"]


@pytest.mark.parametrize(("make", "wrap"), [(Multiplexed, lambda text: frame(text, 3)), (Raw, bytes)])
def test_that_the_engine_cannot_read_on_is_an_error(
    make: Callable[[], Messages], wrap: Callable[[bytes], bytes]
) -> None:
    with pytest.raises(ResponseError, match="Error grabbing logs: invalid character"):
        read(make(), [wrap(b"Error grabbing logs: invalid character\n")])


@pytest.mark.parametrize("data", [b"\x05\0\0\0\0\0\0\1x", b"\1\0\0\1\0\0\0\1x", b"plain text"])
def test_what_is_not_multiplexed_is_refused(data: bytes) -> None:
    with pytest.raises(ResponseError, match="no header"):
        Multiplexed().feed(Part(data, True))


def test_a_frame_that_is_not_whole_is_an_error() -> None:
    with pytest.raises(ResponseError, match="in the middle"):
        read(Multiplexed(), [frame(TIME + b"one\n")[:-1]])


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        (b"2026-01-01T00:00:00.123456789Z x", 1_767_225_600_123_456_789),
        (b"2026-01-01T00:00:59Z x", 1_767_225_659_000_000_000),
        (b"2026-01-01T01:00:00.5+01:00 x", 1_767_225_600_500_000_000),
    ],
)
def test_times_are_read_to_the_nanosecond(text: bytes, nanoseconds: int) -> None:
    assert Stamps().read(text) == (nanoseconds, len(text) - 1)


@pytest.mark.parametrize("text", [b"", b"x", b"2026-13-01T00:00:00Z x", b"2026-01-01T00:00:00.1234567890Z x"])
def test_what_is_no_time_is_none(text: bytes) -> None:
    assert Stamps().read(text) is None
