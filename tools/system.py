"""Packages of the system: Debian's and its kin, or Homebrew's.

The syntax is that of Python 3.7, as in setup.py.
"""

from __future__ import annotations

import os
import shutil

from steps import attempt

__all__ = ["advice", "apt_install", "apt_install_at_rest", "brew_install"]


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


def apt_install_at_rest(package: str, unit: str) -> bool:
    """Install a server that the tests start themselves, without the system's own that its package would start: it
    would be open to the network. Nor is it started at the next boot."""
    if not os.path.isdir("/run/systemd/system"):
        return apt_install(package)  # as in a container, where packages start nothing
    as_root("systemctl", "mask", "--runtime", "--quiet", unit)
    installed = apt_install(package)
    as_root("systemctl", "unmask", "--runtime", "--quiet", unit)
    as_root("systemctl", "disable", "--quiet", unit)
    return installed


def apt_get(*arguments: str) -> bool:
    return as_root("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", *arguments)


def as_root(*command: str) -> bool:
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    return attempt([*sudo, *command])


def brew_install(*arguments: str) -> bool:
    return bool(shutil.which("brew")) and attempt(["brew", "install", "--quiet", *arguments])
