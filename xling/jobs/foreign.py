"""Import modules from other libraries, and export modules to them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xling import __version__
from xling.bases.base import Base, load_base
from xling.composition.fitting import base_facts, check_fits
from xling.data.checksums import stored_checksum
from xling.errors import InputError
from xling.files import check_new, whole_folder, write_atomically
from xling.languages import parse
from xling.modules.module import WEIGHTS, Facts, Module
from xling.places import check_empty
from xling.store.formats.format import Found, ImportRequest, parts_of
from xling.store.formats.registry import format_named
from xling.store.store import Store, put_new
from xling.tasks.registry import task_named


@dataclass(frozen=True, kw_only=True)
class ImportOrder:
    """A folder of another library, and the facts that its files do not state (see `ImportRequest`)."""

    source: Path
    format: str
    out: Path
    base: str | None = None
    language: str | None = None
    task: str | None = None
    source_language: str | None = None
    labels: str | None = None
    without_head: bool = False


@dataclass(frozen=True, kw_only=True)
class ExportOrder:
    """A module of a store, and where to export it.

    base: the id or folder of the base to open, when it is not the one that the module names.
    """

    name: str
    format: str
    store: Path
    out: Path
    base: str | None = None


def import_module(order: ImportOrder) -> dict[str, Any]:
    """Import a module of another library into `order.out`, and return a summary of it.

    Raises InputError when an option is missing or the files are faulty.
    """
    wanted = format_named(order.format)
    _check_said(order)
    check_empty(order.out)
    base = load_base(str(order.base))
    labels = tuple(filter(None, (label.strip() for label in (order.labels or "").split(","))))
    found = wanted.read(order.source, ImportRequest(base, order.task, labels, order.without_head))
    parts = parts_of(found, base, where=order.source)
    return put_new(Module(parts, _facts(order, base, found)), order.out)


def export_module(order: ExportOrder) -> dict[str, Any]:
    """Export a module to a new folder in the format of another library, and return a summary.

    The folder appears only when it is complete.
    """
    wanted = format_named(order.format)
    check_new(order.out)
    module = Store(order.store).get(order.name)
    facts = module.facts
    if facts.base is None:
        raise InputError(
            f"{order.name} serves every base, and no other library has such modules",
            where=order.store,
            hint=f"hand on its own files: {', '.join((WEIGHTS, *module.files()))}",
        )
    revision = f"@{facts.base_revision}" if facts.base_revision else ""
    base = load_base(order.base or facts.base + revision)
    check_fits(module, base)
    files = dict(wanted.write(module, base, order.name.split("/")[-1]))
    files["README.md"] = _card(order, module).encode("utf-8")
    with whole_folder(order.out) as unfinished:
        for name, data in files.items():
            write_atomically(unfinished / name, data)
    return {"folder": str(order.out), "format": order.format, "files": sorted(files), "base": base.id}


def _check_said(order: ImportOrder) -> None:
    """Raise InputError for the first option that is missing or does not fit the others."""
    if order.base is None:
        raise InputError(
            "a foreign file does not fix its base",
            where="--base",
            hint="give an id (id@revision) or a folder",
        )
    if (order.language is None) == (order.task is None):
        raise InputError(
            "say what the module is: --language TAG, or --task NAME with --source-language TAG",
            where="--language",
        )
    for tag in (order.language, order.source_language):
        parse(tag or "eng")
    if order.task is not None:
        task_named(order.task)
        if order.source_language is None:
            raise InputError("say which language the task was learned in", where="--source-language")
    elif order.source_language is not None:
        raise InputError("only a task module has a source language", where="--source-language")
    elif order.labels is not None:
        raise InputError("only a task module has labels", where="--labels")


def _facts(order: ImportOrder, base: Base, found: Found) -> Facts:
    """Return the facts of the new module; its recipe lists the format, and the checksum of each file."""
    lines = [f"import: {order.format}", "files:"]
    lines += [f"  {path.name}: sha256:{stored_checksum(path)}" for path in found.files]
    return base_facts(
        base,
        language=parse(order.language) if order.language else None,
        source=parse(order.source_language) if order.source_language else None,
        task=order.task,
        labels=found.labels,
        recipe="\n".join(lines) + "\n",
        xling_version=__version__,
    )


def _card(order: ExportOrder, module: Module) -> str:
    """Return the README text, with the facts that the exported files do not state."""
    facts = module.facts
    about = f"language {facts.language}" if facts.language else f"task {facts.task} learned in {facts.source}"
    rows = {
        "what": about,
        "base": f"{facts.base} {facts.base_revision or ''}".strip(),
        "labels, in the order of the outputs": ", ".join(facts.labels),
        "format": order.format,
        "licence": facts.licence,
        "exported by": f"xling {__version__}",
    }
    table = "\n".join(f"| {key} | {value} |" for key, value in rows.items() if value)
    return f"# {order.name}\n\n| | |\n|---|---|\n{table}\n"
