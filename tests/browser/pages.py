"""Files served as some other server of a user's would, from an origin of their own."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.servers import HOST


@contextmanager
def serve_pages(directory: Path) -> Iterator[str]:
    """The address under which the directory's files are, as long as the block lasts."""
    server = ThreadingHTTPServer((HOST, 0), functools.partial(QuietHandler, directory=str(directory)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass  # what was asked for is seen by what the page shows
