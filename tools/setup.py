"""Makes all that this checkout needs: .venv, the viewer and, when asked, what the tests need. Run by make with any
python3; standard library only.

The syntax is that of Python 3.7, so that an older Python can say what is wrong instead of failing to read the file.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys

from environment import VENV_PYTHON, make_environment
from steps import attempt, fail, output, say
from system import advice, apt_install, apt_install_at_rest, brew_install
from web import make_packages, make_viewer

OLDEST_PYTHON = (3, 11)
NEWER_PYTHONS = ("python3.14", "python3.13", "python3.12", "python3.11")
CHROMIUMS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)


def main() -> None:
    parser = argparse.ArgumentParser(description="Make .venv, the viewer and what the tests need.")
    parser.add_argument("--dev", action="store_true", help="also the tools for tests, lint and types")
    parser.add_argument("--services", action="store_true", help="also redis-server, nginx and Chromium")
    options = parser.parse_args()
    require_python()
    make_environment("relay,dev" if options.dev else "relay")
    make_viewer()
    if options.dev:
        make_packages()
    if options.services:
        require_redis()
        require_nginx()
        require_chromium()


def require_python() -> None:
    """Goes on in a newer Python when this one is too old and a newer one is installed."""
    if sys.version_info >= OLDEST_PYTHON:
        return
    newer = next(filter(None, map(shutil.which, NEWER_PYTHONS)), None)
    if newer is None:
        fail(f"Tailrace needs Python 3.11 or newer; {sys.executable} is {sys.version.split()[0]}")
    os.execv(newer, [newer, *sys.argv])


# Services


def require_redis() -> None:
    if shutil.which("redis-server"):
        return
    say("installing redis-server")
    if not ((apt_install("redis-server") or brew_install("redis")) and shutil.which("redis-server")):
        fail(f"the tests need redis-server 6.2 or newer on PATH. {advice('redis-server', 'redis')}")


def require_nginx() -> None:
    if has_nginx():
        return
    say("installing nginx")
    if not ((apt_install_at_rest("nginx", "nginx.service") or brew_install("nginx")) and has_nginx()):
        fail(f"the tests of deploy/nginx need nginx 1.18 or newer. {advice('nginx', 'nginx')}")


def has_nginx() -> bool:
    """Debian puts it where only root's PATH looks."""
    return bool(shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin"))


def require_chromium() -> None:
    if has_chromium():
        return
    say("installing Chromium")
    if (apt_install("chromium") or brew_install("--cask", "chromium")) and has_chromium():
        return
    if attempt([str(VENV_PYTHON), "-m", "playwright", "install", "chromium"]):
        return
    fail(f"the browser tests need Chromium on PATH. {advice('chromium', '--cask chromium')}")


def has_chromium() -> bool:
    """Runs what it finds: Ubuntu's package may be a stub that only says to install the snap."""
    return any(shutil.which(name) and output([name, "--version"]) for name in CHROMIUMS)


if __name__ == "__main__":
    main()
