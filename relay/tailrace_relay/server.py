"""Serving the relay with uvicorn: our WebSocket protocol, one process or several on one port."""

from __future__ import annotations

import copy
import ipaddress
import logging
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
from uvicorn.supervisors import Multiprocess

from tailrace_relay.app import RelayApp, create_app
from tailrace_relay.auth import Verifier
from tailrace_relay.http_protocol import HttpProtocol
from tailrace_relay.settings import Settings
from tailrace_relay.websocket import MAX_MESSAGE
from tailrace_relay.websocket_protocol import PreparedWebSocketProtocol

__all__ = ["serve", "server_config"]

logger = logging.getLogger("tailrace.relay")

# Seconds that all clients together have for a graceful end; longer than `CLOSE_TIMEOUT`, which each has.
SHUTDOWN = 8

# Seconds that a worker may take until it answers its parent: also while it imports, on a busy machine.
WORKER_START = 30

# Open files that are asked for: macOS names no limit and takes none above this.
MOST_FILES = 65_536


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
        forwarded_allow_ips=list(settings.trusted_proxies),
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
        config = server_config(create_app(settings), settings)
        _warn_if_open(settings)
        uvicorn.Server(config).run()
        return
    # Spawned workers make their own settings, from the environment.
    os.environ.update(settings.environment)
    config = server_config("tailrace_relay.server:worker_app", settings, factory=True, workers=workers)
    _warn_if_open(settings)
    Multiprocess(config, sockets=[config.bind_socket()]).run()


def _warn_if_open(settings: Settings) -> None:
    if not (Verifier(settings).required or _is_local(settings.host)):
        logger.warning(
            "TAILRACE_TOKEN_KEY is not set: whoever reaches %s:%d may read, write, clear and remove all streams; "
            "docs/API.md says how to ask for tokens",
            settings.host,
            settings.port,
        )


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


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
