"""Folders compared: what two runs of a command must have in common, and what none may leave."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from xling.places import LOCK

# what differs between two runs of one command
_PASSING = {"seconds", "tokens_per_second", "peak_rss_mb", "created", "command", "cached"}


def tree(folder: Path) -> dict[str, Any]:
    """Return the content of each file below a folder, without what differs between runs."""
    return {
        path.relative_to(folder).as_posix(): _content(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != LOCK and "cache" not in path.relative_to(folder).parts[:1]
    }


def leftovers(folder: Path) -> list[str]:
    """Return what an interrupted command left below a folder, and its cache, beside its result."""
    left = (path for path in folder.rglob("*") if path.name.startswith(".") and path.name != LOCK)
    return sorted(path.relative_to(folder).as_posix() for path in (*left, *folder.rglob("checkpoints")))


def differences(found: dict[str, Any], wanted: dict[str, Any]) -> Iterator[str]:
    """Yield a line for each file that is missing, is too much, or differs."""
    for name in sorted(found.keys() | wanted.keys()):
        if name not in found:
            yield f"{name} is missing"
        elif name not in wanted:
            yield f"{name} is too much"
        elif found[name] != wanted[name]:
            yield f"{name} differs"


def _content(path: Path) -> Any:
    if path.suffix == ".json":
        return _lasting(json.loads(path.read_text("utf-8")))
    if path.suffix == ".jsonl":
        return [_lasting(json.loads(line)) for line in path.read_text("utf-8").splitlines()]
    if path.suffix == ".html":
        return path.read_text("utf-8").rstrip().endswith("</html>")
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as whole:
            return {name: whole.read(name) for name in whole.namelist()}
    return path.read_bytes()


def _lasting(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _lasting(own) for key, own in value.items() if key not in _PASSING}
    return [_lasting(own) for own in value] if isinstance(value, list) else value
