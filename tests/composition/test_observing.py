"""A caller sees what passes linear sites, on every family and under a plan, and leaves no trace."""

from __future__ import annotations

from collections import Counter

import pytest
import torch
from support.making import batch, disturbed

from xling.composition.composed import Composition
from xling.composition.contents import grow
from xling.composition.folding import folded
from xling.composition.grammar import parse
from xling.errors import InputError, PlanError

PLAN = "madx-1 >> lora-2"


def on(base, plan=PLAN):
    made = {}

    def find(named):
        kind, _, seed = named.name.rpartition("-")
        return made.setdefault(named.name, disturbed(base, kind, std=0.2, seed=int(seed)))

    return Composition(base, grow(parse(plan), find))


def looked_at(composition, ids, mask, languages=(), places=()):
    """Every pass of every place: what came in, what came out, and the rows."""
    found = {}
    with (
        torch.no_grad(),
        composition.observing(lambda place, state: found.setdefault(place, []).append(state), places),
    ):
        composition(ids, mask, languages)
    return found


def test_each_site_shows_its_own_inputs_and_outputs(base):
    """What comes out is W x + b over the site's own rows of the plan's weights, fused projections too."""
    ids, mask = batch(base, rows=3, length=7, seed=1)
    composition = on(base)
    found = looked_at(composition, ids, mask)
    assert set(found) == {f"{layer}.{name}" for layer, name in base.shape.linear}
    weights = {**base.shape.parameters, **folded(base, composition.node, base.shape.parameters)}
    for (layer, name), site in base.shape.linear.items():
        (state,) = found[f"{layer}.{name}"]
        rows = slice(site.start, site.stop)
        bias = weights[site.bias][rows] if site.bias else None
        with torch.no_grad():
            expected = torch.nn.functional.linear(state.inputs, weights[site.weight][rows], bias)
        assert state.outputs.shape == (3, 7, site.stop - site.start)
        assert torch.allclose(state.outputs, expected, atol=1e-5)
        assert torch.equal(state.rows.mask, mask)


def squares(composition, ids, mask):
    """By place, the sums of squares of what goes in, a number a column, padding left out."""
    sums = Counter()

    def add(place, state):
        sums[place] += state.inputs[state.rows.mask.bool()].square().sum(0)

    with torch.no_grad(), composition.observing(add):
        composition(ids, mask)
    return sums


def test_sums_of_squares_are_those_of_the_rows_one_by_one(base):
    """What a merge by Fisher weights or regression means needs, and padding adds nothing to it."""
    ids, mask = batch(base, rows=3, length=7, seed=2)
    composition = on(base)
    together = squares(composition, ids, mask)
    alone = Counter()
    for row in range(3):
        length = int(mask[row].sum())
        alone.update(squares(composition, ids[row : row + 1, :length], mask[row : row + 1, :length]))
    assert len(together) == len(base.shape.linear)
    for place, sums in together.items():
        assert sums.shape == (base.shape.linear[int(place[0]), place[2:]].inputs,)
        assert torch.allclose(sums, alone[place], rtol=1e-4)


def test_observing_changes_nothing_and_leaves_nothing(base):
    ids, mask = batch(base, rows=2, length=6, seed=3)
    composition = on(base)
    hooks = [len(module._forward_hooks) for module in composition.encoder.modules()]
    with torch.no_grad():
        expected = composition(ids, mask)
        with composition.observing(lambda place, state: None):
            assert torch.equal(composition(ids, mask), expected)
        with pytest.raises(ZeroDivisionError), composition.observing(lambda place, state: 1 // 0):
            composition(ids, mask)
        assert torch.equal(composition(ids, mask), expected)
    assert hooks == [len(module._forward_hooks) for module in composition.encoder.modules()]
    assert not any(module._forward_hooks for module in base.encoder.modules())


def test_rows_of_other_weights_are_shown_pass_by_pass(base):
    ids, mask = batch(base, rows=3, length=6, seed=4)
    composition = on(base, "route(swh: lora-1, *: none)")
    place = "0.attention.value"
    found = looked_at(composition, ids, mask, ["swh", "hau", "swh"], [place])
    assert [list(state.rows.languages) for state in found.pop(place)] == [["swh", "swh"], ["hau"]]
    assert not found


@pytest.mark.parametrize("place", ["0.attention.querry", "9.attention.query", "attention.query"])
def test_a_place_without_a_site_is_named(bert, place):
    with pytest.raises(InputError, match="has no linear site"), on(bert).observing(print, [place]):
        pass


def test_the_states_of_all_layers_are_those_that_the_layers_give(base):
    """Under a plan with bottlenecks, an invertible block and weights; two sets of weights are refused."""
    ids, mask = batch(base, rows=2, length=6, seed=5)
    composition = on(base, "route(swh: madx-1, *: none) >> lora-2")
    with torch.no_grad():
        together = composition.layers(ids, mask, ["swh", "hau"])
        assert together.shape == (base.shape.layers + 1, 2, 6, base.shape.hidden)
        assert torch.equal(together[-1], composition(ids, mask, ["swh", "hau"]))
        for row, plan in enumerate((PLAN, "lora-2")):
            alone = on(base, plan).layers(ids[row : row + 1], mask[row : row + 1])[:, 0]
            kept = mask[row].bool()
            assert torch.allclose(together[:, row][:, kept], alone[:, kept], atol=1e-5)
    with pytest.raises(PlanError, match="rows that pass different weights"):
        on(base, "route(swh: lora-1, *: none)").layers(ids, mask, ["swh", "hau"])
