"""A user's own file: the format by its ending, the columns by their usual names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from xling.data.examples import LabelledText, TaggedSentence
from xling.data.tokenise import words
from xling.errors import InputError
from xling.tasks.reading import read_input, read_labelled


def test_tagging_input_in_four_formats(tmp_path: Path) -> None:
    (tmp_path / "a.conll").write_text("Amina B-PER\nanaishi O\n")
    (tmp_path / "b.jsonl").write_text(
        json.dumps({"tokens": ["Amina", "anaishi"], "tags": ["I-PER", "O"], "id": 7})
    )
    (tmp_path / "c.txt").write_text("Amina  anaishi\n")
    (tmp_path / "d.txt").write_text("Amina O\nanaishi O\n\nx O\n")
    for name in ("a.conll", "b.jsonl", "c.txt", "d.txt"):
        first = read_input(tmp_path / name, task="tagging", language="swh")[0]
        assert first == TaggedSentence(("Amina", "anaishi"), None, "7" if name == "b.jsonl" else "0", "swh")
    for name in ("a.conll", "b.jsonl"):
        (first,) = read_labelled(tmp_path / name, task="tagging", language="swh")
        assert isinstance(first, TaggedSentence) and first.tags == ("B-PER", "O")


def test_texts_by_usual_columns(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("ID\tpremise\thypothesis\tlabel\n3\tp\th\tyes\n")
    assert read_labelled(tmp_path / "a.tsv", task="classification", language="eng") == [
        LabelledText("p", "yes", "3", "eng", "h")
    ]
    (tmp_path / "b.txt").write_text("one\n\n two  words\n")
    rows = read_input(tmp_path / "b.txt", task="classification", language="eng")
    assert rows == [LabelledText("one", None, "0", "eng"), LabelledText("two words", None, "1", "eng")]


@pytest.mark.parametrize(
    ("name", "task", "text", "words"),
    [
        ("a.jsonl", "tagging", '{"tokens": ["a"], "tags": []}', "a.jsonl:1: 1 tokens but 0 tags"),
        ("a.jsonl", "tagging", '{"tokens": "ab", "tags": "O"}', "a.jsonl:1: not a row with tokens and tags"),
        ("a.jsonl", "tagging", '{"tokens": ["a"], "tags": ["X"]}', "a.jsonl:1: 'X' is no tag; choose from O"),
        (
            "a.tsv",
            "classification",
            "body\tlabel\nx\ty\n",
            "no column of the text in the header .body, label.",
        ),
        ("a.jsonl", "classification", '{"text": "x"}', "no column of the label in the header .text."),
        ("a.pdf", "classification", "x", "a.pdf: no table by its ending"),
    ],
)
def test_faults(tmp_path: Path, name: str, task: str, text: str, words: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=words):
        read_labelled(tmp_path / name, task=task, language="eng")


def test_words_set_punctuation_apart_in_every_script() -> None:
    assert words("«Jambo», alisema (Amina).") == ["«", "Jambo", "»", ",", "alisema", "(", "Amina", ")", "."]
    assert words("የኬኒያ፣ ሺሊንግ።") == ["የኬኒያ", "፣", "ሺሊንግ", "።"]
    assert words("24. mai ta’ d'Arc") == ["24.", "mai", "ta’", "d'Arc"]
    assert words(" \u3000 ") == []
