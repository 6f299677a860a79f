"""What is sent in for a run: records as its page has them, taken whole or refused with all mistakes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tailrace_relay.submission import (
    Mistake,
    Submission,
    SubmissionError,
    json_of,
    submission_of,
    unpacked,
)

__all__ = ["read_run_submission"]

# Names that such a client has for what is called otherwise here; each is accepted, too.
NAMES = {"timestamp": "time"}

# What a client may send and what is known already, or given anew.
PASSED_OVER = ("id", "run_id")


def read_run_submission(body: bytes, *, run_id: str, stream: str, many: bool, gzipped: bool) -> Submission:
    """Read a body.

    Args:
        many: an array, or an object with it as `logs`; else one record.

    Raises:
        SubmissionError: naming what is wrong, for each record where that is.
    """
    value = json_of(unpacked(body, gzipped=gzipped), "the body is not JSON")
    values = _several(value) if many else _one(value)
    array = ("#/logs" if isinstance(value, dict) else "#") if many else None
    foreign = [Mistake(n, "run_id", f"is not {run_id!r}") for n, each in enumerate(values) if _foreign(each, run_id)]
    if foreign:
        raise SubmissionError(422, f"record {foreign[0].index}: run_id is that of another run", tuple(foreign), array)
    try:
        return submission_of([_renamed(each) for each in values], stream, array=array)
    except SubmissionError as error:
        raise _in_their_words(error) from error


def _one(value: Any) -> list[Any]:
    if isinstance(value, list):
        raise SubmissionError(400, "the body is an array; right would be one record here, or several at …/logs/batch")
    return [value]


def _several(value: Any) -> list[Any]:
    found = value.get("logs") if isinstance(value, dict) else value
    if not isinstance(found, list):
        raise SubmissionError(400, 'the body is no array of records; right would be [{…}] or {"logs": [{…}]}')
    return found


def _foreign(value: Any, run_id: str) -> bool:
    return isinstance(value, dict) and value.get("run_id") not in (None, run_id)


def _renamed(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {NAMES.get(name, name): each for name, each in value.items() if name not in PASSED_OVER}


def _in_their_words(error: SubmissionError) -> SubmissionError:
    ours = {name: theirs for theirs, name in NAMES.items()}
    mistakes = tuple(replace(each, field=ours.get(each.field, each.field)) for each in error.mistakes)
    if not mistakes:
        return error
    first = mistakes[0]
    text = f"record {first.index}: {first.field or 'it'} {first.detail}"
    return SubmissionError(error.status, text, mistakes, error.array)
