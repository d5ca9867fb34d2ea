"""Several objectives in one training: each has its share, in its order, and one module learns from all."""

from __future__ import annotations

from collections import Counter

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.making import facts
from support.tiny import TEXTS

import xling
from xling.composition.composed import Composition
from xling.modules.module import Module
from xling.modules.registry import preset
from xling.tasks.registry import task_named
from xling.training.mixture import Mixture
from xling.training.mlm import MaskedLanguageModelling, encode_lines
from xling.training.phases import Course, train_module
from xling.training.specs import LanguageTraining, TrainingSettings
from xling.training.task_objective import TaskData, TaskObjective


class Counted:
    """An objective of so many passes; its loss says which pass was asked for."""

    def __init__(self, passes: int, score: float | None = None, higher: bool | None = True) -> None:
        self.passes, self.score, self.higher_is_better, self.asked = passes, score, higher, []

    def passes_per_epoch(self) -> int:
        return self.passes

    def loss(self, number: int):
        self.asked.append(number)
        return torch.tensor(float(number)), 1

    def evaluate(self):
        return self.score


@given(sizes=st.lists(st.integers(1, 30), min_size=1, max_size=4), alpha=st.sampled_from([0.0, 0.3, 1.0]))
def test_each_has_its_share_and_its_own_passes_in_order(sizes, alpha):
    objectives = [Counted(size) for size in sizes]
    mixture = Mixture(objectives, alpha=alpha)
    for number in range(2 * mixture.passes_per_epoch()):
        mixture.loss(number)
    shares = [size**alpha / sum(own**alpha for own in sizes) for size in sizes]
    for share, own in zip(shares, objectives, strict=True):
        assert own.asked == list(range(len(own.asked)))
        assert len(own.asked) / 2 == max(1, round(sum(sizes) * share))


def test_shares_stand_in_the_place_of_sizes():
    small, large = Counted(2), Counted(38)
    mixture = Mixture([small, Mixture([large])], shares=(0.75, 0.25))
    for number in range(40):
        mixture.loss(number)
    assert (len(small.asked), len(large.asked)) == (30, 10)


@given(sizes=st.lists(st.integers(1, 9), min_size=2, max_size=3))
def test_a_turn_depends_on_the_number_alone_and_none_waits_long(sizes):
    one, two = Mixture([Counted(size) for size in sizes]), Mixture([Counted(size) for size in sizes])
    numbers = range(3 * one.passes_per_epoch())
    expected = {number: one.loss(number)[0].item() for number in numbers}
    assert {number: two.loss(number)[0].item() for number in reversed(numbers)} == expected
    for at in range(1, len(one.turns) + 1):
        had = Counter(one.turns[:at])
        assert all(abs(had[n] - at * size / sum(sizes)) < len(sizes) for n, size in enumerate(sizes))


def test_scores_are_averaged_in_one_direction():
    assert Mixture([Counted(1, 10.0), Counted(9, 20.0), Counted(1)]).evaluate() == 15.0
    assert Mixture([Counted(1)]).evaluate() is None
    assert Mixture([Counted(1, 10.0, higher=False), Counted(1, higher=None)]).higher_is_better is False
    for wrong in ([], [Counted(1), Counted(1, higher=False)]):
        with pytest.raises(ValueError, match="one direction"):
            Mixture(wrong)


def trained(base, module, objectives_of):
    course = Course(
        shape=base.shape,
        objective_of=lambda own: Mixture(objectives_of(own)),
        settings=TrainingSettings(steps=60, learning_rate=0.01),
    )
    return train_module(module, course)[0]


def losses(objectives):
    return [sum(own.loss(n)[0].item() for n in range(own.passes_per_epoch())) for own in objectives]


def both_teach(bert, module, objectives_of):
    """Two objectives lower their losses together, the second one's further than the first alone does."""
    before, alone = losses(objectives_of(module)), module.continued(module.facts)
    both = trained(bert, module, objectives_of)
    first = trained(bert, alone, lambda own: objectives_of(own)[:1])
    after = losses(objectives_of(both))
    assert losses(objectives_of(first))[1] > after[1]  # what the second teaches, the first alone does not
    assert sum(after) < sum(before)


def test_one_module_learns_from_two_languages(bert):
    spec = LanguageTraining(training=TrainingSettings(steps=1, batch_tokens=128, precision="float32"))
    texts = {"swh": TEXTS[:20], "hau": [line[::-1] for line in TEXTS[20:40]]}

    def objectives_of(module):
        composition = Composition(bert, [module])
        rows = {tag: encode_lines(bert.tokenizer, lines, 32) for tag, lines in texts.items()}
        return [
            MaskedLanguageModelling(composition, bert.mlm_head, own, spec, seed=0, language=tag)
            for tag, own in rows.items()
        ]

    module = Module.fresh(preset("madx"), bert.shape, facts(bert, language="bnt"))
    both_teach(bert, module, objectives_of)


def test_one_module_learns_from_two_tasks_under_their_heads(bert):
    settings = TrainingSettings(steps=1, batch_tokens=128, precision="float32")
    spans = [xling.TaggedSentence(("amina", "leo"), ("B-PER", "O"), str(n), "swh") for n in range(8)]
    topics = [xling.LabelledText(line, "ab"[n % 2], str(n), "eng") for n, line in enumerate(TEXTS[:8])]
    heads = {}
    for task, examples in (("tagging", spans), ("classification", topics)):
        work = task_named(task)
        labels = work.labels(examples)
        head = Module.fresh([work.head(labels, bert)], bert.shape, facts(bert, task=task, labels=labels))
        heads[task] = (head, TaskData(labels, examples))

    def objectives_of(module):
        return [
            TaskObjective(
                task_named(task), Composition(bert, [module, head]), data=data, settings=settings, seed=0
            )
            for task, (head, data) in heads.items()
        ]

    module = Module.fresh(preset("bottleneck"), bert.shape, facts(bert))
    both_teach(bert, module, objectives_of)
