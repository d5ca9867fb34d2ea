"""Laws 5 and 6 of the design, for every registered kind and every family."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support.making import COMBINERS, MODULES, NAMES, SHARED, batch, disturbed
from support.tiny import FAMILY_NAMES

from xling.composition.composed import Composition
from xling.composition.contents import grow
from xling.composition.forms.single import Named
from xling.composition.grammar import parse
from xling.errors import InputError, PlanError
from xling.modules.module import Module

EVERY = pytest.mark.parametrize("name", NAMES)
FAMILIES = pytest.mark.parametrize("family", FAMILY_NAMES)
few = settings(max_examples=2, deadline=None)
TAGS = ("swh", "yor", "nqo", "fao")


class Shelf:
    """Modules by name: `KIND-SEED`, with a head for `head-SEED`; each made once."""

    def __init__(self, base, std=0.2):
        self.base, self.std, self.made = base, std, {}

    def __call__(self, name: Named) -> Module:
        kind, _, seed = name.name.rpartition("-")
        if name not in self.made:
            self.made[name] = disturbed(self.base, kind, std=self.std, seed=int(seed))
        return self.made[name]

    def on(self, plan: str) -> Composition:
        return Composition(self.base, grow(parse(plan), self))


def states(composition, ids, mask, languages=()):
    with torch.no_grad():
        return composition(ids, mask, languages)


def near(one, other, tolerance):
    return (one - other).abs().max() <= tolerance * max(1.0, float(other.abs().max()))


@EVERY
@FAMILIES
@few
@given(seed=st.integers(0, 99), shares=st.tuples(*[st.floats(0.1, 9.0)] * 2))
def test_law_5_the_mean_of_a_plan_with_itself_is_the_plan(bases, family, name, seed, shares):
    base = bases[family]
    shelf, (ids, mask) = Shelf(base), batch(base, rows=2, length=6, seed=seed)
    one, two = shares
    for below in ("", "bottleneck-7 >> "):
        expected = states(shelf.on(f"{below}{name}-1"), ids, mask)
        mean = shelf.on(f"{below}mean({name}-1, {name}-1; {one}, {two})")
        assert near(states(mean, ids, mask), expected, 1e-6)
    average = shelf.on(f"average({name}-1, {name}-1; {one}, {two})")
    assert near(states(average, ids, mask), states(shelf.on(f"{name}-1"), ids, mask), 1e-6)


@EVERY
@FAMILIES
def test_a_mean_with_nothing_is_not_the_plan_and_weights_count(bases, family, name):
    base = bases[family]
    shelf, (ids, mask) = Shelf(base), batch(base, rows=2, length=6, seed=1)
    plans = (f"{name}-1", f"mean({name}-1, none)", f"mean({name}-1, none; 3, 1)", "none")
    found = [states(shelf.on(plan), ids, mask) for plan in plans]
    for number, one in enumerate(found):
        assert not any(torch.equal(one, other) for other in found[number + 1 :])


@EVERY
@FAMILIES
@few
@given(
    seed=st.integers(0, 99),
    languages=st.lists(st.sampled_from(TAGS), min_size=1, max_size=6),
)
def test_law_6_a_mixed_batch_equals_its_rows_alone(bases, family, name, seed, languages):
    base = bases[family]
    shelf = Shelf(base)
    ids, mask = batch(base, rows=len(languages), length=7, seed=seed)
    branches = {"swh": f"{name}-1", "yor": f"{name}-2", "nqo": "none"}
    rest = f"mean({name}-1, {name}-2)"
    text = ", ".join(f"{tag}: {plan}" for tag, plan in branches.items())
    mixed = shelf.on(f"route({text}, *: {rest}) >> {name}-3 >> head-1")
    with torch.no_grad():
        found, scores = mixed(ids, mask, languages), mixed.scores(ids, mask, languages)
        undone = None
        if "fao" not in languages:
            undone = mixed.undo(found[:, 0], languages)
        for row, language in enumerate(languages):
            alone = shelf.on(f"{branches.get(language, rest)} >> {name}-3 >> head-1")
            one = ids[row : row + 1], mask[row : row + 1]
            kept = mask[row].bool()
            expected = alone(*one)
            assert near(found[row][kept], expected[0][kept], 1e-5)
            assert near(scores[row][kept], alone.scores(*one)[0][kept], 1e-5)
            if undone is not None:
                assert near(undone[row], alone.undo(expected[:, 0])[0], 1e-5)


@FAMILIES
@pytest.mark.parametrize("head", ["head", "biaffine"])
def test_law_6_heads_go_by_row_too(bases, family, head):
    base = bases[family]
    shelf = Shelf(base)
    ids, mask = batch(base, rows=3, length=5, seed=3)
    languages = ["yor", "swh", "yor"]
    mixed = shelf.on(f"route(swh: {head}-1, yor: madx-1 >> {head}-2)")
    plans = {"swh": f"{head}-1", "yor": f"madx-1 >> {head}-2"}
    with torch.no_grad():
        found = mixed.scores(ids, mask, languages)
        for row, language in enumerate(languages):
            alone = shelf.on(plans[language]).scores(ids[row : row + 1], mask[row : row + 1])
            kept = mask[row].bool()
            assert near(found[row][kept], alone[0][kept], 1e-5)


def test_weight_kinds_run_once_for_each_distinct_set_of_weights(bert, monkeypatch):
    shelf = Shelf(bert)
    ids, mask = batch(bert, rows=6, length=5, seed=3)
    languages = ["swh", "yor", "nqo", "swh", "yor", "nqo"]
    passes = []
    for plan in ("route(swh: lora-1, *: lora-2)", "route(swh: madx-1, yor: madx-2, *: none) >> lora-1"):
        composition = shelf.on(plan)
        before = []
        composition.encoder.register_forward_pre_hook(lambda *_, seen=before: seen.append(1))
        states(composition, ids, mask, languages)
        passes.append(len(before))
    assert passes == [2, 1]


@pytest.mark.parametrize("name", [*NAMES, "head", "biaffine"])
def test_modules_of_different_makes_are_not_averaged(bert, name):
    other = "bottleneck-1" if name != "bottleneck" else "madx-1"
    with pytest.raises(PlanError, match="cannot be averaged: their kinds or options differ"):
        Shelf(bert).on(f"average({name}-1, {other})")


def test_a_row_of_another_language_is_named(bert):
    ids, mask = batch(bert, rows=2, length=5, seed=3)
    composition = Shelf(bert).on("route(swh: lora-1, yor: none)")
    with pytest.raises(InputError, match="no branch for a row of the language fao; choose from swh, yor"):
        composition(ids, mask, ["swh", "fao"])
    with pytest.raises(InputError, match="no branch for a row without a language"):
        composition(ids, mask)


def test_a_mean_of_invertible_blocks_has_no_inverse(bert):
    composition = Shelf(bert).on("mean(madx-1, madx-2)")
    with pytest.raises(PlanError, match="has no inverse"):
        composition.undo(torch.randn(2, bert.shape.hidden))


def test_heads_side_by_side_are_all_or_none(bert):
    with pytest.raises(PlanError, match="only some of the plans side by side"):
        Shelf(bert).on("route(swh: head-1, *: none)")


def test_every_form_of_module_is_in_these_laws():
    others = {"head", "biaffine", "centre", *COMBINERS, *SHARED}  # test_fusion.py, test_hypernetwork.py
    assert set(NAMES) | others == set(MODULES)
