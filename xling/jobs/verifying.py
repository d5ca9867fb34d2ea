"""Verifying modules: that they can be read and used, and that what they rest on is what it was."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from xling.bases.base import Base, load_base
from xling.bases.fingerprints import PROBE
from xling.bases.tokenizers import read_tokenizer_json
from xling.composition.composed import Composition
from xling.composition.fitting import check_fits
from xling.errors import InputError, XlingError
from xling.files import read_json
from xling.jobs.tracing import aligned, check_holds_modules
from xling.languages import UNKNOWN
from xling.makers.task import DECIDED
from xling.modules.module import FACTS, NOT_IDENTITY, WEIGHTS, Module, read_described
from xling.modules.vocabulary import Vocabulary
from xling.store.lineage import CHANGED, Member, member_of, members, rests
from xling.store.store import Store, content_fingerprint
from xling.tasks.registry import task_named

_PROBED = 16


def verify_module(root: Path, name: str, base: str | None) -> dict[str, Any]:
    """Read a module whole, and say what it rests on; put it on a base if one is given.

    Raises InputError for a damaged module, a file beside it that differs from it, and a module that it rests
    on with other tensors, and MismatchError when it does not fit the base.
    """
    store = Store(root)
    store.folder(name)
    return _verified(store, name, members(store)[0], load_base(base) if base else None)


def verify_store(root: Path, base: str | None) -> list[dict[str, Any]]:
    """Return one row per module of a store, as of `verify_module`, with its fault (`fault`) if it has one.

    Raises InputError when the store holds no module.
    """
    store = Store(root)
    check_holds_modules(store)
    opened, rows = load_base(base) if base else None, []
    among, _ = members(store)
    for name in store.names():
        try:
            rows.append(_verified(store, name, among, opened))
        except InputError as error:
            rows.append({"module": name, "state": "at fault", "fault": str(error)})
    return aligned(rows)


def _verified(store: Store, name: str, among: Sequence[Member], base: Base | None) -> dict[str, Any]:
    folder = store.folder(name)
    module = Module.load(folder)
    _check_use(module, folder / WEIGHTS)
    _check_beside(module, folder)
    if base is not None:
        _check_computes(module, base, folder / WEIGHTS)
    found = list(rests(member_of(name, module), among))
    for below, there in found:
        if there == CHANGED:
            raise InputError(
                f"{below} in this store has other tensors than the one that {name} was made with",
                where=folder / WEIGHTS,
                hint=f"fetch that one, or train {name} again",
            )
    facts = module.facts
    return {
        "module": name,
        "tensors": len(module.tensors()),
        "rests on": ", ".join(own if own == there else f"{own}: {there}" for own, there in found),
        "base": f"{facts.base} {(facts.base_fingerprint or '')[:19]}" if facts.base else "every base",
        "held against": base.id if base else "no base (give --base)",
        "state": "ok",
    }


def _check_use(module: Module, where: Path) -> None:
    """Raise InputError when it is not said what the module is for, or a tokenizer is not as stated."""
    if module.facts.task is not None:
        task_named(module.facts.task, where=str(where))
    elif module.facts.language is None:
        raise InputError("neither a language nor a task is said", where=where, hint="train it again")
    for part in module.parts:
        if isinstance(part.network, Vocabulary):
            _check_tokenizer(part.network, where)


def _check_tokenizer(vocabulary: Vocabulary, where: Path) -> None:
    tokenizer = read_tokenizer_json(vocabulary.tokenizer_json(), where=where)
    numbers, stated = set(tokenizer.get_vocab().values()), vocabulary.config
    new = range(stated.kept, stated.pieces)
    if max(numbers, default=-1) + 1 != stated.pieces or not numbers.issuperset(new):
        raise InputError(
            f"its tokenizer has {len(numbers):,} pieces up to number {max(numbers, default=-1):,}, "
            f"and {stated.pieces:,} are stated",
            where=where,
            hint="build it again",
        )


def _check_beside(module: Module, folder: Path) -> None:
    """Raise InputError when a file beside the weights says something else than they do."""
    _check_facts(folder)
    for file, content in module.files().items():
        if (folder / file).is_file() and (folder / file).read_bytes() != content:
            raise InputError(
                f"differs from the module in {WEIGHTS}, which is what is used",
                where=folder / file,
                hint="if you changed it, make a module of it: xling train language --kind lexicon "
                f"--lexicon {folder / file}",
            )


def _check_facts(folder: Path) -> None:
    path, inside = folder / FACTS, read_described(folder / WEIGHTS)
    if not path.exists():
        return
    try:
        said = read_json(path)
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be read: {error}", where=path) from error
    if not isinstance(said, dict):
        raise InputError("holds no facts", where=path, hint=f"delete it; {WEIGHTS} has them too")
    for key in sorted((said.keys() | inside.keys()) - NOT_IDENTITY):
        if said.get(key) != inside.get(key):
            raise InputError(
                f"{key} is {json.dumps(said.get(key))[:60]} here, and {json.dumps(inside.get(key))[:60]} "
                f"in {WEIGHTS}, which is what is used",
                where=path,
            )
    if said.get("content", content := content_fingerprint(folder)) != content:
        raise InputError(
            "is not the file that was saved: its content has changed since",
            where=folder / WEIGHTS,
            hint="fetch or train it again",
        )


def _check_computes(module: Module, base: Base, where: Path) -> None:
    """Put the module on a base and pass a few pieces through both.

    Raises MismatchError for the module of another base, and InputError for one that cannot be computed with.
    """
    check_fits(module, base)
    try:
        _check_head(module, base)
        composition = Composition(base, [module])
        language = _language(module)
        tokenizer = composition.tokenizer(language)
        ids = torch.tensor([tokenizer(PROBE)["input_ids"][:_PROBED]], device=base.encoder.device)
        compute = composition.scores if module.facts.task else composition
        with torch.no_grad():
            found = compute(ids, torch.ones_like(ids), [language])
    except XlingError:
        raise
    except Exception as error:  # whatever torch says of sizes that do not fit
        raise InputError(f"cannot be computed with on {base.id}: {error}", where=where) from error
    if not torch.isfinite(found).all():
        raise InputError(f"computes numbers that are not finite on {base.id}", where=where)


def _language(module: Module) -> str:
    """Return a language whose rows a module can read."""
    shared = (tag for part in module.parts for tag in getattr(part.config, "languages", ()))
    return next(shared, module.facts.language or UNKNOWN)


def _check_head(module: Module, base: Base) -> None:
    """Raise InputError when no head scores as many labels as the module names."""
    if module.facts.task is None:
        return
    wanted = task_named(module.facts.task).head(module.facts.labels, base).model_dump(include=DECIDED)
    if all(part.config.model_dump(include=DECIDED) != wanted for part in module.parts):
        raise InputError(f"has no head for {module.facts.task} of {len(module.facts.labels)} labels")
