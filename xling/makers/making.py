"""How a module is made, what its training is told and learns from; whether a folder holds that very one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from xling.bases.fingerprints import of_tensors
from xling.data.examples import Example, fingerprint
from xling.modules.module import WEIGHTS, Module
from xling.training.sameness import check_same
from xling.training.settings import TrainingSettings

_NO_MATTER = {"checkpoint_every"}  # settings that change nothing of what is learned


def making_of(
    settings: TrainingSettings,
    *,
    kind: str,
    options: Mapping[str, Any] | None,
    data: Mapping[str, Sequence[Example | str]],
    modules: Mapping[str, Module | None],
) -> dict[str, Any]:
    """What a training is told and learns from, ready for JSON; data and modules by their fingerprints.

    data: examples or lines by what they are for. modules: those it goes on from or stands on, by their role.
    """
    return {
        "kind": kind,
        "options": dict(options or {}),
        "settings": settings.model_dump(mode="json", exclude=_NO_MATTER),
        "data": {name: fingerprint(list(found)) for name, found in data.items()},
        "modules": {name: module_fingerprint(own) for name, own in modules.items() if own is not None},
    }


def module_fingerprint(module: Module) -> str:
    """SHA-256 over a module's tensors by their names on disk."""
    return of_tensors(module.tensors().items())


def made_so(out: Path, wanted: Mapping[str, Any]) -> Module | None:
    """The finished module of a folder, if it was made as is wanted; None where there is none.

    wanted: facts, `making` among them. Raises InputError that says what differs.
    """
    if not (out / WEIGHTS).is_file():
        return None
    module = Module.load(out)
    check_same(module.described(), wanted, out)
    return module
