"""The Python interface: its examples run, and plans stand around what learns."""

from __future__ import annotations

import doctest

import pytest
import torch
from support.making import disturbed
from support.tiny import TEXTS

import xling
from xling.composition.composed import Composition
from xling.errors import InputError, PlanError

SHORT = xling.TrainingSettings(steps=2, batch_tokens=64, learning_rate=0.01)
SPANS = [
    xling.TaggedSentence(tuple(line.split()), tuple("O" for _ in line.split()), str(number), language)
    for number, line in enumerate(TEXTS[:8])
    for language in ("swh", "hau")
]
GOLD = [*SPANS, xling.TaggedSentence(("amina", "leo"), ("B-PER", "O"), "x", "swh")]
TOPICS = [xling.LabelledText(line, "ab"[n % 2], str(n), "eng") for n, line in enumerate(TEXTS[:8])]


def test_every_name_is_there():
    for name in xling.__all__:
        assert getattr(xling, name) is not None
        assert name == "__version__" or getattr(xling, name).__doc__, name


@pytest.mark.parametrize(
    "name",
    [
        "train_language",
        "align_language",
        "build_vocabulary",
        "make_lexicon",
        "project",
        "train_task",
        "distil_task",
        "weigh",
        "train_hypernetwork",
        "generate_module",
    ],
)
def test_the_examples_in_the_manual_run(bert, name):
    ner = tagger(bert) if name in ("project", "distil_task", "weigh") else None
    two = {"swh": TEXTS[:20], "hau": TEXTS[20:40]}
    shared = xling.train_hypernetwork(bert, two, settings=SHORT) if name == "generate_module" else None
    around = {"xling": xling, "base": bert, "lines": TEXTS, "ner": ner, "shared": shared}
    function = getattr(xling, name)
    found = doctest.DocTestParser().get_doctest(function.__doc__, around, name, None, 0)
    assert found.examples
    assert doctest.DocTestRunner().run(found).failed == 0
    for section in ("Args:", "Returns:", "Raises:"):
        assert section in function.__doc__


def tagger(bert):
    return xling.train_task(bert, GOLD, task="tagging", settings=SHORT)


@pytest.fixture
def below(bert):
    return {f"lang/{tag}": disturbed(bert, "madx", std=0.2, seed=n) for n, tag in enumerate(("swh", "hau"))}


def test_a_language_module_below_is_short_for_a_plan(bert, below):
    told = {"task": "tagging", "settings": SHORT}
    swh = below["lang/swh"].with_facts(language="swh")
    one = xling.train_task(bert, GOLD, **told, language_module=swh)
    two = xling.train_task(bert, GOLD, **told, below="lang/swh", modules={"lang/swh": swh})
    three = xling.train_task(bert, GOLD, **told, below="lang/swh >> new", modules={"lang/swh": swh})
    for other in (two, three):
        assert all(torch.equal(value, other.tensors()[name]) for name, value in one.tensors().items())
        assert other.facts.below == one.facts.below and other.facts.making == one.facts.making
    assert [name for name, _ in one.facts.below] == ["lang/swh"]


def test_a_task_learns_in_a_route_and_in_a_mean(bert, below):
    told = {"task": "tagging", "settings": SHORT, "modules": below}
    before = {name: module.tensors() for name, module in below.items()}
    routed = xling.train_task(bert, GOLD, **told, below="route(swh: lang/swh, hau: lang/hau)")
    mean = xling.train_task(bert, GOLD, **told, below="mean(lang/swh, lang/hau) >> new")
    alone = xling.train_task(bert, GOLD, task="tagging", settings=SHORT)
    found = [torch.cat([v.flatten() for v in own.tensors().values()]) for own in (routed, mean, alone)]
    assert not torch.equal(found[0], found[1]) and not torch.equal(found[1], found[2])
    assert routed.facts.making["plan"] == "route(swh: lang/swh, hau: lang/hau) >> new"
    assert sorted(name for name, _ in routed.facts.below) == ["lang/hau", "lang/swh"]
    for name, module in below.items():
        assert all(torch.equal(value, before[name][key]) for key, value in module.tensors().items())


def test_a_language_of_the_rows_that_no_branch_is_for_is_told(bert, below):
    with pytest.raises(InputError, match="no branch for a row of the language eng"):
        xling.train_task(
            bert, TOPICS, task="classification", settings=SHORT, below="route(swh: lang/swh)", modules=below
        )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"below": "lang/xho"}, "the plan names lang/xho, which is not among the modules.*lang/swh"),
        ({"below": "lang/swh >>"}, "nothing stands after >>"),
        ({"below": "lang/swh", "language_module": True}, "give language_module or below"),
    ],
)
def test_plans_that_cannot_be(bert, below, words, told):
    if "language_module" in words:
        words = {**words, "language_module": below["lang/swh"]}
    with pytest.raises(PlanError, match=told):
        xling.train_task(bert, GOLD, task="tagging", settings=SHORT, modules=below, **words)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda base: xling.train_language(base, TEXTS, language="swh", rates=1), "rates: no such key"),
        (lambda base: xling.train_language(base, TEXTS, language="swh", candidates=3), "true or false"),
        (lambda base: xling.build_vocabulary(base, TEXTS, language="swh", siz=3), "did you mean size"),
        (lambda base: xling.build_vocabulary(base, TEXTS, language="swh", method="x"), "'extend', 'replace'"),
        (lambda base: xling.align_language(base, [("a", "b")] * 2, language="swh", token=1.0), "mean tokens"),
        (lambda base: xling.train_task(base, GOLD, task="tagging", kinds="x"), "did you mean kind"),
    ],
)
def test_what_no_specification_has_is_told(bert, call, told):
    with pytest.raises(InputError, match=told):
        call(bert)


def test_a_trained_module_is_out_of_any_optimizers_reach(bert):
    module = xling.train_language(bert, TEXTS, language="swh", settings=SHORT)
    assert not any(value.requires_grad for network in module.networks for value in network.parameters())
    assert Composition(bert, [module])
