"""Following in a dialect: the last records in the order of time, then a session from there."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import aclosing

from tailrace.wire import FrameError
from tailrace_relay.dialects.recent import Recent, find_recent
from tailrace_relay.dialects.speech import Speech
from tailrace_relay.gateway import Gateway
from tailrace_relay.group import unreadable
from tailrace_relay.outbox import Message, Outbox
from tailrace_relay.reader import Gap
from tailrace_relay.scan import Found
from tailrace_relay.selection import NOW, Selection, Start
from tailrace_relay.session import Session

__all__ = ["follow"]


async def follow(
    gateway: Gateway,
    selection: Selection,
    outbox: Outbox,
    dialect: Speech,
    *,
    tail: int = 0,
    after: Start = NOW,
    likely: Iterable[str] = (),
) -> Session:
    """Show a client the last `tail` records that match, or what came `after`, and what comes from here on.

    Args:
        likely: as `find_recent` has it.

    Raises:
        Unavailable: when Redis does not answer.
    """
    if tail:
        async with gateway.scans:
            recent = await find_recent(gateway.history, selection, tail, likely)
        await _show(recent, outbox, dialect)
        after = recent.start()
    return await gateway.catch_up.open(selection, after, outbox, dialect)


async def _show(recent: Recent, outbox: Outbox, dialect: Speech) -> None:
    async with aclosing(recent.read()) as items:
        async for stream, item in items:
            await outbox.drained()
            message = _message(recent, stream, item, dialect)
            if message is not None and not outbox.write(message):
                return  # the client is gone


def _message(recent: Recent, stream: str, item: Found | Gap, dialect: Speech) -> Message | None:
    if isinstance(item, Gap):
        return dialect.gap(stream, item, recent.cursor)
    try:
        part = dialect.shown(item.piece, item.places)
    except FrameError:
        return dialect.gap(stream, unreadable(item.piece.piece), recent.cursor)
    return dialect.records(stream, [part], item.piece.piece.position, recent.cursor)
