"""The command: its own verbs, and the way to the relay's."""

from __future__ import annotations

import os
import subprocess
import sys
from types import ModuleType

import pytest

import tailrace
from tailrace.cli import main


def test_it_says_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"tailrace {tailrace.__version__}\n"


def test_its_help_names_all_verbs(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    text = capsys.readouterr().out
    assert all(verb in text for verb in ("ship", "serve", "dev", "tail"))


@pytest.mark.parametrize("arguments", [[], ["fly"], ["ship", "--rate"]])
def test_what_it_does_not_understand_is_a_usage_error(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: tailrace" in capsys.readouterr().err


def test_a_reader_that_has_enough_is_no_matter_for_a_traceback() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    program = "import sys; from tailrace.cli import main; sys.exit(main(['doctor', '--acl']))"
    try:
        ended = subprocess.run([sys.executable, "-c", program], stdout=writing, stderr=subprocess.PIPE, check=False)
    finally:
        os.close(writing)
    assert (ended.returncode, ended.stderr) == (141, b"")


@pytest.fixture
def command() -> ModuleType:
    # As an attribute of its package, `main` is the function.
    return sys.modules["tailrace.cli.main"]


def test_the_relays_verbs_are_handed_on_with_all_their_arguments(
    command: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[list[str]] = []

    def relay_main(argv: list[str]) -> int:
        given.append(argv)
        return 7

    relay = ModuleType("tailrace_relay.cli")
    relay.__dict__["main"] = relay_main
    monkeypatch.setitem(sys.modules, "tailrace_relay.cli", relay)
    monkeypatch.setattr(command, "find_spec", lambda name: object())
    assert main(["tail", "s", "-n", "5"]) == 7
    assert given == [["tail", "s", "-n", "5"]]


def test_without_the_relay_it_says_how_to_install_it(
    command: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "find_spec", lambda name: None)
    assert main(["serve"]) == 2
    assert "pip install 'tailrace[relay]'" in capsys.readouterr().err
