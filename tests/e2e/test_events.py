from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.e2e.events import Event, EventParser

STREAM = (
    b": welcome\n\nid: 1-1\nevent: hello\ndata: {}\n\ndata:two\r\ndata: lines\r\n\r\nid: 1-2\ndata: \xe2\x80\xa8\r\r"
    b": ping\n\nevent: nothing\n\nid: 1-3\nunknown: field\ndata\n\n"
)
EVENTS = [
    Event("hello", b"{}", "1-1"),
    Event("message", b"two\nlines", "1-1"),
    Event("message", b"\xe2\x80\xa8", "1-2"),
    Event("message", b"", "1-3"),
]


@given(st.lists(st.integers(0, len(STREAM))))
def test_events_are_the_same_however_their_bytes_arrive(cuts: list[int]) -> None:
    parser = EventParser()
    edges = [0, *sorted(cuts), len(STREAM)]
    found = [event for begin, end in pairwise(edges) for event in parser.feed(STREAM[begin:end])]
    assert found == EVENTS
