"""Reported: data sets of the library `datasets`. A case is its source, columns, what is right."""

from __future__ import annotations

import re
import warnings
from typing import Any

import pytest
from support.reported_files import cases

from xling.corpora.card import DataCard
from xling.corpora.source import read_hub
from xling.errors import InputError

NAMES = ("negative", "positive")
TAGS = ("O", "B-PER")


def card(task: str, **more: Any) -> DataCard:
    """A card of a data set that lies on the Hub alone."""
    return DataCard.model_validate(
        {
            "name": "reported",
            "title": "Reported",
            "task": task,
            "format": "table" if task == "classification" else "conll",
            "source": "made up",
            "citation": "none",
            "licence": {"id": "CC0-1.0"},
            "languages": {"swh": "swh"},
            "splits": ("test",),
            "hub": {"id": "made/up", **more},
        }
    )


def read(
    monkeypatch: pytest.MonkeyPatch, task: str, columns: dict[str, list[Any]], **features: Any
) -> list[Any]:
    """What is read where `datasets` has these columns. features: what values alone do not tell."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        datasets = pytest.importorskip("datasets")
    made = datasets.Dataset.from_dict(columns)
    for column, feature in features.items():
        made = made.cast_column(column, feature(datasets))
    monkeypatch.setattr(datasets, "load_dataset", lambda *place, **options: made)
    described = card(task)
    assert described.hub is not None
    return read_hub(described, described.hub, language="swh", split="test")


def numbered(datasets: Any) -> Any:
    return datasets.ClassLabel(names=list(NAMES))


def tagged(datasets: Any) -> Any:
    return datasets.Sequence(datasets.ClassLabel(names=list(TAGS)))


ROWS = {
    "huggingface/datasets #5624: -1 where labels are kept back": ([0, -1, 1], ["negative", None, "positive"]),
    "huggingface/datasets #245: a whole test set of -1": ([-1, -1, -1], [None, None, None]),
    "code-kern-ai/refinery #31: null is no class": ([1, None, 0], ["positive", None, "negative"]),
}


@cases(ROWS, ("labels", "right"))
def test_numbers_of_classes(monkeypatch, labels, right):
    found = read(monkeypatch, "classification", {"text": ["a", "b", "c"], "label": labels}, label=numbered)
    assert [example.label for example in found] == right


def test_null_among_written_labels(monkeypatch):
    """code-kern-ai/refinery #31: nor is it a class that is called None."""
    found = read(monkeypatch, "classification", {"text": ["a", "b"], "label": ["greentech", None]})
    assert [example.label for example in found] == ["greentech", None]


REFUSED = {
    "unslothai/unsloth pull 10813: null is not the word None": (
        "classification",
        {"text": ["a", None], "label": ["x", "y"]},
        {},
        "made/up: row 1: the column 'text' holds None, no text",
    ),
    "huggingface/transformers #15474: tags of a test set that are kept back": (
        "tagging",
        {"tokens": [["a"], ["b"]], "ner_tags": [[1], [-1]]},
        {"ner_tags": tagged},
        "made/up: row 1: no label in 'ner_tags'; take a split that has labels",
    ),
    "junhua/IPOD #1: more tags than tokens": (
        "tagging",
        {"tokens": [["a", "b"]], "ner_tags": [["O", "O", "O"]]},
        {},
        "made/up: row 0: 2 tokens but 3 tags",
    ),
}


@cases(REFUSED, ("task", "columns", "features", "words"))
def test_what_is_refused(monkeypatch, task, columns, features, words):
    with pytest.raises(InputError, match=re.escape(words)):
        read(monkeypatch, task, columns, **features)


def test_numbers_of_tags_get_their_names(monkeypatch):
    """huggingface/transformers #14230: the order of the names is the data set's own."""
    columns = {"tokens": [["a", "b"]], "ner_tags": [[1, 0]]}
    (found,) = read(monkeypatch, "tagging", columns, ner_tags=tagged)
    assert found.tags == ("B-PER", "O")
