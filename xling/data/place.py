"""Where in a file a value was read, for error messages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from xling.errors import InputError


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a file or data set: a line, counted from 1, or a path in its JSON.

    where: the path of the file, or the name of the data set.
    """

    where: str | Path
    line: int | None = None
    path: str = ""

    def inside(self, step: str) -> Place:
        """Return the position one step further down the JSON path."""
        return replace(self, path=f"{self.path}.{step}" if self.path else step)

    def fault(self, problem: str, *, choices: Iterable[str] = (), hint: str | None = None) -> InputError:
        """Return an InputError that names this position."""
        text = f"{self.path}: {problem}" if self.path else problem
        return InputError(text, where=self.where, line=self.line, choices=choices, hint=hint)

    def __str__(self) -> str:
        return self.path if self.line is None else f"line {self.line}"


Line = tuple[Place, str]


def line_blocks(lines: Iterable[str], where: str | Path) -> Iterator[list[Line]]:
    """Yield the lines between blank ones, such as those of a sentence, each with its position."""
    placed = ((Place(where, number), line) for number, line in enumerate(lines, start=1))
    for filled, block in groupby(placed, key=lambda own: bool(own[1].strip())):
        if filled:
            yield list(block)
