"""The checker checked: a correct log passes, and whatever is changed in it is named."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.e2e.checker import Emission, Expectation, check
from tests.e2e.numbered import Number, level_of, message_of, numbered, read_number
from tests.e2e.verdict import Verdict

NOON = 1_763_683_200_000

Log = list[dict[str, Any]]


class Story:
    """What happens to some streams, and the log of a client that is given all of it from the first record on."""

    def __init__(self, *streams: str) -> None:
        self.log: Log = []
        self.streams = streams
        self._now = NOON
        # Of each stream: the last ID, the count of each producer, and the records of the numbering in force.
        self._at = dict.fromkeys(streams, (0, 0))
        self._counts: dict[tuple[str, str], int] = {}
        self._records: dict[str, list[dict[str, Any]]] = {name: [] for name in streams}
        self.greet()

    @property
    def emissions(self) -> list[Emission]:
        return [Emission(stream, label, count) for (stream, label), count in self._counts.items()]

    @property
    def expectation(self) -> Expectation:
        return Expectation(streams=self.streams if len(self.streams) == 1 else ("*",), from_first=True)

    def verdict(self, log: Log | None = None, **expected: Any) -> Verdict:
        """Of this log, or of another beside it; both clients were given the same."""
        expectation = Expectation(streams=self.expectation.streams, **expected) if expected else self.expectation
        clients = {"a": (self.expectation, self.log), "b": (expectation, self.log if log is None else log)}
        return check(self.emissions, clients)

    def greet(self) -> None:
        at = {name: f"{ms}-{n}" if n else None for name, (ms, n) in self._at.items()}
        streams = [{"stream": name, "epoch": "e1", "oldest": id, "newest": id} for name, id in at.items()]
        self._say({"type": "hello", "protocol": 1, "gateway": "g", "streams": streams})

    def heartbeat(self) -> None:
        self._say({"type": "heartbeat", "time": "2026-11-21T00:16:29Z"})

    def records(self, stream: str, label: str, count: int) -> None:
        """A frame of the producer's next records."""
        first = self._count(stream, label, count)
        self._deliver(stream, [message_of(label, number) for number in range(first, first + count)])

    def lose(self, stream: str, label: str, count: int, reason: str) -> None:
        """The producer's next records are declared lost."""
        self._count(stream, label, count)
        self._now += 1
        (ms, n), (_, last) = self._at[stream], self._take(stream, count)
        content = {"count": count, "after": f"{ms}-{n}", "before": f"{self._now}-{last + 1}", "reason": reason}
        self._say({"type": "gap", "stream": stream, **content})

    def fork(self, stream: str, count: int) -> None:
        """The newest messages with at least `count` records are taken back, and what they held comes again."""
        kept = self._records[stream]
        back = kept[-count:]
        if not back:
            return
        del kept[-count:]
        ms, last = self._at[stream]
        first = int(back[0]["id"].split("-")[1])
        after = next((record["id"] for record in reversed(kept)), "0-0")
        after = f"{after.split('-')[0]}-{first - 1}"
        self._at[stream] = (int(after.split("-")[0]), first - 1)
        content = {"count": last - first + 1, "after": after, "before": f"{ms}-{first}", "reason": "fork"}
        self._say({"type": "gap", "stream": stream, **content})
        # What was shed among them is shed again, behind them.
        self._deliver(stream, [record["message"] for record in back])
        if shed := last - self._at[stream][1]:
            (ms, n), (_, end) = self._at[stream], self._take(stream, shed)
            content = {"count": shed, "after": f"{ms}-{n}", "before": f"{ms}-{end + 1}", "reason": "agent_dropped"}
            self._say({"type": "gap", "stream": stream, **content})

    def epoch(self, stream: str) -> None:
        ms, n = self._at[stream]
        self._at[stream], self._records[stream] = (0, 0), []
        content = {"count": None, "after": f"{ms}-{n}", "before": f"{self._now}-1", "reason": "epoch"}
        self._say({"type": "gap", "stream": stream, **content})

    def _count(self, stream: str, label: str, count: int) -> int:
        before = self._counts.get((stream, label), 0)
        self._counts[stream, label] = before + count
        return before + 1

    def _take(self, stream: str, count: int) -> tuple[int, int]:
        first = self._at[stream][1] + 1
        self._at[stream] = (self._now, first + count - 1)
        return first, first + count - 1

    def _deliver(self, stream: str, messages: list[str]) -> None:
        self._now += 1
        first, _ = self._take(stream, len(messages))
        records = [
            {"id": f"{self._now}-{first + i}", "stream": stream, "kind": "log", "message": message}
            for i, message in enumerate(messages)
        ]
        self._records[stream] += records
        self._say({"type": "records", "stream": stream, "records": records})

    def _say(self, message: dict[str, Any]) -> None:
        if len(self.streams) == 1:
            ms, n = self._at[self.streams[0]]
            cursor = f"{ms}-{n}~e1~0"
        else:
            cursor = "~".join([str(self._now), *(f"{s}~{ms}-{n}~e1~0" for s, (ms, n) in self._at.items())])
        self.log.append(copy.deepcopy(message) | {"cursor": cursor})


@pytest.fixture
def story() -> Story:
    """One stream; message 2 has p's records 1 to 4, message 4 a gap of three, message 5 p's 8 and 9, message 6 q's."""
    story = Story("api")
    story.heartbeat()
    story.records("api", "p", 4)
    story.heartbeat()
    story.lose("api", "p", 3, "trimmed")
    story.records("api", "p", 2)
    story.records("api", "q", 5)
    story.greet()
    story.heartbeat()
    return story


def test_a_correct_log_passes(story: Story) -> None:
    verdict = story.verdict()
    assert verdict.clean, verdict
    row = verdict.row("b")
    assert (row.emitted, row.delivered, row.declared, row.missing) == (14, 11, 3, 0)
    assert dict(row.gaps) == {"trimmed": 1}


def test_the_verdict_reads_as_a_table(story: Story) -> None:
    lines = str(story.verdict(story.log[:5])).splitlines()
    assert lines[0].split() == ["client", "emitted", "delivered", "declared", "missing", "gaps"]
    assert lines[1].split() == ["a", "14", "11", "3", "0", "1", "trimmed"]
    assert lines[2].split() == ["b", "14", "4", "3", "7", "1", "trimmed"]
    assert lines[3].startswith("1 lost, 0 duplicated")
    assert "missing: p 5, p 6" in lines[4]


def test_a_lost_record_is_named(story: Story) -> None:
    del story.log[2]["records"][1]
    found = story.verdict().lost
    assert any("1 records up to 2" in f.reason and f.place == "after 1" for f in found), found


def test_a_lost_message_is_named(story: Story) -> None:
    del story.log[5]
    assert any("2 records up to 9" in f.reason for f in story.verdict().lost)


def test_a_lost_end_is_named(story: Story) -> None:
    assert any("q 1, q 2" in f.reason for f in story.verdict(story.log[:6]).lost)


def test_a_record_given_twice_is_named(story: Story) -> None:
    log = copy.deepcopy(story.log)
    log[2]["records"].insert(2, log[2]["records"][1])
    assert [f.reason for f in story.verdict(log).duplicated] == [f"p 2 came at {NOON + 1}-2 before"]


def test_a_record_given_again_under_another_id_is_named(story: Story) -> None:
    story.log.append(copy.deepcopy(story.log[5]))
    for n, record in enumerate(story.log[-1]["records"], 15):
        record["id"] = f"{NOON + 9}-{n}"
    assert len(story.verdict().duplicated) == 4


def test_swapped_records_are_named(story: Story) -> None:
    records = story.log[2]["records"]
    records[1], records[2] = records[2], records[1]
    assert any("after 3" in f.reason for f in story.verdict().reordered)


def test_records_out_of_the_producers_order_are_named_though_their_ids_are_in_order(story: Story) -> None:
    first, second = story.log[2]["records"][1:3]
    first["message"], second["message"] = second["message"], first["message"]
    assert any(f.reason == "p 2 comes after 3" for f in story.verdict().reordered)


def test_swapped_messages_are_named(story: Story) -> None:
    story.log[5], story.log[6] = story.log[6], story.log[5]
    assert story.verdict().reordered


def test_an_altered_record_is_named(story: Story) -> None:
    story.log[2]["records"][2]["message"] = story.log[2]["records"][2]["message"][:-1]
    assert [f.place for f in story.verdict().altered][:1] == [f"{NOON + 1}-3"]


def test_another_number_in_a_record_is_named(story: Story) -> None:
    record = story.log[2]["records"][2]
    record["message"] = record["message"].replace("p 3", "p 03", 1)
    assert story.verdict().altered


def test_a_record_that_nobody_emitted_is_named(story: Story) -> None:
    story.records("api", "p", 1)
    story.log[-1]["records"][0]["message"] = numbered("nobody", 1, "hello")
    assert any("nobody emitted nobody 1" in f.reason for f in story.verdict().strange)


def test_an_id_that_others_do_not_have_is_named(story: Story) -> None:
    log = copy.deepcopy(story.log)
    for record in log[6]["records"]:
        record["id"] = record["id"].replace(str(NOON), str(NOON + 1))
        ms, _, n = record["id"].partition("-")
        record["id"] = f"{int(ms) + 1}-{n}"
    assert any("a has it at" in f.reason for f in story.verdict(log).reordered)


def test_a_gap_that_counts_too_many_is_named(story: Story) -> None:
    story.log[4]["count"] = 4
    reasons = [f.reason for f in story.verdict().gaps]
    assert any("where 3 fit" in reason for reason in reasons)
    assert any("4 declared lost; 3 of 14 are missing" in reason for reason in reasons)


def test_a_gap_that_counts_too_few_is_named(story: Story) -> None:
    story.log[4]["count"] = 2
    verdict = story.verdict()
    assert any("where 3 fit" in f.reason for f in verdict.gaps)
    assert any("2 declared lost" in f.reason for f in verdict.lost)


def test_a_gap_over_records_that_were_given_is_named(story: Story) -> None:
    story.log[4] |= {"after": f"{NOON + 1}-2", "count": 5}
    assert any("declared lost from 3 on; the client is at 4" in f.reason for f in story.verdict().gaps)


def test_a_record_that_comes_after_it_was_declared_lost_is_named(story: Story) -> None:
    late = {"id": f"{NOON + 2}-6", "stream": "api", "kind": "log", "message": message_of("p", 6)}
    story.log[5]["records"].insert(0, late)
    assert any(f.reason == "declared lost, and came: p 6" for f in story.verdict().gaps)


def test_a_gap_that_begins_too_late_is_named(story: Story) -> None:
    story.log[4] |= {"after": f"{NOON + 1}-5", "count": 2}
    verdict = story.verdict()
    assert any("1 records up to 5" in f.reason for f in verdict.lost)


def test_a_gap_left_out_is_named(story: Story) -> None:
    del story.log[4]
    assert any("3 records up to 7" in f.reason for f in story.verdict().lost)


def test_a_gap_without_a_count_is_named(story: Story) -> None:
    story.log[4]["count"] = None
    assert any("its count is None" in f.reason for f in story.verdict().gaps)


def test_a_gap_for_no_known_reason_is_named(story: Story) -> None:
    story.log[4]["reason"] = "tired"
    assert any("'tired' is no reason" in f.reason for f in story.verdict().gaps)


def test_levels_that_do_not_add_up_to_the_gaps_count_are_named(story: Story) -> None:
    story.log[4] |= {"reason": "agent_dropped", "by_level": {"DEBUG": 1, "INFO": 1}}
    assert any("is not 3" in f.reason for f in story.verdict().gaps)


def test_a_record_of_another_stream_is_named(story: Story) -> None:
    story.log[2]["records"][0]["stream"] = "worker"
    assert any("a record of stream worker" in f.reason for f in story.verdict().strange)


def test_a_message_of_a_stream_not_asked_for_is_named(story: Story) -> None:
    story.log[2]["stream"] = "worker"
    assert any(f.reason == "a stream not asked for" for f in story.verdict().strange)


def test_a_cursor_that_goes_back_is_named(story: Story) -> None:
    story.log[6]["cursor"] = f"{NOON + 3}-9~e1~0"
    assert [f.reason for f in story.verdict().cursors][:1] == ["it goes back to 9; the client is at 14"]


def test_a_cursor_that_runs_ahead_is_named(story: Story) -> None:
    story.log[7]["cursor"] = f"{NOON + 9}-15~e1~0"
    assert [f.reason for f in story.verdict().cursors][:1] == ["it is ahead at 15; the client is at 14"]


def test_a_message_without_a_cursor_is_named(story: Story) -> None:
    del story.log[5]["cursor"]
    assert story.verdict().cursors


# Forks and epochs


def test_what_a_fork_withdraws_and_comes_again_counts_once() -> None:
    story = Story("api")
    story.records("api", "p", 6)
    story.fork("api", 2)
    story.records("api", "p", 1)
    verdict = story.verdict()
    assert verdict.clean, verdict
    assert (verdict.row("b").emitted, verdict.row("b").delivered) == (7, 7)


def test_what_a_fork_withdraws_and_does_not_come_again_is_lost() -> None:
    story = Story("api")
    story.records("api", "p", 6)
    story.fork("api", 2)
    assert any("missing: p 5, p 6" in f.reason for f in story.verdict(story.log[:-1]).lost)


def test_a_record_that_comes_again_without_a_fork_is_named() -> None:
    story = Story("api")
    story.records("api", "p", 6)
    story.fork("api", 2)
    del story.log[-2]
    assert len(story.verdict().duplicated) == 4  # two for each of the two clients


def test_a_fork_that_does_not_say_how_much_it_takes_back_is_named() -> None:
    story = Story("api")
    story.records("api", "p", 6)
    story.fork("api", 2)
    story.log[-2]["count"] = 3
    assert any("fork: 3 taken back, where 2 lie after" in f.reason for f in story.verdict().gaps)


def test_a_fork_withdraws_losses_declared_after_its_place_too() -> None:
    story = Story("api")
    story.records("api", "p", 2)
    story.lose("api", "p", 3, "agent_dropped")
    story.records("api", "p", 2)
    story.fork("api", 3)
    assert story.verdict().clean, story.verdict()


def test_after_an_epoch_what_was_lost_is_unknown() -> None:
    story = Story("api")
    story.records("api", "p", 6)
    story.epoch("api")
    story.records("api", "p", 2)
    log = story.log[:1] + story.log[2:]
    verdict = story.verdict(log)
    assert verdict.clean, verdict
    assert verdict.row("b").unknown
    assert str(verdict.row("b")).split()[:5] == ["b", "8", "2", "0", "?"]


def test_a_hole_after_an_epoch_is_named_all_the_same() -> None:
    story = Story("api")
    story.records("api", "p", 6)
    story.epoch("api")
    story.records("api", "p", 3)
    del story.log[-1]["records"][1]
    assert any("1 records up to 2" in f.reason for f in story.verdict().lost)


def test_a_record_that_comes_again_after_an_epoch_is_named() -> None:
    story = Story("api")
    story.records("api", "p", 1)
    story.epoch("api")
    story.records("api", "p", 1)
    story.log[-1]["records"][0]["message"] = message_of("p", 1)
    assert story.verdict().duplicated


def test_an_epoch_that_claims_to_count_is_named() -> None:
    story = Story("api")
    story.records("api", "p", 6)
    story.epoch("api")
    story.log[-1]["count"] = 3
    assert any("nobody can know it" in f.reason for f in story.verdict().gaps)


# Clients that come later, or want less


def test_a_client_that_begins_later_is_owed_what_comes_after_its_greeting(story: Story) -> None:
    story.records("api", "q", 3)
    late = story.log[7:]
    verdict = story.verdict(late, from_first=False)
    assert verdict.clean, verdict
    assert (verdict.row("b").emitted, verdict.row("b").delivered) == (3, 3)


def test_a_client_that_begins_later_and_misses_its_first_record_is_named(story: Story) -> None:
    story.records("api", "q", 3)
    late = copy.deepcopy(story.log[7:])
    del late[-1]["records"][0]
    assert story.verdict(late, from_first=False).lost


def test_a_client_that_begins_later_and_gets_nothing_is_named(story: Story) -> None:
    late = story.log[7:]
    story.records("api", "q", 3)
    assert any("3 emitted, 0 delivered" in f.reason for f in story.verdict(late, from_first=False).lost)


def test_a_tail_shorter_than_asked_for_is_named(story: Story) -> None:
    late = story.log[7:]
    verdict = story.verdict(late, tail=3)
    assert verdict.clean, verdict
    story.records("api", "q", 3)
    log = [late[0], story.log[-1]]
    assert story.verdict(log, tail=3).clean
    del log[1]
    assert story.verdict(log, tail=3).lost


def test_a_stream_that_begins_while_a_client_is_there_is_owed_from_its_first_record_on() -> None:
    story = Story("api", "run")
    story.log[0]["streams"] = []
    story.records("api", "p", 2)
    story.records("run", "q", 3)
    assert story.verdict(story.log, from_first=False).clean
    log = copy.deepcopy(story.log)
    del log[-1]["records"][0]
    assert story.verdict(log, from_first=False).lost


def test_a_client_with_a_query_is_owed_what_matches() -> None:
    story = Story("api")
    story.records("api", "p", 30)
    story.records("api", "p", 30)

    def wants(number: Number) -> bool:
        return level_of(number.number) >= logging.WARNING

    log = copy.deepcopy(story.log)
    for message in log[1:]:
        message["records"] = [r for r in message["records"] if wants(read_number(r["message"]) or Number("", 1))]
    verdict = story.verdict(log, from_first=True, wants=wants)
    assert verdict.clean, verdict
    assert verdict.row("b").delivered == 6
    lost = log.pop()
    assert story.verdict(log, from_first=True, wants=wants).lost
    lost["records"][0]["message"] = message_of("p", 31)
    assert story.verdict([*log, lost], from_first=True, wants=wants).strange


def test_notices_of_tailrace_itself_are_no_strangers() -> None:
    story = Story("api")
    story.records("api", "p", 2)
    story.records("api", "p", 1)
    notice = story.log[-1]["records"][0]
    notice |= {"kind": "notice", "message": "process 4711 died"}
    clients = {"a": (story.expectation, story.log)}
    verdict = check([Emission("api", "p", 2, notices=1)], clients)
    assert verdict.clean, verdict


# Any single change


@st.composite
def stories(draw: st.DrawFn) -> Story:
    story = Story(*draw(st.sampled_from([("api",), ("api", "run:1")])))
    story.records(story.streams[0], "p", 2)
    counts = st.integers(1, 4)
    for _ in range(draw(st.integers(1, 8))):
        stream, label = draw(st.sampled_from(story.streams)), draw(st.sampled_from(["p", "q"]))
        step = draw(st.sampled_from(["records", "records", "lose", "fork", "heartbeat", "greet"]))
        if step == "records":
            story.records(stream, label, draw(counts))
        elif step == "lose":
            story.lose(stream, label, draw(counts), draw(st.sampled_from(["trimmed", "cleared", "agent_dropped"])))
        elif step == "fork":
            story.fork(stream, draw(counts))
        elif step == "heartbeat":
            story.heartbeat()
        else:
            story.greet()
    return story


def _choose(draw: st.DrawFn, log: Log, *types: str) -> int:
    return draw(st.sampled_from([i for i, message in enumerate(log) if message["type"] in types] or [-1]))


def _record(draw: st.DrawFn, log: Log) -> tuple[list[dict[str, Any]], int]:
    records = log[_choose(draw, log, "records")]["records"]
    return records, draw(st.integers(0, len(records) - 1))


def drop_a_record(draw: st.DrawFn, log: Log) -> None:
    records, i = _record(draw, log)
    del records[i]


def double_a_record(draw: st.DrawFn, log: Log) -> None:
    records, i = _record(draw, log)
    records.insert(draw(st.integers(0, len(records))), records[i])


def swap_two_records(draw: st.DrawFn, log: Log) -> None:
    (these, i), (those, j) = _record(draw, log), _record(draw, log)
    one, other = these[i], those[j]
    # A record that a fork withdrew and what came in its place may differ in the time in their IDs alone: as below.
    assume(one == other or one["message"] != other["message"])
    these[i], those[j] = other, one


def alter_a_text(draw: st.DrawFn, log: Log) -> None:
    records, i = _record(draw, log)
    text = records[i]["message"]
    at = draw(st.integers(0, len(text) - 1))
    records[i]["message"] = text[:at] + draw(st.characters(exclude_categories=["Cs"])) + text[at + 1 :]


def alter_an_id(draw: st.DrawFn, log: Log) -> None:
    records, i = _record(draw, log)
    ms, n = map(int, records[i]["id"].split("-"))
    by = st.integers(-3, 3)
    # The time in an ID that a fork withdraws later, nobody can tell to be wrong.
    forked = any(message.get("reason") == "fork" for message in log)
    records[i]["id"] = f"{ms + (0 if forked else draw(by))}-{max(n + draw(by), 0)}"


def move_a_record_to_another_stream(draw: st.DrawFn, log: Log) -> None:
    records, i = _record(draw, log)
    records[i]["stream"] = draw(st.sampled_from(["api", "run:1", "other"]))


def drop_a_message(draw: st.DrawFn, log: Log) -> None:
    del log[_choose(draw, log, "records", "gap")]


def double_a_message(draw: st.DrawFn, log: Log) -> None:
    i = _choose(draw, log, "records", "gap")
    log.insert(i, log[i])


def swap_two_messages(draw: st.DrawFn, log: Log) -> None:
    i, j = _choose(draw, log, "records", "gap"), _choose(draw, log, "records", "gap")
    if log[i]["stream"] == log[j]["stream"]:
        log[i], log[j] = log[j], log[i]


def alter_a_count(draw: st.DrawFn, log: Log) -> None:
    if (i := _choose(draw, log, "gap")) >= 0:
        log[i]["count"] = draw(st.sampled_from([None, 0, -1, log[i]["count"] + 1, log[i]["count"] - 1]))


def alter_a_gaps_end(draw: st.DrawFn, log: Log) -> None:
    if (i := _choose(draw, log, "gap")) >= 0:
        # What comes after a fork says nothing of how much it took back.
        end = "after" if log[i]["reason"] == "fork" else draw(st.sampled_from(["after", "before"]))
        ms, n = map(int, log[i][end].split("-"))
        log[i][end] = f"{ms}-{max(n + draw(st.integers(-3, 3)), 0)}"


def alter_a_cursor(draw: st.DrawFn, log: Log) -> None:
    i = draw(st.integers(0, len(log) - 1))
    words = log[i]["cursor"].split("~")
    at = draw(st.sampled_from([at for at, word in enumerate(words) if "-" in word]))
    ms, n = map(int, words[at].split("-"))
    words[at] = f"{ms}-{max(n + draw(st.integers(-3, 3)), 0)}"
    log[i]["cursor"] = "~".join(words)


CHANGES: list[Callable[[st.DrawFn, Log], None]] = [
    drop_a_record,
    double_a_record,
    swap_two_records,
    alter_a_text,
    alter_an_id,
    move_a_record_to_another_stream,
    drop_a_message,
    double_a_message,
    swap_two_messages,
    alter_a_count,
    alter_a_gaps_end,
    alter_a_cursor,
]


@given(stories())
def test_any_correct_log_passes(story: Story) -> None:
    verdict = story.verdict()
    assert verdict.clean, verdict
    assert verdict.row("a").missing == 0


@pytest.mark.parametrize("change", CHANGES)
@given(data=st.data())
def test_any_single_change_of_a_correct_log_is_found(data: st.DataObject, change: Callable[..., None]) -> None:
    story = data.draw(stories())
    log = copy.deepcopy(story.log)
    change(data.draw, log)
    assert story.verdict(log).clean == (log == story.log)
