"""The laws over a centre, which acts on pooled states: base untouched, saved equals loaded, rows as alone."""

from __future__ import annotations

import pytest
import torch
from support.making import batch, fresh, task_module

from xling.bases.base import Base, run_encoder
from xling.composition.composed import Composition
from xling.composition.contents import grow
from xling.composition.grammar import parse
from xling.errors import PlanError
from xling.modules.module import Module


def drawn(base: Base, *, seed: int) -> Module:
    """A centre whose statistics are of no text."""
    module = fresh(base, "centre", seed=seed)
    generator = torch.Generator().manual_seed(seed)
    (part,) = module.networks
    for value in part.buffers():
        value.copy_(torch.rand(value.shape, generator=generator) + 0.5)
    return module


def scores(base: Base, plan: str, languages=(), **modules: Module):
    composition = Composition(base, grow(parse(plan), lambda name: modules[name.name]))
    ids, mask = batch(base, rows=3, length=6, seed=2)
    with torch.no_grad():
        return composition.scores(ids, mask, languages)


def on_texts(base: Base) -> Module:
    return task_module(base, "classification", 3, pooling="mean", dense=None, norm=False)


def test_the_base_stays_bit_identical_and_a_fresh_one_changes_nothing(base):
    ids, mask = batch(base, rows=2, length=6, seed=1)
    task = on_texts(base)
    with torch.no_grad():
        before = run_encoder(base.encoder, base.family, ids, mask)
        moved = scores(base, "c >> t", c=drawn(base, seed=1), t=task)
        plain = scores(base, "t", t=task)
        assert not torch.allclose(moved, plain)
        assert torch.equal(scores(base, "c >> t", c=fresh(base, "centre"), t=task), plain)
        assert torch.equal(run_encoder(base.encoder, base.family, ids, mask), before)


@pytest.mark.parametrize("float16", [False, True])
def test_saved_and_loaded_acts_alike(bert, tmp_path, float16):
    module, task = drawn(bert, seed=1), on_texts(bert)
    module.save(tmp_path / "centre", float16=float16)
    loaded = Module.load(tmp_path / "centre")
    assert loaded.tensors().keys() == module.tensors().keys()
    one, two = (scores(bert, "c >> t", c=own, t=task) for own in (module, loaded))
    assert torch.equal(one, two) != float16 and torch.allclose(one, two, atol=5e-2)


def test_rows_of_a_mixed_batch_are_centred_as_alone(base):
    modules = {"a": drawn(base, seed=1), "b": drawn(base, seed=2), "t": on_texts(base)}
    mixed = scores(base, "route(swh: a, hau: b, *: none) >> t", ["swh", "hau", "eng"], **modules)
    for row, plan in enumerate(("a >> t", "b >> t", "t")):
        assert torch.allclose(mixed[row], scores(base, plan, **modules)[row], atol=1e-5)


def test_words_have_no_pooled_state(bert):
    with pytest.raises(PlanError, match="acts on pooled states"):
        scores(bert, "c >> t", c=drawn(bert, seed=1), t=task_module(bert, "tagging", 3))
