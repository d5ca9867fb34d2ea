"""Law 8: exactly k distinct entries differ, through training with ties and with weight decay."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support.making import batch, facts
from support.tiny import FAMILY_NAMES

from xling.composition.composed import Composition
from xling.errors import InputError, MismatchError
from xling.modules.module import Module
from xling.modules.sparse import Sparse, SparseConfig
from xling.training.phases import Course, train_module
from xling.training.specs import TrainingSettings

FAMILIES = pytest.mark.parametrize("family", FAMILY_NAMES)


class Pull:
    """Draws the states of a batch towards a constant: every parameter that is used gets a gradient."""

    higher_is_better = False

    def __init__(self, base, module):
        self.composition = Composition(base, [module])
        self.batch = batch(base, rows=3, length=6, seed=1)

    def passes_per_epoch(self):
        return 2

    def loss(self, number):
        states = self.composition(*self.batch)
        return ((states - number) ** 2).mean(), states.shape[0]

    def evaluate(self):
        return None


def train(base, config, *, steps=4, decay=0.0, checkpoints=None):
    module = Module.fresh([config], base.shape, facts(base, language="swh"))
    plan = TrainingSettings(steps=steps, learning_rate=1e-2, weight_decay=decay, checkpoint_every=1)
    course = Course(
        shape=base.shape,
        objective_of=lambda trained: Pull(base, trained),
        settings=plan,
        checkpoints=checkpoints,
    )
    return train_module(module, course)[0]


def changed_entries(base, module):
    """Every parameter's difference from the base under the module."""
    composition = Composition(base, [module])
    with torch.no_grad():
        weights = composition._weights("und")
    return {name: weights.get(name, value) - value for name, value in base.shape.parameters.items()}


@FAMILIES
@settings(max_examples=6)
@given(k=st.integers(1, 400), decay=st.sampled_from([0.0, 0.5]), l1=st.sampled_from([0.0, 10.0]))
def test_law_8_exactly_k_entries_differ(bases, family, k, decay, l1):
    base = bases[family]
    before = {name: value.clone() for name, value in base.shape.parameters.items()}
    module = train(base, SparseConfig(k=k, l1=l1), decay=decay)
    network = module.networks[0]
    assert isinstance(network, Sparse)
    assert network.count == k
    differences = changed_entries(base, module)
    for name, difference in differences.items():
        moved = difference.reshape(-1).nonzero().squeeze(1)
        assert not len(moved) or name not in base.shape.norms
        own = network.indices[name] if name in network.weight_names(base.shape) else torch.zeros(0)
        assert set(moved.tolist()) <= set(own.tolist())
        assert len(set(own.tolist())) == len(own)
    moved = sum(int((difference != 0).sum()) for difference in differences.values())
    assert moved <= k
    if not decay:  # decay alone picks rows that no batch has, and nothing moves those in the sparse phase
        assert moved >= 0.9 * k  # a value may end at zero by chance, not in numbers
    assert all(torch.equal(value, before[name]) for name, value in base.shape.parameters.items())


@FAMILIES
def test_the_entries_are_those_that_full_fine_tuning_moved_most(bases, family):
    from xling.modules.full import FullConfig

    base = bases[family]
    tuned = train(base, FullConfig(freeze_norms=True))
    sparse = train(base, SparseConfig(k=50)).networks[0]
    sizes = {name: difference.abs().reshape(-1) for name, difference in changed_entries(base, tuned).items()}
    kept = torch.cat([sizes[name][sparse.indices[name]] for name in sparse.weight_names(base.shape)])
    assert kept.min() >= torch.cat(list(sizes.values())).sort(descending=True).values[49]


def test_an_update_without_decay_ignores_what_it_would_pull(bert):
    one, two = (train(bert, SparseConfig(k=40), decay=decay) for decay in (0.0, 0.5))
    assert not all(torch.equal(value, two.tensors()[name]) for name, value in one.tensors().items())


def test_a_small_k_as_a_share(bert):
    network = train(bert, SparseConfig(k=0.01)).networks[0]
    assert network.count == int(0.01 * bert.shape.count)


def test_more_than_there_is_is_refused(bert):
    with pytest.raises(InputError, match=r"k = 10,000,000 is more than the [\d,]+ entries that may change"):
        train(bert, SparseConfig(k=10_000_000))


def test_an_index_out_of_range_is_refused_before_anything_is_read(bert):
    name, value = next(iter(bert.shape.parameters.items()))
    network = Sparse.at(SparseConfig(k=1), {name: torch.tensor([value.numel()])})
    module = Module.fresh([], bert.shape, facts(bert, language="swh"))
    from dataclasses import replace

    from xling.modules.module import Part

    module = replace(module, parts=(Part(SparseConfig(k=1), "sparse", network),))
    with pytest.raises(MismatchError, match=rf"entry {value.numel():,} of {name} is changed, which has"):
        Composition(bert, [module])(*batch(bert, rows=1, length=4, seed=0))


@pytest.mark.parametrize("stop", ["full", "choice", "sparse"])
def test_a_killed_run_ends_with_the_same_bytes(bert, tmp_path, monkeypatch, stop):
    config = SparseConfig(k=60)
    expected = train(bert, config, steps=6, checkpoints=tmp_path / "whole")
    folder = tmp_path / "killed"

    class Killed(BaseException):
        pass

    def dying(original, when):
        calls = []

        def call(*args, **kwargs):
            calls.append(1)
            if len(calls) == when:
                raise Killed
            return original(*args, **kwargs)

        return call

    from xling.training.checkpoints import Checkpoints

    with monkeypatch.context() as patch:
        if stop == "choice":
            patch.setattr(Module, "save", dying(Module.save, 1))
        else:
            patch.setattr(Checkpoints, "save", dying(Checkpoints.save, 3 if stop == "full" else 9))
        with pytest.raises(Killed):
            train(bert, config, steps=6, checkpoints=folder)
    assert (folder / "full").exists() == (stop != "sparse")
    found = train(bert, config, steps=6, checkpoints=folder)
    assert found.tensors().keys() == expected.tensors().keys()
    assert all(torch.equal(value, expected.tensors()[name]) for name, value in found.tensors().items())


def test_the_second_phase_learns_at_its_own_rate_in_the_places_of_the_first(bert):
    slow, fast = (train(bert, SparseConfig(k=60, rate=rate), steps=1).networks[0] for rate in (1.0, 10.0))
    assert isinstance(slow, Sparse) and isinstance(fast, Sparse)
    names = slow.weight_names(bert.shape)
    assert names == fast.weight_names(bert.shape)
    assert all(torch.equal(slow.indices[name], fast.indices[name]) for name in names)
    moved = [
        torch.cat([value.detach().reshape(-1) for value in own.parameters()]).abs() for own in (slow, fast)
    ]
    assert torch.allclose(moved[1], 10 * moved[0], rtol=1e-3) and moved[0].max() > 0
