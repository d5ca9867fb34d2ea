"""Laws 1, 2, 3 and 7 of the design, for every registered kind and every family."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support.making import COMBINERS, MODULES, NAMES, SHARED, batch, disturbed, fresh
from support.tiny import FAMILY_NAMES

from xling.bases.base import Base, run_encoder
from xling.composition.composed import Composition
from xling.modules.invertible import Invertible, InvertibleConfig
from xling.modules.module import Module
from xling.modules.registry import KINDS
from xling.sites import EncoderShape

EVERY = pytest.mark.parametrize("name", (*NAMES, *SHARED))
FAMILIES = pytest.mark.parametrize("family", FAMILY_NAMES)
few = settings(max_examples=3, deadline=None)


def plain(base: Base, ids, mask):
    with torch.no_grad():
        return run_encoder(base.encoder, base.family, ids, mask)


def test_every_kind_is_in_some_law():
    covered = {config.kind for configs in MODULES.values() for config in configs}
    made = {"vocabulary", "lexicon"}  # from text: tests/laws/test_vocabulary.py, tests/laws/test_lexicon.py
    assert covered | made == set(KINDS)


@EVERY
@FAMILIES
@few
@given(seed=st.integers(0, 2**31), rows=st.integers(1, 3), length=st.integers(3, 12))
def test_law_1_composing_leaves_the_base_bit_identical(bases, family, name, seed, rows, length):
    base = bases[family]
    ids, mask = batch(base, rows=rows, length=length, seed=seed)
    before = {key: value.clone() for key, value in base.encoder.state_dict().items()}
    tree = [(path, type(module), len(module._forward_hooks)) for path, module in base.encoder.named_modules()]
    expected = plain(base, ids, mask)
    composition = Composition(base, [disturbed(base, name, std=0.3, seed=seed)])
    with torch.no_grad():
        changed = composition(ids, mask)
    assert not torch.equal(changed, expected)
    assert torch.equal(plain(base, ids, mask), expected)
    assert all(torch.equal(value, before[key]) for key, value in base.encoder.state_dict().items())
    assert tree == [(p, type(m), len(m._forward_hooks)) for p, m in base.encoder.named_modules()]


@EVERY
@FAMILIES
def test_law_1_holds_after_an_exception(bases, family, name):
    base = bases[family]
    ids, mask = batch(base, rows=2, length=6, seed=1)
    expected = plain(base, ids, mask)
    module = disturbed(base, name, std=0.3, seed=1)
    composition = Composition(base, [module])
    with torch.no_grad():
        good = composition(ids, mask)
        with pytest.raises((IndexError, RuntimeError)):
            composition(ids + 10_000, mask)
        assert torch.equal(composition(ids, mask), good)
    assert torch.equal(plain(base, ids, mask), expected)


@EVERY
@FAMILIES
def test_two_compositions_live_on_one_base(bases, family, name):
    base = bases[family]
    ids, mask = batch(base, rows=2, length=6, seed=1)
    one, two = (Composition(base, [disturbed(base, name, std=0.3, seed=seed)]) for seed in (1, 2))
    with torch.no_grad():
        first = one(ids, mask)
        assert not torch.equal(first, two(ids, mask))
        assert torch.equal(one(ids, mask), first)
        one.activate([])
        assert torch.equal(one(ids, mask), plain(base, ids, mask))


@pytest.mark.parametrize("name", tuple(MODULES))
@FAMILIES
@pytest.mark.parametrize("float16", [False, True])
def test_law_2_saved_and_loaded_is_equal(bases, family, name, float16, tmp_path):
    base = bases[family]
    ids, mask = batch(base, rows=2, length=6, seed=1)
    module = disturbed(base, name, std=0.3, seed=5)
    module.save(tmp_path / "module", float16=float16)
    loaded = Module.load(tmp_path / "module")
    assert loaded.facts == module.facts
    if float16:
        module = module.rounded()
    ours, theirs = module.tensors(), loaded.tensors()
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[key], theirs[key]) for key in ours)
    if KINDS[MODULES[name][0].kind].head or name in COMBINERS:
        return
    with torch.no_grad():
        assert torch.equal(Composition(base, [module])(ids, mask), Composition(base, [loaded])(ids, mask))


def test_law_2_the_same_module_gives_the_same_bytes(bert, tmp_path):
    for folder in ("a", "b"):
        disturbed(bert, "madx", std=0.3, seed=5).save(tmp_path / folder)
    assert (tmp_path / "a/weights.safetensors").read_bytes() == (
        tmp_path / "b/weights.safetensors"
    ).read_bytes()


@EVERY
@FAMILIES
@few
@given(seed=st.integers(0, 2**31))
def test_law_3_a_fresh_module_is_the_identity(bases, family, name, seed):
    base = bases[family]
    if not all(KINDS[config.kind].identity for config in MODULES[name]):
        assert name == "large-sparse"
        return
    ids, mask = batch(base, rows=2, length=7, seed=seed)
    composition = Composition(base, [fresh(base, name, seed=seed)])
    with torch.no_grad():
        assert torch.equal(composition(ids, mask), plain(base, ids, mask))
        states = torch.randn(5, base.shape.hidden)
        assert torch.equal(composition.undo(states), states)


def coupling(std: float, seed: int, hidden: int, dtype: torch.dtype) -> Invertible:
    generator = torch.Generator().manual_seed(seed)
    block = Invertible(InvertibleConfig(), EncoderShape(hidden=hidden, layers=2), generator).to(dtype)
    with torch.no_grad():
        for value in block.parameters():
            value.normal_(0.0, std, generator=generator)
    return block


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**31), std=st.floats(0.01, 0.5), half=st.integers(1, 24))
def test_law_7_float64_inverse(seed, std, half):
    block = coupling(std, seed, 2 * half, torch.float64)
    states = torch.randn(4, 2 * half, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    assert (block.unembed(block.embed(states)) - states).abs().max() < 1e-10
    assert (block.embed(block.unembed(states)) - states).abs().max() < 1e-10


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**31), std=st.floats(0.01, 0.1), half=st.integers(1, 64), cast=st.booleans())
def test_law_7_float32_inverse_also_under_autocast(seed, std, half, cast):
    block = coupling(std, seed, 2 * half, torch.float32)
    states = torch.randn(4, 2 * half, generator=torch.Generator().manual_seed(seed))
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=cast), torch.no_grad():
        image = block.embed(states)
        assert image.dtype == torch.float32
        assert (block.unembed(image) - states).abs().max() < 1e-5
