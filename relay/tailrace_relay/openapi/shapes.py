"""What goes in and comes out, as JSON Schema is made of it. docs/PROTOCOL.md, part B, says what it means.

Nothing is decoded or encoded by these: a test holds each answer against them.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

__all__ = [
    "Agents",
    "Alive",
    "Cleared",
    "Limits",
    "MergedPage",
    "NewLimits",
    "NewRecord",
    "Page",
    "Problem",
    "Receipt",
    "Record",
    "Removed",
    "Retention",
    "Rule",
    "Services",
    "Status",
    "Streams",
    "Summary",
    "Told",
]

Text = str | UnsetType
Number = int | UnsetType


class Rare(msgspec.Struct, kw_only=True):
    """What a record may have, whichever way it goes."""

    thread: Text = UNSET
    module: Text = UNSET
    function: Text = UNSET
    line: Number = UNSET
    line_number: Number = UNSET
    exception: Text = UNSET
    trace_id: Text = UNSET
    span_id: Text = UNSET
    action: Text = UNSET
    metadata: Any = UNSET
    fields: dict[str, Any] | UnsetType = UNSET
    service: Text = UNSET
    host: Text = UNSET
    pid: Number = UNSET
    process: Text = UNSET


class Record(Rare, forbid_unknown_fields=True, kw_only=True):
    """One record. Absent is empty."""

    id: str
    time: str
    level: str
    level_number: int
    logger: str
    message: str
    source: str
    kind: str
    stream: str
    producer: str
    seq: int


class Gap(msgspec.Struct, forbid_unknown_fields=True):
    """A notice in place of records."""

    count: int | None
    after: str | None
    before: str | None
    reason: Literal["trimmed", "cleared", "epoch", "fork", "agent_dropped", "unreadable"]
    by_level: dict[str, int] | UnsetType = UNSET


class StreamGap(Gap, forbid_unknown_fields=True, kw_only=True):
    """A gap of one of several streams."""

    stream: str


class Page(msgspec.Struct, forbid_unknown_fields=True):
    """A page of one stream's history."""

    records: list[Record]
    next: str | None
    previous: str | None
    gaps: list[Gap]


class MergedPage(msgspec.Struct, forbid_unknown_fields=True):
    """A page of several streams."""

    records: list[Record]
    next: str | None
    gaps: list[StreamGap]


class Place(msgspec.Struct, forbid_unknown_fields=True):
    """A record's ID and time."""

    id: str
    time: str


class Bucket(msgspec.Struct, forbid_unknown_fields=True):
    """A stretch of time in which there are records."""

    time: str
    total: int
    by_level: dict[str, int]


class Histogram(msgspec.Struct, forbid_unknown_fields=True):
    """Buckets of equal width."""

    seconds: float
    buckets: list[Bucket]


class Summary(msgspec.Struct, forbid_unknown_fields=True):
    """Exact totals."""

    total: int
    first: Place | None
    last: Place | None
    by_level: dict[str, int]
    by_logger: dict[str, int]
    by_source: dict[str, int]
    by_kind: dict[str, int]
    by_service: dict[str, int]
    histogram: Histogram
    missing: int


class Limits(msgspec.Struct, forbid_unknown_fields=True):
    """In ms and bytes; 0 is without limit."""

    age: int
    bytes: int


class Stream(msgspec.Struct, forbid_unknown_fields=True):
    """A stream and its horizon."""

    stream: str
    epoch: str
    oldest: str | None
    oldest_time: str | None
    age: int | None
    newest: str
    records: int
    bytes: int
    limits: Limits
    last_activity: int


class Streams(msgspec.Struct, forbid_unknown_fields=True):
    """The most recently active first."""

    streams: list[Stream]


class Agent(msgspec.Struct):
    """What a process says of itself."""

    instance: str
    service: str
    host: str
    pid: int
    version: str
    started: int
    at: int
    command: str
    streams: list[str]
    emitted: int
    shipped: int
    shed: list[int]
    refused: int
    spool_bytes: int
    lag: int
    ended: bool
    attributes: dict[str, str]
    state: Literal["running", "exited", "lost"]


class Agents(msgspec.Struct, forbid_unknown_fields=True):
    """Those that spoke last first."""

    agents: list[Agent]


class Instances(msgspec.Struct, forbid_unknown_fields=True):
    """How many of each state."""

    running: int
    exited: int
    lost: int


class LastRecord(msgspec.Struct, forbid_unknown_fields=True):
    """The newest that is known of."""

    stream: str
    id: str
    time: str


class Service(msgspec.Struct, forbid_unknown_fields=True):
    """A service, over all its instances."""

    service: str
    health: Literal["healthy", "degraded", "down", "stopped"]
    reasons: list[str]
    instances: Instances
    last: LastRecord | None
    rate: float | None
    error_rate: float | None
    streams: list[str]


class Services(msgspec.Struct, forbid_unknown_fields=True):
    """By name."""

    services: list[Service]


class Status(msgspec.Struct, forbid_unknown_fields=True):
    """The first message of `/api/status`."""

    type: Literal["status"]
    state: Literal["services", "unavailable"]
    services: list[Service] | UnsetType = UNSET


class NewRecord(Rare, forbid_unknown_fields=True, kw_only=True):
    """A record to be stored."""

    message: str
    level: str | int | UnsetType = UNSET
    level_number: Number = UNSET
    time: str | int | float | UnsetType = UNSET
    kind: Literal["log", "audit"] | UnsetType = UNSET
    logger: Text = UNSET
    source: Text = UNSET


class Receipt(msgspec.Struct, forbid_unknown_fields=True):
    """What became of a request's records, in their order."""

    stream: str
    ids: list[str]


class Cleared(msgspec.Struct, forbid_unknown_fields=True):
    """A stream, and the ID of the last record that went."""

    stream: str
    cleared: str


class Removed(msgspec.Struct, forbid_unknown_fields=True):
    """The stream that is gone."""

    stream: str


class Told(msgspec.Struct, forbid_unknown_fields=True):
    """It is done."""

    status: Literal["success"]
    message: str


class NewLimits(msgspec.Struct, forbid_unknown_fields=True):
    """`30d` or ms, `1GiB` or bytes; null is without limit, absent is the default."""

    age: str | int | UnsetType | None = UNSET
    bytes: str | int | UnsetType | None = UNSET


class Rule(msgspec.Struct, forbid_unknown_fields=True):
    """A pattern, with its limits where it has any."""

    pattern: str
    age: Number = UNSET
    bytes: Number = UNSET


class Retention(msgspec.Struct, forbid_unknown_fields=True):
    """Limits of patterns, and those of all other streams."""

    default: Limits
    rules: dict[str, Limits]


class Alive(msgspec.Struct, forbid_unknown_fields=True):
    """This process, under its name."""

    status: Literal["alive", "ready"]
    gateway: str


class Mistake(msgspec.Struct, forbid_unknown_fields=True):
    """What is wrong with one record of a request."""

    pointer: str
    index: int
    field: str
    detail: str


class Problem(msgspec.Struct, forbid_unknown_fields=True):
    """An error, as RFC 9457 has it."""

    type: str
    title: str
    status: int
    detail: str
    parameter: Text = UNSET
    position: Number = UNSET
    length: Number = UNSET
    errors: list[Mistake] | UnsetType = UNSET
