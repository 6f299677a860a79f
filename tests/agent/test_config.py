"""Settings: where they come from, and what is said of bad ones."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tailrace.config import Config, stream_name_from
from tailrace.errors import ConfigError


def test_an_argument_wins_over_the_environment_and_that_over_the_default() -> None:
    environ = {"TAILRACE_URL": "redis://a:1/0", "REDIS_URL": "redis://b:2/0"}
    assert Config.load(environ, url="redis://c:3/0").url == "redis://c:3/0"
    assert Config.load(environ).url == "redis://a:1/0"
    assert Config.load({"REDIS_URL": "redis://b:2/0"}).url == "redis://b:2/0"
    assert Config.load({}).url == "redis://127.0.0.1:6379/0"


def test_a_variable_set_to_nothing_is_not_set() -> None:
    assert Config.load({"TAILRACE_URL": "", "TAILRACE_LEVEL": ""}).level is None


@pytest.mark.parametrize(
    ("argv0", "service"),
    [
        ("/srv/app/worker.py", "worker"),
        ("/srv/app/__main__.py", "app"),
        ("gunicorn", "gunicorn"),
        ("-c", "python"),
        ("", "python"),
    ],
)
def test_the_service_is_the_program_when_nobody_names_it(
    argv0: str, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", [argv0])
    assert Config.load({}).service == service


def test_the_stream_is_made_from_the_service() -> None:
    assert Config.load({"OTEL_SERVICE_NAME": "Bücher & mehr"}).stream == "B-cher-mehr"
    assert stream_name_from("???") == "python"
    assert len(stream_name_from("x" * 500)) == 128


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TAILRACE_URL", "http://127.0.0.1"),
        ("TAILRACE_URL", "redis://127.0.0.1:port/0"),
        ("TAILRACE_STREAM", "a b"),
        ("TAILRACE_LEVEL", "LOUD"),
        ("TAILRACE_SPOOL_MAX", "12"),
        ("TAILRACE_SPOOL_MAX", "64M"),
        ("TAILRACE_PREFIX", "a{b}"),
        ("TAILRACE_DISABLED", "maybe"),
        ("TAILRACE_CAPTURE", "stdin"),
        ("TAILRACE_CAPTURE", "stdout=LOUD"),
    ],
)
def test_a_bad_value_is_refused_by_the_name_of_its_variable(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=rf"{name}: .*right would be"):
        Config.load({name: value})


def test_what_is_said_of_a_bad_url_does_not_repeat_its_password() -> None:
    with pytest.raises(ConfigError) as caught:
        Config.load({}, url="rediss:/user:secret@host")
    assert "secret" not in str(caught.value)


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(ConfigError, match="unknown settings: steam"):
        Config.load({}, steam="x")


def test_levels_are_names_or_numbers() -> None:
    assert [Config.load({}, level=level).level for level in ("warn", 15, "35", None)] == [30, 15, 35, None]


@pytest.mark.parametrize(
    ("text", "captured"),
    [
        (None, {"warnings": 30, "exceptions": 50}),
        ("none", {}),
        ("stdout,stderr", {"stdout": 20, "stderr": 40}),
        ("STDERR=warning, exceptions", {"stderr": 30, "exceptions": 50}),
        (("stdout", ("stderr", 30)), {"stdout": 20, "stderr": 30}),
    ],
)
def test_what_is_captured_is_a_list_of_names_and_levels(text: object, captured: dict[str, int]) -> None:
    config = Config.load({}, capture=text)
    assert dict(config.capture) == captured
    assert Config.load({}, capture=config.capture) == config


def test_a_folder_is_the_same_wherever_the_process_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Config.load({"TAILRACE_SPOOL_DIR": "spool"}).spool_dir == str(tmp_path / "spool")
    assert Config.load({}, spool_dir=Path("spool")).spool_dir == str(tmp_path / "spool")
    assert Config.load({"HOME": "/home/ann"}, spool_dir="/spool").spool_dir == "/spool"


def test_a_name_that_no_encoding_has_is_made_one_that_has() -> None:
    assert Config.load({"TAILRACE_SERVICE": "caf\udce9"}).service == "caf\\udce9"


def test_what_is_printed_of_it_has_no_password() -> None:
    assert "geheim" not in repr(Config.load({}, url="redis://ann:geheim@host/0"))
