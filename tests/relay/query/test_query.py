"""The shared vectors of the query language, which every other implementation replays as well."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tailrace.wire import Facts, Frame, Record, StreamID, make_frame
from tailrace_relay.errors import ParameterError
from tailrace_relay.position import Position
from tailrace_relay.query import EVERYTHING, MAX_QUERY, Query, QueryError
from tailrace_relay.query.parser import MAX_DEPTH, MAX_EXPRESSIONS, MAX_TERMS
from tailrace_relay.reader import Piece
from tailrace_relay.render import RenderedPiece
from tests.servers import ROOT

VECTORS: dict[str, Any] = json.loads((ROOT / "tests/vectors/query.json").read_text("utf-8"))

EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
FACTS = {"service", "host", "pid", "process"}
OF_FRAMES = {"stream", "producer"}


def piece_of(stored: dict[str, Any]) -> tuple[str, Piece]:
    """The stream and the frame of one record that has the JSON form of docs/PROTOCOL.md."""
    time = (datetime.fromisoformat(stored["time"]) - EPOCH) // timedelta(microseconds=1)
    facts = Facts(**{name: stored[name] for name in FACTS & stored.keys()})
    record = Record(**{k: v for k, v in stored.items() if k not in FACTS | OF_FRAMES} | {"time": time})
    frame = Frame.parse(make_frame(bytes.fromhex(stored.get("producer", "00" * 16)), 1, facts, [record]))
    last = StreamID(1, 1)
    return stored["stream"], Piece(frame, last, 0, Position(last))


PIECES = {name: piece_of(stored) for name, stored in VECTORS["records"].items()}
RENDERED = {name: RenderedPiece(*piece) for name, piece in PIECES.items()}


def matching(query: Query) -> list[str]:
    return [name for name, rendered in RENDERED.items() if rendered.places(query.predicate)]


@pytest.mark.parametrize("vector", VECTORS["matches"], ids=lambda vector: vector["query"] or "empty")
def test_a_query_matches_the_records_that_the_vector_names(vector: dict[str, Any]) -> None:
    assert matching(Query.parse(vector["query"])) == vector["matches"]


@pytest.mark.parametrize("vector", VECTORS["matches"], ids=lambda vector: vector["query"] or "empty")
def test_the_canonical_text_is_a_query_of_the_same_meaning(vector: dict[str, Any]) -> None:
    query = Query.parse(vector["query"])
    assert query.text == vector["canonical"]
    again = Query.parse(query.text)
    assert (again, again.text) == (query, query.text)
    assert matching(again) == vector["matches"]


@pytest.mark.parametrize("vector", VECTORS["matches"], ids=lambda vector: vector["query"] or "empty")
def test_a_header_never_says_what_the_records_do_not(vector: dict[str, Any]) -> None:
    query = Query.parse(vector["query"])
    for name, (stream, piece) in PIECES.items():
        outlook = query.outlook(stream, piece.frame)
        assert outlook.match if name in vector["matches"] else outlook.fail


@pytest.mark.parametrize("vector", VECTORS["invalid"], ids=lambda vector: vector["query"])
def test_a_mistake_is_named_and_placed(vector: dict[str, Any]) -> None:
    with pytest.raises(QueryError) as caught:
        Query.parse(vector["query"])
    assert (caught.value.position, caught.value.length) == (vector["position"], vector["length"])
    assert str(caught.value).startswith(vector["message"])
    assert caught.value.parameter == "query"
    assert isinstance(caught.value, ParameterError)


def read(text: str) -> Query | QueryError:
    try:
        return Query.parse(text)
    except QueryError as error:
        return error


# Pieces of queries, so that what is tried is nearly one.
PARTS = st.sampled_from(
    [
        *'()"-/*?\\ :.<>=',
        " ",
        "AND ",
        "OR ",
        "NOT ",
        "level:",
        "time:",
        "k:",
        ">=",
        "..",
        "1.5s",
        "5",
        "a",
        "error",
        "é",
    ]
)


@given(st.lists(PARTS, max_size=14).map("".join) | st.text(max_size=30))
@example("(" * 1000)
@example("-(" * 1000)
@example("NOT " * 1000)
@settings(max_examples=1500, deadline=None)
def test_whatever_is_written_is_a_query_or_an_error_within_it(text: str) -> None:
    query = read(text)
    if isinstance(query, QueryError):
        assert 0 <= query.position <= query.position + query.length <= len(text) or len(text) > MAX_QUERY
        assert str(query)
        return
    again = Query.parse(query.text)
    assert again.text == query.text
    assert matching(again) == matching(query)
    for name, (stream, piece) in PIECES.items():
        outlook = query.outlook(stream, piece.frame)
        assert outlook.match if name in matching(query) else outlook.fail


def test_a_level_and_a_query_must_both_match() -> None:
    assert Query.parse("", level=40) == Query.parse("level:>=40")
    assert Query.parse("a b", level=40) == Query.parse("level:>=40 a b")
    assert Query.parse("a OR b", level=40) == Query.parse("level:>=40 (a OR b)")
    assert Query.parse("", level=0) == EVERYTHING == Query.parse("  ")


def test_no_record_needs_to_be_looked_at_where_all_match() -> None:
    assert EVERYTHING.predicate is None
    assert Query.parse("*").predicate is None


def test_equal_queries_share_their_predicate() -> None:
    assert Query.parse('a  "b"').predicate is Query.parse("a b").predicate


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a" * (MAX_QUERY + 1), f"{MAX_QUERY + 1} characters; {MAX_QUERY} is the limit"),
        ("a " * (MAX_TERMS + 1), f"{MAX_TERMS} words and values are the limit of one query"),
        ("a* " * (MAX_EXPRESSIONS + 1), f"{MAX_EXPRESSIONS} regular expressions and globs are the limit of one query"),
        ("a" + "?" * 4000, "not a glob that can be used"),
        ("(" * (MAX_DEPTH + 1), f"{MAX_DEPTH} parentheses and signs within each other are the limit"),
    ],
)
def test_a_query_is_bounded(text: str, message: str) -> None:
    with pytest.raises(QueryError, match=message):
        Query.parse(text)
