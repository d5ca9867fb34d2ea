"""The results of a recipe: scores with intervals, gains of modules, and costs of stages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from xling.bases.base import Base
from xling.corpora.card import DataCard
from xling.evaluation.bootstrap import equivalence, interval, paired_gain, verdict
from xling.evaluation.results import (
    NONE,
    ROMANISED,
    SOURCE,
    BaseRow,
    CardRow,
    CellRow,
    Gain,
    ModuleRow,
    Nearness,
    Results,
)
from xling.languages import name, script
from xling.machine import versions
from xling.modules.module import WEIGHTS
from xling.pipeline.corpus import Corpus
from xling.pipeline.planning import Asked
from xling.pipeline.records import Done
from xling.tasks.registry import task_named
from xling.tasks.task import Task


@dataclass(frozen=True, kw_only=True, eq=False)
class Scored:
    """A score that was asked for, computed.

    counts: the sums that the primary metric is computed from, [examples, sums].
    all: the value of every metric in percent.
    """

    asked: Asked
    counts: np.ndarray
    all: Mapping[str, float]


Together = Mapping[tuple[str, str], np.ndarray]  # the counts of all seeds, by language and condition


def results_of(corpus: Corpus, base: Base, scores: Sequence[Scored], done: Mapping[str, Done]) -> Results:
    """Return the results of a recipe whose stages are done.

    done: the finished stages, by their keys.
    """
    recipe = corpus.recipe
    together, task = _together(scores), task_named(recipe.task.name)
    return Results(
        recipe=recipe.name,
        about=recipe.about,
        base=BaseRow(id=base.id, revision=base.revision, fingerprint=base.fingerprint),
        source=recipe.source,
        seed=recipe.seeds[0],
        seeds=recipe.seeds,
        task=task.name,
        cells=tuple(_cell_row(task, scored) for scored in scores),
        gains=tuple(_gains(task, together)),
        equivalence=tuple(_equivalence(task, recipe.source, together)),
        modules=tuple(_module_rows(done.values())),
        stages=tuple(own.row(key) for key, own in done.items()),
        cards=tuple(map(_card_row, corpus.cards())),
        versions=versions(),
    )


def _card_row(card: DataCard) -> CardRow:
    return CardRow(
        name=card.name,
        title=card.title,
        licence=card.licence.id,
        citation=card.citation,
        known_faults=card.known_faults,
    )


def _cell_row(task: Task, scored: Scored) -> CellRow:
    asked = scored.asked
    stage = asked.stage
    return CellRow(
        language=stage.language,
        name=name(stage.language),
        script=script(stage.language),
        condition=asked.condition,
        plan=str(stage.plan),
        task=task.name,
        metric=task.metric,
        **interval(scored.counts, task.value).row(),
        all={key: round(own, 2) for key, own in scored.all.items()},
        examples=len(scored.counts),
        split=asked.split,
        seed=stage.seed,
        data_sha256=stage.given("test").fingerprint.removeprefix("sha256:"),
    )


def _together(scores: Sequence[Scored]) -> Together:
    together: dict[tuple[str, str], np.ndarray] = {}
    for scored in scores:
        key = (scored.asked.stage.language, scored.asked.condition)
        together[key] = together[key] + scored.counts if key in together else scored.counts
    return together


def _gains(task: Task, together: Together) -> Iterator[Gain]:
    """Yield the gain of each condition over no language module, on the same examples."""
    for (language, condition), counts in together.items():
        if condition == NONE:
            continue
        gain = paired_gain(counts, together[language, NONE], task.value)
        words = verdict(gain.low, gain.high)
        yield Gain(language=language, condition=condition, **gain.row(), verdict=words)


def _equivalence(task: Task, source: str, together: Together) -> Iterator[Nearness]:
    """Yield the comparison of each target with the source.

    The source is scored without a language module, or with the one that the task module was trained on.
    """
    for (language, condition), counts in together.items():
        if language == source:
            continue
        own = SOURCE if (source, SOURCE) in together and condition not in (NONE, ROMANISED) else NONE
        value, best = (float(task.value(sums.sum(0))) for sums in (counts, together[source, own]))
        said = {"language": language, "condition": condition, **equivalence(value, best)}
        yield Nearness.model_validate(said)


def _module_rows(done: Iterable[Done]) -> Iterator[ModuleRow]:
    for own in done:
        if not (own.folder / WEIGHTS).is_file():
            continue
        module = own.module
        kinds = " + ".join(part.config.kind for part in module.parts)
        facts = {"language": module.facts.language or module.facts.source, "steps": module.facts.steps}
        said = {"name": own.name, "kind": kinds, "tokens": own.costs.tokens, **facts, **module.scores}
        yield ModuleRow.model_validate(said)
