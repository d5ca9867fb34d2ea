"""What the modules of a store descend from: the data and the modules that each one records.

Modules are known by the fingerprints of their tensors, so that a copy under another name is the same module.
Source: AdapterSwap (Fleshman et al. 2024), where data that must go are traced to modules, which are removed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from xling.bases.fingerprints import of_tensors
from xling.errors import InputError
from xling.modules.facts import Descent, Facts
from xling.modules.module import Module
from xling.store.store import Store


@dataclass(frozen=True, kw_only=True)
class Member:
    """A module of a store without its tensors: its name there, its fingerprint and its facts."""

    name: str
    fingerprint: str
    facts: Facts


@dataclass(frozen=True, kw_only=True)
class Descendant:
    """A module that descends from something.

    through: the name of the module that it has this from, or None where it was made from it directly.
    """

    member: Member
    through: str | None = None


def module_fingerprint(module: Module) -> str:
    """Return the SHA-256 of a module's tensors and their names on disk."""
    return of_tensors(module.tensors().items())


def descent_through(module: Module) -> Descent:
    """Return what is made with a module descends from: the module, and what it descends from itself."""
    return Descent.joined((module.facts.ancestry, Descent.of(modules=[module_fingerprint(module)])))


def members(store: Store) -> tuple[list[Member], dict[str, str]]:
    """Return the modules of a store in the order of their names, and why others cannot be read, by name."""
    found, unread = [], {}
    for name in store.names():
        try:
            module = Module.load(store.folder(name))  # not `get`, which would keep all of them in memory
        except InputError as error:
            unread[name] = str(error)
        else:
            found.append(Member(name=name, fingerprint=module_fingerprint(module), facts=module.facts))
    return found, unread


def descendants(among: Sequence[Member], made: Callable[[Descent], bool]) -> list[Descendant]:
    """Return the modules that descend from something, each after one that it has this from.

    made: whether what a module records names the thing itself.
    """
    found = {own.name: Descendant(member=own) for own in among if made(own.facts.ancestry)}
    newest = list(found.values())
    while newest:
        above = {own.member.fingerprint: own.member.name for own in newest}
        newest = [
            Descendant(member=own, through=through)
            for own in among
            if own.name not in found and (through := _met(above, own.facts.ancestry.modules))
        ]
        found |= {own.member.name: own for own in newest}
    return list(found.values())


def _met(above: Mapping[str, str], fingerprints: Iterable[str]) -> str | None:
    return next((above[one] for one in fingerprints if one in above), None)


def rests(own: Member, among: Iterable[Member]) -> Iterator[tuple[str, str]]:
    """Yield the modules that one was made with, and what is in the store of each.

    That is the name of a module with the recorded fingerprint, `missing`, or `changed` where only a module of
    this name is there. A role such as `init` is no name.
    """
    by_content, by_name = {}, {}
    for other in among:
        by_content.setdefault(other.fingerprint, other.name)
        by_name[other.name] = other
    for name, fingerprint in own.facts.rests_on:
        if fingerprint in by_content:
            yield name, by_content[fingerprint]
        else:
            near = (str(folder / name) for folder in PurePosixPath(own.name).parents)
            yield name, "changed" if fingerprint and any(map(by_name.__contains__, near)) else "missing"
