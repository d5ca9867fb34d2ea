"""The error family: what a person did (exit status 2) and everything else (exit status 1).

Every message is one line: where, what is wrong with which value, the choices, the next step.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


class XlingError(Exception):
    """Something failed that is not the user's input; the shell ends with status 1."""

    exit_status = 1


class InputError(XlingError):
    """The user's input is at fault; the shell prints this one line and ends with status 2.

    Args:
        problem: what is wrong, with the offending value.
        where: the file or option at fault.
        line: the 1-based line in that file.
        choices: the values that would be right.
        hint: the next step to take.
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
        place = "" if where is None else f"{where}:{line}: " if line is not None else f"{where}: "
        listed = ", ".join(choices)
        parts = [problem, f"choose from {listed}" if listed else "", hint or ""]
        text = place + "; ".join(part for part in parts if part)
        super().__init__(" ".join(text.split()))


class MismatchError(InputError):
    """A module was made for another base, tokenizer or MLM head than the one it is used with."""


class PlanError(InputError):
    """A plan that cannot be parsed, or that nests modules in a way that has no meaning."""
