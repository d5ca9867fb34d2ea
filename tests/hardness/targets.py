"""All kinds of files that are read, by name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from support.tiny import tiny_base

from hardness.of_data import DATA
from hardness.of_others import of_others
from hardness.of_xling import of_xling
from hardness.target import Target


def targets(folder: Path) -> Mapping[str, Target]:
    """Return every target by its name. folder: an empty one, for what some of them stand on."""
    base = tiny_base("bert", folder / "base")
    return {**DATA, **of_xling(base, folder), **of_others(base, folder)}
