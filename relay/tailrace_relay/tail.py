"""`tailrace tail`: records in a terminal, straight from Redis or from a gateway; both speak the same messages."""

from __future__ import annotations

import asyncio
import random
import sys
from collections import deque
from collections.abc import AsyncIterator
from typing import Any, TextIO
from urllib.parse import urlencode, urlsplit, urlunsplit

import msgspec
import websockets
from pydantic import SecretStr
from websockets.asyncio.client import connect

from tailrace_relay import codes
from tailrace_relay.errors import ParameterError, RelayError, Unavailable
from tailrace_relay.gateway import Gateway
from tailrace_relay.outbox import Message
from tailrace_relay.selection import parse_subscription
from tailrace_relay.settings import Settings

__all__ = ["Printer", "from_gateway", "from_redis", "tail"]

SECONDS = 1.0
SHORTEST_BACKOFF = 0.5 * SECONDS
LONGEST_BACKOFF = 20 * SECONDS

# Messages that wait to be printed; a terminal that is slower makes the source wait.
QUEUE = 64

LEVEL_COLOURS = ((50, "1;31"), (40, "31"), (30, "33"), (20, "32"), (0, "2"))

# C0 and C1 control characters would be commands to the terminal; they are shown instead.
VISIBLE = {code: chr(0x2400 + code) for code in range(32) if code not in (9, 10)}
VISIBLE |= {0x7F: "\u2421"} | {code: f"\\x{code:02x}" for code in range(0x80, 0xA0)}

Content = dict[str, Any]


class Printer:
    """Prints records to one file and notices to another.

    Args:
        style: `text` for people, `json` one object a line, `raw` the bare messages.
    """

    def __init__(self, style: str, out: TextIO, notices: TextIO, *, colour: bool) -> None:
        self._style = style
        self._out = out
        self._notices = notices
        self._colour = colour

    def show(self, message: Content) -> None:
        """Print what a message holds."""
        if message["type"] == "records":
            for record in message["records"]:
                self._out.write(self._line(record) + "\n")
            self._out.flush()
        elif message["type"] == "gap" and message["count"] == 0:
            self.notice(f"stream {message['stream']} was cleared")
        elif message["type"] == "gap":
            count = "an unknown number of" if message["count"] is None else message["count"]
            self.notice(
                f"stream {message['stream']}: {count} records are missing between {message['after']} and "
                f"{message['before']}: {message['reason']}"
            )

    def notice(self, text: str) -> None:
        """Say something that is no record."""
        print(f"tailrace: {_on_one_line(text)}", file=self._notices, flush=True)

    def _line(self, record: Content) -> str:
        if self._style == "raw":
            return str(record["message"])
        if self._style == "json":
            return msgspec.json.encode(record).decode()
        level = _on_one_line(record["level"])
        if self._colour:
            code = next((code for number, code in LEVEL_COLOURS if record["level_number"] >= number), "2")
            level = f"\x1b[{code}m{level:<8}\x1b[0m"
        time = record["time"].replace("T", " ").rstrip("Z")[:-3]
        place = _on_one_line(f"{record['stream']} {record['logger']}")
        text = "\n".join(part for part in (record["message"], record.get("exception")) if part)
        return f"{time} {level:<8} {place}: {text.translate(VISIBLE).replace(chr(10), chr(10) + '    ')}"


def _on_one_line(text: str) -> str:
    return text.translate(VISIBLE).replace("\n", "\u240a")


async def tail(
    url: str, parameters: dict[str, str], printer: Printer, *, follow: bool, prefix: str, token: str = ""
) -> int:
    """Print until the end, or for ever with `follow`; gives the exit code.

    Args:
        token: for a gateway that asks for one.
    """
    http = urlsplit(url).scheme in ("http", "https")
    source = from_gateway(url, parameters, again=follow, token=token) if http else from_redis(url, parameters, prefix)
    found = True
    try:
        async for message in source:
            printer.show(message)
            if message["type"] == "hello":
                found = bool(message["streams"]) or follow
            elif message["type"] == "error":
                printer.notice(message["message"])
                return 1
            elif message["type"] == "status" and not follow:
                break
    except RelayError as error:
        printer.notice(str(error))
        return 1
    if not found:
        printer.notice(f"no stream matches {parameters['streams']!r}")
    return 0 if found else 1


async def from_redis(url: str, parameters: dict[str, str], prefix: str) -> AsyncIterator[Content]:
    """The messages of a subscription, made by a gateway of this process' own."""
    selection, start = parse_subscription(parameters)
    gateway = Gateway(Settings(url=url, prefix=prefix, token_key=SecretStr(""), token_key_file="", token_jwks=""))
    await gateway.start()
    try:
        await gateway.history.now()
        outbox = QueueOutbox()
        await gateway.catch_up.open(selection, start, outbox)
        while (message := await outbox.get()) is not None:
            yield msgspec.json.decode(message.text)
        raise Unavailable(outbox.reason)
    finally:
        await gateway.stop()


async def from_gateway(url: str, parameters: dict[str, str], *, again: bool, token: str = "") -> AsyncIterator[Content]:
    """The messages of a subscription of a gateway.

    Args:
        again: come again with the cursor when the connection is lost.
        token: for a gateway that asks for one.

    Raises:
        Unavailable: when the connection is lost and coming again is not wanted or no use.
    """
    backoff = SHORTEST_BACKOFF
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    while True:
        try:
            address = live_address(url, parameters)
            async with connect(address, additional_headers=headers, max_size=None, compression=None) as socket:
                async for text in socket:
                    message = msgspec.json.decode(text)
                    if message.get("cursor"):
                        parameters = parameters | {"after": message["cursor"]}
                        backoff = SHORTEST_BACKOFF
                    yield message
        except (OSError, websockets.InvalidHandshake, websockets.ConnectionClosedError) as error:
            _check_refusal(error)
            if not again:
                raise Unavailable(f"{urlsplit(url).netloc}: {error}") from error
            print(f"tailrace: {urlsplit(url).netloc}: {error}; coming again", file=sys.stderr)
        await asyncio.sleep(random.uniform(0, backoff))
        backoff = min(backoff * 2, LONGEST_BACKOFF)


def _check_refusal(error: Exception) -> None:
    """Raise for a close code that says not to come again as one is (docs/PROTOCOL.md, B7)."""
    close = error.rcvd if isinstance(error, websockets.ConnectionClosedError) else None
    if close is not None and 3500 <= close.code <= 4999 and close.code != codes.TOO_MANY:
        raise Unavailable(f"the gateway refuses: {close.code} {close.reason}") from error


def live_address(url: str, parameters: dict[str, str]) -> str:
    """The WebSocket address of a gateway at `url`.

    Raises:
        ParameterError: when the address names no host.
    """
    parts = urlsplit(url)
    if not parts.netloc:
        raise ParameterError("url", f"not an address: {url!r}; right would be http://127.0.0.1:8000")
    scheme = "wss" if parts.scheme == "https" else "ws"
    query = urlencode({name: value for name, value in parameters.items() if value})
    return urlunsplit((scheme, parts.netloc, parts.path.rstrip("/") + "/api/live", query, ""))


class QueueOutbox:
    """An outbox whose messages are taken out in the same process. Full at `QUEUE` messages: then it is behind."""

    def __init__(self) -> None:
        self._messages: deque[Message] = deque()
        self._arrived = asyncio.Event()
        self._room = asyncio.Event()
        self.closed = False
        self.reason = ""
        self.progress = 0

    @property
    def unsent(self) -> int:
        return len(self._messages)

    @property
    def behind(self) -> bool:
        return len(self._messages) >= QUEUE

    def write(self, message: Message) -> bool:
        """Take a message; False when behind or closed."""
        if self.closed or self.behind:
            return False
        self._messages.append(message)
        self._arrived.set()
        return True

    async def get(self) -> Message | None:
        """The next message; None when there is none any more, because it was closed."""
        while not self._messages:
            if self.closed:
                return None
            self._arrived.clear()
            await self._arrived.wait()
        self.progress += 1
        self._room.set()
        return self._messages.popleft()

    async def drained(self) -> None:
        """Wait until it is not behind."""
        while self.behind and not self.closed:
            self._room.clear()
            await self._room.wait()

    def close(self, code: int, reason: str) -> None:
        """Take nothing any more."""
        if not self.closed:
            self.closed, self.reason = True, reason
        self._arrived.set()
        self._room.set()

    def abort(self) -> None:
        """Take nothing any more."""
        self.close(0, "the connection was given up")
