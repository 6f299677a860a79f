"""A Celery application as its users would write it. The agent takes one line, or a handler in its `dictConfig`."""

from __future__ import annotations

import logging.config
import os
import time
from typing import Any

from celery import Celery  # type: ignore[import-untyped]
from celery.utils.log import get_task_logger  # type: ignore[import-untyped]

import tailrace

if "DICT_CONFIG" in os.environ:
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "handlers": {"tailrace": {"class": "tailrace.TailraceHandler", "stream": "s"}},
            "root": {"handlers": ["tailrace"], "level": "INFO"},
        }
    )
else:
    tailrace.install(stream="s", level="INFO")

app = Celery("shop", broker=os.environ["BROKER"])
app.conf.update(
    task_ignore_result=True,
    broker_connection_retry_on_startup=True,
    task_default_queue=os.environ["QUEUE"],
    worker_hijack_root_logger="LEAVE_ROOT_LOGGER" not in os.environ,
)

log: Any = get_task_logger(__name__)


@app.task(name="pay")  # type: ignore[untyped-decorator]
def pay(number: int) -> None:
    log.info("task logger %d", number)
    logging.getLogger("shop").info("logging %d", number)
    print(f"printed {number}")


@app.task(name="refuse")  # type: ignore[untyped-decorator]
def refuse() -> None:
    raise ValueError("it was refused")


@app.task(name="count")  # type: ignore[untyped-decorator]
def count(numbers: int) -> None:
    for number in range(numbers):
        log.info("task logger %d", number)
        logging.getLogger("shop").info("logging %d", number)
        time.sleep(0.01)
