"""The laws where matrix products run in bfloat16: what is exact stays exact, the rest to that precision."""

from __future__ import annotations

import pytest
import torch
from support.making import LABELS, NAMES, SHARED, batch, disturbed, fresh, merges, task_module

from xling.composition.composed import Composition
from xling.composition.contents import stacked
from xling.composition.merging import merge_node
from xling.modules.module import Module
from xling.modules.registry import KINDS, preset

EVERY = pytest.mark.parametrize("name", (*NAMES, *SHARED))
PRECISION = 2.0**-8  # of a bfloat16 number


@pytest.fixture(autouse=True)
def _autocast():
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        yield


@EVERY
def test_law_1_the_base_stays(bert, name):
    ids, mask = batch(bert, rows=3, length=7, seed=1)
    before = {key: value.clone() for key, value in bert.encoder.state_dict().items()}
    alone = Composition(bert)(ids, mask)
    changed = Composition(bert, [disturbed(bert, name, std=0.3, seed=1)])(ids, mask)
    assert not torch.equal(changed, alone)
    assert torch.equal(Composition(bert)(ids, mask), alone)
    assert all(torch.equal(value, before[key]) for key, value in bert.encoder.state_dict().items())


@EVERY
def test_law_2_what_is_loaded_computes_the_same(bert, name, tmp_path):
    ids, mask = batch(bert, rows=3, length=7, seed=1)
    module = disturbed(bert, name, std=0.3, seed=5)
    module.save(tmp_path)
    found = [Composition(bert, [one])(ids, mask) for one in (module, Module.load(tmp_path))]
    assert torch.equal(*found)


@EVERY
def test_law_3_a_fresh_module_is_the_identity(bert, name):
    if not all(KINDS[config.kind].identity for config in preset(name)):
        return
    ids, mask = batch(bert, rows=3, length=7, seed=1)
    found, alone = Composition(bert, [fresh(bert, name)])(ids, mask), Composition(bert)(ids, mask)
    assert torch.allclose(found, alone, atol=8 * PRECISION)


@EVERY
def test_law_4_merged_weights_are_those_of_float32(bert, name):
    if not merges(name):
        return
    node = stacked([disturbed(bert, name, std=0.2, seed=1), task_module(bert, "tagging", 3)])
    cast = merge_node(bert, node, LABELS).state_dict()
    with torch.autocast("cpu", enabled=False):
        exact = merge_node(bert, node, LABELS).state_dict()
    assert cast.keys() == exact.keys()
    assert all(torch.equal(cast[key], exact[key]) for key in exact)
