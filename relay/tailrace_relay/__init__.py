"""The relay of Tailrace: a gateway between Redis and the clients that follow its logs."""

from tailrace_relay.app import RelayApp, create_app
from tailrace_relay.settings import Settings

__all__ = ["RelayApp", "Settings", "create_app"]
