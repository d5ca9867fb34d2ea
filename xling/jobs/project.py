"""Carry labels over to sentences from their translations: the job of `xling project`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xling.bases.base import load_base
from xling.corpora.licences import strictest
from xling.corpora.own_cards import OwnCard
from xling.data.examples import Example
from xling.data.textfile import ending
from xling.errors import InputError
from xling.files import check_new, write_atomically
from xling.jobs.from_files import card_beside
from xling.jobs.train import name_of, pairs_of
from xling.languages import UNKNOWN, parse
from xling.languages import name as language_name
from xling.makers.composed_model import ComposedModel, planned_task
from xling.makers.projection import as_row, checked_carrier, project_pairs
from xling.makers.stage import Data
from xling.modules.facts import Descent
from xling.modules.module import Module
from xling.store.lineage import descent_through
from xling.tasks.inference import Progress, unheard
from xling.tasks.task import Task
from xling.training.specs import Projection

CONLL, JSON_LINES = ".conll", ".jsonl"
_HEAD = "# Written by `xling project`; the checksum is that of the file before anyone mended it.\n"
_FAULT = "The labels are carried over from machine-labelled translations; no person has read them."


@dataclass(frozen=True, kw_only=True)
class ProjectionFiles:
    """The files of a projection.

    task: the folder of a task module.
    pairs: a table of sentences and their translations, or the name of a data card.
    out: the new file, CoNLL or JSON lines by its ending; its data card stands beside it.
    limit: the largest number of pairs that are taken.
    base: the base to open; by default the one that the task module was trained on.
    """

    task: Path
    pairs: str
    language: str
    out: Path
    limit: int | None = None
    base: str | None = None
    data_root: Path | None = None

    @property
    def card(self) -> Path:
        """The path of the data card."""
        return card_beside(self.out)


def project_file(
    files: ProjectionFiles, *, device: str = "cpu", seed: int = 0, progress: Progress = unheard
) -> dict[str, Any]:
    """Write sentences with the labels of their translations, and a data card; return what was carried.

    Raises InputError when a file is there already, when the task's labels cannot be carried over or written
    to such a file, or when the task module stands on other modules.
    """
    check_new(files.card)
    module, tag = Module.load(files.task), parse(files.language)
    name = name_of(files.task)
    planned = planned_task(name, lambda named: module)
    _check_output(planned.task, files)
    if module.facts.below:
        raise InputError(
            f"it was trained on top of {module.facts.below[0][0]}, which is not at hand here",
            where=files.task,
            hint="give a task module that was trained on the base alone",
        )
    pairs = pairs_of(files.pairs, files.language, files.data_root)
    spec = Projection(limit=files.limit, source=module.facts.source or UNKNOWN)
    model = ComposedModel(load_base(files.base or str(module.facts.base), device=device), planned)
    found = project_pairs(model, pairs.rows, spec, language=tag, seed=seed, progress=progress)
    _write(files.out, _content(model.task, found.examples, files.out))
    _card(files, tag, module, pairs).write(files.card, head=_HEAD)
    return {"file": str(files.out), "card": str(files.card), **found.counts()}


def _write(out: Path, content: bytes) -> None:
    """Write the file, unless the same command that was cut off before the card has written it."""
    if not (out.is_file() and out.read_bytes() == content):
        check_new(out)
        write_atomically(out, content)


def _check_output(task: Task, files: ProjectionFiles) -> None:
    """Raise InputError when the task's labels cannot be carried over, or not be written to such a file."""
    checked_carrier(task)
    known = [own for own in (CONLL, JSON_LINES) if own == JSON_LINES or own in task.outputs]
    if ending(files.out) not in known:
        raise InputError(f"{task.name} is not written to such a file", where=files.out, choices=known)


def _content(task: Task, examples: Sequence[Example], out: Path) -> bytes:
    rows = [as_row(task, example) for example in examples]
    if ending(out) == CONLL:
        return task.outputs[CONLL](rows, out)
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode("utf-8")


def _card(files: ProjectionFiles, tag: str, module: Module, pairs: Data) -> OwnCard:
    about = f"labels of {name_of(files.task)} carried over {pairs.card}"
    return OwnCard(
        title=f"{language_name(tag)}: {about}",
        task=str(module.facts.task),
        files={f"{tag}/train": files.out},
        licence=strictest(own or "unstated" for own in (pairs.licence, module.facts.licence)),
        descent=Descent.joined((pairs.descent, descent_through(module))),
        source=f"xling project: {about}",
        known_faults=(_FAULT,),
    )
