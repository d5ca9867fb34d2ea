"""Laws of `sum`, for every registered kind and every family."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support.making import LABELS, NAMES, UNMERGED, batch, disturbed, merges, task_module
from support.tiny import FAMILY_NAMES

from xling.composition.composed import Composition
from xling.composition.contents import grow
from xling.composition.grammar import parse
from xling.composition.merging import merge_node
from xling.errors import PlanError

EVERY = pytest.mark.parametrize("name", NAMES)
FAMILIES = pytest.mark.parametrize("family", FAMILY_NAMES)
few = settings(max_examples=2, deadline=None)
TAGS = ("swh", "yor", "nqo")


@pytest.fixture(scope="module")
def shelves(bases):
    """Modules by name for each family: `KIND-SEED`, `task-SEED`, each made once."""
    return {family: Shelf(base) for family, base in bases.items()}


class Shelf:
    def __init__(self, base):
        self.base, self.made = base, {}

    def __call__(self, name):
        kind, _, seed = name.name.rpartition("-")
        if name not in self.made:
            task = {"task": "tagging", "topic": "classification"}.get(kind)
            make = task_module(self.base, task, int(seed)) if task else None
            self.made[name] = make or disturbed(self.base, kind, std=0.2, seed=int(seed))
        return self.made[name]

    def node(self, plan):
        return grow(parse(plan), self)

    def found(self, plan, ids, mask, languages=()):
        """States and, where there is a head, scores."""
        composition = Composition(self.base, self.node(plan))
        with torch.no_grad():
            states = composition(ids, mask, languages)
            return (
                torch.cat([states, composition.scored(states, mask, languages)], -1)
                if composition.labels
                else states
            )


def near(one, other, tolerance=1e-5):
    return (one - other).abs().max() <= tolerance * max(1.0, float(other.abs().max()))


@EVERY
@FAMILIES
def test_a_sum_of_one_plan_and_of_nothing_is_the_plan_to_the_bit(shelves, family, name):
    shelf = shelves[family]
    ids, mask = batch(shelf.base, rows=2, length=6, seed=3)
    for below, above in (("", ""), ("bottleneck-7 >> ", " >> task-1")):
        expected = shelf.found(f"{below}{name}-1{above}", ids, mask)
        for text in (f"sum({name}-1; 1)", f"sum({name}-1, none; 1, 5)"):
            assert torch.equal(shelf.found(f"{below}{text}{above}", ids, mask), expected)
        assert near(shelf.found(f"{below}sum({name}-1, {name}-2; 0, 1){above}", ids, mask),
                    shelf.found(f"{below}{name}-2{above}", ids, mask))  # fmt: skip
        nothing = shelf.found(f"{below}none{above}", ids, mask)
        assert near(shelf.found(f"{below}sum({name}-1, {name}-1; 2.5, -2.5){above}", ids, mask), nothing)
        assert not near(nothing, expected)


@EVERY
@FAMILIES
@few
@given(seed=st.integers(0, 99), whole=st.floats(-1.5, 1.5), share=st.floats(0.1, 0.9))
def test_a_sum_is_a_mean_times_its_whole_weight(shelves, family, name, seed, whole, share):
    shelf = shelves[family]
    ids, mask = batch(shelf.base, rows=2, length=6, seed=seed)
    one, two = whole * share, whole * (1 - share)
    inner = f"mean({name}-1, {name}-2; {share}, {1 - share})"
    expected = shelf.found(f"bottleneck-7 >> sum({inner}; {whole}) >> task-1", ids, mask)
    found = shelf.found(f"bottleneck-7 >> sum({name}-1, {name}-2; {one}, {two}) >> task-1", ids, mask)
    assert near(found, expected)


@EVERY
@FAMILIES
def test_a_mixed_batch_equals_its_rows_alone(shelves, family, name):
    shelf, languages = shelves[family], ["yor", "swh", "nqo", "yor"]
    ids, mask = batch(shelf.base, rows=4, length=7, seed=5)
    ways = {"swh": f"sum({name}-1, {name}-2; 0.7, -0.4)", "yor": f"{name}-1", "nqo": "none"}
    route = f"route({', '.join(f'{tag}: {plan}' for tag, plan in ways.items())})"
    found = shelf.found(f"sum({route}, {name}-3; 1.2, 0.3) >> task-1", ids, mask, languages)
    for row, language in enumerate(languages):
        alone = f"sum({ways[language]}, {name}-3; 1.2, 0.3) >> task-1"
        expected = shelf.found(alone, ids[row : row + 1], mask[row : row + 1])[0]
        kept = mask[row].bool()
        assert near(found[row][kept], expected[kept])


@EVERY
@FAMILIES
@pytest.mark.parametrize(
    "text", ["sum({0}-1, {0}-2; 0.7, -0.2) >> task-1", "sum({0}-1, {0}-2, task-1; 0.7, -0.2, 0.5)"]
)
def test_a_sum_merges_exactly_where_its_parts_merge(shelves, family, name, text):
    shelf = shelves[family]
    node, (ids, mask) = shelf.node(text.format(name)), batch(shelf.base, rows=2, length=6, seed=4)
    if not merges(name):
        with pytest.raises(PlanError, match=UNMERGED):
            merge_node(shelf.base, node, LABELS)
        return
    with torch.no_grad():
        found = merge_node(shelf.base, node, LABELS)(input_ids=ids, attention_mask=mask).logits
        expected = Composition(shelf.base, node).scores(ids, mask)
    assert (found - expected)[mask.bool()].abs().max() < 1e-5


@FAMILIES
def test_scores_of_heads_are_weighted(shelves, family):
    shelf = shelves[family]
    ids, mask = batch(shelf.base, rows=2, length=6, seed=4)
    for task in ("task", "topic"):
        plans = (f"{task}-1", f"{task}-2", f"sum({task}-1, {task}-2, none; 0.7, -0.2, 3)")
        with torch.no_grad():
            one, two, both = (Composition(shelf.base, shelf.node(plan)).scores(ids, mask) for plan in plans)
        assert near(both, 0.7 * one - 0.2 * two)


def test_two_heads_do_not_merge(shelves):
    shelf = shelves["bert"]
    with pytest.raises(PlanError, match="it has 2 heads"):
        merge_node(shelf.base, shelf.node("sum(task-1, task-2; 1, 1)"), LABELS)


@FAMILIES
def test_an_inverse_is_there_where_one_plan_alone_acts_wholly(shelves, family):
    shelf = shelves[family]
    states = torch.randn(3, shelf.base.shape.hidden, generator=torch.Generator().manual_seed(0))
    alone = Composition(shelf.base, shelf.node("madx-1")).undo(states)
    for text in ("sum(madx-1; 1)", "sum(madx-1, lora-1; 1, -2)"):
        assert torch.equal(Composition(shelf.base, shelf.node(text)).undo(states), alone)
    routed = Composition(
        shelf.base, shelf.node("sum(route(swh: madx-1, *: none), route(yor: madx-2, *: none); 1, 1)")
    ).undo(states, TAGS)
    assert near(routed[0].detach(), alone[0].detach()) and torch.equal(
        routed[2], states[2]
    )  # one row rounds otherwise
    for text in ("sum(madx-1; 0.5)", "sum(madx-1, madx-2; 1, 0)"):
        with pytest.raises(PlanError, match="a sum of invertible blocks has no inverse"):
            Composition(shelf.base, shelf.node(text)).undo(states)


def test_a_sum_without_weights_is_refused_when_it_is_to_act(shelves):
    plan = parse("sum(lora-1, lora-2)")
    assert parse(str(plan)) == plan
    with pytest.raises(PlanError, match=r"sum\(lora-1, lora-2\) has no weights.*xling module weigh"):
        grow(plan, shelves["bert"])


def test_the_base_is_untouched(shelves):
    base = shelves["bert"].base
    before = {name: value.clone() for name, value in base.encoder.state_dict().items()}
    ids, mask = batch(base, rows=2, length=6, seed=4)
    shelves["bert"].found("sum(full-1, madx-1, lora-1; 1.5, -1, 0.3) >> task-1", ids, mask)
    assert all(torch.equal(value, before[name]) for name, value in base.encoder.state_dict().items())


@EVERY
@FAMILIES
def test_half_of_a_module_is_its_mean_with_nothing(shelves, family, name):
    shelf = shelves[family]
    ids, mask = batch(shelf.base, rows=2, length=6, seed=4)
    for below, above in (("", ""), ("bottleneck-7 >> ", " >> task-1")):
        halved = shelf.found(f"{below}0.5 * {name}-1{above}", ids, mask)
        assert near(halved, shelf.found(f"{below}mean({name}-1, none){above}", ids, mask), 1e-6)
        assert not near(halved, shelf.found(f"{below}{name}-1{above}", ids, mask), 1e-6)
