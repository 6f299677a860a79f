from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.crc import key_slot

from tailrace.wire import Keys, StreamNameError, check_stream_name, new_producer

NAMES = st.from_regex(r"[A-Za-z0-9._:-]{1,128}", fullmatch=True)
PRODUCER = bytes(range(16))


def test_the_names_are_those_of_the_protocol() -> None:
    keys = Keys()
    assert keys.stream("api") == "tailrace:{api}"
    assert keys.meta("api") == "tailrace:{api}:meta"
    assert keys.mark("api", PRODUCER) == "tailrace:{api}:p:000102030405060708090a0b0c0d0e0f"
    assert keys.streams == "tailrace:streams"
    assert keys.probe("gw1") == "tailrace:probe:gw1"


def test_another_prefix_keeps_two_installations_apart() -> None:
    assert Keys("staging").stream("api") == "staging:{api}"
    assert Keys("staging").stream_of("tailrace:{api}") is None


@given(NAMES)
def test_all_keys_of_a_stream_lie_in_one_cluster_slot(name: str) -> None:
    keys = Keys()
    names = [keys.stream(name), keys.meta(name), keys.mark(name, new_producer())]
    assert len({key_slot(key.encode()) for key in names}) == 1


@given(NAMES)
def test_a_channel_leads_back_to_its_stream(name: str) -> None:
    assert Keys("a.b").stream_of(Keys("a.b").stream(name)) == name


@pytest.mark.parametrize(
    "channel",
    [
        "",
        "tailrace:{}",
        "tailrace:{",
        "tailrace:}",
        "tailrace:{api",
        "tailrace:{api}:meta",
        "tailrace:{api}:p:{x}",
        "tailrace:{a b}",
        "tailrace:{api}\n",
        "tailrace:probe:gw1",
        "xtailrace:{api}",
        "other",
    ],
)
def test_any_other_channel_belongs_to_no_stream(channel: str) -> None:
    assert Keys().stream_of(channel) is None


@given(NAMES)
def test_a_stream_name_is_given_back(name: str) -> None:
    assert check_stream_name(name) == name


@pytest.mark.parametrize(
    "name", ["", "a" * 129, "a b", "a/b", "a*", "{a}", "a\n", "a\0", "ä", "a,b", "a~b", "١", "a" * 1_000_000]
)
def test_any_other_name_is_refused_and_quoted(name: str) -> None:
    with pytest.raises(StreamNameError, match=r"not a stream name: .* right would be") as caught:
        check_stream_name(name)
    assert caught.value.text == name
    assert len(str(caught.value)) < 400
