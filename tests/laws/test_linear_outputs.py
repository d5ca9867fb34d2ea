"""What parts add to the outputs of linear sites goes through every form of plan."""

from __future__ import annotations

import pytest
import torch
from support.making import batch, disturbed, facts
from torch import nn

from xling.composition.composed import Composition
from xling.composition.contents import grow
from xling.composition.grammar import parse
from xling.errors import InputError, PlanError
from xling.modules.lora import LoraConfig
from xling.modules.module import Module, Part
from xling.modules.registry import preset

PLACE = "0.attention.query"


class Added(nn.Module):
    """What is added to the queries of the first layer."""

    def __init__(self, hidden: int, seed: int, place: str = PLACE):
        super().__init__()
        drawn = torch.randn(hidden, hidden, generator=torch.Generator().manual_seed(seed))
        self.change, self.place = nn.Parameter(0.3 * drawn), place

    def linear_sites(self):
        return [self.place]

    def added(self, place, state):
        assert place == self.place and state.outputs.shape[-1] == len(self.change)
        return (state.inputs @ self.change).relu()


def adding(base, seed: int, place: str = PLACE) -> Module:
    """A module of such a part; no kind is registered for it, so it stands under the name of another."""
    part = Part(LoraConfig(), "lora", Added(base.shape.hidden, seed, place))
    return Module((part,), facts(base, language="swh"))


def on(base, plan: str, **modules: Module) -> Composition:
    return Composition(base, grow(parse(plan), lambda own: modules[own.name]))


@pytest.mark.parametrize(
    ("plan", "factors"),
    [
        ("a", (1, 0)),
        ("a >> b", (1, 1)),
        ("a >> none >> b", (1, 1)),
        ("mean(a, b)", (0.5, 0.5)),
        ("mean(a, b, none; 2, 1, 1)", (0.5, 0.25)),
        ("sum(a, b; 2, -1)", (2, -1)),
        ("drop(a; 1)", (1, 0)),
        ("drop(a; 0)", (0, 0)),
        ("drop(a; 0) >> b", (0, 1)),
    ],
)
def test_it_is_added_weighted_or_left_out(base, plan, factors):
    one, two, seen = *(adding(base, seed) for seed in (1, 2)), {}
    ids, mask = batch(base, rows=3, length=5, seed=1)
    with torch.no_grad():
        for name in ("none", plan):
            composition = on(base, name, a=one, b=two)
            with composition.observing(lambda at, state, name=name: seen.update({name: state}), [PLACE]):
                composition(ids, mask)
        first, second = (own.networks[0].added(PLACE, seen["none"]) for own in (one, two))
    moved = seen[plan].outputs - seen["none"].outputs
    assert torch.allclose(moved, factors[0] * first + factors[1] * second, atol=1e-5)
    assert first.abs().max() > 0.1


@pytest.mark.parametrize("plan", ["route(swh: a, *: b)", "route(swh: a, *: none) >> b", "mean(a, b)"])
def test_rows_of_a_mixed_batch_are_as_alone(base, plan):
    composition = on(base, plan, a=adding(base, 1), b=adding(base, 2))
    ids, mask = batch(base, rows=3, length=5, seed=1)
    languages = ["swh", "hau", "swh"]
    with torch.no_grad():
        mixed = composition(ids, mask, languages)
        assert not torch.allclose(mixed[1], composition(ids, mask, ["swh"] * 3)[1]) or "route" not in plan
        for row, language in enumerate(languages):
            own, length = slice(row, row + 1), int(mask[row].sum())
            alone = composition(ids[own, :length], mask[own, :length], [language])
            assert torch.allclose(mixed[own, :length], alone, atol=1e-5)


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        ("fuse(a, c; f)", "a does more than add to states, and fuse acts on nothing else"),
        ("emea(a, c)", "a does more than add to states, and emea acts on nothing else"),
        ("a >> i", "i scales weights, and cannot scale what a below it adds"),
    ],
)
def test_forms_that_cannot_have_it_say_why(bert, plan, said):
    modules = {"a": adding(bert, 1), "i": disturbed(bert, "ia3", std=0.1, seed=1)}
    modules |= {"c": disturbed(bert, "bottleneck", std=0.1, seed=1)}
    modules |= {"f": Module.fresh(preset("fusion"), bert.shape, facts(bert, task="tagging"))}
    with pytest.raises(PlanError, match=said):
        on(bert, plan, **modules)


def test_a_site_that_the_base_lacks_is_named(bert):
    with pytest.raises(InputError, match="no linear site 'attention.gate' in layer 0"):
        Composition(bert, [adding(bert, 1, "0.attention.gate")])
