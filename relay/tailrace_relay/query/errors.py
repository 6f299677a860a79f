"""What is wrong with a query, and where."""

from __future__ import annotations

from tailrace_relay.errors import ParameterError

__all__ = ["QueryError"]


class QueryError(ParameterError):
    """A query cannot be read.

    Attributes:
        position: where, in characters from the query's beginning, counted from 0.
        length: how many characters are meant, 0 or more.
    """

    def __init__(self, message: str, position: int, length: int = 0) -> None:
        self.position = position
        self.length = length
        super().__init__("query", message)

    @property
    def details(self) -> dict[str, str | int]:
        return super().details | {"position": self.position, "length": self.length}
