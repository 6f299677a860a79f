"""One way of selecting records, the same live, in history and from the command line (docs/QUERY.md).

`scanner` and `parser` turn text into the tree of `syntax`; `predicate` and `outlook` turn that into functions.
"""

from tailrace_relay.query.errors import QueryError
from tailrace_relay.query.outlook import Outlook
from tailrace_relay.query.query import EVERYTHING, MAX_QUERY, Query

__all__ = ["EVERYTHING", "MAX_QUERY", "Outlook", "Query", "QueryError"]
