"""The peer: a relay as everybody writes it first. FastAPI, redis.asyncio, one `send_text` per client and record."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import redis.asyncio
import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

CHANNEL = "live"


def make_app(url: str) -> FastAPI:
    clients: set[WebSocket] = set()

    async def relay() -> None:
        pubsub = redis.asyncio.Redis.from_url(url, decode_responses=True).pubsub()
        await pubsub.subscribe(CHANNEL)
        async for message in pubsub.listen():
            if message["type"] == "message":
                for client in list(clients):
                    await client.send_text(message["data"])

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        task = asyncio.create_task(relay())
        yield
        task.cancel()

    app = FastAPI(lifespan=lifespan)

    @app.websocket("/live")
    async def live(client: WebSocket) -> None:
        await client.accept()
        clients.add(client)
        try:
            while True:
                await client.receive_text()
        except WebSocketDisconnect:
            clients.discard(client)

    return app


if __name__ == "__main__":
    uvicorn.run(make_app(sys.argv[2]), port=int(sys.argv[1]), log_level="warning", backlog=4096)
