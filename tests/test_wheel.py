"""What is published: whoever installs it has the viewer, and needs no Node."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import httpx
import pytest
from packaging.requirements import Requirement

from tests.built import VIEWER, loaded_by, unpack
from tests.servers import HOST, ROOT, RedisServer, free_port, wait_for

# Seconds, on a busy machine.
PATIENCE = 120.0

TYPES = ("text/html", "text/javascript", "text/css", "image/svg+xml")

# What belongs to a machine or a checkout, and not to a package.
STRAY = ("node_modules/", "__pycache__/", ".venv/", "/dist/", ".git/")


def hatch(place: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "hatchling", "build", *map(str, arguments)]
    return subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=PATIENCE, check=False)


@pytest.fixture(scope="module")
def packages(built_viewer: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what `make wheel` builds."""
    assert built_viewer.is_dir()
    folder = tmp_path_factory.mktemp("packages")
    done = hatch(ROOT, "-d", folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def sdist(packages: Path) -> Path:
    """The unpacked one."""
    [archive] = packages.glob("tailrace-*.tar.gz")
    unpack(archive, packages)
    return packages / archive.name.removesuffix(".tar.gz")


def files_below(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_the_wheel_has_the_viewer_and_nothing_that_only_builders_need(packages: Path) -> None:
    [wheel] = packages.glob("tailrace-*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    viewer = {name.removeprefix("tailrace_relay/static/") for name in names if "/static/" in name}
    assert viewer == files_below(VIEWER) - {".built"}
    assert {name.split("/")[0].partition("-")[0] for name in names} == {"tailrace", "tailrace_relay"}
    assert not [name for name in names if any(part in name for part in STRAY)]


def test_the_sdist_has_the_viewer_and_the_sources_of_all(sdist: Path) -> None:
    names = files_below(sdist)
    assert {f"relay/tailrace_relay/static/{name}" for name in files_below(VIEWER)} <= names
    assert not [name for name in names if any(part in f"/{name}" for part in STRAY)]
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    assert {name for name in tracked if (ROOT / name).is_file()} <= names


def test_a_wheel_is_built_from_the_sdist_without_node(sdist: Path, packages: Path, tmp_path: Path) -> None:
    done = hatch(sdist, "-t", "wheel", "-d", tmp_path)
    assert done.returncode == 0, done.stderr
    [again], [wheel] = tmp_path.glob("*.whl"), packages.glob("*.whl")
    assert again.read_bytes() == wheel.read_bytes()


@pytest.mark.parametrize("target", ["wheel", "sdist"])
def test_nothing_is_built_without_the_viewer(target: str, sdist: Path, tmp_path: Path) -> None:
    place = tmp_path / "without"
    shutil.copytree(sdist, place)
    shutil.rmtree(place / "relay" / "tailrace_relay" / "static")
    done = hatch(place, "-t", target)
    assert done.returncode != 0
    assert done.stderr.splitlines()[-1].endswith("the viewer is not built. Run: make wheel")
    assert not (place / "dist").exists() or not any((place / "dist").iterdir())


@pytest.fixture(scope="module")
def installed(packages: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of a new environment with the wheel and what `tailrace[relay]` needs. That is linked from
    this environment, for which there is no network to be asked: what the extra does not name is not there."""
    [wheel] = packages.glob("tailrace-*.whl")
    venv = tmp_path_factory.mktemp("installed") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True, timeout=PATIENCE)
    python = venv / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--quiet", "install"]
    subprocess.run([*pip, "--no-index", "--no-deps", str(wheel)], check=True, timeout=PATIENCE)
    paths = sysconfig.get_paths(vars={"base": str(venv), "platbase": str(venv)})
    [described] = importlib.metadata.distributions(name="tailrace", path=[paths["purelib"]])
    for name in needed(described.requires or [], {"", "relay"}):
        link(importlib.metadata.distribution(name), Path(paths["purelib"]))
    return venv / "bin"


def needed(requirements: list[str], extras: set[str]) -> set[str]:
    """The names of all distributions that these need, and those in turn."""
    found: set[str] = set()
    waiting = [(text, extras) for text in requirements]
    done = set()
    while waiting:
        text, extras = waiting.pop()
        needs = Requirement(text)
        if needs.marker and not any(needs.marker.evaluate({"extra": extra}) for extra in extras):
            continue
        if (key := (needs.name, *sorted(needs.extras))) in done:
            continue
        done.add(key)
        found.add(needs.name)
        waiting += [(each, {"", *needs.extras}) for each in importlib.metadata.requires(needs.name) or []]
    return found


def link(distribution: importlib.metadata.Distribution, purelib: Path) -> None:
    for top in {file.parts[0] for file in distribution.files or [] if file.parts[0] != ".."}:
        if not (purelib / top).exists():
            (purelib / top).symlink_to(str(distribution.locate_file(top)))


@pytest.mark.parametrize("verb", ["serve", "dev"])
def test_what_is_installed_serves_the_viewer_without_node(
    verb: str, installed: Path, redis_binary: str, redis_server: RedisServer, prefix: str, tmp_path: Path
) -> None:
    port = free_port()
    options = ["--port", str(port)] + (["--url", redis_server.url, "--prefix", prefix] if verb == "serve" else [])
    (tmp_path / "redis-server").symlink_to(redis_binary)
    environ = {"PATH": f"{installed}{os.pathsep}{tmp_path}", "HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
    assert shutil.which("node", path=environ["PATH"]) is None
    with (tmp_path / "output").open("wb") as output:
        process = subprocess.Popen(
            [installed / "tailrace", verb, *options], cwd=tmp_path, env=environ, stdout=output, stderr=output
        )
    try:
        with httpx.Client(base_url=f"http://{HOST}:{port}", verify=False, timeout=10) as client:
            wait_for(lambda: is_ready(client), PATIENCE, "the gateway to be ready")
            assert_serves_the_viewer(client)
    finally:
        process.terminate()
        process.wait(PATIENCE)


def is_ready(client: httpx.Client) -> bool:
    try:
        return client.get("/api/ready").status_code == 200
    except httpx.TransportError:
        return False


def assert_serves_the_viewer(client: httpx.Client) -> None:
    page = client.get("/")
    assert page.text == (VIEWER / "index.html").read_text()
    named = loaded_by(page.text)
    assert named
    for answer in (page, *(client.get(f"/{name}") for name in named)):
        assert answer.status_code == 200
        assert answer.headers["content-type"].split(";")[0] in TYPES
        assert "script-src 'self'" in answer.headers["content-security-policy"]
