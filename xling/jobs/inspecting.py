"""Inspect the modules of a store, the installed versions and the folders in use."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch

from xling.bases.base import Base, load_base
from xling.bases.mlm_head import WITHOUT_HEAD
from xling.bases.precision import fast_bfloat16
from xling.errors import InputError
from xling.files import cache_dir
from xling.jobs.tracing import aligned, check_holds_modules
from xling.machine import versions
from xling.store.store import Store, content_fingerprint


def module_rows(root: Path) -> list[dict[str, Any]]:
    """Return one row per module of a store, with its fault (`fault`) for each one that cannot be read.

    Raises InputError when the store holds no module.
    """
    store = Store(root)
    check_holds_modules(store)
    return aligned([_module_row(store, name) for name in store.names()])


def _module_row(store: Store, name: str) -> dict[str, Any]:
    try:
        module = store.get(name)
    except InputError as error:
        return {"name": name, "fault": str(error)}
    return {
        "name": name,
        "parts": " + ".join(part.config.kind for part in module.parts),
        "for": module.facts.language or f"{module.facts.task} ({module.facts.source})",
        "base": module.facts.base or "every base",
        "steps": module.facts.steps,
        "licence": module.facts.licence or "",
    }


def module_facts(root: Path, name: str) -> dict[str, Any]:
    """Return the facts, the content fingerprint and the scores of one module."""
    store = Store(root)
    module = store.get(name)
    return {
        **module.described(),
        "profile": "kept" if module.facts.profile else "none",
        "content": content_fingerprint(store.folder(name)),
        "scores": dict(module.scores),
    }


def information(base: str | None = None) -> dict[str, Any]:
    """Return installed versions, the cache folder, devices, threads and the offline setting.

    base: the name of a base, which is then described too.
    Raises InputError when it cannot be opened.
    """
    gpus = [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
    return {
        **versions(),
        "cache": str(cache_dir()),
        "devices": ", ".join(["cpu", *gpus]),
        "threads": torch.get_num_threads(),
        "bfloat16 is fast": fast_bfloat16("cpu"),
        "offline": bool(os.environ.get("HF_HUB_OFFLINE")),
        "data root": os.environ.get("XLING_DATA", "not set"),
        **(_described(load_base(base)) if base else {}),
    }


def _described(base: Base) -> dict[str, Any]:
    return {
        "base": base.id,
        "layers": base.shape.layers,
        "numbers in a state": base.shape.hidden,
        "pieces": len(base.tokenizer),
        "MLM head": "its own" if base.mlm_head else WITHOUT_HEAD,
    }
