"""How fast may a hypernetwork learn? Hyper-X on the lab's names alone, at several rates, in 200 steps.

    python benchmarks/hypernetwork_pace.py --rates 1e-3 3e-3 --work pace
    python benchmarks/hypernetwork_pace.py --rates 1e-3 --full --work pace   # as it was: no pace of its own

Appends for each rate the source's dev F1, and for each layer how far apart the states of the words of two
sentences are: the mean distance of unit vectors to their mean.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from dataclasses import replace
from pathlib import Path

import torch
from lab.between import generating
from lab.ground import Ground
from lab.suites import SUITES
from ledger import append, here, this_machine
from torch import Tensor

from xling.bases.base import Base
from xling.bases.batches import pad_rows
from xling.composition.composed import Composition
from xling.makers.stage import Stage
from xling.modules.hypernetwork import Hypernetwork
from xling.modules.module import Module

QUESTION, STEPS = "hypernetwork-pace", 200
SENTENCES = (
    "John Smith visited Paris in June .",
    "The European Commission said on Thursday it disagreed with German advice .",
)


def main() -> int:
    """Train, measure, append; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--rates", type=float, nargs="+", required=True)
    parser.add_argument(
        "--rescale", action="store_true", help="divide what is generated (Baziotis et al. 2022)"
    )
    parser.add_argument("--full", action="store_true", help="the generating network takes the whole rate")
    parser.add_argument("--work", type=Path, required=True, help="the folder of the modules")
    parser.add_argument("--data-root", type=Path)
    parser.add_argument("--ledger", type=Path, default=Path("docs/results.jsonl"))
    options = parser.parse_args()
    if options.full:
        setattr(Hypernetwork, "pace", 1.0)  # noqa: B010
    told = [word for word in ("rescale", "full") if getattr(options, word)]
    # two hypernetworks that differ in their pace alone have the same key
    ground = Ground(SUITES["ner-between"], options.work / "-".join(["pace", *told]), options.data_root)
    for rate in options.rates:
        module = ground.workshop.module(alone(ground, rate, rescale=options.rescale))
        row = {
            "question": QUESTION,
            "method": ", ".join(told) or "paced",
            "learning rate": rate,
            "steps": STEPS,
            "English dev F1": module.scores["dev_f1"],
            "apart": apart(ground.workshop.bench.opened, module, ground.recipe.source),
        }
        facts = {"command": shlex.join(["python", *sys.argv]), "machine": this_machine()}
        append(options.ledger, [{**row, **facts, **here()}])
        print(row)
    return 0


def alone(ground: Ground, rate: float, *, rescale: bool) -> Stage:
    """Return the lab's hypernetwork without the languages' text, trained for fewer steps."""
    stage = generating(ground, ground.recipe.source, 0)["hyper-x"]
    assert isinstance(stage, Stage)
    spec = stage.spec
    training = spec.training.model_copy(update={"steps": STEPS, "learning_rate": rate})
    options = {**spec.options, "rescale": rescale}
    labelled = {role: own for role, own in stage.data.items() if not role.startswith("text/")}
    changed = spec.model_copy(update={"training": training, "options": options})
    return replace(stage, name=f"pace/{rate:g}", data=labelled, spec=changed)


@torch.no_grad()
def apart(base: Base, module: Module, language: str) -> list[float]:
    """Return for each layer how far apart the states of the sentences' pieces are."""
    ids, mask = pad_rows(base.tokenizer(list(SENTENCES))["input_ids"], base.tokenizer.pad_token_id)
    composition = Composition(base, [module.of_task(module.facts.task)])
    layers = composition.layers(ids, mask, [language] * len(ids))
    return [_spread(states[mask.bool()]) for states in layers]


def _spread(states: Tensor) -> float:
    unit = states / states.norm(dim=-1, keepdim=True)
    return round(float((unit - unit.mean(0)).norm(dim=-1).mean()), 3)


if __name__ == "__main__":
    sys.exit(main())
