"""Every way in to the records of a stream, each as one question: what does a client with this token see?"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

TIMEOUT = 20.0

UNAUTHORIZED, FORBIDDEN = "unauthorized", "forbidden"
_REFUSALS = {401: UNAUTHORIZED, 4001: UNAUTHORIZED, 403: FORBIDDEN, 4003: FORBIDDEN}


@dataclass
class Seen:
    """What came of it: the messages of the records, or why there are none; and all text that came with it."""

    messages: list[str] = field(default_factory=list)
    refusal: str = ""
    text: str = ""


Way = Callable[[str, str | None, str], Awaitable[Seen]]


def bearer(token: str | None) -> dict[str, str]:
    return {} if token is None else {"Authorization": f"Bearer {token}"}


async def page(url: str, token: str | None, stream: str) -> Seen:
    return await _get(url, f"/api/streams/{stream}/records", token)


async def page_with_the_token_in_the_address(url: str, token: str | None, stream: str) -> Seen:
    return await _get(url, f"/api/streams/{stream}/records", None, {} if token is None else {"token": token})


async def latest(url: str, token: str | None, stream: str) -> Seen:
    return await _get(url, f"/api/streams/{stream}/records/latest", token)


async def merged(url: str, token: str | None, stream: str) -> Seen:
    return await _get(url, "/api/records", token, {"streams": stream})


async def download(url: str, token: str | None, stream: str) -> Seen:
    return await _get(url, f"/api/streams/{stream}/records/download", token, {"format": "json"})


async def search(url: str, token: str | None, stream: str) -> Seen:
    return await _get(url, f"/api/streams/{stream}/records/search", token)


async def events(url: str, token: str | None, stream: str) -> Seen:
    async with httpx.AsyncClient(timeout=TIMEOUT, verify=False) as client:
        parameters = {"streams": stream, "after": "0-0"}
        async with client.stream("GET", f"{url}/api/live/events", params=parameters, headers=bearer(token)) as answer:
            if answer.status_code != 200:
                text = (await answer.aread()).decode()
                return Seen(refusal=_REFUSALS.get(answer.status_code, str(answer.status_code)), text=text)
            found = Seen()
            async for line in answer.aiter_lines():
                if line.startswith("data: ") and _take(found, json.loads(line[6:])):
                    break
            return found


async def socket(url: str, token: str | None, stream: str) -> Seen:
    return await _socket(url, {"streams": stream}, additional_headers=bearer(token))


async def socket_with_the_token_in_the_address(url: str, token: str | None, stream: str) -> Seen:
    return await _socket(url, {"streams": stream} | ({} if token is None else {"token": token}))


async def socket_with_the_token_as_subprotocol(url: str, token: str | None, stream: str) -> Seen:
    offered = ["tailrace"] + ([] if token is None else [f"bearer.{token}"])
    return await _socket(url, {"streams": stream}, subprotocols=offered)


async def socket_with_the_token_in_a_cookie(url: str, token: str | None, stream: str) -> Seen:
    headers = {"Origin": url} | ({} if token is None else {"Cookie": f"a=b; tailrace_token={token}; c=d"})
    return await _socket(url, {"streams": stream}, additional_headers=headers)


async def later_subscription(url: str, token: str | None, stream: str) -> Seen:
    """Of a client that has another subscription already."""
    message = json.dumps({"type": "subscribe", "id": "later", "streams": stream, "after": "0-0"})
    return await _socket(url, {}, first=message, additional_headers=bearer(token))


WAYS: list[Way] = [
    page,
    page_with_the_token_in_the_address,
    latest,
    merged,
    download,
    search,
    events,
    socket,
    socket_with_the_token_in_the_address,
    socket_with_the_token_as_subprotocol,
    socket_with_the_token_in_a_cookie,
    later_subscription,
]


# Their addresses name one stream, and no glob.
OF_ONE_STREAM: list[Way] = [page, page_with_the_token_in_the_address, latest, download, search]


async def _get(url: str, path: str, token: str | None, parameters: dict[str, str] | None = None) -> Seen:
    async with httpx.AsyncClient(timeout=TIMEOUT, verify=False) as client:
        answer = await client.get(url + path, params=parameters, headers=bearer(token))
    if answer.status_code != 200:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"].startswith("Bearer ")
        return Seen(refusal=_REFUSALS.get(answer.status_code, str(answer.status_code)), text=answer.text)
    if answer.headers["content-type"].startswith("application/x-ndjson"):
        lines = [json.loads(line) for line in answer.text.splitlines()]
        batches = [line["records"] for line in lines if line["type"] == "records"]
        return Seen([record["message"] for batch in batches for record in batch], text=answer.text)
    content = answer.json()
    records = content if isinstance(content, list) else content["records"]
    return Seen([record["message"] for record in records], text=answer.text)


async def _socket(url: str, parameters: dict[str, str], *, first: str = "", **options: Any) -> Seen:
    address = httpx.URL(url.replace("http", "ws") + "/api/live", params=parameters and {"after": "0-0", **parameters})
    found = Seen()
    async with connect(str(address), open_timeout=TIMEOUT, **options) as client:
        try:
            if first:
                await client.send(first)
            async for text in client:
                found.text += str(text)
                if _take(found, json.loads(text)):
                    break
        except ConnectionClosed:
            pass  # whichever way, the code tells
        if client.close_code is not None and not found.refusal:
            found.refusal = _REFUSALS.get(client.close_code, str(client.close_code))
            found.text += client.close_reason or ""
    return found


def _take(found: Seen, message: dict[str, Any]) -> bool:
    """Note a message; True when it is the last that matters."""
    if message["type"] == "records":
        found.messages += [record["message"] for record in message["records"]]
    elif message["type"] == "error":
        found.refusal = message["code"]
    return message["type"] == "error" or message.get("state") == "live"
