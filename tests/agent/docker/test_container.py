"""What is known of a container, which are chosen, and what their streams are called."""

from __future__ import annotations

import pytest

from tailrace.docker.announcer import attributes_of
from tailrace.docker.container import Container, Selection, StreamName
from tailrace.docker.events import Event, Events
from tailrace.docker.response import ResponseError
from tailrace.errors import ConfigError

WEB = Container(
    id="4fa6e0f0c6786287e131c3852c58a2e01cc697a68231826813597e4994f1d6e2",
    name="shop-web-1",
    image="registry:5000/shop/web:1.2",
    status="running",
    health="healthy",
    labels={"com.docker.compose.project": "shop", "com.docker.compose.service": "web", "tier": "front", "empty": ""},
)


def test_a_description_with_nothing_in_it_is_a_container() -> None:
    assert Container.parse({"Id": "abc"}) == Container(id="abc", name="abc")


def test_that_nobody_looks_at_its_health_is_no_health() -> None:
    assert Container.parse({"State": {"Health": {"Status": "none"}}}).health == ""


def test_its_start_is_a_time() -> None:
    assert Container(id="", name="", started="2026-01-01T00:00:00.123456789Z").started_at == 1_767_225_600_123
    assert Container(id="", name="", started="0001-01-01T00:00:00Z").started_at == 0
    assert Container(id="", name="", started="").started_at == 0


def test_presence_says_what_the_engine_says() -> None:
    assert attributes_of(WEB) == {
        "container.id": "4fa6e0f0c678",
        "container.name": "shop-web-1",
        "container.image.name": "registry:5000/shop/web:1.2",
        "status": "running",
        "health": "healthy",
    }


@pytest.mark.parametrize(
    ("names", "labels", "taken"),
    [
        ((), (), True),
        (("shop-web-1",), (), True),
        (("/shop-web-1",), (), True),
        (("shop-web",), (), False),
        (("4fa6e0f0c678",), (), True),
        (("4fa6",), (), False),
        (("other", "shop-web-1"), (), True),
        ((), ("tier",), True),
        ((), ("tier=front",), True),
        ((), ("tier=",), False),
        ((), ("empty=",), True),
        ((), ("tier=front", "other"), False),
        (("shop-web-1",), ("tier=back",), False),
    ],
)
def test_containers_are_chosen_by_name_and_label(names: tuple[str, ...], labels: tuple[str, ...], taken: bool) -> None:
    assert Selection(names, labels).takes(WEB) is taken


@pytest.mark.parametrize(
    ("template", "stream"),
    [
        ("docker:{name}", "docker:shop-web-1"),
        ("all", "all"),
        ("{project}.{service}", "shop.web"),
        ("{id}", "4fa6e0f0c678"),
        ("{image}", "registry:5000-shop-web:1.2"),
    ],
)
def test_a_template_names_streams(template: str, stream: str) -> None:
    assert StreamName(template).of(WEB) == stream


def test_a_name_that_looks_like_a_template_stays_one() -> None:
    assert StreamName("{name}").of(Container(id="1", name="a")) == "a"
    with pytest.raises(ConfigError, match=r"\{host\} is not known; right would be \{name\}, \{id\}"):
        StreamName("docker:{host}")


def test_events_are_read_wherever_they_are_cut() -> None:
    data = b'{"Action":"start","Actor":{"ID":"a"},"timeNano":7}\n\n'
    data += b'{"Action":"health_status: healthy","Actor":{"ID":"b"}}\n'
    for size in (1, 7, 1000):
        events = Events()
        found = [event for n in range(0, len(data), size) for event in events.feed(data[n : n + size])]
        assert found == [Event("start", "a", 7), Event("health_status: healthy", "b", 0)]
        assert events.query["since"] == "0.000000007"


def test_what_says_nothing_of_a_container_is_passed_over() -> None:
    assert Events().feed(b'[]\n{}\n{"Action":1,"Actor":{"ID":"a"}}\n{"Action":"start","Actor":7}\n') == []


@pytest.mark.parametrize("data", [b"{\n", b"x" * (1 << 21)])
def test_what_are_no_events_is_refused(data: bytes) -> None:
    with pytest.raises(ResponseError):
        Events().feed(data)
