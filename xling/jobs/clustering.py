"""Group the modules of a store by the likeness of their parameters: the job of `xling module cluster`.

Source: Ostapenko et al. 2024 (model-based clustering, section 3.2), who train one LoRA for each group on the
data of its members. Here nothing is trained: a group's plan averages its modules.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from xling.composition.forms.average import Average, difference
from xling.composition.forms.form import Plan
from xling.composition.forms.single import Every, Named
from xling.errors import InputError
from xling.jobs.tracing import check_holds_modules
from xling.modules.module import Module
from xling.modules.registry import KINDS
from xling.store.store import Store

_STARTS = 10  # of k-means, of which the best is kept


def cluster_modules(store: Store, names: Sequence[str], *, count: int, seed: int) -> list[dict[str, Any]]:
    """Return a row for each group of modules, in the order of their first names.

    names: of modules or, as `lang/*`, of all in a folder; without any, the whole store. count: the number of
    groups. A row has the number of its modules, their mean cosine to the group's centre, the module that is
    nearest to it, and a plan that averages them.

    Raises InputError when the modules are not of one make, or fewer than the groups.
    """
    check_holds_modules(store)
    chosen = [own for name in names for own in _each(store, name)] or store.names()
    chosen = sorted(dict.fromkeys(chosen))
    if not 1 <= count <= len(chosen):
        raise InputError(
            f"{len(chosen)} modules make 1 to {len(chosen)} groups, not {count}",
            where="--count",
            hint="give a smaller number, or more modules",
        )
    vectors = directions(_of_one_make(store, chosen))
    labels = grouped(vectors, count=count, seed=seed).tolist()
    members = [[at for at, own in enumerate(labels) if own == label] for label in dict.fromkeys(labels)]
    return [_row(number, [chosen[at] for at in own], vectors[own]) for number, own in enumerate(members, 1)]


def directions(modules: Iterable[Module]) -> Float[Tensor, "modules dimensions"]:
    """Return the modules' parameters as vectors of length one, without heads.

    They are turned into the space that they span, which has no more dimensions than there are modules, so
    that every cosine and distance stays.
    """
    flat = torch.stack([_flat(module) for module in modules])
    unit = torch.nn.functional.normalize(flat, dim=1)
    values, vectors = torch.linalg.eigh((unit @ unit.T).double())
    return vectors * values.clamp(min=0).sqrt()


def grouped(
    vectors: Float[Tensor, "modules dimensions"], *, count: int, seed: int
) -> Int[Tensor, " modules"]:
    """Return the number of each vector's group, by k-means of scikit-learn.

    Raises InputError when fewer vectors than groups differ.
    """
    from sklearn.cluster import KMeans

    starts: Any = _STARTS  # scikit-learn annotates it as a text but accepts a number
    search = KMeans(count, n_init=starts, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of equal vectors, which are told of below
        labels = torch.as_tensor(search.fit_predict(vectors.numpy())).long()
    if (found := len(labels.unique())) < count:
        raise InputError(
            f"{count} groups need as many different modules, and these are {found}",
            where="--count",
            hint=f"give at most {found}",
        )
    return labels


def _each(store: Store, name: str) -> list[str]:
    """Return the name alone, or those of all modules in a folder."""
    if not name.endswith("/*"):
        store.folder(name)
        return [name]
    every = Every(name.removesuffix("/*"))
    found = every.among(store.names())
    if not found:
        raise InputError(f"no module lies in {every.folder}/", where=store.root, choices=store.names())
    return found


def _of_one_make(store: Store, names: Sequence[str]) -> list[Module]:
    modules = [store.get(name) for name in names]
    for name, module in zip(names, modules, strict=True):
        if reason := difference(modules[0], module):
            raise InputError(
                f"{names[0]} and {name} cannot be compared: {reason}",
                where=store.root,
                hint="name modules of one make, such as 'lang/*'",
            )
    return modules


def _flat(module: Module) -> Float[Tensor, " parameters"]:
    states = (part.network.state_dict() for part in module.parts if not KINDS[part.config.kind].head)
    kept = [value.float().flatten() for own in states for value in own.values() if value.is_floating_point()]
    if not kept:
        raise InputError("a module has no parameters beside a head, by which it could be compared")
    return torch.cat(kept)


def _row(number: int, names: Sequence[str], vectors: Tensor) -> dict[str, Any]:
    cosines = torch.nn.functional.cosine_similarity(vectors, vectors.mean(0, keepdim=True))
    named = tuple(Named(name) for name in names)
    plan: Plan = Average(named) if len(names) > 1 else Named(names[0])
    return {
        "group": number,
        "modules": len(names),
        "cosine": round(float(cosines.mean()), 4),
        "nearest": names[int(cosines.argmax())],
        "plan": str(plan),
    }
