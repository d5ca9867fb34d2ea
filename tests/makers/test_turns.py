"""Plans that take turns below a task module: each pass takes the next, and nothing but the plan differs."""

from __future__ import annotations

import pytest
import torch
from support.making import disturbed
from support.tiny import TEXTS

import xling
from xling.composition.forms.single import Named
from xling.composition.forms.turns import in_turn
from xling.composition.grammar import parse
from xling.errors import InputError, PlanError
from xling.modules.module import Module
from xling.training.mixture import Cycle
from xling.training.specs import TrainingSettings

SETTINGS = TrainingSettings(epochs=1, learning_rate=0.05, batch_tokens=64, precision="float32")


def tagged(line: str, number: int) -> xling.TaggedSentence:
    tokens = tuple(line.split())
    tags = tuple("O" if at % 3 else "B-PER" for at, _ in enumerate(tokens))
    return xling.TaggedSentence(tokens, tags, str(number), "swh")


SPANS = [tagged(line, number) for number, line in enumerate(TEXTS[:12])]


@pytest.fixture
def below(bert):
    return {f"lang/{tag}": disturbed(bert, "madx", std=0.3, seed=n) for n, tag in enumerate("ab")}


def trained(base, below, plan, dev=(), **told) -> Module:
    return xling.train_task(
        base, SPANS, dev, task="tagging", settings=SETTINGS, modules=below, below=plan, **told
    )


@pytest.mark.parametrize("kind", ["bottleneck", "lora", "lt-sft"])
def test_the_same_plan_in_turns_is_that_plan_to_the_bit(bert, below, kind):
    one = trained(bert, below, "lang/a", SPANS[:3], kind=kind)
    own = trained(bert, below, "turns(lang/a, lang/a)", SPANS[:3], kind=kind)
    other = trained(bert, below, "turns(lang/a, lang/b)", SPANS[:3], kind=kind)
    assert own.facts.making["plan"] == "turns(lang/a, lang/a) >> new" and own.facts.steps == one.facts.steps
    assert own.scores == one.scores
    assert all(torch.equal(value, one.tensors()[name]) for name, value in own.tensors().items())
    assert not all(torch.equal(value, one.tensors()[name]) for name, value in other.tensors().items())


class Said:
    higher_is_better = True

    def __init__(self, score):
        self.score, self.asked = score, []

    def passes_per_epoch(self):
        return 7

    def loss(self, number):
        self.asked.append(number)
        return torch.tensor(1.0), 1

    def evaluate(self):
        return self.score


def test_each_pass_takes_the_next_plan_and_an_epoch_stays_as_long_as_it_was():
    parts = [Said(1.0), Said(None), Said(4.0)]
    cycle = Cycle(parts)
    for number in range(7):
        cycle.loss(number)
    assert [own.asked for own in parts] == [[0, 3, 6], [1, 4], [2, 5]]
    assert (cycle.passes_per_epoch(), cycle.evaluate(), Cycle([Said(None)]).evaluate()) == (7, 2.5, None)


def test_turns_are_spelled_out_wherever_they_stand():
    found = in_turn(parse("words/a >> turns(lang/a >> lang/b, none) >> new >> task/ner"))
    assert list(map(str, found)) == [
        "words/a >> lang/a >> lang/b >> new >> task/ner",
        "words/a >> none >> new >> task/ner",
    ]
    assert in_turn(parse("turns(lang/a >> new, new)")) == [parse("lang/a >> new"), Named("new")]
    assert in_turn(parse("lang/a >> new")) == [parse("lang/a >> new")]


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        ("turns(lang/a)", "turns takes at least two plans, not 1"),
        ("turns(lang/a, lang/b) >> turns(none, none)", r"turns stands twice in 'turns\(lang/a, lang/b\)"),
        ("turns(lang/a >> new, lang/b)", "in 'lang/b' stands no new to be trained"),
    ],
)
def test_what_cannot_take_turns_is_refused(bert, below, plan, words):
    with pytest.raises(PlanError, match=words):
        trained(bert, below, plan)


def test_a_head_alone_and_a_prediction_have_no_turns(bert, below, tmp_path):
    with pytest.raises(InputError, match="a head alone is fitted at once, so no plans take turns"):
        trained(bert, below, "turns(lang/a, none)", kind="head")
    dropping = SETTINGS.model_copy(update={"drop_layers": 1})
    with pytest.raises(InputError, match="layers are dropped in one plan, and here plans take turns"):
        xling.train_task(
            bert, SPANS, task="tagging", settings=dropping, modules=below, below="turns(lang/a, none)"
        )
    task = trained(bert, below, "turns(lang/a, none)")
    with pytest.raises(PlanError, match="takes turns from one step of a training to the next"):
        xling.compose(bert, "turns(lang/a, lang/b) >> task/ner", modules={**below, "task/ner": task})
