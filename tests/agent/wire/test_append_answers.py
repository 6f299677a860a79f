from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tailrace.wire import (
    Answer,
    AnswerError,
    Facts,
    FrameError,
    Keys,
    Publication,
    Record,
    Status,
    StreamID,
    append_call,
    make_frame,
    new_epoch,
    new_producer,
)

FRAME = make_frame(bytes(16), 1, Facts(), [Record(time=1, level_number=20, logger="app", message="hello\nworld")])
OK: list[object] = [b"ok", b"1763683200000-42", b"40", b"4f1c09aa31", b"0", b"1763683200000-42", b""]
BEHIND: list[object] = [b"behind", b"", b"", b"", b"0", b"0-0", b""]


def test_an_answer_is_read() -> None:
    id = StreamID(1763683200000, 42)
    assert Answer.parse(OK) == Answer(Status.OK, id, 40, "4f1c09aa31", 0, id, "")


def test_what_redis_does_not_hold_is_none() -> None:
    answer = Answer.parse(BEHIND)
    assert (answer.id, answer.mark, answer.epoch, answer.last) == (None, None, "", (0, 0))


def test_a_client_that_decodes_replies_is_as_good() -> None:
    assert Answer.parse([item.decode() for item in OK if isinstance(item, bytes)]) == Answer.parse(OK)


def test_a_warning_is_handed_on() -> None:
    assert Answer.parse([*OK[:6], b"NOPERM no XTRIM"]).warning == "NOPERM no XTRIM"


@pytest.mark.parametrize(
    ("place", "wrong"),
    [
        (0, b"fine"),
        (0, b""),
        (0, None),
        (1, b"42"),
        (1, b"1-99999999999999999999"),
        (1, None),
        (2, b"-1"),
        (2, b" 1"),
        (2, b"1_0"),
        (2, b"1.0"),
        (2, None),
        (2, "١".encode()),
        (2, "١"),
        (2, b"9" * 5000),
        (3, b"two words"),
        (3, b"a" * 33),
        (3, b"\xff"),
        (4, b""),
        (4, b"-1"),
        (4, b"x"),
        (4, b"9" * 5000),
        (5, b""),
        (5, b"-"),
    ],
)
def test_an_answer_with_a_wrong_element_is_refused(place: int, wrong: object) -> None:
    with pytest.raises(AnswerError, match="no answer of the append script: "):
        Answer.parse([*OK[:place], wrong, *OK[place + 1 :]])


@pytest.mark.parametrize("reply", [None, 0, b"OK", "ok", [], OK[:6], [*OK, b""], {}, [[]] * 7, object(), b"1234567"])
def test_what_is_no_answer_is_refused(reply: object) -> None:
    with pytest.raises(AnswerError, match="no answer of the append script: "):
        Answer.parse(reply)


_item = st.none() | st.integers() | st.binary(max_size=20) | st.text(max_size=20) | st.sampled_from(OK)


@given(st.lists(_item, min_size=7, max_size=7))
def test_no_reply_raises_anything_else(reply: list[object]) -> None:
    try:
        assert Answer.parse(reply).generation >= 0
    except AnswerError:
        pass


def test_a_publication_is_read() -> None:
    publication = Publication.parse(b"1763683200000-42 4f1c09aa31 3\n" + FRAME)
    assert (publication.id, publication.epoch, publication.generation) == ((1763683200000, 42), "4f1c09aa31", 3)
    assert publication.frame.records()[1][0].message == "hello\nworld"


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"1-1",
        b"1-1 a",
        b"1-1 a ",
        b"1-1 a -1",
        b"1-1 a 0 0",
        b" 1-1 a 0",
        b"1-1  0",
        b"1-1 a 0\r",
        b"1-1 a.b 0",
        b"1-1 \xff 0",
        b"1-x a 0",
        b"1 a 0",
        b"99999999999999999999-1 a 0",
        b"1-1 a " + b"9" * 5000,
        b"1-1 " + b"a" * 5000 + b" 0",
        "1-1 a ²".encode(),
    ],
)
def test_what_is_no_publication_is_refused(head: bytes) -> None:
    with pytest.raises(FrameError, match="no publication: right would be") as caught:
        Publication.parse(head + b"\n" + FRAME)
    assert len(str(caught.value)) < 200


def test_a_publication_needs_its_line_feed() -> None:
    with pytest.raises(FrameError, match="no line feed before the frame"):
        Publication.parse(b"1-1 a 0")


def test_a_damaged_frame_in_a_publication_is_named() -> None:
    with pytest.raises(FrameError, match="checksum"):
        Publication.parse(b"1-1 a 0\n" + FRAME[:-1])


@given(st.binary() | st.binary().map(lambda tail: b"1-1 a 0\n" + tail))
def test_no_payload_raises_anything_but_a_frame_error(payload: bytes) -> None:
    with pytest.raises(FrameError, match=r"\w+"):
        Publication.parse(payload)


def test_a_call_names_three_keys_of_one_stream_and_nine_arguments() -> None:
    producer = bytes(range(16))
    names, arguments = append_call(
        Keys(), "api", b"frame", producer=producer, count=3, first_seq=10, shed=2, epoch="e1"
    )
    assert names == ["tailrace:{api}", "tailrace:{api}:meta", f"tailrace:{{api}}:p:{producer.hex()}"]
    assert arguments == [b"frame", 3, 10, 2, "e1", 7 * 86_400_000, 7 * 86_400_000, 256 << 20, "PUBLISH"]


def test_epochs_and_producers_are_random_and_fit_their_places() -> None:
    epochs = {new_epoch() for _ in range(1000)}
    assert len(epochs) == 1000
    assert all(len(word) == 10 and word.isalnum() for word in epochs)
    assert {len(new_producer()) for _ in range(10)} == {16}
    assert new_producer() != new_producer()
