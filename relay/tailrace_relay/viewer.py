"""The viewer: what is built of `relay/web/viewer`, and permanent links that lead to it.

It shows nothing by itself: its script asks with a token then, so its files are for everybody.
"""

from __future__ import annotations

import gzip
import re
from functools import cached_property
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response

from tailrace.wire import StreamID, StreamIDError, StreamNameError, check_stream_name
from tailrace_relay.errors import NotFound

__all__ = ["Viewer", "viewer_router"]

# Where `make setup` puts what it builds, and where a wheel has it.
BUILT = Path(__file__).parent / "static"

# Known here and not by the machine, whose own table may be anything.
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
COMPRESSED = (".css", ".html", ".js", ".json", ".svg")

# vite puts a hash of the content into the name: another content has another name.
HASHED = re.compile(r"-[\w-]{8}\.\w+")

# Of scripts, too: a worker goes by its own. Nothing inline runs, whatever text of a log gets into the page.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; worker-src 'self'; img-src 'self' data:; connect-src *; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
FOR_EVER = "public, max-age=31536000, immutable"
# Asked for each time: an old page must not stand beside new scripts.
EACH_TIME = "no-cache"

NOT_BUILT = """The viewer is not built here. Everything else of this gateway works.

In a checkout, `make setup` builds it. The package has it: pip install 'tailrace[relay]'
"""


class Asset:
    """A file of the viewer, as it is sent."""

    def __init__(self, path: Path) -> None:
        self._body = path.read_bytes()
        self._suffix = path.suffix
        self._hashed = HASHED.search(path.name) is not None

    @cached_property
    def _gzipped(self) -> bytes:
        return gzip.compress(self._body, mtime=0)

    def response(self, request: Request) -> Response:
        headers = {"Cache-Control": FOR_EVER if self._hashed else EACH_TIME, "Content-Security-Policy": POLICY}
        media_type = MEDIA_TYPES.get(self._suffix, "application/octet-stream")
        if self._suffix not in COMPRESSED:
            return Response(self._body, headers=headers, media_type=media_type)
        headers["Vary"] = "Accept-Encoding"
        if not takes_gzip(request.headers.get("accept-encoding", "")):
            return Response(self._body, headers=headers, media_type=media_type)
        return Response(self._gzipped, headers={**headers, "Content-Encoding": "gzip"}, media_type=media_type)


class Viewer:
    """All files of the viewer, read once: one version as long as the gateway runs, whatever is installed meanwhile."""

    def __init__(self, folder: Path = BUILT) -> None:
        names = [path for path in (folder / "static").glob("**/*") if path.is_file()]
        index = folder / "index.html"
        self.page = Asset(index) if index.is_file() else None
        self.assets = {path.relative_to(folder / "static").as_posix(): Asset(path) for path in names}


def viewer_router(viewer: Viewer) -> APIRouter:
    """The page at `/`, what it loads below `/static/`, and permanent links below `/r/`."""
    router = APIRouter(include_in_schema=False)

    @router.api_route("/", methods=["GET", "HEAD"])
    async def page(request: Request) -> Response:
        if viewer.page is None:
            return PlainTextResponse(NOT_BUILT, 503, {"Cache-Control": "no-store"})
        return viewer.page.response(request)

    @router.api_route("/static/{name:path}", methods=["GET", "HEAD"])
    async def asset(request: Request, name: str) -> Response:
        found = viewer.assets.get(name)
        if found is None:
            raise NotFound("name", "the viewer has no such file; the page at / says which it has now")
        return found.response(request)

    @router.api_route("/r/{stream}/{record}", methods=["GET", "HEAD"])
    async def permanent_link(stream: str, record: str) -> Response:
        """Relative, and so right under any prefix. What is behind a # stays with the browser, which carries it over."""
        return Response(status_code=307, headers={"Location": f"../../?record={place_of(stream, record)}"})

    return router


def place_of(stream: str, record: str) -> str:
    try:
        return f"{check_stream_name(stream)}/{StreamID.parse(record)}"
    except StreamNameError as error:
        raise NotFound("stream", str(error)) from None
    except StreamIDError as error:
        raise NotFound("record", str(error)) from None


def takes_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding header names it, and not with the weight 0."""
    for choice in accepted.lower().split(","):
        coding, _, weight = choice.partition(";")
        if coding.strip() in ("gzip", "*"):
            return re.fullmatch(r"\s*q=0(\.0*)?\s*", weight) is None
    return False
