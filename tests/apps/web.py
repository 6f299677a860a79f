"""A FastAPI application as its users would write it. The agent takes two lines."""

from __future__ import annotations

import logging
import os
import time

from fastapi import FastAPI

import tailrace
from tailrace.integrations.asgi import TailraceMiddleware

tailrace.install(stream="s", level="INFO", capture_output=True)

app = FastAPI()
app.add_middleware(TailraceMiddleware)
log = logging.getLogger("web")


@app.get("/say/{number}")
def say(number: int) -> int:
    log.info("said %d", number)
    print(f"printed {number}")
    return os.getpid()


@app.get("/hang")
async def hang() -> None:
    for number in range(100):
        log.info("last words %d", number)
    log.info("hanging")
    time.sleep(60)


@app.get("/fail")
def fail() -> None:
    raise ValueError("it failed")
