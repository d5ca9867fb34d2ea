"""The laws over modules that combine plans: degenerate cases, the base untouched, saved equals loaded."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support.making import COMBINERS, batch, disturbed, facts, task_module
from support.tiny import FAMILY_NAMES

from xling.bases.base import Base, run_encoder
from xling.composition.composed import Composition
from xling.composition.contents import grow
from xling.composition.grammar import parse
from xling.errors import PlanError
from xling.modules.module import Module
from xling.modules.registry import preset

FAMILIES = pytest.mark.parametrize("family", FAMILY_NAMES)
EVERY = pytest.mark.parametrize("name", COMBINERS)


def combiner(base: Base, name: str, branches: int = 2, *, moved: float = 0.0, **options: object) -> Module:
    """A module that combines so many plans; its parameters are moved by noise of a standard deviation."""
    configs = preset(name, {"branches": branches, **options})
    module = Module.fresh(configs, base.shape, facts(base, task="tagging"))
    generator = torch.Generator().manual_seed(branches)
    with torch.no_grad():
        for value in module.networks[0].parameters():
            value.add_(moved * torch.randn(value.shape, generator=generator))
    return module


def states(base: Base, plan: str, ids, mask, languages=(), **modules: Module):
    with torch.no_grad():
        return Composition(base, grow(parse(plan), lambda own: modules[own.name]))(ids, mask, languages)


def close(one, two) -> bool:
    return bool(torch.allclose(one, two, atol=1e-5))


def adapters(base: Base, kind: str = "bottleneck") -> dict[str, Module]:
    return {name: disturbed(base, kind, std=0.3, seed=number) for number, name in enumerate("abc")}


@EVERY
@FAMILIES
@settings(max_examples=3, deadline=None)
@given(seed=st.integers(0, 2**31), rows=st.integers(1, 3), length=st.integers(3, 12))
def test_the_base_stays_bit_identical(bases, family, name, seed, rows, length):
    base = bases[family]
    ids, mask = batch(base, rows=rows, length=length, seed=seed)
    with torch.no_grad():
        before = run_encoder(base.encoder, base.family, ids, mask)
        moved = states(base, "fuse(a, b; f)", ids, mask, f=combiner(base, name, moved=0.1), **adapters(base))
        assert not close(moved, before)
        assert torch.equal(run_encoder(base.encoder, base.family, ids, mask), before)


@pytest.mark.parametrize("name", [own for own in COMBINERS if "scalearn" not in own])
@FAMILIES
def test_untrained_with_one_plan_it_equals_that_plan(bases, family, name):
    base, modules = bases[family], adapters(bases[family])
    ids, mask = batch(base, rows=2, length=7, seed=3)
    alone = states(base, "c >> a", ids, mask, **modules)
    assert close(states(base, "c >> fuse(a; f)", ids, mask, f=combiner(base, name, 1), **modules), alone)
    assert not close(alone, states(base, "c", ids, mask, **modules))


@pytest.mark.parametrize("name", ["learned-mean", "gate", *(own for own in COMBINERS if "scalearn" in own)])
@FAMILIES
def test_with_equal_weights_it_equals_the_mean(bases, family, name):
    base, modules = bases[family], adapters(bases[family])
    ids, mask = batch(base, rows=2, length=7, seed=3)
    equal = {"scale": 1.0, "std": 0.0} if "scalearn" in name else {}
    found = states(base, "fuse(a, b, c; f)", ids, mask, f=combiner(base, name, 3, **equal), **modules)
    assert close(found, states(base, "mean(a, b, c)", ids, mask, **modules))


@EVERY
def test_it_combines_where_plans_act_and_nowhere_else(bert, name):
    modules = adapters(bert, "houlsby")
    ids, mask = batch(bert, rows=2, length=7, seed=3)
    places = ("after_attention", "after_ffn")
    whole = combiner(bert, name, moved=0.1, places=places)
    assert torch.isfinite(states(bert, "fuse(a, b; f)", ids, mask, f=whole, **modules)).all()
    with pytest.raises(PlanError, match="a acts after attention in layer 0, where f combines nothing"):
        states(bert, "fuse(a, b; f)", ids, mask, f=combiner(bert, name), **modules)
    with pytest.raises(PlanError, match="a acts after attention in layer 1, where f combines nothing"):
        top = combiner(bert, name, places=places, leave_out=(-1,))
        states(bert, "fuse(a, b; f)", ids, mask, f=top, **modules)


@EVERY
@FAMILIES
def test_rows_of_a_mixed_batch_are_combined_as_alone(bases, family, name):
    base, modules = bases[family], adapters(bases[family])
    fused = {"f": combiner(base, name, moved=0.2), "g": combiner(base, name, moved=0.4), **modules}
    plans = {"swh": "fuse(a, b; f)", "hau": "fuse(b, a >> c; g)", "eng": "none"}
    routed = f"route({', '.join(f'{tag}: {plan}' for tag, plan in plans.items())})"
    ids, mask = batch(base, rows=3, length=8, seed=5)
    mixed = states(base, routed, ids, mask, list(plans), **fused)
    for row, (tag, plan) in enumerate(plans.items()):
        own = slice(row, row + 1)
        length = int(mask[own].sum())
        alone = states(base, plan, ids[own, :length], mask[own, :length], [tag], **fused)
        assert close(mixed[own, :length], alone)
    inside = states(base, "fuse(b, route(swh: a, *: c); g)", ids, mask, list(plans), **fused)
    for row, other in enumerate("acc"):
        own = slice(row, row + 1)
        length = int(mask[own].sum())
        alone = states(base, f"fuse(b, {other}; g)", ids[own, :length], mask[own, :length], **fused)
        assert close(inside[own, :length], alone)


@EVERY
def test_saved_and_loaded_acts_alike(bert, tmp_path, name):
    modules, module = adapters(bert), combiner(bert, name, moved=0.2)
    module.save(tmp_path / "f")
    ids, mask = batch(bert, rows=2, length=7, seed=3)
    one, two = (
        states(bert, "fuse(a, b; f)", ids, mask, f=own, **modules)
        for own in (module, Module.load(tmp_path / "f"))
    )
    assert torch.equal(one, two)


@FAMILIES
def test_its_numbers_are_those_of_the_papers(bases, family):
    shape = bases[family].shape
    hidden, layers = shape.hidden, shape.layers
    numbers = {
        "fusion": layers * (3 * hidden**2 + 2 * hidden),
        "scalearn": layers * 3 * hidden,
        "scalearn-uniform": layers * 3,
        "scalearn++": 3 * hidden,
        "scalearn-uniform++": 3,
        "learned-mean": layers * 3,
        "gate": layers * 3 * (hidden + 1),
    }
    found = {name: combiner(bases[family], name, 3) for name in COMBINERS}
    assert numbers == {
        name: sum(value.numel() for value in module.tensors().values()) for name, module in found.items()
    }


def test_what_the_training_punishes(bert):
    (fusion,) = combiner(bert, "fusion", l2=2.0).networks
    assert fusion.penalty(bert.shape) == 0
    with torch.no_grad():
        fusion.at["0/after_ffn"].value[1, 2] += 3
    assert fusion.penalty(bert.shape) == 18.0
    assert combiner(bert, "fusion", value=False).networks[0].penalty(bert.shape) is None

    module, modules = combiner(bert, "gate", load=2.0), adapters(bert)
    (gate,) = module.networks
    plan = grow(parse("fuse(a, b; f)"), lambda own: {"f": module, **modules}[own.name])
    composition = Composition(bert, plan)
    ids, mask = batch(bert, rows=3, length=6, seed=2)
    composition(ids, mask)
    assert gate.penalty(bert.shape) is None  # nothing is punished outside a training
    composition.train()
    composition(ids, mask)
    assert gate.penalty(bert.shape) == 0 and gate.penalty(bert.shape) is None
    with torch.no_grad():
        for own in gate.at.values():
            own.bias[0] += 100
    composition(ids, mask)
    assert float(gate.penalty(bert.shape).detach()) == pytest.approx(
        2.0
    )  # all on one of two plans: variation 1


@EVERY
def test_what_does_not_go_together_is_told(bert, name):
    modules = {**adapters(bert), "f": combiner(bert, name), "t": task_module(bert, "tagging", 1)}
    ids, mask = batch(bert, rows=1, length=4, seed=1)
    for plan, told in (
        ("fuse(a, b, c; f)", "f combines 2 plans, not 3"),
        ("fuse(a, b; c)", "c has no part that combines plans"),
        ("fuse(a, t; f)", "t does more than add to states"),
        ("f", "f combines plans, and here it has none"),
        ("a >> f", "f combines plans, and here it has none"),
        ("mean(a, f)", "f combines plans, and here it has none"),
        ("sum(a, f; 1, 2)", "f combines plans, and here it has none"),
        ("route(swh: f, *: none) >> a", "f combines plans, and here it has none"),
    ):
        with pytest.raises(PlanError, match=told):
            states(bert, plan, ids, mask, ["swh"], **modules)


def test_without_a_name_the_module_in_training_is_meant():
    plan = parse("fuse(task/a, task/b)")
    assert str(plan) == "fuse(task/a, task/b; new)" and parse(str(plan)) == plan
    assert parse("fuse(task/a; fusion/x)") != parse("fuse(task/a)")
