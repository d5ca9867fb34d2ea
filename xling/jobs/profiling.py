"""Give a language module of a store the profile of a text, by which `route(auto: ...)` finds its language."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from xling.data.text import deduplicate, read_text
from xling.errors import InputError
from xling.modules.module import WEIGHTS, read_weights
from xling.modules.profile import Profile
from xling.store.store import Store


def profile_module(store: Store, name: str, text: Sequence[Path]) -> dict[str, Any]:
    """Put the profile of a text into a module of a store, in place of one that is there; return a summary.

    Its tensors stay as they are, and so do the fingerprints by which modules that were made with it know it.

    Raises InputError for a module of no language, and for a text without letters.
    """
    module = store.get(name)
    if module.facts.language is None:
        raise InputError(
            f"{name} is of no language, so no text is its own",
            where=store.root,
            hint="name a language module",
        )
    lines = deduplicate(read_text(text))
    profile = Profile.of(lines)
    if profile is None:
        raise InputError("this text has no letters", where="--text", hint="give sentences of the language")
    _, tensors = read_weights(store.folder(name) / WEIGHTS)
    halves = any(value.dtype == torch.float16 for value in tensors.values())
    module.with_facts(profile=str(profile)).save(store.folder(name), float16=halves)
    return {
        "module": name,
        "language": module.facts.language,
        "lines": len(lines),
        "ngrams": len(profile.logs),
        "bytes": len(str(profile).encode("utf-8")),
    }
