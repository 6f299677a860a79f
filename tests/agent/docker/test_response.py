"""Answers over HTTP, read in pieces of any size."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tailrace.docker.response import Part, Response, ResponseError

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNKS = [b"hello", b" ", b"w" * 300]
CHUNKED = HEAD + b"".join(b"%x;x=y\r\n%b\r\n" % (len(chunk), chunk) for chunk in CHUNKS) + b"0\r\nTrailer: 1\r\n\r\n"


def fed(data: bytes, *cuts: int) -> tuple[Response, list[Part]]:
    response = Response()
    edges = [0, *sorted(cuts), len(data)]
    parts = [part for a, b in pairwise(edges) for part in response.feed(data[a:b])]
    return response, parts


@given(st.lists(st.integers(0, len(CHUNKED))))
def test_chunks_are_put_together_wherever_they_are_cut(cuts: list[int]) -> None:
    response, parts = fed(CHUNKED, *cuts)
    assert b"".join(part.data for part in parts) == b"".join(CHUNKS)
    assert sum(part.first for part in parts) == len(CHUNKS)
    assert (response.status, response.complete) == (200, True)
    response.close()


@given(st.integers(0, len(CHUNKED) - 1))
def test_an_answer_that_breaks_off_is_told_from_one_that_ended(end: int) -> None:
    response, _ = fed(CHUNKED[:end])
    with pytest.raises(ResponseError, match="in the middle"):
        response.close()


def test_a_body_may_have_a_length() -> None:
    response, parts = fed(b"HTTP/1.1 404 Not Found\r\ncontent-length: 3\r\n\r\nnot this")
    assert (response.status, response.complete, parts) == (404, True, [Part(b"not", True)])


def test_a_body_may_go_on_to_the_end_of_the_connection() -> None:
    response, parts = fed(b"HTTP/1.0 200 OK\r\n\r\nabc")
    assert parts == [Part(b"abc", True)]
    response.close()
    assert response.complete


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 two\r\n\r\n",
        b"x" * 70_000,
        b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
        HEAD + b"zz\r\n",
        HEAD + b"1" * 5000,
        HEAD + b"1\r\nxyz",
    ],
)
def test_what_is_no_answer_is_refused(data: bytes) -> None:
    with pytest.raises(ResponseError):
        Response().feed(data)
