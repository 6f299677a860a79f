"""The relay's part of the command `tailrace`: serve, dev, tail and token."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from tailrace.wire import TailraceError
from tailrace_relay.errors import KeysError
from tailrace_relay.settings import Settings
from tailrace_relay.tail import Printer
from tailrace_relay.tail import tail as run_tail

__all__ = ["main"]

app = typer.Typer(
    name="tailrace",
    help="Live logs of many processes, and their history.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

# What a developer's own browser calls this machine.
LOCAL_HOSTS = ("127.0.0.1", "localhost", "[::1]")

Url = Annotated[str | None, typer.Option(help="Redis; default: TAILRACE_URL, REDIS_URL, redis://127.0.0.1:6379/0")]
Host = Annotated[str | None, typer.Option(help="address to listen on; default: 127.0.0.1")]
Port = Annotated[int | None, typer.Option(help="port to listen on; default: 8000")]
Origins = Annotated[
    str | None, typer.Option(help="origins besides its own that pages may connect from, comma-separated")
]
Dialects = Annotated[
    str | None, typer.Option(help="existing front ends to serve, comma-separated, or all; see docs/DIALECTS.md")
]
Prefix = Annotated[str | None, typer.Option(help="what all names in Redis begin with; default: tailrace")]


def main(argv: list[str] | None = None) -> None:
    """Run the command; errors are one line on standard error."""
    try:
        app(argv)
    except (TailraceError, ValidationError) as error:
        print(f"tailrace: {_explain(error)}", file=sys.stderr)
        sys.exit(2)


@app.command()
def serve(
    url: Url = None,
    host: Host = None,
    port: Port = None,
    workers: Annotated[int, typer.Option(min=1, help="processes that share the port")] = 1,
    allowed_origins: Origins = None,
    dialects: Dialects = None,
    prefix: Prefix = None,
) -> None:
    """Serve live logs and history over WebSocket, SSE and REST."""
    from tailrace_relay.server import serve as run  # the other commands need no server

    given = {"url": url, "host": host, "port": port, "allowed_origins": allowed_origins, "prefix": prefix}
    run(_settings(**given, dialects=dialects), workers)


@app.command()
def dev(
    host: Host = None,
    port: Port = None,
    dialects: Dialects = None,
    data: Annotated[str | None, typer.Option(help="folder to keep the data in; default: none is kept")] = None,
) -> None:
    """Serve with an embedded Redis, for trying out and for developing."""
    from tailrace_relay.embedded import EmbeddedRedis
    from tailrace_relay.server import serve as run

    with EmbeddedRedis(directory=Path(data) if data else None) as redis:
        settings = _settings(url=redis.url, host=host, port=port, dialects=dialects)
        if not settings.allowed_hosts and settings.host in LOCAL_HOSTS:
            settings = settings.model_copy(update={"allowed_hosts": LOCAL_HOSTS})
        print(redis.describe())
        print(f"Agents: export TAILRACE_URL={redis.url}")
        print(f"Page: http://{settings.host}:{settings.port}/", flush=True)
        run(settings)


@app.command()
def tail(
    streams: Annotated[list[str], typer.Argument(help="names and globs of streams")],
    url: Annotated[str | None, typer.Option(help="redis://… or http(s)://… of a gateway; default as for serve")] = None,
    after: Annotated[str, typer.Option(help="begin behind this stream ID or cursor; wins over -n")] = "",
    count: Annotated[int, typer.Option("-n", "--lines", min=0, help="first the last so many records")] = 100,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="go on as records come")] = False,
    level: Annotated[str, typer.Option(help="this level and above")] = "",
    query: Annotated[str, typer.Option("-q", "--query", help="which records; see docs/QUERY.md")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a line")] = False,
    raw: Annotated[bool, typer.Option("--raw", help="the bare messages")] = False,
    token: Annotated[
        str, typer.Option(envvar="TAILRACE_TOKEN", help="for a gateway that asks for one; better in the environment")
    ] = "",
    prefix: Prefix = None,
) -> None:
    """Print records, from Redis or from a gateway."""
    settings = _settings(url=url if url and not url.startswith("http") else None, prefix=prefix)
    address = url or settings.url
    if as_json and raw:
        raise typer.BadParameter("--json and --raw exclude each other")
    style = "json" if as_json else "raw" if raw else "text"
    printer = Printer(style, sys.stdout, sys.stderr, colour=sys.stdout.isatty() and "NO_COLOR" not in os.environ)
    parameters = {"streams": ",".join(streams), "after": after, "tail": str(count), "level": level, "query": query}
    try:
        code = asyncio.run(run_tail(address, parameters, printer, follow=follow, prefix=settings.prefix, token=token))
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:
        # Whoever read us has enough; the interpreter's own flush at exit must not complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    raise typer.Exit(code)


@app.command(name="token")
def make_token(
    streams: Annotated[list[str], typer.Argument(help="names and globs of streams that it is for")],
    action: Annotated[
        list[str] | None, typer.Option(help="read, write, clear or admin; several times for several; default: read")
    ] = None,
    query: Annotated[str, typer.Option("-q", "--query", help="cuts what is seen; see docs/QUERY.md")] = "",
    subject: Annotated[str, typer.Option(help="whom it is for")] = "",
    expires: Annotated[str, typer.Option(help="how long it holds, as 15m or 12h; never: for ever")] = "12h",
    private_key: Annotated[
        Path | None, typer.Option(help="file with a private key as PEM; default: the secret of TAILRACE_TOKEN_KEY")
    ] = None,
    key_id: Annotated[str, typer.Option(help="the key's kid, where a JWK set has several")] = "",
) -> None:
    """Print a token for trying out, signed with the key of TAILRACE_TOKEN_KEY or of a file."""
    from tailrace_relay.auth.minting import mint, parse_lifetime  # the other commands need no cryptography

    try:
        pem = private_key.read_text("utf-8") if private_key is not None else ""
    except (OSError, UnicodeDecodeError) as error:
        raise KeysError(f"{private_key} cannot be read: {error}") from error
    made = mint(
        _settings(),
        streams=streams,
        actions=action or ["read"],
        query=query,
        subject=subject,
        lifetime=None if expires == "never" else parse_lifetime(expires),
        private_key=pem,
        key_id=key_id,
    )
    print(made)


def _settings(**given: object) -> Settings:
    return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]


def _explain(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return str(error)
