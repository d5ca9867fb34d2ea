"""Reported: scores. A case is its source, gold and found, what is right (in percent)."""

from __future__ import annotations

import pytest
from support.reported_files import cases

from xling.data.examples import LabelledText, MultiLabelledText, TaggedSentence
from xling.errors import InputError
from xling.tasks.classification import Classification
from xling.tasks.multi_label import MultiLabel
from xling.tasks.tagging import Tagging

SPANS = {
    "chakki-works/seqeval #23: I- opens a span, as in conlleval": ("B-P I-P", "I-P I-P", (100, 100, 100)),
    "sighsmile/conlleval #4: the same by the Perl script": ("I-P I-P", "I-P I-P", (100, 100, 100)),
    "chakki-works/seqeval #90: a type is found in the wrong place": (
        "B-E I-E O O B-C I-C I-C O",
        "B-E I-E O O O B-C I-C O",
        (50, 50, 50),
    ),
    "chakki-works/seqeval #90: a type is not found at all": (
        "B-E I-E O O B-C I-C I-C O",
        "B-E I-E O O O O O O",
        (66.67, 100, 50),
    ),
    "chakki-works/seqeval #60: gold is O throughout": ("O O O O", "B-L I-L I-P B-P", (0, 0, 0)),
    "chakki-works/seqeval #98: a sentence without spans adds nothing": ("O O", "O O", (0, 0, 0)),
    "UKPLab/emnlp2017-bilstm-cnn-crf #19: another type inside a span": ("B-P I-P", "B-P I-L", (0, 0, 0)),
    "chakki-works/seqeval pull 38: a type with a dash in its name": (
        "B-ARGM-LOC I-ARGM-LOC O",
        "B-ARGM-LOC I-TIME-LOC O",
        (0, 0, 0),
    ),
}


@cases(SPANS, ("gold", "found", "right"))
def test_spans(gold, found, right):
    task, words = Tagging(), ("x",) * len(gold.split())
    example = TaggedSentence(words, tuple(gold.split()), "0", "swh")
    row = task.row(example, found.split())
    scores = task.score([example], [row])
    assert tuple(scores.values()) == pytest.approx(right, abs=0.005)
    assert float(task.value(task.counts([example], [row]).sum(0))) == pytest.approx(scores["f1"])


LABELS = {
    "Lightning-AI/torchmetrics #300: a class that stands nowhere does not count": (
        "a a",
        "a a",
        {"accuracy": 100, "macro_f1": 100, "weighted_f1": 100},
    ),
    "scikit-learn/scikit-learn #23130: a class that is only found counts as zero": (
        "a a",
        "a b",
        {"accuracy": 50, "macro_f1": 33.33, "weighted_f1": 66.67},
    ),
    "flairNLP/flair #486: macro F1 is the mean of each class's": (
        "a a a b",
        "a a b b",
        {"accuracy": 75, "macro_f1": 73.33, "weighted_f1": 76.67},
    ),
    "huggingface/evaluate #699: a class that is never found": (
        "a b",
        "a a",
        {"accuracy": 50, "macro_f1": 33.33, "weighted_f1": 33.33},
    ),
    "huggingface/datasets #5624: texts whose labels are kept back": (
        "a - b -",
        "a b b a",
        {"accuracy": 100, "macro_f1": 100, "weighted_f1": 100},
    ),
}


@cases(LABELS, ("gold", "found", "right"))
def test_labels(gold, found, right):
    """A dash is a text without gold."""
    task = Classification()
    examples = [LabelledText("x", None if one == "-" else one, "0", "swh") for one in gold.split()]
    rows = [{"label": one} for one in found.split()]
    assert task.score(examples, rows) == pytest.approx(right, abs=0.005)
    assert float(task.value(task.counts(examples, rows).sum(0))) == pytest.approx(right["accuracy"])


def test_any_number_of_labels_without_gold():
    """huggingface/datasets #5624: what is found for a text without gold is not wrong."""
    task = MultiLabel()
    examples = [MultiLabelledText("x", gold, "0", "swh") for gold in (("joy",), None)]
    rows = [{"labels": ["joy"]}, {"labels": ["fear"]}]
    assert task.score(examples, rows) == pytest.approx({"f1": 100, "macro_f1": 100, "exact_match": 100})
    assert float(task.value(task.counts(examples, rows).sum(0))) == pytest.approx(100)


@pytest.mark.parametrize(
    ("task", "kind"), [(Classification(), LabelledText), (MultiLabel(), MultiLabelledText)]
)
def test_nothing_with_gold_is_nothing_to_score(task, kind):
    """huggingface/datasets #245: the labels of a whole test set are kept back."""
    example = kind("x", None, "0", "swh")
    with pytest.raises(InputError, match="the data: no text has a gold label; give texts with their labels"):
        task.score([example], [{"label": "a", "labels": ["a"]}])


@pytest.mark.parametrize(
    ("task", "kind"), [(Classification(), LabelledText), (MultiLabel(), MultiLabelledText)]
)
def test_nothing_with_gold_is_nothing_to_learn(task, kind):
    """huggingface/datasets #6506: the labels are kept back, and somebody trains on them."""
    with pytest.raises(InputError, match="--train: no text of the training data has a label"):
        task.labels([kind("x", None, "0", "swh")])
