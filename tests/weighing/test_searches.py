"""Searches for weights: what each finds, and that its result is the plan that it prints."""

from __future__ import annotations

import sys
import threading
from functools import partial

import pytest
import torch
from support.making import disturbed, task_module
from support.tiny import FAMILY_NAMES, TEXTS

import xling
from xling.composition.forms.mean import Mean
from xling.composition.forms.single import Named
from xling.composition.forms.sum import Sum
from xling.composition.grammar import parse
from xling.errors import InputError, PlanError
from xling.makers.composed_model import finder, planned_task
from xling.weighing.registry import SEARCHES, search_named
from xling.weighing.search import Problem, SentenceVectors, Unweighted, filled, sum_to_weigh, weighted
from xling.weighing.weigh import Losses, Shots, loss_on

LABELS = ("a", "b")
TOPICS = [xling.LabelledText(line, "ab"["amina" in line], str(n), "swh") for n, line in enumerate(TEXTS[:9])]
PLANS = tuple(map(Named, ("task/a", "task/b", "task/c")))
BEST = torch.tensor([0.7, -0.2, 0.4])
QUICK = {"lorahub": {"evaluations": 8}, "gradient": {"steps": 4}, "greedy-soup": {}, "soup": {}}


def searched(
    name, options=None, *, best=BEST, plans=PLANS, vectors=None, seed=0, heard=lambda done, of: None
):
    """What a search finds for a loss that is least at `best`."""

    def parts(weights):
        away = torch.as_tensor(weights, dtype=torch.float32) - best
        for share in (0.25, 0.75):
            yield share * (away**2).sum()

    problem = Problem(plans=plans, parts=parts, vectors=lambda: vectors, seed=seed, progress=heard)
    return search_named(name, options or {})(problem)


def have(name):
    if name == "lorahub":
        pytest.importorskip("nevergrad")


@pytest.mark.parametrize(
    ("name", "options", "tolerance"),
    [("lorahub", {"evaluations": 80, "penalty": 0.0}, 0.05), ("gradient", {"steps": 150}, 0.02)],
)
def test_a_search_comes_near_to_the_least_loss(name, options, tolerance):
    have(name)
    found = searched(name, options)
    assert isinstance(found, Sum) and found.plans == PLANS
    assert (torch.tensor(found.weights) - BEST).abs().max() < tolerance


def test_lorahub_keeps_to_its_bound_starts_from_zero_and_is_drawn_by_its_seed():
    have("lorahub")
    heard = []
    found = searched("lorahub", {"bound": 0.5}, heard=lambda done, of: heard.append((done, of)))
    assert max(map(abs, found.weights)) <= 0.5
    assert heard == [(number + 1, 40) for number in range(40)]
    assert searched("lorahub", {"evaluations": 1}).weights == (0.0, 0.0, 0.0)
    assert searched("lorahub", {"bound": 0.5}) == found


def test_a_penalty_draws_weights_to_zero():
    have("lorahub")
    size = [sum(map(abs, searched("lorahub", {"penalty": penalty}).weights)) for penalty in (0.0, 3.0)]
    assert size[1] < size[0] / 2


def test_nothing_of_lorahub_runs_on_after_an_interruption():
    have("lorahub")
    before = set(threading.enumerate())

    def stop(done, of):
        if done == 5:
            raise KeyboardInterrupt

    try:
        searched("lorahub", heard=stop)
    except KeyboardInterrupt:
        pass
    for thread in set(threading.enumerate()) - before:
        thread.join(10)
        assert not thread.is_alive()


def test_one_plan_is_weighed_too():
    have("lorahub")
    for name in ("lorahub", "gradient"):
        found = searched(name, best=torch.tensor([0.3]), plans=PLANS[:1])
        assert abs(found.weights[0] - 0.3) < 0.2
    assert searched("greedy-soup", best=torch.tensor([0.3]), plans=PLANS[:1]) == PLANS[0]


def test_a_greedy_soup_takes_what_does_not_raise_the_loss():
    assert searched("greedy-soup", best=torch.tensor([0.5, 0.0, 0.5])) == Mean((PLANS[0], PLANS[2]))
    assert searched("greedy-soup", best=torch.tensor([0.0, 1.0, 0.0])) == PLANS[1]
    third = torch.full((3,), 1 / 3)
    assert searched("greedy-soup", best=third) == Mean(PLANS)
    assert len(searched("greedy-soup", {"most": 2}, best=third).plans) == 2


def vectors(*, of_first, of_second):
    """Texts around two of three corners; each module's texts lie around one corner."""
    corners = torch.eye(3) * 5
    generator = torch.Generator().manual_seed(0)
    around = lambda corner, count: corners[corner] + torch.randn(count, 3, generator=generator)  # noqa: E731
    return SentenceVectors(
        target=torch.cat([around(0, of_first), around(1, of_second)]), own=[around(n, 30) for n in range(3)]
    )


def test_a_soup_takes_the_plans_whose_texts_are_near():
    assert searched("soup", vectors=vectors(of_first=40, of_second=0)) == PLANS[0]
    assert searched("soup", vectors=vectors(of_first=25, of_second=15)) == Mean(PLANS[:2])
    assert searched("soup", {"most": 1}, vectors=vectors(of_first=15, of_second=25)) == PLANS[1]
    assert searched("soup", {"least": 0.6}, vectors=vectors(of_first=20, of_second=21)) == PLANS[1]
    assert searched("soup", {"least": 0.5}, vectors=vectors(of_first=38, of_second=2)) == PLANS[0]


@pytest.fixture
def modules(bases, family):
    """Task modules of a kind each, and language modules without a head."""
    base = bases[family]
    found = {}
    for number, (tag, kind) in enumerate((("a", "bottleneck"), ("b", "lora"), ("c", "lt-sft"))):
        head = task_module(base, "classification", number, LABELS)
        own = disturbed(base, kind, std=0.2, seed=number)
        found[f"task/{tag}"] = xling.Module((*own.parts, *head.parts), head.facts)
        found[f"lang/{tag}"] = own
    found["task/top"] = task_module(base, "classification", 7, LABELS)
    return found


@pytest.mark.parametrize("family", FAMILY_NAMES)
@pytest.mark.parametrize("name", list(SEARCHES))
@pytest.mark.parametrize(
    "text", ["sum(task/a, task/b, task/c)", "lang/a >> sum(lang/b, lang/c, none) >> task/top"]
)
def test_the_result_equals_its_printed_plan(bases, family, modules, name, text):
    have(name)
    base, shots = bases[family], Shots(examples=TOPICS)
    texts = {
        str(plan): [TOPICS[n].text, TEXTS[n + 20]] for n, plan in enumerate(sum_to_weigh(parse(text)).plans)
    }
    before = {key: value.clone() for key, value in base.encoder.state_dict().items()}
    told = {"method": name, "options": QUICK[name], "texts": texts, "modules": modules}
    found = xling.weigh(base, text, TOPICS, **told)
    again = parse(str(found.plan))
    assert again == found.plan and not sum_in(again)
    model = xling.compose(base, again, modules=modules)
    rows = model.predict(TOPICS)
    assert found.value == float(model.task.value(model.task.counts(TOPICS, rows).sum(0)))
    scores = torch.cat([own.logs for own in model.label_scores(TOPICS)])
    wanted = torch.tensor([LABELS.index(str(example.label)) for example in TOPICS])
    assert abs(float(torch.nn.functional.nll_loss(scores, wanted)) - found.loss) < 1e-5
    assert xling.weigh(base, text, TOPICS, **told) == found
    assert all(torch.equal(value, before[key]) for key, value in base.encoder.state_dict().items())
    if name == "greedy-soup":
        find = finder(None, modules)
        for number in range(3):
            alone = filled(parse(text), lambda plans, number=number: plans[number])
            assert found.loss <= loss_on(base, planned_task(alone, find), shots) + 1e-6


def sum_in(plan):
    try:
        return sum_to_weigh(plan)
    except PlanError:
        return None


@pytest.mark.parametrize("family", ["bert"])
def test_a_gradient_is_that_of_the_loss(bases, family, modules):
    base = bases[family]
    planned = planned_task(filled(parse("sum(task/a, task/b, task/c)"), Unweighted), finder(None, modules))
    losses = Losses(base, planned, Shots(examples=TOPICS))

    def loss(weights):
        return sum(losses.parts(filled(planned.node, partial(weighted, weights=weights))))

    for start in (
        [0.3, 0.5, 0.5],
        [0.7, 1.0, -0.2],
        [0.0, 0.0, 0.0],
    ):  # what lies below is kept, or not at all
        weights = torch.tensor(start, requires_grad=True)
        (slope,) = torch.autograd.grad(loss(weights), weights)
        for number in range(3):
            there, back = list(start), list(start)
            there[number] += 1e-2
            back[number] -= 1e-2
            with torch.no_grad():
                rise = float(loss(there) - loss(back)) / 2e-2
            assert abs(rise - float(slope[number])) < 5e-3 * max(1.0, abs(rise))


def test_without_the_package_lorahub_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "nevergrad", None)
    with pytest.raises(InputError, match=r"nevergrad is not installed.*xling\[nevergrad\]"):
        searched("lorahub")


@pytest.mark.parametrize("family", ["bert"])
@pytest.mark.parametrize(
    ("plan", "told", "words"),
    [
        ("task/a", {}, "no sums without weights stand in 'task/a'"),
        ("sum(task/a, task/b; 1, 1)", {}, "no sums without weights"),
        ("mean(task/a, task/b)", {}, "no sums without weights"),
        ("sum(sum(task/a), task/b)", {}, "2 sums without weights"),
        ("sum(lang/a, lang/b)", {}, "has no task module"),
        ("vote(sum(task/a, task/b), task/c)", {}, "combines scores of labels"),
        ("sum(task/a, task/b)", {"method": "soup"}, "task/a has no text to compare"),
        (
            "sum(task/a)",
            {"method": "soup", "texts": {"x": ["a"]}},
            "'x' is no plan of the sum; choose from task/a",
        ),
        ("sum(task/a)", {"method": "soups"}, "no search for weights is called 'soups'; choose from lorahub"),
        ("sum(task/a)", {"options": {"step": 3}}, "step: no such key"),
    ],
)
def test_what_cannot_be_weighed_says_why(bases, family, modules, plan, told, words):
    with pytest.raises((InputError, PlanError), match=words):
        xling.weigh(bases[family], plan, TOPICS, modules=modules, **{"method": "gradient", **told})
