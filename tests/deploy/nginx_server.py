"""Debian's nginx with the configuration of deploy/nginx: its own ports, files and logs, as any user."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from tests.servers import HOST, ROOT, Server, free_port, nginx_binary

__all__ = ["SITE", "NginxServer"]

CONFIGURATION = ROOT / "deploy" / "nginx"
SITE = CONFIGURATION / "tailrace.conf"

# What stands around a site in Debian's nginx.conf, with what is wrong for event streams switched on.
MAIN = """
{user}
daemon off;
pid {directory}/nginx.pid;
error_log {directory}/error.log info;
worker_processes 2;
events {{ worker_connections 512; }}
http {{
    client_body_temp_path {directory}/temp/body;
    proxy_temp_path {directory}/temp/proxy;
    fastcgi_temp_path {directory}/temp/fastcgi;
    uwsgi_temp_path {directory}/temp/uwsgi;
    scgi_temp_path {directory}/temp/scgi;
    access_log {directory}/access.log;
    sendfile on;
    tcp_nopush on;
    gzip on;
    gzip_types *;
    include conf.d/*.conf;
}}
"""


class NginxServer(Server):
    """nginx in front of the gateways on these ports."""

    def __init__(self, directory: Path, gateways: Sequence[int], site: Path = SITE) -> None:
        port = free_port()
        directory.mkdir()
        super().__init__(directory, port, [nginx_binary() or "nginx", "-c", f"{directory}/nginx.conf"])
        lay_out(directory, placed(site.read_text(), port, gateways, directory))

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def access_log(self) -> str:
        return (self.directory / "tailrace.log").read_text()

    def written(self) -> dict[str, bytes]:
        """All that nginx has written anywhere, besides its number."""
        logs = [*self.directory.glob("*.log"), *(self.directory / "temp").rglob("*")]
        return {path.name: path.read_bytes() for path in logs if path.is_file()}

    def _answers(self) -> bool:
        if self._running().poll() is not None:
            raise AssertionError(f"nginx ended at its start:\n{self.log.read_text()}")
        # Written once the port is its own: somebody else may have been quicker, and would answer, too.
        return (self.directory / "nginx.pid").exists()


def lay_out(directory: Path, site: str) -> None:
    """The files as they lie in /etc/nginx."""
    shutil.copytree(CONFIGURATION / "tailrace", directory / "tailrace")
    user = "user root;" if os.getuid() == 0 else ""  # what a test's folder holds is for this user alone
    (directory / "nginx.conf").write_text(MAIN.format(user=user, directory=directory))
    (directory / "temp").mkdir()
    (directory / "conf.d").mkdir()
    (directory / "conf.d" / "tailrace.conf").write_text(site)


def placed(site: str, port: int, gateways: Sequence[int], directory: Path) -> str:
    """A site with this test's ports and log in place of its own."""
    left = list(gateways)
    site = exchanged(r"(?<=listen )\d+;", lambda _: f"{HOST}:{port};", site, 1)
    site = exchanged(r"(?<=access_log )\S+(?= tailrace;)", lambda _: f"{directory}/tailrace.log", site, 1)
    return exchanged(r"(?<=server )\S+:\d+(?: resolve)?(?= max_fails)", lambda _: f"{HOST}:{left.pop(0)}", site, 2)


def exchanged(pattern: str, by: object, text: str, times: int) -> str:
    result, found = re.subn(pattern, by, text)  # type: ignore[call-overload]
    assert found == times, f"{found} times {pattern} in:\n{text}"
    return str(result)
