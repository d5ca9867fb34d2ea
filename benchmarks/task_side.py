"""How a task module should be trained so that it carries over to languages the base hardly reads.

    python benchmarks/task_side.py topic --ways today "head, C = 5" --data-root data --out task-side

Each way is a change of the task module of a recipe in recipes/_base; it is trained on English and scored on
dev splits only, of the languages that choices are made on. With several seeds, their average and their vote
are scored too; with --centre N, every plan also stands on centres of N lines of text. Finished modules are
kept in --out. Rows are printed, and added to the ledger when --ledger names it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ledger import Row, append, here

from xling import centre_language
from xling.data.examples import Example, LabelledText
from xling.data.text import deduplicate
from xling.makers.composed_model import compose
from xling.modules.module import Module
from xling.pipeline.corpus import Corpus
from xling.pipeline.loading import load_recipe
from xling.pipeline.planning import plan_recipe
from xling.pipeline.recipe import DataSpec, Recipe
from xling.pipeline.stages import Stages, Workbench
from xling.tasks.registry import task_named

QUESTION = "task-side"
CHOOSING: Mapping[str, tuple[str, ...]] = {
    "topic": ("bam", "dik", "taq", "taq_Tfng", "fon", "mos", "twi"),
    "ner": ("hau", "zul", "bam"),
    "pos": ("hau", "zul", "bam"),
}
ON_DEV = ("language_modules.objectives=[]", "task.test.split=dev")
SOURCE_DEV = {"ner": ("task.source_test.split=dev", "task.source_test.count=1000")}
CENTRED = (DataSpec(card="mlm_text", split="train"), DataSpec(card="sib200", split="train"))


def _training(**settings: object) -> tuple[str, ...]:
    return tuple(f"task_module.training.{key}={value}" for key, value in settings.items())


WAYS: Mapping[str, tuple[str, ...]] = {
    "today": (),
    **{
        f"last {count} layers": (f"task_module.options.leave_out={list(range(12 - count))}",)
        for count in (1, 2, 4, 6)
    },
    "lower rate": _training(learning_rate="3.0e-4"),
    "head dropout 0.5": ("task_module.options.head.dropout=0.5",),
    "base dropout": _training(base_dropout="true"),
    "lower rate, base dropout": _training(learning_rate="3.0e-4", base_dropout="true"),
    **{
        f"head, C = {c}": ("task_module.kind=head", f"task_module.l2={1 / c}") for c in (1, 3, 5, 10, 30, 100)
    },
}


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where modules are kept and data are read, and the opened base.

    centre: from how many lines centres are made; 0 makes none.
    """

    stages: Stages
    bench: Workbench
    data_root: Path | None
    centre: int = 0


def recipe_of(task: str, way: str, seeds: Sequence[int]) -> Recipe:
    """The recipe of a way, which scores dev splits and has no language modules."""
    changes = (f"targets={list(CHOOSING[task])}", f"seeds={list(seeds)}", *ON_DEV, *SOURCE_DEV.get(task, ()))
    return load_recipe(f"hau/{task}", (*changes, *WAYS[way]))


def rows_of(task: str, way: str, seeds: Sequence[int], place: Place) -> Iterator[Row]:
    """A row for each plan of a way: the scores of English and of each language, and the mean over these."""
    recipe = recipe_of(task, way, seeds)
    corpus = Corpus(recipe, place.data_root)
    planned = plan_recipe(corpus)
    modules = {
        name: place.stages.carry_out(stage, place.bench).module for name, stage in planned.modules.items()
    }
    gold = {asked.stage.language: asked.gold for asked in planned.scores}
    for setting, below in _centres(corpus, list(gold), place).items():
        for title, plan in plans(list(modules)).items():
            scores = {
                language: _score(recipe, plan, language, gold[language], {**modules, **below}, place)
                for language in gold
                if not below or language in below
            }
            others = [value for language, value in scores.items() if language != recipe.source]
            row = {"question": QUESTION, "task": task, "setting": way, "seed": title, "below": setting}
            mean = round(sum(others) / len(others), 1)
            yield {**row, **scores, "mean": mean, "split": "dev", "base": recipe.base, **here()}


def plans(names: Sequence[str]) -> dict[str, str]:
    """The plans over task modules of several seeds: each alone, their average and their vote."""
    alone = {str(number): name for number, name in enumerate(names)}
    together = {word: f"{word}({', '.join(names)})" for word in ("average", "vote")}
    return alone | (together if len(names) > 1 else {})


def _score(
    recipe: Recipe,
    plan: str,
    language: str,
    gold: Sequence[Example],
    modules: Mapping[str, Module],
    place: Place,
) -> float:
    whole = f"{language} >> {plan}" if language in modules else plan
    task = task_named(recipe.task.name)
    found = compose(place.bench.opened, whole, modules=modules).predict(gold)
    return round(float(task.value(task.counts(gold, found).sum(0))), 1)


def _centres(corpus: Corpus, languages: Sequence[str], place: Place) -> dict[str, dict[str, Module]]:
    """What stands below the task module: nothing and, if asked for, centres of two kinds of text."""
    found: dict[str, dict[str, Module]] = {"nothing": {}}
    for spec in CENTRED if place.centre else ():
        source = _lines(corpus, spec, corpus.recipe.source, place.centre)
        found[f"centre of {spec.card}"] = {
            language: centre_language(
                place.bench.opened, _lines(corpus, spec, language, place.centre), source, language=language
            )
            for language in languages
            if language in corpus.card(spec.card).languages
        }
    return found


def _lines(corpus: Corpus, spec: DataSpec, language: str, count: int) -> list[str]:
    rows = corpus.examples(spec, language).rows
    return deduplicate([row.text if isinstance(row, LabelledText) else str(row) for row in rows])[:count]


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, score on dev, print; append when there is a ledger."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("task", choices=CHOOSING)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--centre", type=int, default=0, metavar="LINES")
    parser.add_argument("--data-root", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="where modules are kept")
    parser.add_argument("--ledger", type=Path, help="docs/results.jsonl")
    options = parser.parse_args(arguments)
    base = recipe_of(options.task, "today", [0]).base
    place = Place(
        stages=Stages(options.out / "stages"),
        bench=Workbench(base=base, say=lambda text: print(text, file=sys.stderr, flush=True)),
        data_root=options.data_root,
        centre=options.centre,
    )
    for way in options.ways:
        for row in rows_of(options.task, way, options.seeds, place):
            print(json.dumps(row, ensure_ascii=False), flush=True)
            if options.ledger:
                append(options.ledger, [row])
    return 0


if __name__ == "__main__":
    sys.exit(main())
