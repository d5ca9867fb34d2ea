"""Kinds that first learn where to act: what their phases are called, and at what rate the second learns."""

from __future__ import annotations

import json

import pytest
from laws.test_sparse import Pull
from support.making import facts

from xling.modules.bottleneck import BottleneckConfig
from xling.modules.module import Module
from xling.modules.sparse import SparseConfig
from xling.modules.sparse_bottleneck import SparseBottleneckConfig
from xling.training.phases import Course, train_module
from xling.training.reporting import Log
from xling.training.specs import TrainingSettings

STEPS, RATE = 3, 1e-3


def rates(base, configs, folder, *, choose=True):
    """The largest learning rate that the log tells of each phase of a short training, in their order."""
    course = Course(
        shape=base.shape,
        objective_of=lambda module: Pull(base, module),
        settings=TrainingSettings(steps=STEPS, learning_rate=RATE, warmup_fraction=0.0),
        checkpoints=folder / "checkpoints",
        reporter=Log(folder / "log.jsonl", "train"),
    )
    module = Module.fresh(configs, base.shape, facts(base, language="swh"))
    train_module(module, course, choose=choose)
    found = {}
    for row in map(json.loads, (folder / "log.jsonl").read_text().splitlines()):
        found.setdefault(row["stage"], []).append(row["learning_rate"])
    assert all(len(told) == STEPS for told in found.values())
    return {stage: max(told) for stage, told in found.items()}


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (BottleneckConfig(), {"train": RATE}),
        (SparseConfig(k=60), {"train (full)": RATE, "train (sparse)": RATE}),
        (SparseConfig(k=60, rate=5.0), {"train (full)": RATE, "train (sparse)": 5 * RATE}),
        (SparseBottleneckConfig(by="snip"), {"train (pruned)": RATE}),  # only gradients are seen before
        (SparseBottleneckConfig(by="magnitude"), {"train": RATE}),
    ],
)
def test_phases_have_the_names_and_rates_of_their_kind(bert, tmp_path, config, expected):
    assert rates(bert, [config], tmp_path) == pytest.approx(expected)


def test_the_rate_of_one_part_is_that_of_the_whole_module(bert, tmp_path):
    found = rates(bert, [BottleneckConfig(), SparseConfig(k=60, rate=5.0)], tmp_path)
    assert found == pytest.approx({"train (full)": RATE, "train (sparse)": 5 * RATE})


def test_what_knows_its_places_goes_on_in_one_phase(bert, tmp_path):
    assert rates(bert, [SparseConfig(k=60, rate=5.0)], tmp_path, choose=False) == {"train": RATE}
