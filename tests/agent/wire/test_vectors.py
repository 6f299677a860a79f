"""The shared vectors, which every other implementation replays as well."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgpack
import pytest

from tailrace.wire import (
    CLASSES,
    Answer,
    AnswerError,
    Facts,
    Frame,
    FrameError,
    Keys,
    LevelError,
    Publication,
    Record,
    StreamID,
    StreamIDError,
    StreamNameError,
    check_stream_name,
    level_class,
    level_name,
    make_frame,
    pack_record,
    parse_level,
    unpack_record,
)
from tests.vectors import make

Vector = dict[str, Any]


def load(file: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((make.HERE / f"{file}.json").read_text("utf-8"))
    return loaded


def vectors(file: str, part: str) -> pytest.MarkDecorator:
    """A parameter for each vector, named as it is."""

    def parameters() -> Iterator[Any]:
        for vector in load(file)[part]:
            name = vector.get("name") or vector.get("text") or vector.get("stream") or vector.get("id") or "empty"
            yield pytest.param(vector, id=str(name)[:60])

    return pytest.mark.parametrize("vector", list(parameters()))


def without_absent(values: Vector) -> Vector:
    return {name: value for name, value in values.items() if value is not None}


def as_vector(record: Record) -> Vector:
    return without_absent({name: getattr(record, name) for name in Record.__slots__})


def test_the_files_are_what_make_py_makes() -> None:
    made = make.vectors()
    assert {name: (make.HERE / name).read_text("utf-8") for name in made} == made


@vectors("records", "valid")
def test_a_record_reads_as_the_vector_says(vector: Vector) -> None:
    record = unpack_record(msgpack.unpackb(bytes.fromhex(vector["hex"])))
    assert as_vector(record) == vector["record"]


@vectors("records", "valid")
def test_a_record_is_packed_so_that_it_reads_the_same(vector: Vector) -> None:
    record = Record(**vector["record"])
    assert unpack_record(msgpack.unpackb(pack_record(record))) == record


@vectors("records", "invalid")
def test_what_is_no_record_is_refused_for_the_reason(vector: Vector) -> None:
    with pytest.raises(FrameError, match=vector["reason"]):
        unpack_record(msgpack.unpackb(bytes.fromhex(vector["hex"])))


@vectors("frames", "valid")
def test_a_frame_reads_as_the_vector_says(vector: Vector) -> None:
    expected = vector["frame"]
    frame = Frame.parse(bytes.fromhex(vector["hex"]))
    facts, records = frame.records()
    assert {name: getattr(facts, name) for name in Facts.__slots__} == expected.pop("facts")
    assert [as_vector(record) for record in records] == expected.pop("records")
    assert frame.producer.hex() == expected.pop("producer")
    assert list(frame.shed_by_class) == expected.pop("shed_by_class")
    assert {name: getattr(frame, name) for name in expected} == expected


@vectors("frames", "valid")
def test_a_frame_is_made_so_that_it_reads_the_same(vector: Vector) -> None:
    expected = vector["frame"]
    facts, records = Facts(**expected["facts"]), [Record(**record) for record in expected["records"]]
    shed = tuple(expected["shed_by_class"])
    made = make_frame(bytes.fromhex(expected["producer"]), expected["first_seq"], facts, records, shed=shed)
    frame = Frame.parse(made)
    assert frame.records() == (facts, records)
    assert (frame.first_seq, frame.count, frame.shed) == (expected["first_seq"], expected["count"], expected["shed"])


@vectors("frames", "invalid")
def test_what_is_no_frame_is_refused_for_the_reason(vector: Vector) -> None:
    with pytest.raises(FrameError, match=vector["reason"]):
        Frame.parse(bytes.fromhex(vector["hex"])).records()


@vectors("stream_ids", "valid")
def test_a_stream_id_reads_as_the_vector_says(vector: Vector) -> None:
    assert StreamID.parse(vector["text"]) == (vector["ms"], vector["n"])
    assert str(StreamID(vector["ms"], vector["n"])) == vector["text"]


@vectors("stream_ids", "invalid")
def test_what_is_no_stream_id_is_refused_for_the_reason(vector: Vector) -> None:
    with pytest.raises(StreamIDError, match=vector["reason"]):
        StreamID.parse(vector["text"])


def test_stream_ids_have_the_order_of_the_vectors() -> None:
    ordered = [StreamID.parse(text) for text in load("stream_ids")["ordered"]]
    assert ordered == sorted(set(ordered))


@vectors("names", "valid")
def test_a_stream_has_the_names_in_redis_that_the_vector_says(vector: Vector) -> None:
    keys, stream = Keys(), check_stream_name(vector["stream"])
    assert keys.stream(stream) == vector["key"]
    assert keys.meta(stream) == vector["meta"]
    assert keys.mark(stream, bytes.fromhex(vector["producer"])) == vector["mark"]
    assert keys.stream_of(vector["key"]) == stream


@vectors("names", "invalid")
def test_what_is_no_stream_name_is_refused_for_the_reason(vector: Vector) -> None:
    with pytest.raises(StreamNameError, match=vector["reason"]):
        check_stream_name(vector["text"])


def test_other_channels_belong_to_no_stream() -> None:
    assert [Keys().stream_of(channel) for channel in load("names")["channels"]] == [None] * 6


@vectors("levels", "valid")
def test_a_level_reads_as_the_vector_says(vector: Vector) -> None:
    assert parse_level(vector["text"]) == vector["number"]


@vectors("levels", "invalid")
def test_what_is_no_level_is_refused_for_the_reason(vector: Vector) -> None:
    with pytest.raises(LevelError, match=vector["reason"]):
        parse_level(vector["text"])


def test_levels_have_the_names_and_classes_of_the_vectors() -> None:
    for vector in load("levels")["names"]:
        assert level_name(vector["number"]) == vector["name"]
        assert CLASSES[level_class(vector["number"])] == vector["class"]


@vectors("answers", "valid")
def test_an_answer_reads_as_the_vector_says(vector: Vector) -> None:
    answer = Answer.parse([item.encode() for item in vector["reply"]])
    assert {
        "status": answer.status,
        "id": None if answer.id is None else str(answer.id),
        "mark": answer.mark,
        "epoch": answer.epoch,
        "generation": answer.generation,
        "last": str(answer.last),
        "warning": answer.warning,
    } == vector["answer"]


@vectors("answers", "invalid")
def test_what_is_no_answer_is_refused_for_the_reason(vector: Vector) -> None:
    with pytest.raises(AnswerError, match=vector["reason"]):
        Answer.parse([item.encode() for item in vector["reply"]])


@vectors("publications", "valid")
def test_a_publication_reads_as_the_vector_says(vector: Vector) -> None:
    publication = Publication.parse(bytes.fromhex(vector["hex"]))
    assert (str(publication.id), publication.epoch, publication.generation, publication.frame.data.hex()) == (
        vector["id"],
        vector["epoch"],
        vector["generation"],
        vector["frame"],
    )


@vectors("publications", "invalid")
def test_what_is_no_publication_is_refused_for_the_reason(vector: Vector) -> None:
    with pytest.raises(FrameError, match=vector["reason"]):
        Publication.parse(bytes.fromhex(vector["hex"]))
