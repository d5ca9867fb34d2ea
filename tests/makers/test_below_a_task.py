"""A module that learns from labels below a task module: the task module's head has the labels."""

from __future__ import annotations

import pytest
import torch
from support.making import disturbed
from support.tiny import TEXTS

import xling
from xling.errors import InputError
from xling.modules.module import Module
from xling.training.specs import TrainingSettings

SETTINGS = TrainingSettings(steps=3, learning_rate=0.05, batch_tokens=64, precision="float32")


def tagged(line: str, number: int, tag: str = "B-PER") -> xling.TaggedSentence:
    tokens = tuple(line.split())
    return xling.TaggedSentence(tokens, tuple(tag for _ in tokens), str(number), "swh")


SPANS = [tagged(line, number) for number, line in enumerate(TEXTS[:12])]


@pytest.fixture
def ner(bert) -> Module:
    plain = [tagged(line, number, "O") for number, line in enumerate(TEXTS[12:16])]
    return xling.train_task(bert, [*SPANS, *plain], task="tagging", settings=SETTINGS)


@pytest.mark.parametrize("begun", [True, False])
def test_it_has_no_head_and_the_task_module_s_labels(bert, ner, begun):
    before = {name: value.clone() for name, value in ner.tensors().items()}
    language = disturbed(bert, "bottleneck", std=0.1, seed=1)
    own = xling.train_task(
        bert,
        SPANS,
        task="tagging",
        settings=SETTINGS,
        below="new >> task/ner",
        modules={"task/ner": ner},
        init=language if begun else None,
    )
    assert own.facts.labels == ner.facts.labels and len(own.parts) == 1
    assert all(torch.equal(value, before[name]) for name, value in ner.tensors().items())
    start = language.tensors()
    assert not begun or any(not torch.equal(value, start[name]) for name, value in own.tensors().items())
    known = {"lang/swh": own, "task/ner": ner}
    said = xling.compose(bert, "lang/swh >> task/ner", modules=known).predict(SPANS)
    assert [len(row["tags"]) for row in said] == [len(span.tokens) for span in SPANS]


def test_a_label_that_the_head_does_not_have_is_refused(bert, ner):
    with pytest.raises(InputError, match="label 'B-LOC' of example 7 is unknown to the task module"):
        xling.train_task(
            bert,
            [tagged("amina leo", 7, "B-LOC")],
            task="tagging",
            settings=SETTINGS,
            below="new >> task/ner",
            modules={"task/ner": ner},
            init=disturbed(bert, "bottleneck", std=0.1, seed=1),
        )
