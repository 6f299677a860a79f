"""One way of selecting: what a client sees live, what it is replayed, and what history gives are the same records."""

from __future__ import annotations

import json
import random
import time
from typing import Any

import httpx
import pytest
import redis
from websockets.asyncio.client import ClientConnection, connect

from tailrace.wire import SCRIPT, Answer, Facts, Keys, Record, append_call, make_frame, new_epoch, new_producer
from tests.e2e.conftest import MakeGatewayProcess
from tests.servers import RedisServer

pytestmark = pytest.mark.anyio

NOW = time.time_ns() // 1000

WORDS = ["timeout", "Timeout", "charge", "user", "50%", "a-b", "größe", "GET /api/users", '"quoted"', "line\nbreak"]
TERMS = [
    *("timeout", '"GET /api"', "user", "*break", "/t.me?out/i", "GRÖSSE", "größe", "-charge", "a-b"),
    *("level:>=warning", "level:error", "level:..info", "-level:>=error", "logger:db.*", "logger:/^(db|app)$/"),
    *("status:>=500", "status:200..299", "-status:*", "duration_ms:>1.5s", "http.method:(get OR put)", "tags:slow"),
    *(
        "service:shop",
        "-service:shop",
        "stream:queries",
        "kind:audit",
        "source:std*",
        "exception:/E.*r/",
        "time:>2020-01-01",
    ),
]


def random_record(chance: random.Random) -> Record:
    fields: dict[str, Any] = {
        "status": chance.choice([200, 204, 404, 500, 503, "503"]),
        "duration_ms": chance.uniform(0, 3000),
        "http": {"method": chance.choice(["GET", "PUT", "POST"])},
        "tags": chance.sample(["slow", "retry", "cached"], 2),
    }
    return Record(
        time=NOW + chance.randrange(10**9),
        level_number=chance.choice([5, 10, 20, 25, 30, 40, 50, 300]),
        logger=chance.choice(["db.pool", "db", "app"]),
        message=" ".join(chance.choices(WORDS, k=3)),
        source=chance.choice(["logging", "stdout", "stderr"]),
        kind=chance.choice(["log", "audit"]),
        exception=chance.choice([None, None, "ValueError: broken"]),
        fields=chance.choice([None, fields]),
    )


def random_query(chance: random.Random) -> str:
    terms = chance.choices(TERMS, k=chance.randint(1, 4))
    text = terms[0]
    for term in terms[1:]:
        text = chance.choice([f"{text} {term}", f"({text}) OR {term}", f"NOT ({text}) {term}"])
    return text


class Writer:
    """One producer of one stream, frame by frame."""

    def __init__(self, client: redis.Redis, prefix: str, service: str) -> None:
        self._client, self._keys, self._facts = client, Keys(prefix), Facts(service=service, host="h", pid=1)
        self._id, self._seq = new_producer(), 1
        self._append = client.register_script(SCRIPT)

    def write(self, records: list[Record]) -> None:
        self._client.zadd(self._keys.streams, {"queries": NOW // 1000})
        frame = make_frame(self._id, self._seq, self._facts, records)
        names, arguments = append_call(
            self._keys,
            "queries",
            frame,
            producer=self._id,
            count=len(records),
            first_seq=self._seq,
            shed=0,
            epoch=new_epoch(),
        )
        Answer.parse(self._append(names, arguments))
        self._seq += len(records)


async def read_until(socket: ClientConnection, end: int, found: dict[str, list[str]], cursors: dict[str, int]) -> None:
    """All that comes, until every subscription's cursor is at the end."""
    while any(cursor < end for cursor in cursors.values()):
        message = json.loads(await socket.recv())
        assert message["type"] not in ("gap", "error"), message
        name = message.get("subscription")
        if message["type"] == "records":
            found[name] += [record["id"] for record in message["records"]]
        if message.get("cursor"):
            cursors[name] = int(message["cursor"].split("~")[0].split("-")[1])


def pages(url: str, query: str, order: str, limit: int) -> list[str]:
    """The IDs of all pages, one after the other."""
    found: list[str] = []
    place, begin = ("after", "0-0") if order == "asc" else ("before", "")
    while True:
        parameters = {"query": query, "order": order, "limit": str(limit), place: begin}
        page = (
            httpx.get(f"{url}/api/streams/queries/records", params=parameters, verify=False).raise_for_status().json()
        )
        found += [record["id"] for record in page["records"]]
        if page["next"] is None:
            return found
        begin = page["next"]


@pytest.mark.parametrize("seed", range(3))
async def test_live_replay_and_history_agree(
    seed: int, redis_server: RedisServer, gateway_process: MakeGatewayProcess, prefix: str
) -> None:
    chance = random.Random(seed)
    gateway = await gateway_process(redis_server.url)
    queries = [random_query(chance) for _ in range(8)]
    wanted = {f"{how} {i}": query for how in ("replay", "live") for i, query in enumerate(queries)}
    found: dict[str, list[str]] = {name: [] for name in wanted}
    cursors = dict.fromkeys(wanted, 0)
    with redis_server.client() as client:
        writers = [Writer(client, prefix, service) for service in ("shop", "billing")]

        def write(frames: int) -> None:
            for _ in range(frames):
                chance.choice(writers).write([random_record(chance) for _ in range(chance.choice([1, 3, 40]))])

        write(20)
        before = number(client, prefix)
        async with connect(f"ws{gateway.url.removeprefix('http')}/api/live", max_size=None) as socket:
            for name, query in wanted.items():
                after = {"after": "0-0"} if name.startswith("replay") else {}
                await socket.send(
                    json.dumps({"type": "subscribe", "id": name, "streams": "queries", "query": query, **after})
                )
            await read_until(socket, before, found, cursors)
            write(20)
            await read_until(socket, number(client, prefix), found, cursors)
    for i, query in enumerate(queries):
        oldest_first = pages(gateway.url, query, "asc", chance.choice([1000, 37]))
        assert pages(gateway.url, query, "desc", chance.choice([1000, 37])) == oldest_first[::-1]
        assert found[f"replay {i}"] == oldest_first
        assert found[f"live {i}"] == [id for id in oldest_first if int(id.split("-")[1]) > before]


def number(client: redis.Redis, prefix: str) -> int:
    held: Any = client.hget(Keys(prefix).meta("queries"), "n")
    return int(held)


async def test_a_mistake_is_answered_with_its_place_on_every_way_in(
    redis_server: RedisServer, gateway_process: MakeGatewayProcess, prefix: str
) -> None:
    gateway = await gateway_process(redis_server.url)
    with redis_server.client() as client:
        Writer(client, prefix, "shop").write([random_record(random.Random(0))])
    for path in ("/api/streams/queries/records", "/api/live/events"):
        answer = gateway.get(path, streams="queries", query="a level:>loud")
        assert answer.status_code == 400
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert (problem["parameter"], problem["position"], problem["length"]) == ("query", 9, 4)
    async with connect(f"ws{gateway.url.removeprefix('http')}/api/live") as socket:
        await socket.send(json.dumps({"type": "subscribe", "id": "x", "streams": "a", "query": "a level:>loud"}))
        error = json.loads(await socket.recv())
        assert (error["type"], error["parameter"], error["position"], error["length"]) == ("error", "query", 9, 4)
        assert error["message"].startswith("not a level; right would be DEBUG")
        await socket.send(json.dumps({"type": "ping"}))
        assert json.loads(await socket.recv())["type"] == "pong"
