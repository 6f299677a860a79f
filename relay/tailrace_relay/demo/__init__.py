"""The demo: an embedded Redis, two gateways and four workers to watch in a browser."""

from tailrace_relay.demo.parts import Demo, DemoError

__all__ = ["Demo", "DemoError"]
