"""The npm packages, as they would be published."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.built import WEB, node_environment, unpack
from tests.servers import ROOT

PACKAGES = ("client", "react")

# Seconds, on a busy machine.
PATIENCE = 100

# A front end's own program: all entries, by name, with their types.
PROGRAM = """
import * as client from "@tailrace/client";
import type { Client, LogRecord, StreamEvent } from "@tailrace/client";
import * as frame from "@tailrace/client/frame";
import * as query from "@tailrace/client/query";
import * as react from "@tailrace/react";

export function messages(event: StreamEvent): string[] {
  return event.type === "records" ? event.records.map((record: LogRecord) => record.message) : [];
}
export async function newest(client: Client): Promise<string | undefined> {
  return (await client.latest("api")).records.at(-1)?.message;
}
console.log(JSON.stringify([client, frame, query, react].map((entry) => Object.keys(entry).length > 0)));
"""


def run(*command: object, cwd: Path = WEB) -> str:
    done = subprocess.run(
        [*map(str, command)],
        cwd=cwd,
        env=node_environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout


def tool(name: str) -> Path:
    return WEB / "node_modules" / ".bin" / name


@pytest.fixture(scope="module")
def packed(npm: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What npm says of each package that it packed, by the package's folder."""
    folder = tmp_path_factory.mktemp("packed")
    workspaces = [option for name in PACKAGES for option in ("--workspace", name)]
    said = json.loads(run(npm, "pack", "--json", "--pack-destination", folder, *workspaces))
    listed = said.values() if isinstance(said, dict) else said
    return {each["name"].removeprefix("@tailrace/"): each | {"archive": folder / each["filename"]} for each in listed}


def built(source: str) -> list[str]:
    stem = source.removeprefix("src/").removesuffix(".tsx").removesuffix(".ts")
    return [f"dist/{stem}{suffix}" for suffix in (".js", ".js.map", ".d.ts")]


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_has_its_sources_and_what_they_make_and_no_tests(name: str, packed: dict[str, Any]) -> None:
    folder = WEB / name
    sources = [path.relative_to(folder).as_posix() for path in (folder / "src").rglob("*") if path.is_file()]
    assert sources
    wanted = {"package.json", "README.md", "LICENSE", *sources, *(path for each in sources for path in built(each))}
    assert {file["path"] for file in packed[name]["files"]} == wanted


@pytest.mark.parametrize("name", PACKAGES)
def test_its_licence_is_the_projects_own(name: str) -> None:
    assert (WEB / name / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


@pytest.mark.parametrize("name", PACKAGES)
def test_linters_of_packages_find_nothing(name: str, packed: dict[str, Any]) -> None:
    run(tool("publint"), "run", name, "--strict", "--pack", "false")
    run(tool("attw"), packed[name]["archive"], "--profile", "esm-only", "--no-emoji", "--no-color")


def test_a_front_end_that_installs_them_compiles_and_runs(packed: dict[str, Any], tmp_path: Path) -> None:
    modules = tmp_path / "node_modules"
    (modules / "@tailrace").mkdir(parents=True)
    for name in PACKAGES:
        unpack(packed[name]["archive"], tmp_path / name)
        (tmp_path / name / "package").rename(modules / "@tailrace" / name)
    for name in ("react", "@types"):
        (modules / name).symlink_to(WEB / "node_modules" / name)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "program.ts").write_text(PROGRAM)
    strict = ["--strict", "--noUncheckedIndexedAccess", "--exactOptionalPropertyTypes", "--types", "react"]
    for resolution in (["--module", "nodenext"], ["--module", "esnext", "--moduleResolution", "bundler"]):
        run(tool("tsc"), *strict, "--target", "es2022", *resolution, "program.ts", cwd=tmp_path)
    assert run("node", "program.js", cwd=tmp_path).strip() == "[true,true,true,true]"
