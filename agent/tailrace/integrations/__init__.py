"""Integrations: each module needs its library only when it is used, and none is imported by the agent itself."""
