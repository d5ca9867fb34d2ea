"""The errors that xling raises: mistakes in the user's input (exit status 2), and all others (status 1).

Every message is one printable line. It says where the mistake is, which value is wrong, what the valid
choices are, and what to do next.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from xling.printable import cut, one_line

_LONGEST = 1200  # of a message: a stranger's cell, key or path may have any length
_PART = 300  # of each part but the problem, which takes what is left
_SIGNS = 6  # between the parts


class XlingError(Exception):
    """Something failed that is not a mistake in the user's input; the program exits with status 1."""

    exit_status = 1


class InputError(XlingError):
    """The user's input is wrong; the program prints this one line and exits with status 2.

    Args:
        problem: What is wrong, including the wrong value.
        where: The file or the option that holds the wrong value.
        line: The number of the line in that file, counted from 1.
        choices: The values that are valid.
        hint: What the user should do next.
    """

    exit_status = 2

    def __init__(
        self,
        problem: str,
        *,
        where: str | Path | None = None,
        line: int | None = None,
        choices: Iterable[str] = (),
        hint: str | None = None,
    ) -> None:
        self.problem, self.where, self.line = problem, where, line
        listed = ", ".join(choices)
        place = "" if where is None else f"{where}:{line}" if line is not None else f"{where}"
        rest = (place, f"choose from {listed}" if listed else "", hint or "")
        place, chosen, hint = (cut(one_line(part), _PART) for part in rest)
        told = cut(one_line(problem), _LONGEST - len(place) - len(chosen) - len(hint) - _SIGNS)
        said = "; ".join(part for part in (told, chosen, hint) if part)
        super().__init__(f"{place}: {said}" if place else said)


class MismatchError(InputError):
    """A module was made for another base, tokenizer or MLM head than the one it is used with."""


class PlanError(InputError):
    """A plan that cannot be parsed, or that nests modules in a way that has no meaning."""
