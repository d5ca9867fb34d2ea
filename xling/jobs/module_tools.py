"""Looking at the modules of a store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from xling.bases.base import load_base
from xling.composition.composed import check_fits
from xling.errors import InputError
from xling.store.store import Store, content_fingerprint


def module_rows(root: Path) -> list[dict[str, Any]]:
    """One row for each module; InputError where there is none."""
    found = list(Store(root))
    if not found:
        missing = "holds no module" if root.is_dir() else "no such folder"
        raise InputError(missing, where=root, hint="name a store with --store, or fill one with xling train")
    return [
        {
            "name": name,
            "parts": " + ".join(part.config.kind for part in module.parts),
            "for": module.facts.language or f"{module.facts.task} ({module.facts.source})",
            "base": module.facts.base,
            "steps": module.facts.steps,
            "licence": module.facts.licence or "",
        }
        for name, module in found
    ]


def module_facts(root: Path, name: str) -> dict[str, Any]:
    """Facts and scores of one module."""
    store = Store(root)
    module = store.get(name)
    return {
        **module.described(),
        "content": content_fingerprint(store.folder(name)),
        "scores": dict(module.scores),
    }


def verify_module(root: Path, name: str, base: str | None) -> dict[str, Any]:
    """Read every tensor, and compare fingerprints with a base; InputError or MismatchError on a fault."""
    store = Store(root)
    module = store.get(name)
    if base is not None:
        check_fits(module, load_base(base))
    held = base or "no base (give --base)"
    tensors = module.tensors()
    return {"module": name, "tensors": len(tensors), "held against": held, "state": "ok"}
