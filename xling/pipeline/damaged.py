"""Checks of what finished stages left, which a person or a full disk may have damaged."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from safetensors import SafetensorError, safe_open

from xling.errors import InputError


def check_weights(path: Path) -> None:
    """Raise InputError when a file of weights is damaged or cut short."""
    try:
        with safe_open(path, "pt"):
            pass
    except (SafetensorError, OSError) as error:
        raise damaged(path, "this stage's module") from error


def check_rows(path: Path, wanted: Sequence[str]) -> None:
    """Raise InputError unless every line of a file is a JSON object.

    wanted: the ids of the rows, in their order; any rows will do where there is none.
    """
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        found = [row.get("id") for row in rows]
    except (ValueError, AttributeError, RecursionError, OSError) as error:
        raise damaged(path, "this stage's file") from error
    if wanted and found != list(wanted):
        raise damaged(path, "this stage's file")


def damaged(path: Path, what: str) -> InputError:
    """Return the error that a stage's file is damaged, with the next step."""
    hint = f"delete the folder {path.parent} and run the same command again: it is made anew"
    return InputError(f"{what} is damaged", where=path, hint=hint)
