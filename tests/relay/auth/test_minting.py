"""`tailrace token`: what it prints, gateways take."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from pydantic import SecretStr

from tailrace_relay.auth import Action, Verifier
from tailrace_relay.query import Query
from tailrace_relay.settings import Settings
from tests.relay.auth.signing import ASYMMETRIC, SECRET, private_pem, public_pem

pytestmark = pytest.mark.anyio


def token(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tailrace_relay", "token", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


async def test_a_printed_token_allows_what_was_asked_for() -> None:
    asked = ["api", "run:*", "--action", "read", "--action", "clear", "-q", "level:error", "--subject", "ada"]
    done = token(*asked, TAILRACE_TOKEN_KEY=SECRET)
    grant = await Verifier(Settings(token_key=SecretStr(SECRET))).verify(done.stdout.strip())
    assert grant.streams == ("api", "run:*")
    assert grant.actions == {Action.READ, Action.CLEAR}
    assert (grant.query, grant.subject) == (Query.parse("level:error"), "ada")
    assert grant.expires == pytest.approx(time.time() + 12 * 3600, abs=60)


@pytest.mark.parametrize("algorithm", ASYMMETRIC)
async def test_a_private_key_signs_and_audience_and_issuer_are_those_of_the_gateway(
    algorithm: str, tmp_path: Path
) -> None:
    file = tmp_path / "key.pem"
    file.write_text(private_pem(algorithm))
    asked = ["api", "--private-key", str(file), "--key-id", "k", "--expires", "never"]
    done = token(*asked, TAILRACE_TOKEN_AUDIENCE="logs", TAILRACE_TOKEN_ISSUER="us")
    settings = Settings(token_key=SecretStr(public_pem(algorithm)), token_audience="logs", token_issuer="us")
    assert (await Verifier(settings).verify(done.stdout.strip())).expires is None


async def test_a_key_file_signs_with_its_first_secret(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(f"{SECRET}\n{SECRET[::-1]}\n")
    done = token("api", TAILRACE_TOKEN_KEY_FILE=str(file))
    assert (await Verifier(Settings(token_key=SecretStr(SECRET))).verify(done.stdout.strip())).streams == ("api",)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["a b"], "streams"),
        (["api", "--action", "fly"], "actions"),
        (["api", "--expires", "soon"], "right would be 15m"),
        (["api", "-q", "level:"], "query"),
        (["api", "--private-key", "/nowhere"], "cannot be read"),
        (["api", "--private-key", __file__], "not a private key"),
    ],
)
def test_mistakes_are_one_line(arguments: list[str], expected: str) -> None:
    done = token(*arguments, TAILRACE_TOKEN_KEY=SECRET)
    assert done.returncode == 2
    assert expected in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""


def test_without_a_key_it_says_how_to_make_one() -> None:
    done = token("api")
    assert done.returncode == 2
    assert "openssl rand -hex 32" in done.stderr
