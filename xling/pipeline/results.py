"""From predictions to `results.json` and the report page."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from xling.data.card_schema import DataCard
from xling.evaluation.bootstrap import equivalence, interval, paired_gain, verdict
from xling.evaluation.conditions import NONE, ROMANISED, SOURCE
from xling.evaluation.report import write_report
from xling.evaluation.results import (
    LOG,
    RESULTS,
    BaseRow,
    CardRow,
    CellRow,
    Gain,
    ModuleRow,
    Nearness,
    Results,
)
from xling.files import write_json, write_lines
from xling.languages import name, script
from xling.modules.module import Module
from xling.pipeline.recipe_run import RecipeRun
from xling.pipeline.task_stages import Cell

_PACKAGES = ("xling", "torch", "transformers", "tokenizers", "safetensors", "babel")


def write_results(run: RecipeRun, cells: Sequence[Cell]) -> Path:
    """Write `results.json`, `log.jsonl` and `report.html`; returns the first."""
    recipe = run.recipe
    together = _together(cells)
    results = Results(
        recipe=recipe.name,
        about=recipe.about,
        command=run.place.command,
        base=BaseRow(id=run.base.id, revision=run.base.revision, fingerprint=run.base.fingerprint),
        source=recipe.source,
        precision=run.place.precision,
        seed=recipe.seeds[0],
        seeds=recipe.seeds,
        task=recipe.task.name,
        cells=tuple(_cell_row(run, cell) for cell in cells),
        gains=tuple(_gains(run, together)),
        equivalence=tuple(_equivalence(run, together)),
        modules=tuple(_module_rows(run)),
        stages=tuple(stage.row() for stage in run.used),
        cards=tuple(map(_card_row, run.cards())),
        versions=versions(),
    )
    path = run.folder / RESULTS
    write_json(path, results.as_json())
    write_lines(run.folder / LOG, _log_lines(run))
    write_report(run.folder)
    return path


def versions() -> dict[str, str]:
    """Of Python and of the packages that numbers depend on."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _card_row(card: DataCard) -> CardRow:
    return CardRow(
        name=card.name,
        title=card.title,
        licence=card.licence.id,
        citation=card.citation,
        known_faults=card.known_faults,
    )


def _cell_row(run: RecipeRun, cell: Cell) -> CellRow:
    return CellRow(
        language=cell.language,
        name=name(cell.language),
        script=script(cell.language),
        condition=cell.condition,
        plan=cell.plan,
        task=run.recipe.task.name,
        metric=run.task.metric,
        **interval(cell.scored.counts, run.task.value).row(),
        all={key: round(own, 2) for key, own in cell.scored.all.items()},
        examples=len(cell.scored.counts),
        split=cell.split,
        seed=cell.seed,
        data_sha256=cell.data.removeprefix("sha256:"),
    )


def _together(cells: Sequence[Cell]) -> dict[tuple[str, str], np.ndarray]:
    """The counts of all seeds, by language and condition."""
    together: dict[tuple[str, str], np.ndarray] = {}
    for cell in cells:
        key, counts = (cell.language, cell.condition), cell.scored.counts
        together[key] = together[key] + counts if key in together else counts
    return together


def _gains(run: RecipeRun, together: Mapping[tuple[str, str], np.ndarray]) -> Iterator[Gain]:
    """Each condition against no language module, on the same examples."""
    for (language, condition), counts in together.items():
        if condition == NONE:
            continue
        gain = paired_gain(counts, together[language, NONE], run.task.value)
        words = verdict(gain.low, gain.high)
        yield Gain(language=language, condition=condition, **gain.row(), verdict=words)


def _equivalence(run: RecipeRun, together: Mapping[tuple[str, str], np.ndarray]) -> Iterator[Nearness]:
    """Each target beside the source: under no module, or under the module that the task learned on."""
    source = run.recipe.source
    for (language, condition), counts in together.items():
        if language == source:
            continue
        own = SOURCE if (source, SOURCE) in together and condition not in (NONE, ROMANISED) else NONE
        value, best = (float(run.task.value(sums.sum(0))) for sums in (counts, together[source, own]))
        said = {"language": language, "condition": condition, **equivalence(value, best)}
        yield Nearness.model_validate(said)


def _module_rows(run: RecipeRun) -> Iterator[ModuleRow]:
    for stage in run.used:
        if stage.name.startswith("predict/"):
            continue
        module = Module.load(stage.folder / "module")
        kinds = " + ".join(part.config.kind for part in module.parts)
        facts = {"language": module.facts.language or module.facts.source, "steps": module.facts.steps}
        said = {"name": stage.name, "kind": kinds, "tokens": stage.tokens, **facts, **module.scores}
        yield ModuleRow.model_validate(said)


def _log_lines(run: RecipeRun) -> list[str]:
    logs = [stage.folder / "log.jsonl" for stage in run.used]
    return [line for log in logs if log.exists() for line in log.read_text("utf-8").splitlines()]
