"""What goes in and comes out in dialects (docs/DIALECTS.md), as `shapes` has it of the gateway's own interface."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from tailrace_relay.openapi.shapes import NewRecord, Number, Text

__all__ = [
    "NewRunLog",
    "RunBatch",
    "RunCleared",
    "RunLatest",
    "RunLog",
    "RunPage",
    "RunReceipt",
    "RunReceipts",
    "RunSummary",
    "RunningService",
    "RunningServices",
    "ServiceLines",
]


class RunningService(msgspec.Struct, forbid_unknown_fields=True):
    """A service that runs."""

    service: str
    status: Literal["running"]
    container_id: str


class RunningServices(msgspec.Struct, forbid_unknown_fields=True):
    """By name."""

    services: list[RunningService]


class ServiceLines(msgspec.Struct, forbid_unknown_fields=True):
    """The last lines of a service, or why there are none."""

    logs: list[str]
    service: Text = UNSET
    count: Number = UNSET
    error: Text = UNSET


class RunLog(msgspec.Struct, forbid_unknown_fields=True):
    """A record of a run."""

    id: str
    run_id: str
    level: str
    message: str
    timestamp: str
    source: str
    line_number: int


class RunPage(msgspec.Struct, forbid_unknown_fields=True):
    """A page of a run, and how many records match."""

    logs: list[RunLog]
    total: int
    limit: int
    offset: int


class RunLatest(msgspec.Struct, forbid_unknown_fields=True):
    """The newest records of a run."""

    logs: list[RunLog]
    count: int


class RunSummary(msgspec.Struct, forbid_unknown_fields=True):
    """Totals of a run."""

    total: int
    by_level: dict[str, int]
    missing: Number = UNSET


class NewRunLog(NewRecord, forbid_unknown_fields=True, kw_only=True):
    """A record of a run to be stored."""

    timestamp: str | int | float | UnsetType = UNSET
    id: Any = UNSET
    run_id: Text = UNSET


class RunBatch(msgspec.Struct):
    """Records of a run."""

    logs: list[NewRunLog]


class RunReceipt(msgspec.Struct, forbid_unknown_fields=True):
    """The record's ID."""

    id: str
    run_id: str


class RunReceipts(msgspec.Struct, forbid_unknown_fields=True):
    """The records' IDs, in their order."""

    ids: list[str]
    run_id: str
    count: int


class RunCleared(msgspec.Struct, forbid_unknown_fields=True):
    """A run, and the ID of the last record that went."""

    run_id: str
    cleared: str | None
