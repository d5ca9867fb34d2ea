"""Modules that an earlier version saved are read, and compute what they computed there (see `record.py`)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor

import xling
from xling.composition.composed import Composition
from xling.composition.contents import grow
from xling.composition.grammar import parse
from xling.data.bio import repaired
from xling.tasks import intent_slots, tagging

HERE = Path(__file__).parent
FAMILIES = ("bert", "roberta", "modernbert")
TOLERANCE = 1e-6
PRESETS = {"bottleneck", "houlsby", "parallel", "large-sparse", "madx", "full", "lt-sft", "lora", "ia3"}
TASKS = {"tagging", "pos", "parsing", "intent-slots", "classification", "multi-label",
         "question-answering", "multiple-choice"}  # fmt: skip


def keys_of(family: str) -> list[str]:
    """What the recorded outputs are called."""
    with safe_open(HERE / family / "outputs.safetensors", framework="pt") as file:
        return sorted(file.keys())


def expected_of(family: str) -> dict:
    return json.loads((HERE / family / "expected.json").read_text(encoding="utf-8"))


PLANS = [(family, key) for family in FAMILIES for key in keys_of(family) if key not in ("ids", "mask")]
MODULES = [(family, name) for family in FAMILIES for name in expected_of(family)["modules"]]
PREDICTED = [(family, row["plan"]) for family in FAMILIES for row in expected_of(family)["predictions"]]


@dataclass(frozen=True, eq=False)
class Sample:
    """A family's folder, opened."""

    base: xling.Base
    store: xling.Store
    outputs: dict[str, Tensor]
    expected: dict

    def computed(self, plan: str) -> Tensor:
        """What a plan computes of the recorded batch: scores where it has a task module, else states."""
        composition = Composition(self.base, grow(parse(plan), self.store.get))
        call = composition.scores if "task/" in plan else composition
        with torch.no_grad():
            return call(self.outputs["ids"], self.outputs["mask"], self.expected["rows"])


@pytest.fixture(scope="module")
def samples() -> dict[str, Sample]:
    return {
        family: Sample(
            xling.load_base(HERE / family / "base"),
            xling.Store(HERE / family / "store"),
            load_file(HERE / family / "outputs.safetensors"),
            expected_of(family),
        )
        for family in FAMILIES
    }


@pytest.mark.parametrize(("family", "plan"), PLANS)
def test_a_plan_computes_what_it_computed(samples, family, plan):
    sample = samples[family]
    recorded, found = sample.outputs[plan], sample.computed(plan)
    assert found.shape == recorded.shape
    assert float((found - recorded).abs().max()) <= TOLERANCE * max(1.0, float(recorded.abs().max()))


@pytest.mark.parametrize(("family", "plan"), PREDICTED)
def test_texts_are_given_the_predictions_they_were_given(samples, family, plan, monkeypatch):
    for task in (tagging, intent_slots):  # tags have been chosen together since
        monkeypatch.setattr(task, "best_tags", word_by_word)
    sample = samples[family]
    (recorded,) = (row for row in sample.expected["predictions"] if row["plan"] == plan)
    model = xling.compose(sample.base, plan, store=sample.store)
    rows = json.loads(json.dumps(model.predict(recorded["inputs"], language=recorded["language"])))
    assert rows == near(recorded["rows"])


@pytest.mark.parametrize(("family", "name"), MODULES)
def test_a_module_says_what_it_was_made_from(samples, family, name):
    sample = samples[family]
    module, recorded = sample.store.get(name), dict(sample.expected["modules"][name])
    assert dict(module.scores) == recorded.pop("scores")
    assert json.loads(json.dumps({fact: getattr(module.facts, fact) for fact in recorded})) == recorded
    assert recorded["base_fingerprint"] == sample.base.fingerprint
    assert recorded["tokenizer_fingerprint"] == sample.base.tokenizer_fingerprint


def test_every_preset_and_every_task_is_among_them(samples):
    own = {f"lang/{name}" for name in (*PRESETS, "bottleneck-again", "own-vocabulary")}
    assert set(samples["bert"].store.names()) == own | {f"task/{name}" for name in TASKS}
    assert all(sorted(sample.expected["modules"]) == sample.store.names() for sample in samples.values())
    assert {sample.expected["recorded"]["commit"] for sample in samples.values()} == {"c4fc76e"}
    whole = [plan for family, plan in PLANS if family == "bert"]
    assert all(any(plan.startswith(form) for plan in whole) for form in ("mean(", "average(", "route("))
    assert len(whole) == 30 and any(">>" in plan for plan in whole)


def test_one_of_the_files_is_in_half_precision():
    found = Counter(
        value.dtype
        for path in (HERE / "bert" / "store").rglob("*.safetensors")
        for value in load_file(path).values()
        if path.parent.name == "full"
    )
    assert set(found) == {torch.float16}


def test_the_files_are_few_and_none_is_a_pickle():
    files = [path for family in FAMILIES for path in (HERE / family).rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {".safetensors", ".json"}
    assert 100_000 < sum(path.stat().st_size for path in files) < 300_000


def word_by_word(scores: np.ndarray, labels: Sequence[str]) -> list[str]:
    """The tags that the version recorded here chose: each word's best one, repaired."""
    return repaired([str(labels[best]) for best in scores.argmax(1)])


def near(value: object) -> object:
    """A JSON value whose numbers are compared within the tolerance."""
    if isinstance(value, dict):
        return {key: near(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [near(inner) for inner in value]
    return pytest.approx(value, abs=2 * TOLERANCE) if isinstance(value, float) else value
