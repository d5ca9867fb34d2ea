"""`xling train task --distil`: a plan's readings of unlabelled texts are taught to one task module."""

from __future__ import annotations

import json

import pytest
from support.writing import table

TEXTS = "habari ya leo\nnyumba kubwa\nmaji safi\n"


@pytest.fixture
def words(shell, bert, tmp_path):
    """The arguments of a distillation from a trained task module, by their place in the command."""
    told = ("--base", bert.id, "--task", "classification", "--source-language", "eng", "--quiet")
    for seed in ("0", "1"):
        shell("train", "task", *told, "--train", table(tmp_path), "--set", "steps=2", "--seed", seed,
              "--out", tmp_path / "task" / seed)  # fmt: skip
    (tmp_path / "texts.txt").write_text(TEXTS, encoding="utf-8")
    return ("train", "task", *told, "--out", tmp_path / "task/student", "--set", "steps=2")


def test_a_vote_is_taught_on_texts_alone(shell, words, tmp_path):
    ended = shell(*words, "--distil", "vote(task/0, task/1)", "--store", tmp_path, "--text",
                  tmp_path / "texts.txt", "--language", "swa", "--json")  # fmt: skip
    found = json.loads(ended.out)
    assert (ended.status, found["taught_examples"], found["train_examples"]) == (0, 3, 0)
    shown = json.loads(shell("module", "show", "task/student", "--store", tmp_path, "--json").out)
    assert shown["labels"] == ["person", "verb"] and shown["making"]["teacher"] == "vote(task/0, task/1)"
    assert shown["cards"][0][0] == "texts.txt"


def test_texts_join_labelled_examples(shell, words, tmp_path):
    ended = shell(*words, "--distil", "task/0", "--store", tmp_path, "--text", tmp_path / "texts.txt",
                  "--language", "swh", "--train", table(tmp_path), "--json")  # fmt: skip
    found = json.loads(ended.out)
    assert found["taught_examples"] == 3 and found["train_examples"] > 0


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ((), ("--train", "nothing to train on", "--distil")),
        (("--distil", "task/0", "--store", "STORE", "--text", "TEXT"), ("--language", "--distil needs it")),
        (("--train", "TABLE", "--text", "TEXT"), ("--text", "it goes with --distil")),
        (("--distil", "task/9", "--store", "STORE", "--text", "TEXT", "--language", "swh"), ("task/9",)),
        (("--distil", "vote(", "--store", "STORE", "--text", "TEXT", "--language", "swh"), ("vote(",)),
    ],
)
def test_half_a_distillation_is_refused(shell, words, tmp_path, more, said):
    places = {"STORE": tmp_path, "TEXT": tmp_path / "texts.txt", "TABLE": table(tmp_path)}
    shell(*words, *(places.get(word, word) for word in more)).refused(*said)
