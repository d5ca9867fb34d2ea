"""Labels of translations: read, carried over, counted."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.foreign_text import SPELLED
from support.tiny import TEXTS
from support.tiny_recipe import KINDS

from xling.data.examples import LabelledText, Utterance
from xling.data.tokenise import words
from xling.errors import InputError
from xling.makers.composed_model import ComposedModel
from xling.makers.projection import Projected, as_row, project_pairs
from xling.tasks.reading import read_labelled
from xling.tasks.registry import task_named
from xling.training.specs import Projection

PAIRS = list(zip(SPELLED, TEXTS, strict=True))


class Knowing(ComposedModel):
    """A model that knows the labels of words and texts."""

    def __init__(self, task: Any) -> None:
        self.task = task

    def predict(self, examples, **computing: Any):
        return [self._said(example) for example in examples]

    def _said(self, example):
        assert example.language == "eng"
        if isinstance(example, LabelledText):
            return {"label": "long" if len(example.text) > 20 else "short"}
        tags = [KINDS.get(token.lower(), "O") for token in example.tokens]
        return {"tokens": list(example.tokens), "tags": tags, "intent": "tell"}


def projected(task: str, pairs, **spec: Any) -> Projected:
    return project_pairs(Knowing(task_named(task)), pairs, Projection(**spec), language="nqo")


def test_words_in_other_letters_get_the_labels_of_their_translations():
    found = projected("tagging", PAIRS)
    spelled = {
        own: KINDS.get(word, "O")
        for one, two in PAIRS
        for own, word in zip(one.split(), two.split(), strict=True)
    }
    for example in found.examples:
        assert example.tags == tuple(spelled[token] for token in example.tokens)
        assert " ".join(example.tokens) == SPELLED[int(example.id)] and example.language == "nqo"
    assert (found.pairs, found.dropped) == (120, {}) and len(found.examples) == 120
    tags = [tag[2:] or tag for example in found.examples for tag in example.tags]
    assert found.labels == {kind: tags.count(kind) for kind in ("PER", "LOC", "O")}


@given(
    sentence=st.lists(st.sampled_from(["Amina", "Juma", "Nairobi", "2019", "Shule"]), min_size=1).map(
        " ".join
    )
)
def test_the_same_text_keeps_its_labels(sentence):
    (example,) = projected("tagging", [(sentence, sentence)]).examples
    assert example.tokens == tuple(words(sentence))
    assert list(example.tags) == [KINDS.get(word.lower(), "O") for word in sentence.split()]


@given(pairs=st.lists(st.tuples(st.text(), st.sampled_from(TEXTS)), min_size=1, max_size=4))
def test_nothing_but_the_labels_comes_from_the_translation(pairs):
    try:
        found = projected("tagging", pairs)
    except InputError:
        return
    for example in found.examples:
        assert list(example.tokens) == words(pairs[int(example.id)][0])
        assert set(example.tags) <= {"O", "B-PER", "I-PER", "B-LOC", "I-LOC"}
    assert found.pairs == len(pairs) == len(found.examples) + sum(found.dropped.values())


def test_what_is_dropped_is_counted_by_its_reason():
    pairs = [("", "juma"), ("x", "  "), ("Masar", "Nairobi Dodoma"), ("Amina", "Amina"), ("Y", "the")]
    found = projected("tagging", pairs)
    assert [example.id for example in found.examples] == ["3", "4"]
    assert found.dropped == {"an empty side": 2, "LOC finds no place": 1}
    assert str(found) == "labels of 2 of 5 pairs are carried over; an empty side: 2; LOC finds no place: 1"


def test_a_limit_draws_pairs_and_the_words_are_aligned_by_all_of_them():
    found = projected("tagging", PAIRS, limit=5)
    again = project_pairs(Knowing(task_named("tagging")), PAIRS, Projection(limit=5), language="nqo", seed=1)
    whole = {example.id: example for example in projected("tagging", PAIRS).examples}
    assert found.pairs == 5 and all(whole[example.id] == example for example in found.examples)
    assert [example.id for example in again.examples] != [example.id for example in found.examples]


def test_slots_go_over_links_and_the_intent_as_it_is():
    (example,) = projected("intent-slots", [("Nenda Nairobi", "Go Nairobi")]).examples
    assert example == Utterance(("Nenda", "Nairobi"), ("O", "B-LOC"), "tell", "0", "nqo")


def test_labels_of_texts_are_taken_as_they_are():
    found = projected("classification", [("x", "short"), ("y", "a text of more than twenty")])
    assert [example.label for example in found.examples] == ["short", "long"]
    assert found.labels == {"short": 1, "long": 1}


@pytest.mark.parametrize("task", ["parsing", "question-answering", "multiple-choice"])
def test_a_task_without_labels_to_carry_says_which_have_some(task):
    with pytest.raises(InputError, match=f"{task} cannot be carried.*tagging"):
        projected(task, PAIRS)


@pytest.mark.parametrize("pairs", [[], [("Masar", "Nairobi Dodoma")]])
def test_nothing_to_carry(pairs):
    with pytest.raises(InputError, match="--pairs"):
        projected("tagging", pairs)


def test_a_row_is_read_back_as_the_example(tmp_path):
    for name in ("tagging", "intent-slots", "classification"):
        found, path = projected(name, PAIRS[:3]), tmp_path / f"{name}.jsonl"
        task = task_named(name)
        path.write_text("\n".join(json.dumps(as_row(task, example)) for example in found.examples))
        assert read_labelled(path, task=name, language="nqo") == found.examples
