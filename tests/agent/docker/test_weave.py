"""The weave: both outputs of a container become records in the engine's order, and the log can be read on from behind
each of them."""

from __future__ import annotations

import itertools
import random
import re

import pytest

from tailrace.docker.messages import Message
from tailrace.docker.position import DISORDER, Position
from tailrace.docker.side import Facts
from tailrace.docker.stamp import SECOND
from tailrace.docker.weave import Batch, Weave
from tailrace.wire.record import Record

FACTS = Facts("web", {"container.name": "web"})
NOON = 1_700_000_000 * SECOND
MS = SECOND // 1000


def out(at: int, text: str, source: str = "stdout") -> Message:
    """A message so many ms after noon."""
    return Message(source, NOON + at * MS, text.encode(), True, True)


def err(at: int, text: str) -> Message:
    return out(at, text, "stderr")


def records(weave: Weave) -> list[Record]:
    return [record for batch in weave.batches() for record in batch.records]


def told(*messages: Message) -> list[Record]:
    weave = Weave(Position(), FACTS)
    for message in messages:
        weave.feed(message)
    weave.end()
    return records(weave)


def test_a_line_is_a_record_with_the_engines_time_and_the_containers_fields() -> None:
    (record,) = told(out(1, "hello\n"))
    assert (record.message, record.level, record.source, record.logger) == ("hello", "INFO", "stdout", "web")
    assert record.time == (NOON + MS) // 1000
    assert record.fields == {"container.name": "web"}
    assert record.line_number == 1


def test_what_stderr_says_is_an_error_unless_it_names_a_level() -> None:
    assert [r.level for r in told(err(1, "oh\n"), err(2, "WARNING: so\n"))] == ["ERROR", "WARNING"]


def test_a_json_line_keeps_its_own_time_and_fields() -> None:
    (record,) = told(out(1, '{"level":"warn","msg":"slow","ms":12,"time":1700000001,"container.name":"forged"}\n'))
    assert (record.level, record.message, record.time) == ("WARNING", "slow", 1_700_000_001_000_000)
    assert record.fields == {"ms": 12, "container.name": "web"}


def test_the_pieces_of_a_long_line_are_one_record_with_the_time_of_the_first() -> None:
    pieces = [out(1, "a" * 16384), out(2, "b" * 16384), out(3, "c\n")]
    (record,) = told(*pieces)
    assert record.message == "a" * 16384 + "b" * 16384 + "c"
    assert record.time == (NOON + MS) // 1000


def test_a_line_far_beyond_the_limit_is_cut_and_says_so() -> None:
    (record,) = told(*(out(1, "x" * 16384) for _ in range(1000)), out(1, "end\n"))
    assert len(record.message) < 64 << 10
    assert f"cut from {1000 * 16384 + 3} bytes" in record.message
    assert record.message.endswith("end")


def test_both_outputs_keep_the_engines_order() -> None:
    found = told(out(1, "1\n"), err(2, "2\n"), out(3, "3\n"), err(4, "4\n"))
    assert [r.message for r in found] == ["1", "2", "3", "4"]
    assert [r.line_number for r in found] == [1, 1, 2, 2]


TRACEBACK = ["Traceback (most recent call last):\n", '  File "a.py", line 1, in f\n', "ValueError: no\n"]


def test_a_traceback_is_one_record_where_it_began_and_what_stands_behind_it_waits() -> None:
    weave = Weave(Position(), FACTS)
    for message in [err(1, TRACEBACK[0]), out(2, "between\n"), err(3, TRACEBACK[1]), err(4, TRACEBACK[2])]:
        weave.feed(message)
    assert records(weave) == []
    weave.feed(err(5, "after\n"))
    assert [r.message for r in records(weave)] == ["ValueError: no", "between", "after"]


def test_a_traceback_is_over_when_the_log_says_that_nothing_followed() -> None:
    weave = Weave(Position(), FACTS)
    for message in [err(1, TRACEBACK[0]), err(2, TRACEBACK[1]), err(3, TRACEBACK[2]), out(2000, "later\n")]:
        weave.feed(message)
    found = records(weave)
    assert [r.message for r in found] == ["ValueError: no", "later"]
    assert found[0].time == (NOON + MS) // 1000


def test_a_traceback_at_the_end_is_given_after_its_patience() -> None:
    weave = Weave(Position(), FACTS)
    for at, line in enumerate(TRACEBACK):
        weave.feed(err(at, line))
    assert records(weave) == []
    patience = weave.patience
    assert patience is not None
    assert patience == pytest.approx(0.25, abs=0.01)
    weave.give_up(patience + 0.01)
    assert [r.message for r in records(weave)] == ["ValueError: no"]
    assert weave.patience is None


def test_giving_up_leaves_alone_what_has_waited_a_shorter_time() -> None:
    weave = Weave(Position(), FACTS)
    for message in [out(0, "ValueError: x\n"), err(0, TRACEBACK[0]), err(0, TRACEBACK[1])]:
        weave.feed(message)
    weave.give_up(0.11)
    assert [r.message for r in records(weave)] == ["ValueError: x"]
    weave.feed(err(300, TRACEBACK[2]))
    weave.end()
    assert [r.message for r in records(weave)] == ["ValueError: no"]


def test_an_unfinished_line_waits_for_ever_unless_it_holds_up_the_other_output() -> None:
    weave = Weave(Position(), FACTS)
    weave.feed(out(1, "prompt> "))
    assert weave.patience is None
    weave.feed(err(2, "error\n"))
    assert weave.patience == pytest.approx(2.0)
    weave.give_up(2.01)
    assert [r.message for r in records(weave)] == ["prompt> ", "error"]


def test_lines_within_one_message_are_records_of_their_own() -> None:
    assert [r.message for r in told(out(1, "a\r\nb\n\nc"))] == ["a", "b", "c"]


def test_a_lone_return_at_the_end_disturbs_no_line_behind_it() -> None:
    assert [r.message for r in told(out(1, "a\n"), out(2, "\r"))] == ["a"]


def test_records_below_the_level_are_left_out() -> None:
    weave = Weave(Position(), Facts("web", {}, level=30))
    for message in [out(1, "info\n"), err(2, "error\n")]:
        weave.feed(message)
    assert [r.message for r in records(weave)] == ["error"]


def test_a_batch_is_at_most_a_frame() -> None:
    weave = Weave(Position(), FACTS)
    for at in range(1200):
        weave.feed(out(at, f"{at}\n"))
    assert [len(batch.records) for batch in weave.batches()] == [512, 512, 176]


def test_one_message_with_more_lines_than_a_frame_has_is_cut_between_records() -> None:
    message = out(1, "".join(f"{n}\n" for n in range(1200)))
    weave = Weave(Position(), FACTS)
    weave.feed(message)
    batches = list(weave.batches())
    assert [len(batch.records) for batch in batches] == [512, 512, 176]
    for number, batch in enumerate(batches):
        assert [r.message for r in read_on([message], batch.position)] == [
            r.message for later in batches[number + 1 :] for r in later.records
        ]


def answer(log: list[Message], since: int, *, seeking: bool) -> list[Message]:
    """What an engine answers: from 23 on it seeks, older ones filter."""
    if seeking:
        return list(itertools.dropwhile(lambda message: message.time < since, log))
    return [message for message in log if message.time >= since]


def read_on(log: list[Message], position: Position, *, seeking: bool = True) -> list[Record]:
    weave = Weave(position, FACTS)
    for message in answer(log, position.since, seeking=seeking):
        weave.feed(message)
    weave.end()
    return records(weave)


def random_log(chance: random.Random, length: int) -> list[Message]:
    """Lines, long lines, tracebacks and blank lines of both outputs; times that are equal or a little out of order."""
    log: list[Message] = []
    at = 0
    opened: dict[str, list[str]] = {"stdout": [], "stderr": []}
    while len(log) < length:
        source = chance.choice(["stdout", "stderr"])
        at += chance.choice([0, 0, 1, 20, 300, 3000])
        if not opened[source]:
            kind = chance.random()
            number = len(log)
            opened[source] = (
                TRACEBACK[:]
                if kind < 0.15
                else [f"{number} long", "er", f" {number}\n"]
                if kind < 0.3
                else ["\n"]
                if kind < 0.35
                else [f"ValueError: {number}\n"]
                if kind < 0.45
                else [f"{number}\n"]
            )
        log.append(out(at - chance.choice([0, 0, 0, 5]), opened[source].pop(0), source))
    return log


def stories(found: list[Record]) -> list[tuple[object, ...]]:
    return [(r.message, r.time, r.source, r.line_number, r.exception) for r in found]


def batches_of(log: list[Message], chance: random.Random) -> list[Batch]:
    """As a follower takes them: after some messages, sometimes each."""
    weave = Weave(Position(), FACTS)
    found: list[Batch] = []
    for message in log:
        weave.feed(message)
        if chance.random() < 0.5:
            found += weave.batches()
    weave.end()
    return found + list(weave.batches())


@pytest.mark.parametrize("seeking", [True, False], ids=["an engine that seeks", "an engine that filters"])
@pytest.mark.parametrize("seed", range(25))
def test_from_behind_each_batch_the_log_is_read_on_without_loss_or_double(seed: int, seeking: bool) -> None:
    chance = random.Random(seed)
    log = random_log(chance, 150)
    batches = batches_of(log, chance)
    everything = stories([record for batch in batches for record in batch.records])
    done = 0
    for batch in batches:
        done += len(batch.records)
        if chance.random() < 0.3:
            assert stories(read_on(log, batch.position, seeking=seeking)) == everything[done:]


def test_records_that_are_in_redis_already_are_passed_over() -> None:
    log = [out(at, f"{at}\n") for at in range(10)]
    weave = Weave(Position(skip=4), FACTS)
    for message in log:
        weave.feed(message)
    assert weave.position.skip == 4
    assert [r.message for r in records(weave)] == ["4", "5", "6", "7", "8", "9"]


def test_a_position_does_not_grow_with_the_log() -> None:
    weave = Weave(Position(), FACTS)
    for at in range(100_000):
        weave.feed(out(at, f"{at}\n"))
        if at % 512 == 511:
            records(weave)
    records(weave)
    position = weave.position
    assert position.latest - position.since <= 2 * DISORDER + 2 * MS
    assert position.taken <= 2002
    assert re.fullmatch(r"\d+", str(position.taken))


def test_where_the_engine_has_thrown_away_what_was_taken_no_new_line_is_passed_over() -> None:
    log = [out(at, f"{at}\n") for at in range(100)]
    weave = Weave(Position(), FACTS)
    for message in log[:50]:
        weave.feed(message)
    records(weave)
    position = Position.unpack(weave.position.pack())
    assert [r.message for r in read_on(log[40:], position)] == [str(at) for at in range(50, 100)]
    assert [r.message for r in read_on(log[60:], position)] == [str(at) for at in range(60, 100)]
