"""Removing modules from a store, by name or by the data that they descend from: `xling module remove`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xling.errors import InputError, XlingError
from xling.jobs.tracing import Traced, check_holds_modules, traced
from xling.modules.module import WEIGHTS, Module
from xling.pipeline.records import CHECKPOINTS, OURS, RECORD, written_by_us
from xling.store.lineage import Member, descendants, members
from xling.store.store import Store
from xling.training.checkpoints import steps_in


@dataclass(frozen=True, kw_only=True)
class Removal:
    """What is to be removed.

    names: the modules in the order in which they go: those that descend from others first, so that what an
    interrupted removal leaves is found by the same command.
    fingerprints: those of the modules that can be read.
    others: the modules that stay.
    remarks: what the user should know before saying yes.
    """

    store: Store
    names: Sequence[str]
    fingerprints: frozenset[str]
    others: Sequence[Member]
    remarks: Sequence[str] = ()


def removal(root: Path, names: Sequence[str], trained_on: str | None) -> Removal:
    """Return what is to be removed from a store: the named modules, or those that descend from a source.

    Raises InputError when nothing is named or found, and for a name that the store does not have.
    """
    store = Store(root)
    if bool(names) == (trained_on is not None):
        hint = "give names of modules, or --trained-on with a data card or file"
        raise InputError("it is not said what to remove", where="--trained-on", hint=hint)
    if trained_on is not None:
        return _of_source(store, traced(root, trained_on))
    check_holds_modules(store)
    for name in names:
        store.folder(name)
    names = list(dict.fromkeys(map(os.path.normpath, names)))
    among, _ = members(store)
    gone = [own for own in among if own.name in names]
    others = [own for own in among if own.name not in names]
    return Removal(
        store=store,
        names=names,
        fingerprints=frozenset(own.fingerprint for own in gone),
        others=others,
    )


def _of_source(store: Store, found: Traced) -> Removal:
    unread = [f"{name} cannot be read, so it stays: {why}" for name, why in found.unread.items()]
    remarks = [*found.remarks(), *unread]
    if not found.found:
        raise InputError("; ".join(remarks), where="--trained-on")
    gone = [own.member for own in reversed(found.found)]
    return Removal(
        store=store,
        names=[own.name for own in gone],
        fingerprints=frozenset(own.fingerprint for own in gone),
        others=found.others,
        remarks=remarks,
    )


def remove(order: Removal) -> dict[str, Any]:
    """Delete the files of the modules that xling wrote, and return what was removed and what remains.

    The weights of a module go last: they hold its facts too, so that an interrupted removal leaves a module
    that is read, found by the same command and removed with all that is left of it.

    Raises XlingError when a file cannot be deleted.
    """
    remains = [f"{own.name}: made with a removed module" for own in _resting(order)]
    for name in order.names:
        folder = order.store.folder(name)
        _delete(folder, list(_written(folder)))
        left = sorted(own.name for own in folder.iterdir()) if folder.is_dir() else []
        remains += [f"{name}/{file}: not written by xling" for file in left]
    remains += list(_records(order))
    return {"removed": list(order.names), "remains": remains}


def _resting(order: Removal) -> list[Member]:
    found = descendants(order.others, lambda descent: not order.fingerprints.isdisjoint(descent.modules))
    return [own.member for own in found]


def _written(folder: Path) -> Iterator[Path]:
    """Yield the files of a module's folder that xling wrote, the weights last."""
    yield from folder.glob(f".{WEIGHTS}.*")  # what a process that was killed while writing leaves
    yield from steps_in(folder / CHECKPOINTS)
    yield from (folder / name for name in OURS if written_by_us(folder / name))
    for name, content in _beside(folder).items():
        if (folder / name).is_file() and (folder / name).read_bytes() == content:
            yield folder / name
    yield folder / WEIGHTS


def _beside(folder: Path) -> dict[str, bytes]:
    """Return the files that a module's parts are also written as. A changed one is its owner's."""
    with suppress(InputError):
        return Module.load(folder).files()
    return {}


def _json(data: bytes) -> Mapping[str, Any]:
    with suppress(ValueError, RecursionError):
        found = json.loads(data)
        return found if isinstance(found, dict) else {}
    return {}


def _delete(folder: Path, files: Sequence[Path]) -> None:
    try:
        for path in files:
            path.unlink(missing_ok=True)
        for own in sorted({path.parent for path in files} | {folder / CHECKPOINTS, folder}, reverse=True):
            if own.is_dir() and not any(own.iterdir()):
                own.rmdir()
    except OSError as error:
        raise XlingError(
            f"cannot delete {error.filename}: {error.strerror or error}; run the same command again"
        ) from error


def _records(order: Removal) -> Iterator[str]:
    """Yield the stages of runs that made something else, such as predictions, with a removed module."""
    for path in sorted(order.store.root.rglob(RECORD)):
        making = _json(path.read_bytes()).get("making") if path.is_file() else None
        used = making.get("modules") if isinstance(making, dict) else None
        if isinstance(used, dict) and not order.fingerprints.isdisjoint(map(str, used.values())):
            if not (path.parent / WEIGHTS).is_file():
                yield f"{path.parent.relative_to(order.store.root).as_posix()}: made by a removed module"
