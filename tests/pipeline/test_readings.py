"""A plan that has read the rows alone gives its scores to the votes that it is in."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from support.making import disturbed, task_module
from support.tiny import TEXTS

from xling.composition.composed import Composition
from xling.composition.grammar import parse
from xling.data.examples import LabelledText
from xling.makers.stage import Data, Stage
from xling.pipeline.planning import Prediction
from xling.pipeline.readings import Readings
from xling.pipeline.stages import PREDICTIONS, Workbench, carry_out

ROWS = [
    LabelledText(id=str(number), language="swh", text=text, label=None)
    for number, text in enumerate(TEXTS[:6])
]
ALONE, OTHER, VOTE = "task", "lang >> task", "vote(task, lang >> task)"


@pytest.fixture
def predicted(bert, tmp_path, monkeypatch):
    """A function that predicts under a plan, and the number of batches that were computed."""
    batches = []
    real = Composition.scores

    def counted(self, *given, **options):
        batches.append(str(self.node))
        return real(self, *given, **options)

    monkeypatch.setattr(Composition, "scores", counted)
    modules = {"task": task_module(bert, "classification", 1, ("a", "b")), "lang": _language(bert, 5)}

    def predict(plan: str, readings: Readings, rows=ROWS, **others) -> list[dict]:
        stage = Stage(
            name="predict",
            spec=Prediction(),
            language="swh",
            task="classification",
            data={"test": Data(rows=rows)},
            modules={name: own for name, own in (modules | others).items() if name in plan},
            plan=parse(plan),
        )
        bench = Workbench(base=bert.id, readings=readings)
        object.__setattr__(bench, "opened", bert)
        folder = carry_out(stage, tmp_path / str(len([*tmp_path.iterdir()])), bench).folder
        return [json.loads(line) for line in (folder / PREDICTIONS).read_text("utf-8").splitlines()]

    return predict, batches


def _language(base, seed: int):
    return disturbed(base, "madx", std=0.3, seed=seed)


def test_a_vote_of_what_was_read_alone_computes_nothing_and_says_the_same(predicted):
    predict, batches = predicted
    anew = predict(VOTE, Readings())
    readings = Readings()
    alone, other = predict(ALONE, readings), predict(OTHER, readings)
    assert alone != other
    before = len(batches)
    assert predict(VOTE, readings) == anew and len(batches) == before
    assert predict(ALONE, readings) == alone and len(batches) == before


def test_other_modules_rows_and_plans_are_read_anew(predicted, bert):
    predict, _ = predicted
    readings = Readings()
    first = predict(OTHER, readings)
    changed = [replace(ROWS[0], text=TEXTS[7]), *ROWS[1:]]
    half = f"0.5 * {OTHER}"
    for plan, options in (
        (OTHER, {"lang": _language(bert, 6)}),
        (OTHER, {"rows": changed}),
        (half, {}),
        (OTHER, {"task": task_module(bert, "classification", 1, ("b", "a"))}),
    ):
        found = predict(plan, readings, **options)
        assert found == predict(plan, Readings(), **options) and found != first


def test_only_the_last_are_kept(predicted):
    predict, batches = predicted
    readings = Readings(most=1)
    for plan, computed in ((ALONE, 1), (ALONE, 0), (OTHER, 1), (ALONE, 1)):
        before = len(batches)
        predict(plan, readings)
        assert len(batches) == before + computed
