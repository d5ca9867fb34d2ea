"""Where a value stands in what was read, and how a fault there is told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from xling.errors import InputError


@dataclass(frozen=True)
class Place:
    """A file or a data set's name, and a line of it (from one), or a path in its JSON."""

    where: str | Path
    line: int | None = None
    path: str = ""

    def inside(self, step: str) -> Place:
        """A step further down the path."""
        return replace(self, path=f"{self.path}.{step}" if self.path else step)

    def fault(self, problem: str, *, choices: Iterable[str] = (), hint: str | None = None) -> InputError:
        """An error that names this place."""
        text = f"{self.path}: {problem}" if self.path else problem
        return InputError(text, where=self.where, line=self.line, choices=choices, hint=hint)

    def __str__(self) -> str:
        return self.path if self.line is None else f"line {self.line}"
