"""All routes that answer at once."""

from __future__ import annotations

from fastapi import APIRouter

from tailrace_relay.gateway import Gateway
from tailrace_relay.rest.agents import agent_routes
from tailrace_relay.rest.download import download_routes
from tailrace_relay.rest.health import health_routes
from tailrace_relay.rest.merged import merged_routes
from tailrace_relay.rest.records import record_routes
from tailrace_relay.rest.retention import retention_routes
from tailrace_relay.rest.search import search_routes
from tailrace_relay.rest.services import service_routes
from tailrace_relay.rest.streams import stream_routes
from tailrace_relay.rest.writing import write_routes

__all__ = ["rest_router"]


def rest_router(gateway: Gateway) -> APIRouter:
    """The routes over one gateway."""
    router = APIRouter()
    for routes in (
        stream_routes,
        record_routes,
        search_routes,
        download_routes,
        merged_routes,
        write_routes,
        retention_routes,
        agent_routes,
        service_routes,
        health_routes,
    ):
        router.include_router(routes(gateway))
    return router
