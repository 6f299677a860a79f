from __future__ import annotations

import pytest
from websockets.frames import Frame, Opcode

from tailrace_relay.websocket_messages import MessageReader, prepare_close, prepare_text
from tests.relay.asgi_server import client_frame

LIMIT = 1_000


@pytest.mark.parametrize("length", [0, 125, 126, 65_535, 65_536])
def test_a_prepared_text_is_one_unmasked_frame(length: int) -> None:
    head = {0: b"\x00", 125: b"\x7d", 126: b"\x7e\x00\x7e", 65_535: b"\x7e\xff\xff"}
    payload = b"x" * length
    assert prepare_text(payload) == b"\x81" + head.get(length, b"\x7f" + length.to_bytes(8, "big")) + payload
    assert prepare_text(payload[:7], b"", payload[7:]) == prepare_text(payload), "however it is cut"


def test_a_long_reason_is_cut_between_characters() -> None:
    assert prepare_close(3000, "é" * 100) == b"\x88\x7c" + (3000).to_bytes(2, "big") + "é".encode() * 61


def test_a_reader_rests_only_between_messages() -> None:
    reader = MessageReader(LIMIT)
    first, ping, last = b"gr\xc3", client_frame(Opcode.PING, b"amid"), b"\xbc\xc3\x9fe"
    parts = client_frame(Opcode.TEXT, first, fin=False), ping, client_frame(Opcode.CONT, last)
    received = []
    assert reader.resting
    for byte in b"".join(parts)[:-1]:
        received += reader.feed(bytes([byte]))
        assert not reader.resting
    received += reader.feed(parts[-1][-1:])
    assert received == [{"type": "websocket.receive", "text": "grüße"}]
    assert reader.resting
    assert reader.answer() == Frame(Opcode.PONG, b"amid").serialize(mask=False)


def test_several_messages_in_one_read_keep_their_order() -> None:
    frames = [client_frame(Opcode.TEXT, b"1"), client_frame(Opcode.BINARY, b"\xff"), client_frame(Opcode.TEXT, b"")]
    events = MessageReader(LIMIT).feed(b"".join(frames))
    assert [event.get("text", event.get("bytes")) for event in events] == ["1", b"\xff", ""]


def test_endless_empty_fragments_take_no_memory() -> None:
    reader = MessageReader(LIMIT)
    reader.feed(client_frame(Opcode.TEXT, b"", fin=False))
    for _ in range(1_000):
        reader.feed(client_frame(Opcode.CONT, b"", fin=False))
    assert reader.feed(client_frame(Opcode.CONT, b"end")) == [{"type": "websocket.receive", "text": "end"}]


def test_a_message_of_the_largest_size_passes_and_one_byte_more_does_not() -> None:
    reader = MessageReader(LIMIT)
    assert reader.feed(client_frame(Opcode.TEXT, b"x" * LIMIT)) == [{"type": "websocket.receive", "text": "x" * LIMIT}]
    assert reader.feed(client_frame(Opcode.TEXT, b"x" * (LIMIT + 1))) == []
    assert reader.close is not None
    assert (reader.close.code, reader.peer_closed, reader.resting) == (1009, False, False)


def test_after_a_close_frame_nothing_is_read() -> None:
    reader = MessageReader(LIMIT)
    goodbye = client_frame(Opcode.CLOSE, (1000).to_bytes(2, "big"))
    assert reader.feed(goodbye + client_frame(Opcode.TEXT, b"more")) == []
    assert reader.close is not None
    assert (reader.close.code, reader.peer_closed) == (1000, True)
    assert reader.answer() == b"\x88\x02\x03\xe8"
    assert reader.feed(b"\x00" * 1_000) == []
