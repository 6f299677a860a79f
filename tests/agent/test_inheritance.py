"""What a spawned process inherits never keeps it from starting."""

from __future__ import annotations

import multiprocessing
from multiprocessing.process import current_process
from typing import Any

import pytest

from tailrace.inheritance import KEY, pass_on

# What a spawned process was installed with.
seen: dict[str, Any] = {}


def redact(text: str) -> str:
    return text


def install(**settings: Any) -> None:
    seen.update(settings)


def tell(queue: Any) -> None:
    queue.put(seen)


@pytest.mark.parametrize(("function", "inherited"), [(redact, True), (lambda text: text, False)])
def test_a_function_that_can_not_be_pickled_is_left_out_and_said(
    function: Any, inherited: bool, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = dict(current_process()._config)  # type: ignore[attr-defined]
    monkeypatch.setattr(current_process(), "_config", config)
    pass_on(install, {"service": "x", "redact": function})
    assert KEY in config
    context = multiprocessing.get_context("spawn")
    queue = context.SimpleQueue()
    process = context.Process(target=tell, args=(queue,))
    process.start()
    process.join(60)
    assert process.exitcode == 0
    assert queue.get() == {"service": "x", "redact": redact if inherited else None}
    assert ("can't be given to a spawned process" in capfd.readouterr().err) != inherited
