"""How a child talks to the benchmark that started it: JSON, a line each."""

from __future__ import annotations

import json
import sys
from typing import Any

__all__ = ["arguments", "say"]


def arguments() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(sys.argv[1])
    return found


def say(answer: Any) -> None:
    print(json.dumps(answer), flush=True)
