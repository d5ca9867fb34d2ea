"""Running a recipe from its data to its scores: language modules, task modules, predictions, results."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from xling.bases.precision import FLOAT32, Precision
from xling.bases.soundness import check_mask
from xling.data.examples import text_of
from xling.errors import InputError
from xling.evaluation.report import write_report
from xling.evaluation.report_page.readings import GLOSSES
from xling.evaluation.results import LOG, RELATED, REMOVED, RESULTS, read_results
from xling.files import copy, write_json, write_lines
from xling.makers.stage import Say
from xling.makers.task import check_kind
from xling.modules.registry import preset
from xling.pipeline.advising import advice, recommended
from xling.pipeline.corpus import Corpus
from xling.pipeline.damaged import damaged
from xling.pipeline.overlap import overlap_of
from xling.pipeline.planning import Asked, plan_recipe
from xling.pipeline.recipe import Recipe
from xling.pipeline.records import Done
from xling.pipeline.results import Scored, results_of
from xling.pipeline.stages import PREDICTIONS, Stages, Workbench
from xling.places import LOCK, claimed, names_in, strangers_in
from xling.sites import ActsOnText
from xling.tasks.comparison import UNFIT
from xling.tasks.registry import task_named
from xling.tasks.rewriting import rewritten
from xling.training.specs import MaskedTraining

ABLATED, GOLD = "-ablation", "gold"
_BEFORE_RESULTS = (
    "modules",
    "predictions",
    GOLD,
    GLOSSES,
    LOG,
)  # what a run that was cut off may have written


@dataclass(frozen=True, kw_only=True)
class Workplace:
    """Where a run reads and writes, and on which device it computes.

    out: the folder that the run's folder is written to.
    stages: the finished stages, which runs share.
    data_root: the folder that holds the data sets.
    precision: the precision of predictions. Trainings have their own in their settings.
    bars: whether progress bars are shown on stderr.
    command: the command line, which is recorded in the results.
    say: a function that is called with each message to the user.
    """

    out: Path
    stages: Stages
    data_root: Path | None = None
    device: str = "cpu"
    precision: Precision = FLOAT32
    bars: bool = False
    command: str = ""
    say: Say = lambda text: None


def run_recipe(recipe: Recipe, place: Workplace) -> Path:
    """Carry out every stage that is not done, then write the results, the report and the run's own store.

    Returns the path of `results.json`.
    """
    task_named(recipe.task.name, where="task.name")
    preset(recipe.language_modules.kind, recipe.language_modules.options, where="language_modules")
    check_kind(recipe.task_module, where="task_module")
    corpus, folder = Corpus(recipe, place.data_root), place.out / recipe.name
    check_place(folder, recipe)
    planned = plan_recipe(corpus, place.precision)
    bench = Workbench(base=recipe.base, device=place.device, bars=place.bars, say=place.say)
    said = advice(planned, bench.opened)
    if recipe.plan == "recommended":
        planned = recommended(planned, said)
    shared = overlap_of(planned.in_order(), place.say)
    stages = {stage.key(bench.opened): stage for stage in planned.in_order()}
    if any(isinstance(stage.spec, MaskedTraining) for stage in stages.values()):
        check_mask(bench.opened.tokenizer)
    done = {key: place.stages.carry_out(stage, bench) for key, stage in stages.items()}
    modules = {name: done[stage.key(bench.opened)] for name, stage in planned.modules.items()}
    with claimed(folder, place.say):
        publish(folder, modules)
        scores = [_scored(asked, done[asked.stage.key(bench.opened)], folder) for asked in planned.scores]
        _write_glosses(folder, planned.scores, modules)
        write_lines(folder / LOG, _log_lines(done.values()))
        results = results_of(corpus, bench.opened, scores, done)
        also = {"command": place.command, "precision": place.precision}
        also |= {"recommended": tuple(said), "overlap": shared}
        write_json(folder / RESULTS, results.model_copy(update=also).as_json())
        write_report(folder)
    return folder / RESULTS


def ablate(recipe: Recipe, place: Workplace) -> Path:
    """Run a recipe with every control that it has data for. Stages are shared with the recipe's own run.

    Each condition is compared with the one without a language module on the same examples of all seeds, by a
    paired bootstrap. Returns the path of `results.json`.
    """
    controls = tuple(dict.fromkeys((*recipe.controls, RELATED, REMOVED)))
    return run_recipe(recipe.model_copy(update={"name": recipe.name + ABLATED, "controls": controls}), place)


def check_place(folder: Path, recipe: Recipe) -> None:
    """Check that a run's folder is empty or holds results of the same task from the same source.

    Raises InputError.
    """
    names, began = names_in(folder), (folder / LOCK).exists()  # first: another process may finish meanwhile
    try:
        there = read_results(folder / RESULTS)
    except InputError:  # nothing yet, or a run that was cut off
        if strange := [name for name in names if not began or name not in _BEFORE_RESULTS]:
            raise strangers_in(folder, strange) from None
        return
    was, now = (there.task, there.source), (recipe.task.name, recipe.source)
    if was != now:
        raise InputError(
            f"{folder} holds results of another recipe ({was[0]} from {was[1]}, not {now[0]} from {now[1]})",
            where="--out",
            hint="give the recipe another name (--set name=...), or name another --out",
        )


def publish(folder: Path, modules: Mapping[str, Done]) -> None:
    """Copy the modules into the run's own store, under the names that its plans use."""
    for name, done in modules.items():
        for file in done.files:
            copy(file, folder / "modules" / name / file.name)


def _scored(asked: Asked, done: Done, folder: Path) -> Scored:
    """Score predictions against the gold answers, and put both beside the results."""
    language, task = asked.stage.language, task_named(str(asked.stage.task))
    gold = [{"id": example.id, **task.gold(example)} for example in asked.gold]
    write_lines(folder / GOLD / f"{language}.jsonl", [json.dumps(row, ensure_ascii=False) for row in gold])
    name = f"{language}-{asked.condition}-{asked.stage.seed}.jsonl"
    copy(done.folder / PREDICTIONS, folder / "predictions" / name)
    path, examples = done.folder / PREDICTIONS, asked.stage.rows("test")
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    try:
        return Scored(asked=asked, counts=task.counts(examples, rows), all=task.score(examples, rows))
    except UNFIT as error:
        raise damaged(path, "this stage's file") from error


def _write_glosses(folder: Path, scores: Sequence[Asked], modules: Mapping[str, Done]) -> None:
    """Write the test examples of languages with a lexicon, as they stand and in their gloss."""
    for asked in {own.stage.language: own for own in scores}.values():
        language = asked.stage.language
        if f"words/{language}" not in modules:
            continue
        (lexicon,) = modules[f"words/{language}"].module.networks
        assert isinstance(lexicon, ActsOnText)
        rewrite, shown = partial(lexicon.rewritten, language=language), partial(text_of, between=" / ")
        rows = [
            {"id": own.id, "text": shown(own), "gloss": shown(rewritten(own, rewrite))}
            for own in asked.stage.rows("test")
        ]
        path = folder / GLOSSES / f"{language}.jsonl"
        write_lines(path, [json.dumps(row, ensure_ascii=False) for row in rows])


def _log_lines(done: Iterable[Done]) -> list[str]:
    logs = [own.folder / LOG for own in done]
    return [
        line
        for log in logs
        if log.is_file()
        for line in log.read_text("utf-8", errors="replace").splitlines()
    ]
