"""The virtual environment `.venv`, with the packages of constraints.txt in it.

The syntax is that of Python 3.7, as in setup.py.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from steps import ROOT, fail, output, run, say
from system import apt_install

__all__ = ["VENV", "VENV_PYTHON", "make_environment", "pip_install"]

VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
CONSTRAINTS = ROOT / "constraints.txt"


def make_environment(extras: str) -> None:
    wanted = environment_key()
    if is_installed(wanted, extras):
        return
    if not is_usable():
        create_venv()
    forget_installed()
    say("installing the packages of constraints.txt into .venv")
    # hatchling comes first and from the constraints: a build environment of pip's own would take the newest.
    install("hatchling")
    install("--no-build-isolation", "--editable", f"{ROOT}[{extras}]")
    stamp(extras).write_text(wanted)


def environment_key() -> str:
    """Changes whenever what was installed is no longer what would be installed: also when the checkout moved."""
    parts = [(ROOT / "pyproject.toml").read_text(), CONSTRAINTS.read_text(), str(ROOT), base_version()]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def base_version() -> str:
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


def stamp(extras: str) -> Path:
    return VENV / f"installed-{extras}"


def is_installed(wanted: str, extras: str) -> bool:
    """The tools for development include what a gateway needs, so their stamp answers for both."""
    stamps = {stamp(extras), stamp("relay,dev")}
    return VENV_PYTHON.exists() and any(path.is_file() and path.read_text() == wanted for path in stamps)


def forget_installed() -> None:
    """An installation that breaks off leaves neither the old nor the new set: no stamp may vouch for it."""
    for path in VENV.glob("installed-*"):
        path.unlink()


def is_usable() -> bool:
    """A virtual environment outlives neither the removal of its Python nor the step to another minor version."""
    script = "import sys, pip; print(*sys.version_info[:2], sep='.')"
    return VENV_PYTHON.exists() and output([str(VENV_PYTHON), "-c", script]) == base_version()


def create_venv() -> None:
    say(f"making .venv with {sys.executable}")
    if not can_create_venv():
        package = f"python{base_version()}-venv"
        if not (apt_install(package) and can_create_venv()):
            fail(f"this Python cannot make virtual environments. Run: sudo apt-get install {package}")
    run([sys.executable, "-m", "venv", "--clear", str(VENV)])


def can_create_venv() -> bool:
    """Asks a new process, since this one would not see modules that were installed after its start."""
    return output([sys.executable, "-c", "import venv, ensurepip; print('yes')"]) == "yes"


def install(*arguments: str) -> None:
    run(pip_install(*arguments))


def pip_install(*arguments: str) -> list[str]:
    """The command that installs into .venv what constraints.txt allows."""
    quiet = ["--quiet", "--no-input", "--disable-pip-version-check"]
    return [str(VENV_PYTHON), "-m", "pip", "install", *quiet, "--constraint", str(CONSTRAINTS), *arguments]
