"""Files of xling: recipes, cards, plans and modules that are handed on, and what it keeps for itself."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import torch
from safetensors.torch import save
from support.finished_run import log_rows, results, write_run
from support.making import own_vocabulary, task_module
from support.tiny_recipe import write_recipe
from torch import nn

from hardness.target import Target, beside
from xling.bases.base import Base
from xling.bases.tied_head import TiedTransform
from xling.composition.grammar import parse
from xling.corpora.cards import load_card
from xling.data.cldr.catalogue import kept_names
from xling.evaluation.flips import read_judged
from xling.evaluation.report import write_report
from xling.evaluation.results import LOG, RESULTS
from xling.jobs.verifying import verify_module
from xling.makers.mlm_head import kept_head
from xling.modules.module import FACTS, WEIGHTS, Module
from xling.pipeline.damaged import check_rows
from xling.pipeline.loading import load_recipe
from xling.pipeline.records import PROJECTED, RECORD, Record
from xling.tasks.reading import read_labelled
from xling.tasks.registry import task_named
from xling.training.checkpoints import Checkpoints, Progress
from xling.training.reporting import Log
from xling.unfinished import growing

PLAN = b"route(swh: mean(lang/a@0011, lang/b; 2, 1), *: sum(arrow(a; 1, 2); -1)) >> average(task/x, task/y)"
_RECORD = b'{"name": "lang/swh", "making": {}, "seconds": 1.0, "tokens": 3, "peak_rss_mb": 2}'
_TAGGED = b'{"id": "0", "language": "swh", "tokens": ["amina", "leo"], "tags": ["B-PER", "O"]}\n'
_LOGGED = b'{"stage": "lang/swh", "step": 1, "loss": 2.5}\n{"stage": "lang/swh", "step": 2, "loss": 2.0}\n'
_CLAIM = b'{"key": {"input": "a"}, "pieces": 1, "bytes": 3}'


def of_xling(base: Base, folder: Path) -> Mapping[str, Target]:
    """Return the targets by their names.

    base: one in a folder. folder: an empty one, for what the targets stand on.
    """
    return {**_handed_on(base, folder), **_of_runs(folder), **_of_trainings(base, folder)}


def _handed_on(base: Base, folder: Path) -> dict[str, Target]:
    """What people write and share."""
    module, words = task_module(base, "tagging", 0, ("O", "B-X", "I-X")), own_vocabulary(base, seed=1)
    seeds = [(own.save(folder / name) / WEIGHTS).read_bytes() for name, own in (("m", module), ("v", words))]
    recipe = write_recipe(folder / "recipe", str(folder / "base"))
    return {
        "recipe": Target("recipe.yaml", [recipe.read_bytes()], load_recipe),
        "data card": Target("card.yaml", [(folder / "recipe/spans.yaml").read_bytes()], load_card),
        "plan": Target("plan.txt", [PLAN], lambda path: parse(path.read_text("utf-8", "replace"))),
        "module": Target(WEIGHTS, seeds, lambda path: Module.load(path.parent).described()),
        "module.json": beside(
            folder / "m", FACTS, lambda place: verify_module(place.parent, place.name, None)
        ),
    }


def _of_runs(folder: Path) -> dict[str, Target]:
    """What a run leaves, and its report reads."""
    run = folder / "run"
    run.mkdir()
    write_run(run, results(), log_rows(steps=3))
    for language, condition, file in (("fao", "target", "predictions"), ("fao", "", "gold")):
        (run / file).mkdir()
        name = f"{language}-{condition}-0.jsonl" if condition else f"{language}.jsonl"
        (run / file / name).write_bytes(_TAGGED)
    files = (RESULTS, LOG, "predictions/fao-target-0.jsonl", "gold/fao.jsonl")
    older = read_labelled(_written(folder / "old.jsonl", _TAGGED), task="tagging", language="swh")
    task = task_named("tagging")
    return {
        **{f"{file} of a run": beside(run, file, write_report) for file in files},
        "record of a stage": Target(RECORD, [_RECORD], lambda path: Record.of(path.parent)),
        "carried labels": Target(PROJECTED, [_TAGGED], _rows),
        "older predictions": Target("a.jsonl", [_TAGGED], lambda path: read_judged(path, task, older)),
    }


def _of_trainings(base: Base, folder: Path) -> dict[str, Target]:
    """What trainings and predictions keep until they are finished, and what stays in the cache."""
    steps = folder / "steps"
    value = {"w": nn.Parameter(torch.ones(3))}
    Checkpoints(steps, {"seed": 0}).save(Progress(steps=4, step=2), value, torch.optim.AdamW(value.values()))
    (checkpoint,) = steps.iterdir()
    head = folder / "head.safetensors"
    head.write_bytes(save({"bias": torch.zeros(len(base.embeddings)), **_transform(base)}))
    names = b'{"names": {"sw": {"TERRITORY/SE": "Uswidi"}}, "splits": {"TERRITORY/SE": "train"}}'
    return {
        "checkpoint": Target(checkpoint.name, [checkpoint.read_bytes()], _resumed),
        "log of a training": Target(LOG, [_LOGGED], lambda path: Log(path, "lang/swh").begin(1, 4)),
        "claim of a prediction": Target("claim.json", [_CLAIM], _continued),
        "kept MLM head": Target(head.name, [head.read_bytes()], partial(kept_head, base)),
        "kept names": Target("names.json", [names], kept_names),
    }


def _written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def _rows(path: Path) -> None:
    """Read a stage's rows as a run does, which has them checked before."""
    check_rows(path, ["0"])
    read_labelled(path, task="tagging", language="swh", format="jsonl")


def _transform(base: Base) -> dict[str, torch.Tensor]:
    own = TiedTransform(base.shape.hidden).state_dict()
    return {f"transform.{name}": value for name, value in own.items()}


def _resumed(path: Path) -> None:
    value = {"w": nn.Parameter(torch.zeros(3))}
    Checkpoints(path.parent, {"seed": 0}).restore(value, torch.optim.AdamW(value.values()))


def _continued(path: Path) -> None:
    """Go on with a file that grows, whose claim says how far it came."""
    output = path.with_name("out.jsonl")
    folder = path.with_name(".out.jsonl.unfinished")
    folder.mkdir(exist_ok=True)
    (folder / path.name).write_bytes(path.read_bytes())
    (folder / "content").write_bytes(b"a\nb\n")
    with growing(output) as own:
        own.begin({"input": "a"})
        own.finish()
