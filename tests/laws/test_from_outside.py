"""What is not in the package acts at every site after one registration, and keeps the laws."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import pytest
import torch
from support.making import MODULES, batch, disturbed, facts, task_module
from torch import nn

import xling
from xling.composition.composed import Composition
from xling.composition.contents import grow
from xling.composition.forms.form import called, nodes
from xling.composition.forms.increments import own_increment
from xling.composition.grammar import FORMS, parse
from xling.errors import PlanError
from xling.modules.kind import Kind, PartConfig
from xling.modules.module import Module
from xling.modules.registry import KINDS, PRESETS
from xling.store.store import Store
from xling.tasks.registry import TASKS


class ShiftConfig(PartConfig):
    """Which site it acts at."""

    kind: Literal["shift"] = "shift"
    site: Literal["residual", "embeddings", "weights", "pooled", "text", "branches"] = "residual"


class Residual(nn.Module):
    """Adds a vector of its language: the simplest part that reads whose rows it sees."""

    replaces = False

    def __init__(self, shape, generator):
        super().__init__()
        self.vectors = nn.Parameter(torch.randn(2, shape.hidden, generator=generator))

    def residual_sites(self):
        return [(0, "after_ffn"), (1, "after_ffn")]

    def own(self, layer, place, state):
        which = torch.tensor([int(language == "swh") for language in state.rows.languages or ["und"]])
        return self.vectors[which][:, None].expand_as(state.sublayer)


class Embeddings(Residual):
    residual_sites = own = property()  # this one acts elsewhere

    def embed(self, states, rows):
        return states + self.vectors[len(set(rows.languages)) % 2]

    def unembed(self, states, rows):
        return states - self.vectors[len(set(rows.languages)) % 2]


class Weights(nn.Module):
    """Another value of one parameter in every language."""

    reads_language = True

    def __init__(self, shape, generator):
        super().__init__()
        self.name = "encoder.layer.0.attention.self.query.weight"
        self.scale = nn.Parameter(torch.tensor([0.5, 2.0]))

    def weight_names(self, shape):
        return [self.name]

    def weight(self, name, below, shape, language):
        return below * self.scale[int(language == "swh")] if name == self.name else below


class Pooled(nn.Module):
    def __init__(self, shape, generator):
        super().__init__()
        self.shift = nn.Parameter(torch.randn(shape.hidden, generator=generator))

    def pooled(self, states, rows):
        assert len(rows.languages) in (0, len(states))
        return states + self.shift


class Text(nn.Module):
    def __init__(self, shape, generator):
        super().__init__()
        self.unused = nn.Parameter(torch.zeros(1))

    def rewritten(self, units, language):
        return [{"maji": "amina", "moto": "juma"}.get(unit, unit) for unit in units]


class Branches(nn.Module):
    """Weights of branches, learned."""

    branches, sites = 2, [(0, "after_ffn"), (1, "after_ffn")]

    def __init__(self, shape, generator):
        super().__init__()
        self.shares = nn.Parameter(torch.tensor([0.7, 0.3]))

    def combine(self, layer, place, state, branches):
        return sum(share * own for share, own in zip(self.shares, branches, strict=True))


BUILT = {"residual": Residual, "embeddings": Embeddings, "weights": Weights, "pooled": Pooled, "text": Text,
         "branches": Branches}  # fmt: skip
SHIFT = Kind(
    "shift",
    ShiftConfig,
    lambda config, shape, generator: BUILT[config.site](shape, generator),
    identity=False,
    merges="none",
    presets={f"shift-{site}": (ShiftConfig(site=site),) for site in BUILT},
)


@dataclass(frozen=True)
class Doubled:
    """`doubled(a)`: what a plan adds, twice."""

    plans: tuple
    word = "doubled"
    by_language = False

    @classmethod
    def read(cls, reader):
        return cls((reader.plan(),))

    def __str__(self):
        return called(self.word, self.plans)

    def over(self, plans):
        return Doubled(tuple(plans))

    @property
    def scoring(self):
        return self.plans

    def grown(self):
        return self

    def active(self, language) -> Iterator:
        return nodes(self)[0].active(language)

    def rewritten(self, units, language):
        return units

    def increment(self, layer, place, state):
        own = own_increment(nodes(self)[0], layer, place, state)
        return (
            state.increment if own is None else 2 * own + (0 if state.increment is None else state.increment)
        )

    def linear_increment(self, place, state):
        return None

    def embed(self, states, rows):
        return states

    def unembed(self, states, rows):
        return states

    def weight(self, below, folding):
        return below

    def pooled(self, states, rows):
        return states

    def scores(self, state):
        return nodes(self)[0].scores(state)


@pytest.fixture(autouse=True)
def registered():
    xling.register(SHIFT)
    xling.register(Doubled)
    yield
    KINDS.pop("shift")
    for name in SHIFT.presets:
        PRESETS.pop(name)
    FORMS.pop("doubled")


def made(base, site: str, seed: int = 1) -> Module:
    return Module.fresh(SHIFT.presets[f"shift-{site}"], base.shape, facts(base, language="swh", seed=seed))


def on(base, plan: str, **modules) -> Composition:
    return Composition(base, grow(parse(plan), lambda name: modules[name.name]))


def test_a_name_is_registered_once_and_only_what_is_known():
    with pytest.raises(ValueError, match="a kind of part is called 'shift' already"):
        xling.register(SHIFT)
    with pytest.raises(TypeError, match="is no kind, no class of plans and no task"):
        xling.register("shift")


def test_a_part_reads_the_language_of_each_row(bert):
    ids, mask = batch(bert, rows=3, length=5, seed=1)
    composition = on(bert, "route(swh: a, *: a)", a=made(bert, "residual"))
    with torch.no_grad():
        mixed = composition(ids, mask, ["swh", "hau", "swh"])
        for row, language in enumerate(["swh", "hau", "swh"]):
            alone = composition(ids[row : row + 1], mask[row : row + 1], [language])
            kept = mask[row].bool()
            assert torch.allclose(mixed[row][kept], alone[0][kept], atol=1e-5)
        assert not torch.allclose(composition(ids, mask, ["hau"] * 3)[0], mixed[0])


def test_weights_that_depend_on_the_language_take_a_pass_for_each(bert):
    ids, mask = batch(bert, rows=4, length=5, seed=1)
    composition, passes = on(bert, "a", a=made(bert, "weights")), []
    composition.encoder.register_forward_pre_hook(lambda *_: passes.append(1))
    languages = ["swh", "hau", "swh", "hau"]
    with torch.no_grad():
        mixed = composition(ids, mask, languages)
        assert len(passes) == 2
        for row, language in enumerate(languages):
            alone = composition(ids[row : row + 1], mask[row : row + 1], [language])[0]
            assert torch.allclose(mixed[row][mask[row].bool()], alone[mask[row].bool()], atol=1e-5)
        assert not torch.allclose(composition(ids, mask, ["swh"] * 4), composition(ids, mask, ["hau"] * 4))


def test_embeddings_are_mapped_and_mapped_back(bert):
    composition = on(bert, "a", a=made(bert, "embeddings"))
    ids, mask = batch(bert, rows=2, length=5, seed=1)
    states = torch.randn(3, bert.shape.hidden)
    with torch.no_grad():
        assert not torch.allclose(composition(ids, mask), Composition(bert)(ids, mask))
        assert not torch.allclose(composition.undo(states), states)


def test_what_a_head_of_texts_reads_is_mapped_and_a_head_of_words_says_no(bert):
    module = made(bert, "pooled")
    ids, mask = batch(bert, rows=2, length=5, seed=1)
    task = task_module(bert, "classification", 3)
    with torch.no_grad():
        plain, moved = (
            on(bert, "t", t=task).scores(ids, mask),
            on(bert, "p >> t", p=module, t=task).scores(ids, mask),
        )
        routed = on(bert, "route(swh: p, *: none) >> t", p=module, t=task).scores(ids, mask, ["swh", "hau"])
    assert not torch.allclose(plain, moved)
    assert torch.allclose(routed[0], moved[0], atol=1e-5) and torch.allclose(routed[1], plain[1], atol=1e-5)
    with pytest.raises(PlanError, match="acts on pooled states"):
        on(bert, "p >> t", p=module, t=task_module(bert, "tagging", 3)).scores(ids, mask)


def test_a_text_is_rewritten_word_by_word_and_answers_stay_the_users_words(bert, tmp_path):
    store = Store(tmp_path)
    store.add("lexicon/swh", made(bert, "text"))
    store.add("task/ner", task_module(bert, "tagging", 3).with_facts(labels=("O", "B-X", "I-X")))
    plain = xling.compose(bert, "task/ner", store=store)
    glossed = xling.compose(bert, "lexicon/swh >> task/ner", store=store)
    (row,) = glossed.predict([["maji", "na", "moto"]], language="swh")
    (other,) = plain.predict([["amina", "na", "juma"]], language="swh")
    assert row["tokens"] == ["maji", "na", "moto"] and row["tags"] == other["tags"]
    with pytest.raises(PlanError, match="rewrites the text, and stands above"):
        xling.compose(bert, "lang/swh >> lexicon/swh >> task/ner", store=_with(store, bert))


def _with(store, bert):
    store.add("lang/swh", disturbed(bert, "bottleneck", std=0.1, seed=1))
    return store


def test_branches_are_combined_by_what_was_learned(bert):
    modules = {name: disturbed(bert, "bottleneck", std=0.2, seed=n) for n, name in enumerate("ab")}
    low = disturbed(bert, "bottleneck", std=0.2, seed=7)
    ids, mask = batch(bert, rows=2, length=5, seed=1)
    with torch.no_grad():
        fused = on(bert, "low >> fuse(a, b; f)", low=low, f=made(bert, "branches"), **modules)(ids, mask)
        mean = on(bert, "low >> mean(a, b; 0.7, 0.3)", low=low, **modules)(ids, mask)
    assert torch.allclose(fused, mean, atol=1e-5)
    with pytest.raises(PlanError, match="has no part that combines plans"):
        on(bert, "fuse(a, b; low)", low=low, **modules)
    with pytest.raises(PlanError, match="does more than add to states"):
        on(bert, "fuse(a, l; f)", f=made(bert, "branches"), a=low, l=disturbed(bert, "lora", std=0.1, seed=1))


def test_a_form_of_plan_from_outside_prints_and_acts(bert):
    module = disturbed(bert, "bottleneck", std=0.2, seed=1)
    assert str(parse("doubled(a) >> b")) == "doubled(a) >> b"
    ids, mask = batch(bert, rows=2, length=5, seed=1)
    with torch.no_grad():
        twice = on(bert, "doubled(a)", a=module)(ids, mask)
        again = on(bert, "doubled(a)", a=module)(ids, mask)
        once = on(bert, "a", a=module)(ids, mask)
    assert torch.equal(twice, again) and not torch.allclose(twice, once)


@pytest.mark.parametrize("site", ["residual", "weights"])
def test_it_trains_saves_loads_and_predicts(bert, tmp_path, site):
    texts = [f"amina anaishi {word}" for word in ("nairobi", "dodoma", "moshi", "leo")] * 3
    settings = xling.TrainingSettings(steps=2, batch_tokens=64)
    module = xling.train_language(bert, texts, language="swh", kind=f"shift-{site}", settings=settings)
    fresh = made(bert, site, seed=0)
    assert any(not torch.equal(value, fresh.tensors()[name]) for name, value in module.tensors().items())
    module.save(tmp_path / "swh")
    loaded = Module.load(tmp_path / "swh")
    ids, mask = batch(bert, rows=2, length=5, seed=1)
    with torch.no_grad():
        found = [Composition(bert, [one])(ids, mask, ["swh", "swh"]) for one in (module, loaded)]
    assert torch.equal(*found)


def test_the_states_of_all_layers(base):
    ids, mask = batch(base, rows=2, length=5, seed=1)
    composition = Composition(base, [disturbed(base, "madx", std=0.2, seed=1)])
    with torch.no_grad():
        layers, last = composition.layers(ids, mask), composition(ids, mask)
    assert layers.shape == (base.shape.layers + 1, *last.shape)
    assert torch.equal(layers[-1], last) and not torch.allclose(layers[0], layers[1])


def test_no_registration_is_left_behind():
    assert "shift-text" in PRESETS and "shift-text" not in MODULES and "tagging" in TASKS
