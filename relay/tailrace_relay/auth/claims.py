"""From the claims of a verified token to what it grants (docs/API.md, "Permissions")."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from tailrace_relay.auth.grant import Action, Grant
from tailrace_relay.errors import Unauthorized
from tailrace_relay.query import Query
from tailrace_relay.query.errors import QueryError
from tailrace_relay.selection import is_pattern

__all__ = ["MAX_STREAMS", "read_claims"]

# Names and globs in one token.
MAX_STREAMS = 256

# The latest time, in seconds, that numbers hold exactly everywhere.
LATEST = 1 << 53


def read_claims(claims: Mapping[str, Any], token: str) -> Grant:
    """What the claims `streams`, `actions`, `query`, `sub` and `exp` say.

    Without `streams` no stream is allowed; without `actions`, reading. What makes no sense refuses the token: a claim
    that was passed over might have been meant to cut something off.

    Raises:
        Unauthorized: naming the claim and what would be right.
    """
    subject = claims.get("sub") or ""
    if not isinstance(subject, str):
        raise Unauthorized("the token's claim sub is no text")
    return Grant(
        streams=_streams(claims.get("streams", [])),
        actions=_actions(claims.get("actions", ["read"])),
        query=_query(claims.get("query", "")),
        subject=subject,
        holder=subject or hashlib.blake2b(token.encode(), digest_size=16).hexdigest(),
        expires=float(min(int(claims["exp"]), LATEST)) if "exp" in claims else None,
    )


def _streams(value: Any) -> tuple[str, ...]:
    names = _list("streams", value, ",")
    if len(names) > MAX_STREAMS:
        raise Unauthorized(f"the token's claim streams has {len(names)} names and globs; {MAX_STREAMS} is the limit")
    if not all(map(is_pattern, names)):
        raise Unauthorized('the token\'s claim streams has what is no name or glob; right would be ["api", "run:*"]')
    return tuple(sorted(set(names)))


def _actions(value: Any) -> frozenset[Action]:
    try:
        return frozenset(map(Action, _list("actions", value, " ")))
    except ValueError as error:
        raise Unauthorized(f"the token's claim actions has others than {', '.join(Action)}") from error


def _query(value: Any) -> Query:
    if not isinstance(value, str):
        raise Unauthorized("the token's claim query is no text")
    try:
        return Query.parse(value)
    except QueryError as error:
        raise Unauthorized("the token's claim query is no query as docs/QUERY.md has them") from error


def _list(name: str, value: Any, separator: str) -> list[str]:
    if isinstance(value, str):
        value = [word.strip() for word in value.split(separator) if word.strip()]
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise Unauthorized(f"the token's claim {name} is no list of texts")
    return value
