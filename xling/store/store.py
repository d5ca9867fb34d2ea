"""A store: a folder of modules with names such as `lang/swh` and `task/ner`, each with its card."""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from xling.composition.forms.single import Named
from xling.errors import InputError, MismatchError
from xling.files import whole_folder, write_atomically
from xling.modules.module import WEIGHTS, Facts, Module

CARD = "README.md"
_ABOUT = "\nA module of xling: "
_NEW = re.compile(r"(?<![\w/.@-])new(?![\w/.@-])")  # what learned, in the plan that a training keeps


class Store:
    """The modules in one folder. Each module is read once, and one name always gives the same object."""

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)
        self._loaded: dict[Named, Module] = {}

    def names(self) -> list[str]:
        """Return the names of all modules, sorted."""
        found = self.root.rglob(WEIGHTS) if self.root.is_dir() else ()
        return sorted(path.parent.relative_to(self.root).as_posix() for path in found if path.is_file())

    def get(self, reference: str | Named) -> Module:
        """Return the module with a name.

        reference: a name, optionally followed by `@` and 8 or more digits of a content fingerprint.

        Raises InputError, which lists similar names, when there is no such module, and MismatchError when its
        content has another fingerprint.
        """
        wanted = reference if isinstance(reference, Named) else Named(*_split(reference))
        if wanted not in self._loaded:
            folder = self.folder(wanted.name)
            if wanted.revision is not None:
                _check_revision(folder, wanted)
            self._loaded[wanted] = Module.load(folder)
        return self._loaded[wanted]

    def folder(self, name: str) -> Path:
        """Return the folder of the module with a name.

        Raises InputError, which lists similar names, when there is no such module.
        """
        folder = self.root / name
        inside = folder.resolve().is_relative_to(self.root.resolve())
        if not inside or not (folder / WEIGHTS).is_file():
            names = self.names()
            raise InputError(
                f"no module is called {name!r}",
                where=self.root,
                choices=difflib.get_close_matches(name, names, n=5, cutoff=0.3) or names[:8],
                hint="train it with xling train, or list them with xling module list",
            )
        return folder

    def add(self, name: str, module: Module) -> Path:
        """Save a module under a name, with its card; return its folder."""
        folder = module.save(self.root / name)
        write_card(module, name, folder)
        return folder

    def __iter__(self) -> Iterator[tuple[str, Module]]:
        for name in self.names():
            yield name, self.get(name)


def content_fingerprint(folder: Path) -> str:
    """Return the SHA-256 of a module's weight file. The same run gives the same fingerprint."""
    return "sha256:" + hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()


def _split(reference: str) -> tuple[str, str | None]:
    name, _, revision = reference.partition("@")
    return name, revision or None


def _check_revision(folder: Path, wanted: Named) -> None:
    found = content_fingerprint(folder)
    digest = (wanted.revision or "").removeprefix("sha256:")
    if len(digest) < 8 or not found.removeprefix("sha256:").startswith(digest):
        raise MismatchError(
            f"{wanted.name} has the content fingerprint {found[:19]}, not {wanted.revision}", where=folder
        )


def put_new(module: Module, out: Path) -> dict[str, Any]:
    """Write a module with its card into a new folder, which appears when it is whole; return a summary.

    Raises InputError when the folder came to be meanwhile, and XlingError when nothing can be written there.
    """
    with whole_folder(out) as unfinished:
        module.save(unfinished)
        write_card(module, "/".join(out.parts[-2:]), unfinished)
    numbers = sum(value.numel() for value in module.tensors().values())
    kinds = " + ".join(part.config.kind for part in module.parts)
    return {"module": str(out), "parts": kinds, "labels": list(module.facts.labels), "parameters": numbers}


def write_card(module: Module, name: str, folder: Path) -> Path:
    """Write the card of a module to `README.md` beside its weights; return its path."""
    path = folder / CARD
    write_atomically(path, card_text(module, name).encode("utf-8"))
    return path


def card_text(module: Module, name: str) -> str:
    """Return a module's card in Markdown: what it is, what it was made from, how to use it, its scores."""
    facts = module.facts
    kinds = " + ".join(part.config.kind for part in module.parts)
    about = f"language {facts.language}" if facts.language else f"task {facts.task} learned in {facts.source}"
    work = (f"{facts.steps} steps", f"seed {facts.seed}", f"{facts.threads} threads")
    rows = {
        "parts": kinds,
        "base": _base(facts),
        "tokenizer": facts.tokenizer_fingerprint and f"`{facts.tokenizer_fingerprint[:19]}`",
        "on top of": ", ".join(f"{below} `{checksum[:19]}`" for below, checksum in facts.below),
        "labels": ", ".join(facts.labels),
        "residual convention": _stacking(module),
        "data": ", ".join(f"{card} `{checksum[:19]}`" for card, checksum in facts.cards),
        "licence": facts.licence,
        "training": facts.base and ", ".join(filter(None, (*work, facts.precision))),
        "xling": facts.xling_version,
        **{key.replace("_", " "): value for key, value in module.scores.items()},
    }
    said = {key: value for key, value in rows.items() if value not in (None, "")}
    table = "\n".join(f"| {key} | {value} |" for key, value in said.items() if not isinstance(value, list))
    below = " >> ".join(own for own, _ in facts.below) or "none"
    learned_in = str(facts.making.get("plan", f"{below} >> new"))
    plan = name if facts.language else _NEW.sub(name, learned_in)
    return (
        f"# {name}\n{_ABOUT}{about}.\n\n| | |\n|---|---|\n{table}\n\n"
        f"```python\nimport xling\n\nbase = xling.load_base({facts.base or 'BASE'!r})\n"
        f'model = xling.compose(base, "{plan}", store=xling.Store("."))\n```\n'
    )


def is_card(data: bytes) -> bool:
    """Return whether this is the content of a module's card."""
    return data.startswith(b"# ") and _ABOUT.encode() in data


def _base(facts: Facts) -> str:
    if facts.base is None:
        return "every base"
    return f"{facts.base} {facts.base_revision or ''} `{(facts.base_fingerprint or '')[:19]}`"


def _stacking(module: Module) -> str | None:
    part = module.part("bottleneck")
    return None if part is None else part.config.model_dump()["stacking"]
