"""docker-compose.yml, as far as this can be seen without a container engine."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tailrace_relay.demo.workers import JOBS
from tailrace_relay.server import SHUTDOWN
from tests.deploy.docker.dockerfile import Dockerfile
from tests.servers import ROOT, MakeRedisServer

FILE = ROOT / "docker-compose.yml"

# `${NAME:?why it is needed}` and `${NAME:-what it is else}`.
VARIABLE = re.compile(r"\$\{(\w+):([?-])([^}]*)\}")

SECRET = re.compile(r"PASSWORD|AUTH|SECRET|TOKEN|KEY", re.IGNORECASE)


def composed(**environ: str) -> dict[str, Any]:
    """The file as the engine reads it in this environment."""

    def value(found: re.Match[str]) -> str:
        name, kind, text = found.groups()
        if name not in environ and kind == "?":
            raise LookupError(text)
        return environ.get(name) or ("" if kind == "?" else text)

    text = "\n".join(line for line in FILE.read_text().splitlines() if not line.strip().startswith("#"))
    read: dict[str, Any] = YAML(typ="safe").load(VARIABLE.sub(value, text))
    return read


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = composed(REDIS_PASSWORD="p")["services"]
    return found


def gateways_of(services: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    return [each for name, each in services.items() if name.startswith("gateway-")]


def workers_of(services: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    return [each for each in services.values() if each["image"] == "tailrace" and each not in gateways_of(services)]


def test_it_is_a_compose_file() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(FILE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_starts_without_a_password_and_none_stands_in_the_file(services: dict[str, dict[str, Any]]) -> None:
    with pytest.raises(LookupError, match=r"set it in \.env"):
        composed()
    given = [pair for service in services.values() for pair in service.get("environment", {}).items()]
    assert {value for name, value in given if SECRET.search(name)} == {"p"}
    assert {value for name, value in given if name == "TAILRACE_URL"} == {"redis://:p@redis:6379/0"}
    assert services["redis"]["command"][-2:] == ["--requirepass", "p"]


def test_whatever_ends_is_started_again_after_what_it_needs(services: dict[str, dict[str, Any]]) -> None:
    for service in services.values():
        assert service["restart"] == "unless-stopped"
        for name, needed in service.get("depends_on", {}).items():
            assert needed == {"condition": "service_healthy"}
            assert "healthcheck" in services[name] or Dockerfile.read().has("HEALTHCHECK")
    assert set(services["nginx"]["depends_on"]) == {"gateway-1", "gateway-2"}


def test_only_nginx_is_to_be_reached_from_outside_and_only_from_this_machine() -> None:
    assert [name for name, each in composed(REDIS_PASSWORD="p")["services"].items() if "ports" in each] == ["nginx"]
    assert composed(REDIS_PASSWORD="p")["services"]["nginx"]["ports"] == ["127.0.0.1:8080:8080"]
    assert composed(REDIS_PASSWORD="p", PUBLISH="80")["services"]["nginx"]["ports"] == ["80:8080"]
    assert composed(REDIS_PASSWORD="p")["networks"]["back"] == {"internal": True}


def test_files_and_volumes_that_are_mounted_are_there(services: dict[str, dict[str, Any]]) -> None:
    volumes = composed(REDIS_PASSWORD="p")["volumes"]
    for mount in (mount for service in services.values() for mount in service.get("volumes", ())):
        source = mount.split(":")[0]
        assert (ROOT / source).exists() if source.startswith(".") else source in volumes


def test_gateways_have_time_to_end(services: dict[str, dict[str, Any]]) -> None:
    gateways = gateways_of(services)
    assert len(gateways) == 2
    assert {gateway["environment"]["TAILRACE_GATEWAY"] for gateway in gateways} == {"gateway-1", "gateway-2"}
    assert all(float(gateway["stop_grace_period"].removesuffix("s")) > SHUTDOWN for gateway in gateways)


def test_workers_share_a_spool_that_outlives_them(services: dict[str, dict[str, Any]]) -> None:
    place = Dockerfile.read().environment["TAILRACE_SPOOL_DIR"]
    workers = workers_of(services)
    assert len(workers) >= 2
    assert all(worker["volumes"] == [f"spool:{place}"] for worker in workers)
    named = [worker["command"][0] for worker in workers if worker["entrypoint"][-1] == "tailrace_relay.demo.workers"]
    assert set(named) <= JOBS.keys()


def test_redis_keeps_what_it_is_given(
    services: dict[str, dict[str, Any]], own_redis_server: MakeRedisServer, tmp_path: Path
) -> None:
    program, *arguments = services["redis"]["command"]
    assert program == "redis-server"
    with own_redis_server(*arguments[:-2]).client() as redis:
        settings = redis.config_get("appendonly", "maxmemory-policy", "maxmemory", "client-output-buffer-limit")
    assert settings["appendonly"] == "yes"
    assert settings["maxmemory-policy"] == "noeviction"
    assert settings["maxmemory"] == str(1 << 30)
    assert "pubsub 268435456 67108864 60" in settings["client-output-buffer-limit"]
