"""Shipping the logs of containers: everything arrives once, whatever containers, engine and shipper do."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator

import pytest

from tailrace.docker.engine import EngineAway, EngineRefuses
from tests.agent.docker.engine import SECOND, FakeContainer, FakeEngine, Fault, at_second
from tests.agent.docker.shipping import TIMEOUT, Shipping
from tests.servers import wait_for


def numbered(count: int, begin: int = 0) -> list[str]:
    return [str(number) for number in range(begin, begin + count)]


def print_numbers(container: FakeContainer, count: int, begin: int = 0) -> None:
    container.print("".join(f"{number}\n" for number in range(begin, begin + count)))


def test_what_a_container_has_printed_and_prints_arrives(engine: FakeEngine, shipping: Shipping) -> None:
    web = engine.run("web", image="nginx:1", labels={"com.docker.compose.project": "shop", "tier": "front"})
    web.print("before\n")
    shipping.start(label_fields=("tier", "nothing"))
    shipping.records(1)
    web.print("WARNING: disk\n", "stderr")
    before, after = shipping.records(2)
    assert (before.message, before.level, before.source, before.logger) == ("before", "INFO", "stdout", "web")
    assert (after.message, after.level, after.source) == ("WARNING: disk", "WARNING", "stderr")
    assert before.time == web.log[0].time // 1000
    assert before.fields == {
        "container.id": web.id[:12],
        "container.name": "web",
        "container.image.name": "nginx:1",
        "com.docker.compose.project": "shop",
        "tier": "front",
    }


def test_a_terminals_lines_arrive_without_their_returns(engine: FakeEngine, shipping: Shipping) -> None:
    web = engine.run("web", tty=True)
    web.print("one\r\n")
    web.print("10 %\r50 %\r100 %\r\n")
    web.print("x" * 40_000 + "\r\n")
    web.print("2026-01-01T00:00:00.000000000Z is no time of the engine\r\n")
    shipping.start()
    assert shipping.messages(4) == [
        "one",
        "100 %",
        "x" * 40_000,
        "2026-01-01T00:00:00.000000000Z is no time of the engine",
    ]


def test_the_pieces_of_long_lines_are_joined(engine: FakeEngine, shipping: Shipping) -> None:
    web = engine.run("web")
    lines = ["a" * 16_383, "b" * 16_384, "c" * 50_000, "d"]
    for line in lines:
        web.print(line + "\n")
    shipping.start()
    assert shipping.messages(4) == lines


def test_a_traceback_is_one_record(engine: FakeEngine, shipping: Shipping) -> None:
    web = engine.run("web")
    traceback = 'Traceback (most recent call last):\n  File "a.py", line 1, in f\nValueError: no\n'
    web.print(traceback, "stderr")
    shipping.start()
    (record,) = shipping.records(1)
    assert (record.message, record.level) == ("ValueError: no", "ERROR")
    assert record.exception == traceback.rstrip("\n")


def test_a_container_that_starts_later_is_followed_from_its_beginning(engine: FakeEngine, shipping: Shipping) -> None:
    engine.run("other")
    shipping.start()
    wait_for(lambda: engine.asked("/logs"), TIMEOUT, "the first container to be followed")
    web = engine.create("web")
    web.print("first\n")
    web.start()
    web.print("second\n")
    assert shipping.messages(2) == ["first", "second"]


def test_a_container_that_stops_is_read_to_its_end_and_goes_on_when_it_starts_again(
    engine: FakeEngine, shipping: Shipping
) -> None:
    web = engine.run("web")
    shipping.start()
    print_numbers(web, 1000)
    web.print("last, without an end")
    web.stop()
    assert shipping.messages(1001) == [*numbered(1000), "last, without an end"]
    web.start()
    web.print("again\n")
    assert shipping.messages(1002)[-1] == "again"


def test_containers_that_have_ended_before_are_read_too(engine: FakeEngine, shipping: Shipping) -> None:
    web = engine.run("web")
    web.print("x\n")
    web.stop()
    shipping.start()
    assert shipping.messages(1) == ["x"]


def test_a_removed_container_leaves_no_checkpoint_and_no_line_behind(engine: FakeEngine, shipping: Shipping) -> None:
    web = engine.run("web")
    shipping.start()
    shipping_begun = wait_for(lambda: engine.asked("/logs"), TIMEOUT, "the container to be followed")
    assert shipping_begun
    assert shipping.checkpoints() == 1
    print_numbers(web, 5000)
    web.print("Traceback (most recent call last):\n", "stderr")
    web.remove()
    assert shipping.messages(5001) == [*numbered(5000), "Traceback (most recent call last):"]
    wait_for(lambda: shipping.checkpoints() == 0, TIMEOUT, "the checkpoint to go")


def test_a_container_that_is_removed_while_nobody_looks_leaves_no_checkpoint(
    engine: FakeEngine, shipping: Shipping
) -> None:
    web = engine.run("web")
    web.print("x\n")
    shipping.start()
    shipping.records(1)
    shipping.stop()
    web.remove()
    shipping.start()
    wait_for(lambda: shipping.checkpoints() == 0, TIMEOUT, "the checkpoint to go")


def test_the_next_shipper_goes_on_where_the_last_one_stopped(engine: FakeEngine, shipping: Shipping) -> None:
    web = engine.run("web")
    for round in range(4):
        print_numbers(web, 700, round * 700)
        shipping.start()
        assert shipping.messages((round + 1) * 700) == numbered((round + 1) * 700)
        shipping.stop()
    assert [record.line_number for record in shipping.now().all] == list(range(1, 2801))


@pytest.mark.parametrize("seeking", [True, False], ids=["an engine that seeks", "an engine that filters"])
def test_lines_of_the_same_time_are_told_apart_after_a_reconnect(
    engine: FakeEngine, shipping: Shipping, seeking: bool
) -> None:
    engine.seeking = seeking
    web = engine.run("web")
    shipping.start()
    moment = 1_767_225_600 * SECOND
    for number in range(30):
        # Ten lines have the same time each, and one comes late.
        late = number % 10 == 7
        web.print(f"{number}\n", at=moment + number // 10 * 3 * SECOND - late * 1000)
        shipping.records(number + 1)
        engine.cut_all()
    assert shipping.messages(30) == numbered(30)


@pytest.mark.parametrize("tty", [False, True], ids=["multiplexed", "terminal"])
@pytest.mark.parametrize("cut_after", [0, 1, 9, 60, 16_000, 20_000, 50_000])
def test_a_connection_that_breaks_in_the_middle_of_a_piece_costs_and_doubles_nothing(
    engine: FakeEngine, shipping: Shipping, tty: bool, cut_after: int
) -> None:
    web = engine.run("web", tty=tty)
    lines = ["first", "x" * 40_000, *numbered(300)]
    web.print("".join(f"{line}\n" for line in lines))
    engine.faults = [Fault("/logs", cut_after=cut_after), Fault("/logs", cut_after=cut_after + 7)]
    shipping.start()
    assert shipping.messages(302) == lines
    assert not engine.faults


def test_an_engine_that_restarts_again_and_again_costs_and_doubles_nothing(
    engine: FakeEngine, shipping: Shipping
) -> None:
    web = engine.run("web")
    shipping.start()
    for round in range(5):
        wait_for(lambda asked=round + 1: len(engine.asked("/logs")) >= asked, TIMEOUT, "the log to be read")  # type: ignore[misc]
        print_numbers(web, 300, round * 300)
        engine.restart()
    assert shipping.messages(1500) == numbered(1500)


def test_an_engine_that_is_away_is_said_once_and_waited_for(engine: FakeEngine, shipping: Shipping) -> None:
    web = engine.run("web")
    shipping.start()
    web.print("0\n")
    shipping.records(1)
    engine.stop()
    wait_for(lambda: shipping.said, TIMEOUT, "it to be said")
    web.print("1\n")
    started = engine.run("new")
    started.print("new\n")
    engine.start()
    assert shipping.messages(2) == ["0", "1"]
    assert shipping.messages(1, "docker:new") == ["new"]
    assert len(shipping.said) == 2
    assert "trying again" in shipping.said[0]
    assert shipping.said[1] == "the Docker engine is there again"


def test_a_container_that_ran_while_the_engine_was_out_of_sight_is_read(engine: FakeEngine, shipping: Shipping) -> None:
    web = engine.run("web")
    web.print("0\n")
    web.stop()
    shipping.start()
    shipping.records(1)
    engine.stop()
    web.start()
    web.print("1\n")
    web.stop()
    engine.start()
    assert shipping.messages(2) == ["0", "1"]


def test_errors_of_the_engine_are_said_and_tried_again(engine: FakeEngine, shipping: Shipping) -> None:
    web = engine.run("web")
    web.print("x\n")
    engine.faults = [Fault("/logs", 500, "disk\nfull"), Fault(f"{web.id}/json", 500, "busy")]
    shipping.start()
    assert shipping.messages(1) == ["x"]
    assert shipping.said == [
        "the log of container web is refused, trying again: the Docker engine answers 500: disk full"
    ]


def test_a_log_that_the_engine_cannot_read_is_said_once(engine: FakeEngine, shipping: Shipping) -> None:
    engine.run("web")
    engine.containers[next(iter(engine.containers))].driver = "none"
    other = engine.run("other")
    other.print("x\n")
    shipping.start()
    assert shipping.messages(1, "docker:other") == ["x"]
    wait_for(lambda: shipping.said, TIMEOUT, "it to be said")
    assert len(engine.asked("/logs")) == 2
    assert "does not support reading" in shipping.said[0]


def test_the_version_is_the_newest_that_both_know(engine: FakeEngine, shipping: Shipping) -> None:
    engine.version = "1.41"
    engine.run("web").print("x\n")
    shipping.start()
    shipping.records(1)
    assert all(target.startswith("/v1.41/") for target in engine.requests if target != "/version")


def test_an_engine_that_comes_back_in_an_older_version_is_asked_in_that(engine: FakeEngine, shipping: Shipping) -> None:
    web = engine.run("web")
    web.print("0\n")
    shipping.start()
    shipping.records(1)
    engine.version = "1.30"
    engine.restart()
    web.print("1\n")
    assert shipping.messages(2) == ["0", "1"]
    assert engine.asked("/v1.30/")


def test_an_engine_that_no_longer_speaks_our_versions_is_asked_in_its_oldest(
    engine: FakeEngine, shipping: Shipping
) -> None:
    engine.version, engine.oldest = "1.60", "1.55"
    engine.run("web").print("x\n")
    shipping.start()
    shipping.records(1)
    assert engine.asked("/v1.55/")


def test_an_engine_that_is_not_there_in_the_beginning_is_an_error(engine: FakeEngine, shipping: Shipping) -> None:
    engine.stop()
    shipping.start()
    with pytest.raises(EngineAway, match="does not run"):
        shipping.stop()


def test_a_refusal_in_the_beginning_is_an_error(engine: FakeEngine, shipping: Shipping) -> None:
    engine.faults = [Fault("/events", 403, "forbidden by policy")]
    shipping.start()
    with pytest.raises(EngineRefuses, match="answers 403: forbidden by policy"):
        shipping.stop()


@pytest.fixture
def many_files() -> Iterator[None]:
    """More descriptors are open than `select` can tell apart."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    opened = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
    yield
    for fd in opened:
        os.close(fd)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("many_files")
def test_many_open_files_are_no_hindrance(engine: FakeEngine, shipping: Shipping) -> None:
    engine.run("web").print("x\n")
    shipping.start()
    assert shipping.messages(1) == ["x"]


def test_only_what_was_chosen_is_read(engine: FakeEngine, shipping: Shipping) -> None:
    for name, tier in [("web", "front"), ("api", "back"), ("db", "back")]:
        engine.run(name, labels={"tier": tier}).print(f"{name}\n")
    shipping.start(names=("api", "web"), labels=("tier=back",))
    shipping.messages(1, "docker:api")
    assert len(engine.asked("/logs")) == 1


def test_a_template_makes_the_streams(engine: FakeEngine, shipping: Shipping) -> None:
    labels = {"com.docker.compose.project": "shop", "com.docker.compose.service": "web"}
    engine.run("shop-web-1", labels=labels).print("x\n")
    engine.run("shop-web-2", labels=labels).print("y\n")
    shipping.start(stream="{project}.{service}")
    assert sorted(shipping.messages(2, "shop.web")) == ["x", "y"]


def test_another_stream_goes_on_where_the_first_one_stopped(engine: FakeEngine, shipping: Shipping) -> None:
    web = engine.run("web")
    web.print("0\n")
    shipping.start()
    shipping.records(1)
    shipping.stop()
    web.print("1\n")
    shipping.start(stream="all")
    assert shipping.messages(1, "all") == ["1"]
    assert shipping.checkpoints() == 1


def test_what_is_older_is_left_out_if_asked_for(engine: FakeEngine, shipping: Shipping) -> None:
    web = engine.run("web")
    times = at_second(0)
    for number in range(10):
        web.print(f"{number}\n", at=next(times))
    shipping.start(since=web.log[6].time)
    assert shipping.messages(4) == numbered(4, 6)


def test_records_below_the_level_are_left_out(engine: FakeEngine, shipping: Shipping) -> None:
    web = engine.run("web")
    web.print("DEBUG: no\n")
    web.print("ERROR: yes\n")
    shipping.start(level="INFO")
    assert shipping.messages(1) == ["ERROR: yes"]


def test_lines_that_are_no_records_are_not_read_again(engine: FakeEngine, shipping: Shipping) -> None:
    web = engine.run("web")
    for second in range(5):
        web.print("DEBUG: no\n", at=next(at_second(second * 3)))
    web.print("ERROR: yes\n", at=next(at_second(20)))
    web.print("DEBUG: no\n", at=next(at_second(40)))
    web.stop()
    for _ in range(2):
        shipping.start(level="INFO")
        assert shipping.messages(1) == ["ERROR: yes"]
        shipping.stop()
    first, *_, last = engine.asked("/logs")
    assert "since" not in first
    assert f"since={web.log[-1].time // SECOND - 20}" in last


def test_more_containers_than_may_be_read_at_once_wait_for_their_turn(engine: FakeEngine, shipping: Shipping) -> None:
    containers = [engine.run(f"web{number}") for number in range(6)]
    for container in containers:
        container.print("x\n")
    shipping.start(most=4)
    wait_for(lambda: shipping.said, TIMEOUT, "it to be said")
    for container in containers:
        container.stop()
    for container in containers:
        assert shipping.messages(1, f"docker:{container.name}") == ["x"]
    assert [text for text in shipping.said if "more than 4" in text] == shipping.said


def test_containers_are_announced_while_they_run(engine: FakeEngine, shipping: Shipping) -> None:
    web = engine.run("web", labels={"com.docker.compose.service": "front"})
    web.print("x\n")
    shipping.start()
    said = wait_for(lambda: shipping.announcements(), TIMEOUT, "the announcement")["docker:web"]
    assert (said.service, said.pid, said.command, said.ended) == ("front", 4321, "app", False)
    assert said.started == web.started // 1_000_000
    web.stop()
    wait_for(lambda: shipping.announcements()["docker:web"].ended, TIMEOUT, "its end")


def test_presence_says_what_the_engine_says_of_a_container(engine: FakeEngine, shipping: Shipping) -> None:
    web = engine.run("web", image="nginx:1")
    shipping.start()
    web.become("unhealthy")
    web.pause()

    wait_for(lambda: shipping.attributes().get("status") == "paused", TIMEOUT, "it to be said")
    assert shipping.attributes() == {
        "container.id": web.id[:12],
        "container.name": "web",
        "container.image.name": "nginx:1",
        "status": "paused",
        "health": "unhealthy",
    }


def test_presence_says_the_newest_record_of_a_container_and_counts_lately(
    engine: FakeEngine, shipping: Shipping
) -> None:
    web = engine.run("web")
    web.print("one\n")
    shipping.start()
    shipping.records(1)
    wait_for(lambda: shipping.announcements()["docker:web"].last, TIMEOUT, "the record to be said")
    assert shipping.announcements()["docker:web"].last["stream"] == "docker:web"
    wait_for(lambda: len(shipping.announcements()["docker:web"].recent) == 4, TIMEOUT, "two looks")


def test_a_shipper_that_is_stopped_says_that_nobody_watches_any_more(engine: FakeEngine, shipping: Shipping) -> None:
    engine.run("web")
    shipping.start()
    wait_for(lambda: shipping.announcements(), TIMEOUT, "the announcement")
    shipping.stop()
    assert shipping.announcements()["docker:web"].ended


def test_many_containers_that_start_at_once_are_all_followed(engine: FakeEngine, shipping: Shipping) -> None:
    shipping.start()
    wait_for(lambda: engine.asked("/events"), TIMEOUT, "the shipment")
    containers = [engine.run(f"web{number}") for number in range(40)]
    for container in containers:
        container.print(f"{container.name}\n")
    for container in containers:
        assert shipping.messages(1, f"docker:{container.name}") == [container.name]


def test_a_container_that_starts_before_the_engine_listens_to_itself_is_followed(
    engine: FakeEngine, shipping: Shipping
) -> None:
    web = engine.create("web")

    def start_after_the_list() -> None:
        wait_for(lambda: engine.asked(f"/containers/{web.id}/json"), TIMEOUT, "the first look at it")
        web.start()

    engine.before_listening = start_after_the_list
    web.print("hello\n")
    shipping.start()
    assert shipping.messages(1, "docker:web") == ["hello"]
    assert len(engine.asked("/containers/json")) == 1, "nothing had to be listed again"


def test_a_renamed_container_keeps_its_stream(engine: FakeEngine, shipping: Shipping) -> None:
    web = engine.run("web")
    shipping.start()
    web.print("0\n")
    shipping.records(1)
    web.rename("old")
    wait_for(lambda: shipping.attributes().get("container.name") == "old", TIMEOUT, "its name to be known")
    engine.restart()
    web.print("1\n")
    before, after = shipping.records(2)
    assert before.fields is not None
    assert after.fields is not None
    assert [before.fields["container.name"], after.fields["container.name"]] == ["web", "old"]


def test_a_log_that_the_engine_finds_damaged_is_said_once_and_read_on(engine: FakeEngine, shipping: Shipping) -> None:
    web = engine.run("web")
    web.print("0\n")
    web.log.append(web.log[0]._replace(source="engine", text=b"Error grabbing logs: invalid character\n"))
    shipping.start()
    shipping.records(1)
    wait_for(lambda: len(engine.asked("/logs")) >= 3, TIMEOUT, "it to be tried again")
    assert len(shipping.said) == 1
    assert "Error grabbing logs: invalid character" in shipping.said[0]
    del web.log[1]
    web.print("1\n")
    assert shipping.messages(2) == ["0", "1"]
