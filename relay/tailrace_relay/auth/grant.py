"""What somebody may do: which actions on which streams, and what of their records is seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from tailrace.wire.presence import Announcement
from tailrace_relay.errors import Forbidden
from tailrace_relay.globs import compile_globs, covers, is_glob
from tailrace_relay.query import EVERYTHING, Query
from tailrace_relay.selection import Selection

__all__ = ["ANYONE", "GRANT", "Action", "Grant", "grant_of"]

# Where a request's scope has its grant, from the door on.
GRANT = "tailrace.grant"


class Action(StrEnum):
    """What can be allowed. None includes another."""

    READ = "read"
    WRITE = "write"
    CLEAR = "clear"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Grant:
    """What the holder of a token may do.

    Attributes:
        streams: names and globs.
        query: cuts what is seen of their records, over every way in.
        subject: whom the token was made for; empty where it does not say.
        holder: by what limits know its holder; empty: they do not.
        expires: in seconds since 1970; None: never.
    """

    streams: tuple[str, ...]
    actions: frozenset[Action]
    query: Query = EVERYTHING
    subject: str = ""
    holder: str = field(default="", compare=False)
    expires: float | None = field(default=None, compare=False)

    def may(self, action: Action, stream: str) -> bool:
        """Whether an action on a stream is allowed."""
        return action in self.actions and compile_globs(self.streams)(stream)

    def require(self, action: Action, stream: str) -> None:
        """Let an allowed action on a stream, or on all that a glob stands for, pass.

        Raises:
            Forbidden: for any other.
        """
        self.require_action(action)
        allowed = any(covers(each, stream) for each in self.streams) if is_glob(stream) else self.may(action, stream)
        if not allowed:
            raise Forbidden(f"this token does not allow to {action} {stream!r}", action)

    def require_action(self, action: Action) -> None:
        """Let an action pass that is allowed on some streams.

        Raises:
            Forbidden: when it is allowed on none.
        """
        if action not in self.actions:
            raise Forbidden(f"this token does not allow to {action}", action)

    def seen(self, said: Announcement) -> Announcement | None:
        """What may be known of an agent: that of streams that may be read; None where it logs to none of them."""
        if "*" in self.streams:
            return said
        streams = tuple(stream for stream in said.streams if self.may(Action.READ, stream))
        if not streams:
            return None
        return replace(said, streams=streams, last=said.last if said.last.get("stream") in streams else {})

    def select(self, selection: Selection) -> Selection:
        """As much of a selection as may be read: of globs what is allowed.

        Raises:
            Forbidden: when a stream is named outright that may not be read, or none may.
        """
        self.require_action(Action.READ)
        for name in selection.names:
            self.require(Action.READ, name)
        outright = len(selection.names) == len(selection.patterns) or "*" in self.streams
        within = () if outright else self.streams
        return replace(selection, query=self.narrow(selection.query), within=within)

    def narrow(self, query: Query) -> Query:
        """A query, cut down to what is seen."""
        return query.both(self.query)


# Where no key is set: everything is allowed to everybody.
ANYONE = Grant(("*",), frozenset(Action))


def grant_of(scope: Mapping[str, Any]) -> Grant:
    """The grant of a request that came through the door."""
    grant: Grant = scope[GRANT]
    return grant
