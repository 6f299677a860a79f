"""Containers as the engine describes them, which of them are read, and into which stream."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tailrace.config import stream_name_from
from tailrace.errors import ConfigError
from tailrace.values import clean_text

__all__ = ["STREAM", "Container", "Selection", "StreamName"]

SHORT = 12

# Characters of a label's value, or any other word of a description, that are kept.
LONGEST_WORD = 256

# Where a container has something to say now, or soon.
LIVE = frozenset(("running", "paused", "restarting"))

PROJECT, SERVICE = "com.docker.compose.project", "com.docker.compose.service"

STREAM = "docker:{name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """What is known of one container.

    Attributes:
        id: 64 hexadecimal digits.
        tty: it has a terminal, and thus one output.
        status: created, running, paused, restarting, removing, exited or dead.
        health: starting, healthy, unhealthy; empty where nobody looks.
        pid: on the engine's machine; 0 when it does not run.
        started, finished: as the engine writes it; that it ran again shows in them.
    """

    id: str
    name: str
    image: str = ""
    tty: bool = False
    status: str = ""
    health: str = ""
    pid: int = 0
    command: str = ""
    started: str = ""
    finished: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, found: Mapping[str, Any]) -> Container:
        """From the answer to `/containers/{id}/json`. What is missing there is empty here."""
        config, state = _map(found, "Config"), _map(found, "State")
        id = _word(found, "Id")
        return cls(
            id=id,
            name=_word(found, "Name").lstrip("/") or id[:SHORT],
            image=_word(config, "Image"),
            tty=config.get("Tty") is True,
            status=_word(state, "Status"),
            health=_word(_map(state, "Health"), "Status").removeprefix("none"),
            pid=state["Pid"] if isinstance(state.get("Pid"), int) else 0,
            command=os.path.basename(_word(found, "Path")),
            started=_word(state, "StartedAt"),
            finished=_word(state, "FinishedAt"),
            labels={str(key): str(value) for key, value in _map(config, "Labels").items()},
        )

    @property
    def short_id(self) -> str:
        """The twelve digits by which people know it."""
        return self.id[:SHORT]

    @property
    def runs(self) -> bool:
        """Whether its log goes on."""
        return self.status in LIVE

    @property
    def started_at(self) -> int:
        """When it began to run, in ms since 1970; 0 when it never has."""
        # Python 3.11 and newer read nine digits of a second.
        try:
            return max(int(datetime.fromisoformat(self.started).timestamp() * 1000), 0)
        except (ValueError, OverflowError):
            return 0

    @property
    def service(self) -> str:
        """Who is said to log: the service of a composition, else the container."""
        return self.labels.get(SERVICE, "") or self.name

    def fields(self, labels: Sequence[str] = ()) -> dict[str, Any]:
        """What its records say of it.

        Args:
            labels: these of its labels, too, by their own names.
        """
        fields = {
            "container.id": self.short_id,
            "container.name": self.name,
            "container.image.name": self.image,
            PROJECT: self.labels.get(PROJECT, ""),
            SERVICE: self.labels.get(SERVICE, ""),
        } | {name: self.labels.get(name, "") for name in labels}
        return {name: clean_text(value)[:LONGEST_WORD] for name, value in fields.items() if value}


@dataclass(frozen=True, slots=True)
class Selection:
    """Which containers are read; all, unless something is named.

    Attributes:
        names: names, or beginnings of IDs of at least twelve digits.
        labels: all of these; `key` for any value, or `key=value`.
    """

    names: Sequence[str] = ()
    labels: Sequence[str] = ()

    def takes(self, container: Container) -> bool:
        """Whether it is among them."""
        return self._has_name(container) and all(_has_label(container, label) for label in self.labels)

    def _has_name(self, container: Container) -> bool:
        return not self.names or any(
            name.lstrip("/") == container.name or (len(name) >= SHORT and container.id.startswith(name))
            for name in self.names
        )


class StreamName:
    """Makes the names of streams from a template such as `docker:{project}.{service}`.

    Raises:
        ConfigError: when the template names something unknown.
    """

    def __init__(self, template: str = STREAM) -> None:
        self.template = template
        unknown = set(re.findall(r"\{([^{}]*)\}", template)) - self._values(Container(id="", name="")).keys()
        if unknown:
            known = ", ".join(f"{{{name}}}" for name in self._values(Container(id="", name="")))
            raise ConfigError(f"stream: {{{min(unknown)}}} is not known; right would be {known}")

    def of(self, container: Container) -> str:
        """The stream of a container. Characters that no stream's name has become `-`."""
        text = self.template
        for name, value in self._values(container).items():
            text = text.replace(f"{{{name}}}", value)
        return stream_name_from(text)

    def _values(self, container: Container) -> dict[str, str]:
        labels = container.labels
        return {
            "name": container.name,
            "id": container.short_id,
            "image": container.image,
            "project": labels.get(PROJECT, ""),
            "service": container.service,
        }


def _has_label(container: Container, label: str) -> bool:
    key, wanted, value = label.partition("=")
    return key in container.labels and (not wanted or container.labels[key] == value)


def _map(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = found.get(name)
    return value if isinstance(value, dict) else {}


def _word(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    return clean_text(value)[:LONGEST_WORD] if isinstance(value, str) else ""
