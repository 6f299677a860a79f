"""Serving the relay with uvicorn: our WebSocket protocol, one process or several on one port."""

from __future__ import annotations

import asyncio
import copy
import os
import resource
import signal
import sys
from multiprocessing import parent_process
from multiprocessing.connection import wait
from threading import Thread
from typing import Any

import uvicorn
from uvicorn.config import LOGGING_CONFIG
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.supervisors import Multiprocess

from tailrace_relay.app import GATEWAY, RelayApp, create_app
from tailrace_relay.settings import Settings
from tailrace_relay.sockets import tune
from tailrace_relay.sse import CUT_OFF
from tailrace_relay.websocket import MAX_MESSAGE
from tailrace_relay.websocket_protocol import CLOSE_TIMEOUT, PreparedWebSocketProtocol

__all__ = ["HttpProtocol", "serve", "server_config"]

# Seconds that all clients together have for a graceful end; longer than `CLOSE_TIMEOUT`, which each has.
SHUTDOWN = 8

# Seconds that a worker may take until it answers its parent: also while it imports, on a busy machine.
WORKER_START = 30

# Open files that are asked for: macOS names no limit and takes none above this.
MOST_FILES = 65_536


class HttpProtocol(HttpToolsProtocol):
    """uvicorn's, which at shutdown also ends the event streams: it would wait for them to end by themselves.

    A client that does not read its answer to the end is cut off, as over a WebSocket.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        tune(transport)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        # ASGI has no way to cut a connection off whose client reads nothing.
        self.scope["state"][CUT_OFF] = self.transport.abort

    def shutdown(self) -> None:
        gateway = self.app_state.get(GATEWAY)
        if gateway is not None:
            gateway.close_connections()
        super().shutdown()
        # Else uvicorn would cancel the request, which it reports as a failure of the application.
        self.loop.call_later(CLOSE_TIMEOUT, self.transport.abort)


def server_config(app: Any, settings: Settings, **more: Any) -> uvicorn.Config:
    """How uvicorn serves the relay.

    Requests are not logged: an address may hold a token.
    """
    log_config = copy.deepcopy(LOGGING_CONFIG)
    log_config["loggers"]["tailrace"] = {"handlers": ["default"], "level": "INFO", "propagate": False}
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        ws=PreparedWebSocketProtocol,
        ws_max_size=MAX_MESSAGE,
        ws_per_message_deflate=False,
        ws_ping_interval=None,
        http=HttpProtocol,
        loop="uvloop" if sys.platform != "win32" else "auto",
        interface="asgi3",
        access_log=False,
        log_config=log_config,
        server_header=False,
        timeout_graceful_shutdown=SHUTDOWN,
        timeout_worker_healthcheck=WORKER_START,
        # A WebSocket's handshake has its backlog: a thousand clients come back at once when a gateway dies.
        backlog=4096,
        **more,
    )


def serve(settings: Settings, workers: int = 1) -> None:
    """Serve until a signal ends it."""
    raise_file_limit()
    if workers == 1:
        uvicorn.Server(server_config(create_app(settings), settings)).run()
        return
    # Spawned workers make their own settings, from the environment.
    for name, value in settings.model_dump().items():
        os.environ[f"TAILRACE_{name.upper()}"] = ",".join(value) if isinstance(value, tuple) else str(value)
    config = server_config("tailrace_relay.server:worker_app", settings, factory=True, workers=workers)
    Multiprocess(config, sockets=[config.bind_socket()]).run()


def worker_app() -> RelayApp:
    """The relay in a worker, which ends with its parent: nobody else would tell it to, whatever ended that."""
    parent = parent_process()
    if parent is not None:
        Thread(target=_end_with, args=(parent.sentinel,), name="parent", daemon=True).start()
    return create_app()


def _end_with(sentinel: int) -> None:
    wait([sentinel])
    os.kill(os.getpid(), signal.SIGTERM)


def raise_file_limit() -> None:
    """Allow as many open files as the system lets us: every client is one, and the usual 1 024 are few."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(hard, MOST_FILES) if hard != resource.RLIM_INFINITY else MOST_FILES
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
