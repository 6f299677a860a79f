from __future__ import annotations

import json
import re
from typing import Any

import msgspec
import pytest

from tailrace.wire import ZERO, StreamID
from tailrace_relay import messages
from tailrace_relay.outbox import Message
from tailrace_relay.position import Position
from tailrace_relay.reader import Gap
from tests.servers import ROOT

VECTORS: dict[str, Any] = json.loads((ROOT / "tests/vectors/messages.json").read_text("utf-8"))


def content(message: Message) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(message.text)
    assert found["type"] == message.type
    assert found.get("cursor") == message.cursor
    return found


def test_the_greeting_says_which_streams_there_are() -> None:
    streams = [{"stream": "api", "epoch": "4f1c", "oldest": "5-1", "newest": "9-7"}]
    assert content(messages.hello("gate-1", streams, "9-7~4f1c~0", None, complete=True)) == {
        "type": "hello",
        "protocol": 1,
        "gateway": "gate-1",
        "streams": streams,
        "complete": True,
        "cursor": "9-7~4f1c~0",
    }


@pytest.mark.parametrize("subscription", [None, "errors", 'q"\\ \n\u2028é'])
def test_records_are_joined_as_they_are(subscription: str | None) -> None:
    message = messages.records("api", [b'{"id":"5-1"}', b'{"id":"5-2"}'], "5-2~e~0", subscription)
    expected = {"type": "records", "stream": "api", "records": [{"id": "5-1"}, {"id": "5-2"}], "cursor": "5-2~e~0"}
    assert content(message) == expected | ({} if subscription is None else {"subscription": subscription})


def test_a_gap_tells_how_many_between_which_and_why() -> None:
    gap = Gap(312, StreamID(5, 7), StreamID(9, 320), "agent_dropped", Position(StreamID(9, 319)), {"DEBUG": 312})
    assert content(messages.gap("api", gap, "9-319", "x")) == {
        "type": "gap",
        "subscription": "x",
        "stream": "api",
        "count": 312,
        "after": "5-7",
        "before": "9-320",
        "reason": "agent_dropped",
        "by_level": {"DEBUG": 312},
        "cursor": "9-319",
    }


def test_a_gap_of_an_unknown_count_says_null() -> None:
    found = content(messages.gap("api", Gap(None, ZERO, None, "epoch", Position(ZERO)), "0-0", None))
    assert (found["count"], found["after"], found["before"]) == (None, "0-0", None)
    assert "by_level" not in found


def test_a_heartbeat_has_the_time_and_the_cursor() -> None:
    found = content(messages.heartbeat("5-7", None))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", found["time"])
    assert found["cursor"] == "5-7"


def test_the_small_ones() -> None:
    assert content(messages.live("5-7", "x")) == {
        "type": "status",
        "subscription": "x",
        "state": "live",
        "cursor": "5-7",
    }
    assert content(messages.pong()) == {"type": "pong"}


def test_an_error_names_the_parameter_where_there_is_one() -> None:
    found = content(messages.error("bad_request", 'not a "cursor"\n', {"parameter": "after"}, "x"))
    assert found == {
        "type": "error",
        "subscription": "x",
        "code": "bad_request",
        "message": 'not a "cursor"\n',
        "parameter": "after",
    }
    assert "parameter" not in content(messages.error("unavailable", "Redis does not answer"))


def test_an_event_is_one_line_of_data_whatever_the_text() -> None:
    event = messages.error("bad_request", "a\nb\r\nid: 9\n\n", {"parameter": "after"}).event.decode()
    assert event.count("\n") == 3
    assert event.startswith("event: error\ndata: {")
    assert "\r" not in event


def gap_of(
    count: int | None, after: str, before: str | None, reason: str, by_level: dict[str, int] | None = None
) -> Gap:
    edge = None if before is None else StreamID.parse(before)
    return Gap(count, StreamID.parse(after), edge, reason, Position(ZERO), by_level)


def written(what: str, said: dict[str, Any]) -> Message:
    """The message that a vector's `write` makes."""
    match what:
        case "hello":
            return messages.hello(said["gateway"], said["streams"], said["cursor"], None, complete=said["complete"])
        case "records":
            rendered = [msgspec.json.encode(record) for record in said["records"]]
            return messages.records(said["stream"], rendered, said["cursor"], None)
        case "gap":
            gap = {name: value for name, value in said.items() if name not in ("stream", "cursor")}
            return messages.gap(said["stream"], gap_of(**gap), said["cursor"], None)
        case "heartbeat":
            return messages.heartbeat(said["cursor"], None)
        case "live":
            return messages.live(said["cursor"], None)
        case "token":
            return messages.token(said["state"], said["expires"])
        case "services":
            return messages.services(said["state"], said["content"])
        case "error":
            return messages.error(said["code"], said["text"], said["details"])
    assert what == "pong"
    return messages.pong()


@pytest.mark.parametrize("vector", [v for v in VECTORS["valid"] if v["write"]], ids=lambda vector: vector["name"])
def test_messages_are_written_as_clients_read_them(vector: dict[str, Any]) -> None:
    ((what, said),) = vector["write"].items()
    text = written(what, said).text.decode()
    if what == "heartbeat":
        text = re.sub(r'"time":"[^"]*"', '"time":"2025-11-21T00:00:00.000Z"', text)
    assert text == vector["text"]


def test_every_type_of_message_has_a_vector() -> None:
    written_ones = {name for vector in VECTORS["valid"] for name in vector["write"] or ()}
    assert written_ones == set(messages.__all__) - {"PROTOCOL", "gap_json"}
