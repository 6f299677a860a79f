"""A Dockerfile, taken apart."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass

from tests.servers import ROOT

__all__ = ["FOLDER", "Dockerfile"]

FOLDER = ROOT / "deploy" / "docker"


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """Its instructions in order, each with its arguments."""

    instructions: list[tuple[str, str]]

    @classmethod
    def read(cls) -> Dockerfile:
        lines = (FOLDER / "Dockerfile").read_text().splitlines()
        text = "\n".join(line for line in lines if not line.startswith("#"))
        joined = re.sub(r"\\\n\s*", "", text)
        return cls([(line.split()[0], line.split(maxsplit=1)[1]) for line in joined.splitlines() if line])

    def all(self, instruction: str) -> list[str]:
        return [arguments for name, arguments in self.instructions if name == instruction]

    def has(self, instruction: str) -> bool:
        return bool(self.all(instruction))

    @property
    def sources(self) -> list[str]:
        """What is copied from the checkout."""
        copies = [arguments.split() for arguments in self.all("COPY") if not arguments.startswith("--from")]
        return [source for words in copies for source in words[:-1]]

    @property
    def environment(self) -> dict[str, str]:
        return dict(word.split("=", 1) for arguments in self.all("ENV") for word in shlex.split(arguments))

    def exec_form(self, instruction: str) -> list[str]:
        """The words of a command that no shell stands before."""
        [arguments] = self.all(instruction)
        words: list[str] = json.loads(arguments[arguments.index("[") :])
        return words
