"""What a trimmed vocabulary saves: a step of MLM on the pieces of a text, and that a task's scores stay.

    python benchmarks/trim_cost.py --text swh.txt eng.txt
    python benchmarks/trim_cost.py --text swh.txt eng.txt --store modules --plan 'lang/swh >> task/ner' \
        --data test.conll --language swh

Steps of a bottleneck over the whole table and over the trimmed one are timed in turns within one process,
both with logits at masked positions only and against all pieces of their vocabulary. Rows are appended to
the results file.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Callable
from pathlib import Path

import torch
from ledger import Row, append, here, in_turns

from xling import build_vocabulary
from xling.bases.base import Base, load_base
from xling.composition.composed import Composition
from xling.composition.contents import grow, stacked
from xling.composition.forms.form import Node, acting
from xling.composition.forms.stack import Stack
from xling.composition.grammar import parse
from xling.data.text import deduplicate, read_text
from xling.makers.language import started
from xling.makers.mlm_head import mlm_head
from xling.makers.stage import Stage
from xling.modules.module import Module
from xling.store.store import Store
from xling.tasks.inference import predict
from xling.tasks.reading import read_labelled
from xling.tasks.registry import task_named
from xling.training.mlm import MaskedLanguageModelling, encode_lines
from xling.training.phases import trainable
from xling.training.specs import LanguageTraining, TrainingSettings

QUESTION = "trim-cost"


def steps(base: Base, trimmed: Module, lines: list[str], options: argparse.Namespace) -> Row:
    """Seconds of a step, whole table against trimmed one, on the same lines."""
    running = {
        name: _stepper(base, vocabulary, lines, options)
        for name, vocabulary in (("whole", None), ("trimmed", trimmed))
    }
    times = in_turns(running, options.steps)
    whole, own = (statistics.median(times[name]) for name in ("whole", "trimmed"))
    return {
        "question": QUESTION,
        "setting": "a step of MLM",
        "whole seconds": round(whole, 3),
        "trimmed seconds": round(own, 3),
        "ratio": round(whole / own, 3),
        "ratio low": round(min(a / b for a, b in zip(times["whole"], times["trimmed"], strict=True)), 3),
        "pieces": trimmed.scores["pieces"],
        "batch": f"{options.batch_tokens} pieces",
        "steps": options.steps,
    }


def _stepper(
    base: Base, vocabulary: Module | None, lines: list[str], options: argparse.Namespace
) -> Callable[[int], None]:
    spec = LanguageTraining(
        kind="bottleneck",
        options={"reduction_factor": 2},
        training=TrainingSettings(steps=1, batch_tokens=options.batch_tokens),
        candidates=False,
    )
    below = {} if vocabulary is None else {"vocabulary": vocabulary}
    stage = Stage(name="", spec=spec, language=options.language, modules=below)
    module = started(base, stage, stage.facts(base))
    composition = Composition(base, [module])
    optimizer = torch.optim.AdamW(trainable(module).values(), lr=1e-5)
    rows = encode_lines(composition.tokenizer(), lines, 128)
    objective = MaskedLanguageModelling(composition, mlm_head(base), rows, spec, seed=options.seed)

    def step(number: int) -> None:
        objective.loss(number)[0].backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    return step


def scores(base: Base, trimmed: Module, options: argparse.Namespace) -> Row:
    """A plan's score on labelled data as it is, and with the trimmed vocabulary below it."""
    task = task_named(options.task)
    examples = read_labelled(options.data, task=options.task, language=options.language)
    plain = acting(grow(parse(options.plan), Store(options.store).get))
    labels = _labels(plain)
    found = {}
    for name, node in (("whole", plain), ("trimmed", Stack((stacked([trimmed]), plain)))):
        rows = predict(task, examples, Composition(base, node), labels)
        found[name] = float(task.value(task.counts(examples, rows).sum(0)))
    return {
        "question": QUESTION,
        "setting": f"{task.metric} of {options.plan}",
        "whole": round(found["whole"], 3),
        "trimmed": round(found["trimmed"], 3),
        "difference": round(found["trimmed"] - found["whole"], 3),
        "examples": len(examples),
        "language": options.language,
        "pieces": trimmed.scores["pieces"],
    }


def _labels(node: Node) -> tuple[str, ...]:
    return next(leaf.module.facts.labels for leaf in node.active("und") if leaf.head is not None)


def main() -> None:
    """Measure, append, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--base", default="embedded:multilingual-e5-small")
    parser.add_argument(
        "--text", type=Path, nargs="+", required=True, help="the corpus that pieces are kept of"
    )
    parser.add_argument("--language", default="swh")
    parser.add_argument("--batch-tokens", type=int, default=1024)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--plan", default="")
    parser.add_argument("--task", default="tagging")
    parser.add_argument("--store", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "docs" / "results.jsonl")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    base = load_base(options.base)
    lines = deduplicate(read_text(options.text))
    trimmed = build_vocabulary(base, lines, language=options.language, method="trim", mixed=True)
    rows = [steps(base, trimmed, lines, options)]
    if options.plan:
        rows.append(scores(base, trimmed, options))
    rows = [{**row, "base": options.base, **here()} for row in rows]
    append(options.out, rows)
    for row in rows:
        print(json.dumps(row, ensure_ascii=False))


if __name__ == "__main__":
    main()
