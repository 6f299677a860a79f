from __future__ import annotations

import pytest

from tailrace_relay.dialects.choosing import MAX_VALUES, has_levels, has_message, is_one_of, is_value, query_of
from tailrace_relay.errors import ParameterError
from tailrace_relay.query import EVERYTHING, Query


@pytest.mark.parametrize(
    ("level", "search", "text"),
    [
        ("", "", "*"),
        (" , ", "", "*"),
        ("info", "", 'level:"INFO"'),
        ("warn,20", "", 'level:"WARNING" OR level:20'),
        ("Notice", "", 'level:"Notice"'),
        ("error", "a b", '(level:"ERROR") (message:"a b")'),
    ],
)
def test_what_is_asked_for_is_a_query_of_the_language(level: str, search: str, text: str) -> None:
    query = query_of(has_levels(level), has_message(search))
    assert query == Query.parse(text)


@pytest.mark.parametrize(
    "text", ['"', "\\", '" OR level:debug OR "', "*", "a?c", "/x/", "(", "key:value", "-x", "..", ">1"]
)
def test_whatever_is_asked_for_is_looked_for_as_it_is(text: str) -> None:
    quoted = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    assert query_of(has_message(text)) == Query.parse(f"message:{quoted}")
    assert query_of(is_value("service", text)) == Query.parse(f"service:{quoted}")
    assert Query.parse(query_of(has_message(text)).text) == query_of(has_message(text))


def test_nothing_asked_for_is_everything() -> None:
    assert query_of(None, None) == EVERYTHING


@pytest.mark.parametrize(
    ("parameter", "ask"),
    [
        ("level", lambda: has_levels("x," * (MAX_VALUES + 1))),
        ("level", lambda: has_levels("x" * 257)),
        ("source", lambda: is_one_of("source", "x," * (MAX_VALUES + 1))),
        ("search", lambda: has_message("x" * 1025)),
    ],
)
def test_too_much_is_refused(parameter: str, ask: object) -> None:
    assert callable(ask)
    with pytest.raises(ParameterError) as caught:
        ask()
    assert caught.value.parameter == parameter
