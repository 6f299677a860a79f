"""Says whether the gateway in this container delivers: exit code 0 when it does. The image has no curl."""

from __future__ import annotations

import http.client
import os
import sys

# Seconds; the health check gives up after 5.
TIMEOUT = 4.0


def main() -> None:
    """Ask, and exit with 1 and a reason unless it is ready."""
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("TAILRACE_PORT", "8000")), timeout=TIMEOUT)
    try:
        connection.request("GET", "/api/ready")
        answer = connection.getresponse()
        body = answer.read().decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        sys.exit(f"no answer: {error!r}")
    finally:
        connection.close()
    if answer.status != http.HTTPStatus.OK:
        sys.exit(f"not ready: {answer.status} {body}")


if __name__ == "__main__":
    main()
