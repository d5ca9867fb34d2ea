"""How a task module should be trained so that it carries over to languages the base hardly reads.

    python benchmarks/task_side.py topic --ways today head --data-root data --out task-side

Each way is a change of the task module of a recipe in recipes/_base; it is trained on English and scored on
dev splits only, of the languages that choices are made on. Finished modules are kept in --out. A table is
printed, and the scores are added to the ledger when --ledger names it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ledger import append_results, this_machine

from xling.evaluation.results import Results, read_results
from xling.pipeline.loading import load_recipe
from xling.pipeline.run import Workplace, run_recipe
from xling.pipeline.stages import Stages

CHOOSING: Mapping[str, tuple[str, ...]] = {
    "topic": ("bam", "dik", "taq", "taq_Tfng", "fon", "mos", "twi"),
    "ner": ("hau", "zul", "bam"),
    "pos": ("hau", "zul", "bam"),
}
ON_DEV = ("language_modules.objectives=[]", "task.test.split=dev")
SOURCE_DEV = {"ner": ("task.source_test.split=dev", "task.source_test.count=1000")}


def _layers(last: int) -> tuple[str, ...]:
    """The change that leaves bottlenecks in the last layers of twelve only."""
    return (f"task_module.options.leave_out={list(range(12 - last))}",)


def _training(**settings: object) -> tuple[str, ...]:
    return tuple(f"task_module.training.{key}={value}" for key, value in settings.items())


WAYS: Mapping[str, tuple[str, ...]] = {
    "today": (),
    **{f"last {count}": _layers(count) for count in (1, 2, 4, 6)},
    "lower rate": _training(learning_rate="3.0e-4"),
    "head dropout 0.5": ("task_module.options.head.dropout=0.5",),
    "base dropout": _training(base_dropout="true"),
    "lower rate, base dropout": _training(learning_rate="3.0e-4", base_dropout="true"),
    **{f"head, C = {c}": ("task_module.kind=head", f"task_module.l2={1 / c}") for c in (1, 3, 10, 30, 100)},
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, score on dev, print; append when there is a ledger."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("task", choices=CHOOSING)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--data-root", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="where modules and predictions are kept")
    parser.add_argument("--ledger", type=Path, help="docs/results.jsonl")
    options = parser.parse_args(arguments)
    place = Workplace(
        out=options.out,
        stages=Stages(options.out / "stages"),
        data_root=options.data_root,
        command="python benchmarks/task_side.py " + options.task,
        say=lambda text: print(text, file=sys.stderr, flush=True),
    )
    for way in options.ways:
        changes = (
            f"name=task-side-{options.task}-{way.replace(' ', '-').replace(',', '')}",
            f"targets={list(CHOOSING[options.task])}",
            f"seeds={options.seeds}",
            *ON_DEV,
            *SOURCE_DEV.get(options.task, ()),
            *WAYS[way],
        )
        found = run_recipe(load_recipe(f"hau/{options.task}", changes), place)
        if options.ledger:
            append_results(found, options.ledger, machine=this_machine(), note=f"task side: {way}")
        print("\n".join(_lines(way, read_results(found))), flush=True)
    return 0


def _lines(way: str, results: Results) -> Iterator[str]:
    """One line for each seed: English, each language, and the mean over those that are not English."""
    for seed in dict.fromkeys(cell.seed for cell in results.cells):
        cells = {cell.language: cell.value for cell in results.cells if cell.seed == seed}
        others = [value for language, value in cells.items() if language != results.source]
        scores = " ".join(f"{language} {value:.1f}" for language, value in cells.items())
        yield f"{way} | seed {seed} | {scores} | mean {sum(others) / len(others):.1f}"


if __name__ == "__main__":
    sys.exit(main())
