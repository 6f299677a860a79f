"""Settings: one frozen dataclass from which environment names, defaults and their description follow."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any
from urllib.parse import urlsplit

from tailrace.errors import ConfigError, LevelError, StreamNameError
from tailrace.values import clean_text
from tailrace.wire.keys import DEFAULT_PREFIX, check_stream_name
from tailrace.wire.levels import parse_level

__all__ = ["Config", "stream_name_from"]

MIB = 1 << 20

# A spool has 16 segments at its limit, and a segment is at least 64 KiB.
SMALLEST_SPOOL = 1 * MIB

_SCHEMES = ("redis://", "rediss://", "unix://")
_TRUE = frozenset(("1", "true", "yes", "on"))
_FALSE = frozenset(("0", "false", "no", "off", ""))
_PREFIX = re.compile(r"[A-Za-z0-9._:-]{1,64}", re.ASCII)
_WORD = re.compile(r"[A-Za-z0-9_-]{2,64}", re.ASCII)
_NOT_IN_STREAM_NAMES = re.compile(r"[^A-Za-z0-9._:-]+", re.ASCII)


def _setting(env: str, about: str, read: Callable[[Any], Any], default: Any = MISSING, *, shown: bool = True) -> Any:
    """A field with the environment variables it comes from (first set wins), its reader and its description."""
    return field(metadata={"env": tuple(env.split()), "about": about, "read": read}, default=default, repr=shown)


def stream_name_from(text: str) -> str:
    """A usable stream name made from any text: unusable characters become `-`; at most 128 are kept."""
    return _NOT_IN_STREAM_NAMES.sub("-", text).strip("-")[:128] or "python"


def _read_url(value: object) -> str:
    # The value may hold a password: it is not repeated.
    if not isinstance(value, str) or not value.startswith(_SCHEMES):
        raise ConfigError(f"the URL of Redis is not usable; right would be one that starts with {', '.join(_SCHEMES)}")
    try:
        _ = urlsplit(value).port
    except ValueError as error:
        raise ConfigError("the URL of Redis has no usable port; right would be redis://host:6379/0") from error
    return value


def _read_text(value: object) -> str:
    if isinstance(value, str) and value.strip():
        return clean_text(value.strip())[:256]
    raise ConfigError(f"{value!r} is not usable; right would be some text")


def _read_folder(value: object) -> str:
    # The process may go elsewhere later, and where it was is where its siblings look.
    return os.path.abspath(
        os.path.expanduser(_read_text(os.fspath(value) if isinstance(value, os.PathLike) else value))
    )


def _read_stream(value: str) -> str:
    try:
        return check_stream_name(str(value))
    except StreamNameError as error:
        raise ConfigError(str(error)) from error


def _read_level(value: str | int | None) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    try:
        return parse_level(str(value))
    except LevelError as error:
        raise ConfigError(str(error)) from error


def _read_size(value: str | int) -> int:
    text = str(value).strip()
    if text.isascii() and text.isdigit() and int(text) >= SMALLEST_SPOOL:
        return int(text)
    raise ConfigError(f"{value!r} is not usable; right would be a number of bytes from {SMALLEST_SPOOL} up")


def _read_prefix(value: object) -> str:
    if isinstance(value, str) and _PREFIX.fullmatch(value):
        return value
    raise ConfigError(f"{value!r} is not usable; right would be 1 to 64 of the characters A-Z a-z 0-9 . _ : -")


# What can be captured besides log calls, and the level that it gets.
CAPTURED = {"stdout": 20, "stderr": 40, "warnings": 30, "exceptions": 50}

# Warnings and uncaught exceptions are printed as before; what is printed is another matter, and may be a lot.
CAPTURED_BY_DEFAULT = "warnings,exceptions"


def _read_capture(value: object) -> tuple[tuple[str, int], ...]:
    """Read `stdout,stderr=WARNING`, or `none`."""
    try:
        return _parse_capture(value)
    except LevelError as error:
        raise ConfigError(str(error)) from error


def _parse_capture(value: object) -> tuple[tuple[str, int], ...]:
    if isinstance(value, list | tuple):
        value = ",".join("=".join(map(str, part)) if isinstance(part, tuple) else str(part) for part in value)
    found: dict[str, int] = {}
    for part in str(value).lower().replace(" ", "").split(","):
        name, _, level = part.partition("=")
        if name in CAPTURED:
            found[name] = parse_level(level) if level else CAPTURED[name]
        elif name not in ("", "none"):
            raise ConfigError(
                f"{str(value)[:64]!r} is not usable; right would be none, or some of {', '.join(CAPTURED)},"
                " each with =LEVEL or without"
            )
    return tuple(found.items())


def _read_redact(value: object) -> bool | Callable[[str], str]:
    return value if callable(value) else _read_switch(str(value))


def _read_words(value: object) -> tuple[str, ...]:
    words = value if isinstance(value, list | tuple) else str(value).split(",")
    found = tuple(str(word).strip() for word in words)
    if all(_WORD.fullmatch(word) for word in found):
        return found
    raise ConfigError(f"{value!r} is not usable; right would be words of the characters A-Z a-z 0-9 _ - and commas")


def _read_switch(value: str | bool) -> bool:
    word = str(value).strip().lower()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise ConfigError(f"{value!r} is not usable; right would be 1 or 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """How a process ships its records. Make one with `Config.load`."""

    url: str = _setting("TAILRACE_URL REDIS_URL", "where Redis is", _read_url, "redis://127.0.0.1:6379/0", shown=False)
    service: str = _setting("TAILRACE_SERVICE OTEL_SERVICE_NAME", "who logs; else the program's name", _read_text)
    stream: str = _setting("TAILRACE_STREAM", "the stream written to; else made from the service", _read_stream)
    level: int | None = _setting("TAILRACE_LEVEL", "the lowest level recorded, by name or number", _read_level, None)
    spool_dir: str | None = _setting("TAILRACE_SPOOL_DIR", "where spools live; else found", _read_folder, None)
    spool_max: int = _setting("TAILRACE_SPOOL_MAX", "bytes a process may hold back", _read_size, 64 * MIB)
    spool_dir_max: int = _setting(
        "TAILRACE_SPOOL_DIR_MAX", "bytes that all processes' spools in one place may take", _read_size, 512 * MIB
    )
    prefix: str = _setting("TAILRACE_PREFIX", "what all names in Redis begin with", _read_prefix, DEFAULT_PREFIX)
    capture: tuple[tuple[str, int], ...] = _setting(
        "TAILRACE_CAPTURE",
        "what `install` records besides log calls: stdout, stderr, warnings, exceptions, each with =LEVEL or without",
        _read_capture,
        _read_capture(CAPTURED_BY_DEFAULT),
    )
    redact: bool | Callable[[str], str] = _setting(  # noqa: RUF009  # a field, as all of them
        "TAILRACE_REDACT",
        "0 records secrets as they are; in Python also a function of text",
        _read_redact,
        True,
    )
    redact_names: tuple[str, ...] = _setting(
        "TAILRACE_REDACT_NAMES", "more names whose value is a secret, such as iban,pin", _read_words, ()
    )
    redact_prefixes: tuple[str, ...] = _setting(
        "TAILRACE_REDACT_PREFIXES", "what more tokens begin with, such as acme_live_", _read_words, ()
    )
    checkpoints: str | None = _setting(
        "TAILRACE_CHECKPOINTS",
        "where `tailrace ship` notes how far it has come; else this user's state directory",
        _read_folder,
        None,
    )
    disabled: bool = _setting("TAILRACE_DISABLED", "1 makes handlers do nothing", _read_switch, False)

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None, **given: Any) -> Config:
        """Settings from arguments, else from the environment, else defaults.

        Args:
            environ: in place of `os.environ`.
            given: fields by name; None means not given.

        Raises:
            ConfigError: naming the argument or variable that is not usable, and what would be right.
        """
        environ = os.environ if environ is None else environ
        values: dict[str, Any] = {}
        for setting in fields(cls):
            value = _value_of(setting, environ, given.pop(setting.name, None))
            if value is not MISSING:
                values[setting.name] = value
        if given:
            raise ConfigError(f"unknown settings: {', '.join(sorted(given))}")
        values.setdefault("service", _program_name())
        values.setdefault("stream", stream_name_from(values["service"]))
        return cls(**values)


def _value_of(setting: Field[Any], environ: Mapping[str, str], given: Any) -> Any:
    read = setting.metadata["read"]
    if given is not None:
        return _named(setting.name, read, given)
    for name in setting.metadata["env"]:
        # A variable set to nothing is a variable not set, as compose files and units write it.
        if environ.get(name):
            return _named(name, read, environ[name])
    return MISSING


def _named(name: str, read: Callable[[Any], Any], value: Any) -> Any:
    try:
        return read(value)
    except ConfigError as error:
        raise ConfigError(f"{name}: {error}") from error


def _program_name() -> str:
    path = (sys.argv or [""])[0]
    folder, name = os.path.split(path)
    if name == "__main__.py":
        name = os.path.basename(folder)
    return name.removesuffix(".py") if name not in ("", "-c", "-m") else "python"
