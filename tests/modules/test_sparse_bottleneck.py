"""Pruned bottlenecks: how many numbers are kept, which ones, and that the others stay zero."""

from __future__ import annotations

import pytest
import torch
from laws.test_sparse import train
from support.making import batch, facts

from xling.composition.composed import Composition
from xling.modules.bottleneck import Bottlenecks
from xling.modules.module import Module, Part
from xling.modules.sparse_bottleneck import SparseBottleneckConfig, SparseBottlenecks


def dense(config, base, seed=0):
    return Bottlenecks(config.dense, base.shape, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("by", ["snip", "magnitude"])
def test_a_share_is_kept_and_learns(bert, by):
    config = SparseBottleneckConfig(share=0.2, by=by)
    total = sum(value.numel() for value in dense(config, bert).parameters())
    (network,) = train(bert, config).networks
    assert isinstance(network, SparseBottlenecks)
    assert network.count == int(0.2 * total)
    fresh = Module.fresh([config], bert.shape, facts(bert, language="swh")).networks[0]
    both = set(fresh.indices) & set(network.indices)
    same = sum(len(set(network.indices[n].tolist()) & set(fresh.indices[n].tolist())) for n in both)
    assert (same == network.count) == (by == "magnitude")


def test_magnitude_keeps_the_largest(bert):
    config = SparseBottleneckConfig(share=0.1, by="magnitude")
    whole = dense(config, bert)
    kept = SparseBottlenecks.selected(config, whole, bert.shape)
    every = torch.cat([value.detach().abs().reshape(-1) for value in whole.parameters()])
    least = min(float(value.detach().abs().min()) for value in kept.values.values())
    assert least >= float(every.sort(descending=True).values[kept.count - 1])


def test_computes_what_the_dense_one_with_zeros_does(base):
    config = SparseBottleneckConfig(share=0.3, by="magnitude")
    whole = dense(config, base)
    kept = SparseBottlenecks.selected(config, whole, base.shape)
    with torch.no_grad():
        for name, value in whole.named_parameters():
            mask = torch.zeros(value.numel())
            if name.replace("/", ".") in kept.indices:
                mask[kept.indices[name.replace("/", ".")]] = 1
            value.mul_(mask.view(value.shape))
    ids, mask = batch(base, rows=2, length=6, seed=1)
    states = []
    for part in (Part(config, "sparse_bottleneck", kept), Part(config.dense, "bottleneck", whole)):
        with torch.no_grad():
            states.append(Composition(base, [Module((part,), facts(base, language="swh"))])(ids, mask))
    assert (states[0] - states[1]).abs().max() < 1e-6
