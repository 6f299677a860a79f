"""The append script against a small model of its rules, under random interleavings of two or three producers."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from uuid import uuid4

import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tailrace.wire import Answer, Keys, Status
from tests.agent.wire.producing import Producer, Stream
from tests.servers import Server

PRODUCERS = 3


@dataclass
class Model:
    """What the rules say that Redis holds."""

    stream: Stream
    producers: list[Producer] = field(default_factory=list)
    marks: dict[bytes, int] = field(default_factory=dict)
    # Accepted in the epoch in force: (producer, seq) by number, shed ones as None.
    log: list[tuple[bytes, int] | None] = field(default_factory=list)
    epoch: str = ""

    def mark(self, producer: Producer) -> int:
        return self.marks.get(producer.id, 0)

    def accepted(self, producer: Producer, first: int, count: int, shed: int, answer: Answer) -> None:
        if self.epoch:
            assert answer.epoch == self.epoch
        else:
            self.log, self.epoch = [], answer.epoch
        self.log += [None] * shed + [(producer.id, seq) for seq in range(first, first + count)]
        self.marks[producer.id] = first + count - 1
        assert (answer.status, answer.last.n, answer.mark) == (Status.OK, len(self.log), self.mark(producer))
        assert answer.id == answer.last

    def refused(self, producer: Producer, status: Status, answer: Answer) -> None:
        assert answer.status is status
        assert answer.mark == self.marks.get(producer.id)
        assert answer.epoch == self.epoch

    def check(self) -> None:
        """The stream holds exactly what was accepted, once, in order and under contiguous numbers."""
        if not self.epoch:
            return
        entries = self.stream.entries()
        assert all(before.id < after.id for before, after in pairwise(entries))
        stored: list[tuple[bytes, int] | None] = []
        for entry in entries:
            records = entry.frame.records()[1]
            stored += [None] * entry.frame.shed + [(entry.frame.producer, int(record.message)) for record in records]
            assert entry.id.n == len(stored)
        assert stored == self.log


@dataclass(frozen=True)
class AppendNext:
    count: int
    shed: int

    def apply(self, model: Model, producer: Producer) -> None:
        first = model.mark(producer) + self.shed + 1
        answer = producer.append(first, self.count, shed=self.shed)
        model.accepted(producer, first, self.count, self.shed, answer)


@dataclass(frozen=True)
class RetryOld:
    count: int

    def apply(self, model: Model, producer: Producer) -> None:
        mark = model.mark(producer)
        count = min(self.count, mark)
        if count:
            model.refused(producer, Status.OLD, producer.append(mark - count + 1, count))


@dataclass(frozen=True)
class Overlap:
    back: int
    onward: int

    def apply(self, model: Model, producer: Producer) -> None:
        mark = model.mark(producer)
        back = min(self.back, mark)
        if back:
            answer = producer.append(mark - back + 1, back + self.onward)
            model.refused(producer, Status.OVERLAP, answer)


@dataclass(frozen=True)
class SkipAhead:
    holes: int
    shed: int

    def apply(self, model: Model, producer: Producer) -> None:
        first = model.mark(producer) + self.holes + self.shed + 1
        model.refused(producer, Status.BEHIND, producer.append(first, shed=self.shed))


@dataclass(frozen=True)
class DropMark:
    def apply(self, model: Model, producer: Producer) -> None:
        """The mark is evicted: the producer learns it by `behind` and goes on as another."""
        mark = model.marks.pop(producer.id, 0)
        model.stream.client.delete(producer.key)
        if mark:
            model.refused(producer, Status.BEHIND, producer.append(mark + 1))
        successor = Producer(model.stream, producer.client)
        model.producers[model.producers.index(producer)] = successor


@dataclass(frozen=True)
class DropMeta:
    def apply(self, model: Model, producer: Producer) -> None:
        model.stream.client.delete(model.stream.meta_key)
        model.epoch = ""


@dataclass(frozen=True)
class AddForeign:
    ahead: int

    def apply(self, model: Model, producer: Producer) -> None:
        place = int(model.stream.meta().get("ms", model.stream.now())) + self.ahead
        try:
            model.stream.add_foreign(f"{place}-{1 << 40}" if self.ahead else "*")
        except redis.ResponseError:
            pass  # an earlier one lies further ahead


Step = AppendNext | RetryOld | Overlap | SkipAhead | DropMark | DropMeta | AddForeign

_few = st.integers(1, 5)
_step: st.SearchStrategy[Step] = st.one_of(
    st.builds(AppendNext, _few, st.integers(0, 3)),
    st.builds(AppendNext, _few, st.just(0)),
    st.builds(RetryOld, _few),
    st.builds(Overlap, _few, _few),
    st.builds(SkipAhead, _few, st.integers(0, 3)),
    st.builds(DropMark),
    st.builds(DropMeta),
    st.builds(AddForeign, st.sampled_from([0, 1, 60_000])),
)
_plans = st.lists(st.tuples(st.integers(0, PRODUCERS - 1), _step), max_size=30)


# Each example has a prefix of its own, so that the servers of the fixture can serve them all.
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plan=_plans)
def test_any_interleaving_keeps_every_record_once_and_the_numbers_contiguous(
    any_redis: Server, plan: list[tuple[int, Step]]
) -> None:
    with any_redis.client() as client:
        stream = Stream(client, Keys(f"model-{uuid4().hex[:12]}"))
        model = Model(stream, [Producer(stream, client) for _ in range(PRODUCERS)])
        for index, step in plan:
            step.apply(model, model.producers[index])
        model.check()
