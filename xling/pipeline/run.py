"""A recipe from its data to its scores: language modules, task modules, predictions, results."""

from __future__ import annotations

from pathlib import Path

from xling.files import link
from xling.pipeline.conditions import conditions, relatives, stacks
from xling.pipeline.language_stages import language_stage
from xling.pipeline.recipe import Recipe
from xling.pipeline.recipe_run import RecipeRun, Workplace
from xling.pipeline.results import write_results
from xling.pipeline.stages import MODULE, Stage
from xling.pipeline.task_stages import predict_stage, task_name, task_stage


def run_recipe(recipe: Recipe, place: Workplace) -> Path:
    """Run every stage that is not done, then write results, report and the run's own store."""
    run = RecipeRun(recipe, place)
    tags = dict.fromkeys((recipe.source, *recipe.targets))
    nearest = relatives(recipe, run.languages_with_text())
    under = {tag: list(conditions(recipe, tag, nearest.get(tag))) for tag in tags}
    adapted = dict.fromkeys(own.below for found in under.values() for own in found if own.below)
    languages = {tag: language_stage(run, tag) for tag in adapted}
    cells = []
    for seed in recipe.seeds:
        tasks = {False: task_stage(run, seed, None)}
        if stacks(recipe):
            tasks[True] = task_stage(run, seed, languages[recipe.source])
        publish(run, languages, tasks, seed)
        for language, found in under.items():
            for condition in found:
                below = [languages[condition.below]] if condition.below else []
                modules = [*below, tasks[condition.stacked]]
                cells.append(predict_stage(run, language, condition, modules, seed))
    return write_results(run, cells)


def publish(run: RecipeRun, languages: dict[str, Stage], tasks: dict[bool, Stage], seed: int) -> None:
    """Put the modules into the run's own store, under the names that its plans use. tasks: by `stacked`."""
    named = {f"lang/{language}": stage for language, stage in languages.items()}
    named |= {task_name(run.recipe, seed, alone=not stacked): stage for stacked, stage in tasks.items()}
    for name, stage in named.items():
        for path in (stage.folder / MODULE).iterdir():
            link(path, run.folder / "modules" / name / path.name)
