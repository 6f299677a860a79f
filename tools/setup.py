"""Makes .venv and, when asked, the services that the tests need. Run by make with any python3; standard library only.

The syntax is that of Python 3.7, so that an older Python can say what is wrong instead of failing to read the file.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
CONSTRAINTS = ROOT / "constraints.txt"
OLDEST_PYTHON = (3, 11)
NEWER_PYTHONS = ("python3.14", "python3.13", "python3.12", "python3.11")
CHROMIUMS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)


def main() -> None:
    parser = argparse.ArgumentParser(description="Make .venv and what the tests need.")
    parser.add_argument("--dev", action="store_true", help="also the tools for tests, lint and types")
    parser.add_argument("--services", action="store_true", help="also redis-server and Chromium")
    options = parser.parse_args()
    require_python()
    make_environment("relay,dev" if options.dev else "relay")
    if options.services:
        require_redis()
        require_chromium()


def require_python() -> None:
    """Goes on in a newer Python when this one is too old and a newer one is installed."""
    if sys.version_info >= OLDEST_PYTHON:
        return
    newer = next(filter(None, map(shutil.which, NEWER_PYTHONS)), None)
    if newer is None:
        fail(f"Tailrace needs Python 3.11 or newer; {sys.executable} is {sys.version.split()[0]}")
    os.execv(newer, [newer, *sys.argv])


# The virtual environment


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
    quiet = ["--quiet", "--no-input", "--disable-pip-version-check"]
    run([str(VENV_PYTHON), "-m", "pip", "install", *quiet, "--constraint", str(CONSTRAINTS), *arguments])


# Services


def require_redis() -> None:
    if shutil.which("redis-server"):
        return
    say("installing redis-server")
    if not ((apt_install("redis-server") or brew_install("redis")) and shutil.which("redis-server")):
        fail(f"the tests need redis-server 6.2 or newer on PATH. {advice('redis-server', 'redis')}")


def require_chromium() -> None:
    if has_chromium():
        return
    say("installing Chromium")
    if (apt_install("chromium") or brew_install("--cask", "chromium")) and has_chromium():
        return
    if attempt([str(VENV_PYTHON), "-m", "playwright", "install", "chromium"]):
        return
    fail(f"the browser tests need Chromium on PATH. {advice('chromium', '--cask chromium')}")


def has_chromium() -> bool:
    """Runs what it finds: Ubuntu's package may be a stub that only says to install the snap."""
    return any(shutil.which(name) and output([name, "--version"]) for name in CHROMIUMS)


def advice(apt_package: str, brew_package: str) -> str:
    if shutil.which("apt-get"):
        return f"Run: sudo apt-get install {apt_package}"
    if shutil.which("brew"):
        return f"Run: brew install {brew_package}"
    return f"Install {apt_package} with your system's package manager"


def apt_install(package: str) -> bool:
    if not shutil.which("apt-get"):
        return False
    if os.geteuid() != 0 and not (shutil.which("sudo") and attempt(["sudo", "-n", "true"])):
        return False
    # The lists of a fresh machine are empty, those of an old one name packages that are gone.
    return apt_get("update") and apt_get("install", "-y", "--no-install-recommends", package)


def apt_get(*arguments: str) -> bool:
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    return attempt([*sudo, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", *arguments])


def brew_install(*arguments: str) -> bool:
    return bool(shutil.which("brew")) and attempt(["brew", "install", "--quiet", *arguments])


def run(command: list[str]) -> None:
    if not attempt(command):
        fail(f"this command failed: {shlex.join(command)}")


def attempt(command: list[str]) -> bool:
    return subprocess.call(command, stdin=subprocess.DEVNULL, stdout=sys.stderr) == 0


def output(command: list[str]) -> str:
    """What the command printed; nothing when it failed."""
    result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return result.stdout.decode(errors="replace").strip() if result.returncode == 0 else ""


def say(step: str) -> None:
    print(f"setup: {step}", flush=True)


def fail(reason: str) -> NoReturn:
    sys.exit(f"setup: {reason}")


if __name__ == "__main__":
    main()
