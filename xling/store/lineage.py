"""What the modules of a store descend from: the data and the modules that each one records.

Modules are known by the fingerprints of their tensors, so that a copy under another name is the same module.
Source: AdapterSwap (Fleshman et al. 2024), where data that must go are traced to modules, which are removed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from xling.bases.fingerprints import of_tensors
from xling.composition.contents import loaded
from xling.composition.forms.form import Plan
from xling.errors import InputError
from xling.modules.facts import Descent, Facts
from xling.modules.module import Module
from xling.store.store import Store

CHANGED, MISSING = "changed", "missing"


@dataclass(frozen=True, kw_only=True)
class Member:
    """A module of a store without its tensors: its name there, its fingerprint and its facts."""

    name: str
    fingerprint: str
    facts: Facts


@dataclass(frozen=True, kw_only=True)
class Descendant:
    """A module that descends from something.

    through: the name of a module between them in the store, or None where there is none.
    """

    member: Member
    through: str | None = None


def module_fingerprint(module: Module) -> str:
    """Return the SHA-256 of a module's tensors and their names on disk."""
    return of_tensors(module.tensors().items())


def computed_with(plan: Plan) -> tuple[tuple[str, str], ...]:
    """Return the name of each loaded module of a plan, which several may share, and what it computes with."""
    return tuple((str(leaf), _computed_with(leaf.module)) for leaf in loaded(plan))


def _computed_with(module: Module) -> str:
    """Return what a module computes with, as JSON: its tensors' fingerprint, its parts and its labels."""
    configs = [part.config.model_dump(mode="json") for part in module.parts]
    return json.dumps([module_fingerprint(module), configs, module.facts.labels], sort_keys=True)


def descent_through(module: Module) -> Descent:
    """Return what is made with a module descends from: the module, and what it descends from itself."""
    return Descent.joined((module.facts.ancestry, Descent.of(modules=[module_fingerprint(module)])))


def member_of(name: str, module: Module) -> Member:
    """Return a module under a name, without its tensors."""
    return Member(name=name, fingerprint=module_fingerprint(module), facts=module.facts)


def members(store: Store) -> tuple[list[Member], dict[str, str]]:
    """Return the modules of a store in the order of their names, and why others cannot be read, by name."""
    found, unread = [], {}
    for name in store.names():
        try:
            # not by `store.get`, which would keep all of them in memory
            found.append(member_of(name, Module.load(store.folder(name))))
        except InputError as error:
            unread[name] = str(error)
    return found, unread


def descendants(among: Sequence[Member], made: Callable[[Descent], bool]) -> list[Descendant]:
    """Return the modules that descend from something, each after those that it was made with.

    made: whether what a module records names the thing itself.
    """
    found = [own for own in among if made(own.facts.ancestry)]
    rest = [own for own in among if own not in found]
    while above := [own for own in rest if any(_above(own, found))]:
        found, rest = [*found, *above], [own for own in rest if own not in above]
    return [
        Descendant(member=own, through=next((below.name for below in _above(own, found)), None))
        for own in _in_order(found)
    ]


def _above(own: Member, others: Iterable[Member]) -> Iterator[Member]:
    """Yield those of other modules that a module was made with."""
    content = set(own.facts.ancestry.modules) - {own.fingerprint}
    return (other for other in others if other.fingerprint in content)


def _in_order(found: Sequence[Member]) -> list[Member]:
    ordered: list[Member] = []
    waiting = list(found)
    while waiting:
        # only a forged file can name a module that was made with it
        ready = [own for own in waiting if not any(_above(own, waiting))] or waiting
        ordered += ready
        waiting = [own for own in waiting if own not in ready]
    return ordered


def rests(own: Member, among: Iterable[Member]) -> Iterator[tuple[str, str]]:
    """Yield the modules that one was made with, and what is in the store of each.

    That is the name of a module with the recorded fingerprint, `MISSING`, or `CHANGED` where only a module of
    this name is there. A role such as `init` is no name.
    """
    by_content: dict[str, str] = {}
    for other in among:
        by_content.setdefault(other.fingerprint, other.name)
    by_name = {other.name for other in among}
    for name, fingerprint in own.facts.rests_on:
        if fingerprint in by_content:
            yield name, by_content[fingerprint]
        else:
            near = (str(folder / name) for folder in PurePosixPath(own.name).parents)
            yield name, CHANGED if fingerprint and not by_name.isdisjoint(near) else MISSING
