"""The benchmarks go on working; what they find is no test's business."""

from __future__ import annotations

import pytest

from tests.bench.__main__ import BENCHMARKS
from tests.bench.rig import Rig, alternate
from tests.bench.table import at_least, at_most, beside, by_itself, format_table, number


@pytest.mark.parametrize("name", BENCHMARKS)
def test_quick_run_finds_rows(name: str, redis_binary: str) -> None:
    with Rig(quick=True) as rig:
        rows = BENCHMARKS[name](rig)
    assert rows
    assert format_table(rows).count("\n") == len(rows) + 1


def test_ratio_is_the_median_of_pairs() -> None:
    row = beside("x", "µs", [1.0, 2.0, 30.0], [10.0, 10.0, 10.0], at_most(0.2))
    assert row.cells() == ("x", "2 µs", "10 µs", "0.2 ×", "≤ 0.2 ×", "yes")


def test_budget_without_a_peer_is_of_the_value_itself() -> None:
    assert by_itself("x", "ms", [21.0], at_most(20)).met is False
    assert by_itself("x", "/s", [300_000.0], at_least(300_000)).met is True
    assert by_itself("x", "/s", [1.0]).met is None


def test_numbers_have_three_digits() -> None:
    assert [number(value) for value in (0.12345, 12.345, 999.0, 1234.5, 1_234_567.0)] == [
        "0.123",
        "12.3",
        "999",
        "1 230",
        "1 230 000",
    ]


def test_pairs_change_their_order() -> None:
    order: list[str] = []
    alternate(2, lambda: order.append("a"), lambda: order.append("b"))
    assert order == ["a", "b", "b", "a"]


def test_rig_leaves_no_process_behind() -> None:
    rig = Rig(quick=True)
    child = rig.child("clients", port=1)
    assert child.ask(do="report")["deliveries"] == 0
    with pytest.raises(AssertionError, match="ended"), rig:
        rig.child("no_such_module").answer()
    assert child.ended
