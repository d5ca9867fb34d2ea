"""Whether what lies in a folder is of the same training, and what differs where it is not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from xling.errors import InputError

_MOST = 4


def check_same(there: Mapping[str, Any], wanted: Mapping[str, Any], where: Path) -> None:
    """InputError where two descriptions of a module are not of the same.

    What one of them leaves out is passed over: modules of earlier versions do not say how they were made.
    """
    said = {key: value for key, value in there.items() if value != {}}
    found = list(_differences(said, wanted))
    if found:
        more = f" and {len(found) - _MOST} more" if len(found) > _MOST else ""
        raise InputError(
            f"a module that was made otherwise is here: {'; '.join(found[:_MOST])}{more}",
            where=where,
            hint="start over with --fresh, or name another --out",
        )


def _differences(there: Mapping[str, Any], here: Mapping[str, Any], path: str = "") -> Iterator[str]:
    for key in sorted(here.keys() & there.keys()):
        name, old, new = f"{path}{key}", there[key], here[key]
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            absent = sorted(old.keys() ^ new.keys())
            yield from (_difference(f"{name}.{inner}", old.get(inner), new.get(inner)) for inner in absent)
            yield from _differences(old, new, f"{name}.")
        elif old != new:
            yield _difference(name, old, new)


def _difference(name: str, old: Any, new: Any) -> str:
    name = name.removeprefix("making.")
    if any(str(value).startswith("sha256:") for value in (old, new)):
        return f"{name} differs"
    return f"{name} was {old}, now {new}"
