"""An ONNX graph against the composition it was made from, run by onnxruntime."""

from __future__ import annotations

import logging
from itertools import count

import pytest
import torch
from support.making import batch, disturbed
from support.tiny import FAMILY_NAMES

from xling.composition.composed import Composition
from xling.composition.contents import grow
from xling.composition.grammar import parse
from xling.composition.onnx import export_onnx
from xling.errors import PlanError

runtime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")


def composed(base, plan):
    seeds = count(1)

    def find(name):
        module = disturbed(base, name.name, std=0.2, seed=next(seeds))
        for network in module.networks:
            network.requires_grad_(False)
        return module

    return Composition(base, grow(parse(plan), find))


@pytest.mark.parametrize(
    ("family", "plan"),
    [
        *((family, "madx >> lora >> head") for family in FAMILY_NAMES),
        ("bert", "arrow(lora, lora; 1) >> head"),
    ],
)
def test_a_graph_gives_the_same_scores(bases, family, plan, tmp_path, caplog):
    base = bases[family]
    composition = composed(base, plan)
    caplog.set_level(logging.CRITICAL)
    path = export_onnx(composition, tmp_path / "model.onnx")
    assert [file.name for file in tmp_path.iterdir()] == ["model.onnx"]
    session = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    for rows, length in ((2, 7), (1, 3), (5, 20)):
        ids, mask = batch(base, rows=rows, length=length, seed=length)
        (found,) = session.run(None, {"input_ids": ids.numpy(), "attention_mask": mask.numpy()})
        with torch.no_grad():
            expected = composition.scores(ids, mask)
        kept = mask.bool()
        assert (torch.from_numpy(found)[kept] - expected[kept]).abs().max() < 1e-4


def test_a_route_has_no_single_graph(bert, tmp_path):
    with pytest.raises(PlanError, match="goes by language, and a graph has one way"):
        export_onnx(composed(bert, "route(swh: madx, *: none) >> head"), tmp_path / "model.onnx")
