"""Who may do what: tokens, what they allow, and the door that every request comes through."""

from __future__ import annotations

from tailrace_relay.auth.grant import ANYONE, GRANT, Action, Grant, grant_of
from tailrace_relay.auth.verifier import Verifier

__all__ = ["ANYONE", "GRANT", "Action", "Grant", "Verifier", "grant_of"]
