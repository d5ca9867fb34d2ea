"""Translations in users' files: every format carries them, and nothing is refused or changed for them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
from support.making import disturbed, task_module

import xling
from xling.data.examples import LabelledText, TaggedSentence, fingerprint
from xling.makers.projection import as_row
from xling.modules.module import Module
from xling.store.store import Store
from xling.tasks.reading import read_input, read_labelled
from xling.tasks.registry import task_named

GIVEN = "Amina lives in Nairobi"
WORDS = ["Amina", "anaishi", "Nairobi"]
ROW = {"tokens": WORDS, "tags": ["B-PER", "O", "B-LOC"]}
TREE = "".join(f"{n}\t{word}\t_\tNOUN\t_\t_\t{n - 1}\tdep\t_\t_\n" for n, word in enumerate(WORDS, start=1))
TREE = TREE.replace("\t0\tdep", "\t0\troot")
XSID = "".join(f"{n}\t{word}\tgo\tO\n" for n, word in enumerate(WORDS, start=1))
PAIR = json.dumps(["She sleeps", "He wakes"]).replace('"', '""')
FILES = [
    ("tagging", "a.jsonl", json.dumps({**ROW, "translation": GIVEN}) + "\n", (GIVEN,)),
    ("tagging", "a.jsonl", json.dumps({**ROW, "translation": GIVEN.split()}) + "\n", tuple(GIVEN.split())),
    ("tagging", "a.conll", f"# translation = {GIVEN}\nAmina B-PER\nanaishi O\nNairobi B-LOC\n", (GIVEN,)),
    ("pos", "a.conllu", f"# sent_id = s\n# translation = {GIVEN}\n{TREE}\n", (GIVEN,)),
    ("parsing", "a.conllu", f"# translation = {GIVEN}\n{TREE}\n", (GIVEN,)),
    ("intent-slots", "a.conll", f"# translation: {GIVEN}\n{XSID}\n", (GIVEN,)),
    ("classification", "a.tsv", f"text\tlabel\ttranslation\nAmina analala\ta\t{GIVEN}\n", (GIVEN,)),
    ("classification", "a.csv",
     f'premise,hypothesis,label,translation\nx,y,a,"{PAIR}"\n', ("She sleeps", "He wakes")),
    ("multi-label", "a.tsv", f"text\tlabels\ttranslation\nAmina analala\ta|b\t{GIVEN}\n", (GIVEN,)),
    ("question-answering", "a.jsonl", json.dumps({"context": "x y", "question": "z",
     "translation": ["a b", "c"], "answers": [{"answer_start": 0, "text": "x"}]}) + "\n", ("a b", "c")),
    ("multiple-choice", "a.jsonl", json.dumps({"premise": "x", "question": "cause", "choice1": "y",
     "choice2": "z", "label": 0, "translation": ["a", "effect", "b", "c"]}) + "\n",
     ("a", "effect", "b", "c")),
]  # fmt: skip


@pytest.mark.parametrize(("task", "name", "text", "wanted"), FILES)
def test_every_format_carries_it(tmp_path, task, name, text, wanted):
    (tmp_path / name).write_text(text, encoding="utf-8")
    (labelled,) = read_labelled(tmp_path / name, task=task, language="swh")
    (bare,) = read_input(tmp_path / name, task=task, language="swh")
    assert labelled.translation == bare.translation == wanted
    written = as_row(task_named(task), labelled)
    assert written["translation"] == list(wanted)


@pytest.mark.parametrize("value", [None, "", " ", {"en": "x"}, [], [""], 5.5, True])
def test_what_is_no_translation_is_not_refused(tmp_path, value):
    (tmp_path / "a.jsonl").write_text(json.dumps({**ROW, "translation": value}) + "\n", encoding="utf-8")
    (found,) = read_labelled(tmp_path / "a.jsonl", task="tagging", language="swh")
    assert found.tokens == tuple(WORDS)
    assert found.translation is None or found.translation == (str(value),)


def test_a_line_that_may_be_a_token_is_one(tmp_path):
    (tmp_path / "a.conll").write_text("# translation = O\na b c O\n# b c O\n", encoding="utf-8")
    (found,) = read_labelled(tmp_path / "a.conll", task="tagging", language="swh")
    assert found.tokens == ("#", "a", "#") and found.translation is None


def test_without_one_a_fingerprint_is_what_it_was():
    examples = [TaggedSentence(("a",), ("O",), "1", "swh"), LabelledText("a", "b", "1", "swh")]
    before = hashlib.sha256(b'[["a"], ["O"], "1", "swh"]\n["a", "b", "1", "swh", null]\n').hexdigest()
    assert fingerprint(examples) == f"sha256:{before}"
    assert fingerprint([replace(examples[0], translation=("x",))]) != fingerprint(examples[:1])


@pytest.fixture
def store(bert, tmp_path) -> Path:
    """A module that reads translations, above words of a lexicon."""
    parts = disturbed(bert, "flare", std=0.3, seed=1).parts
    head = task_module(bert, "tagging", 3, ("O", "B-X", "I-X"))
    own = Store(tmp_path / "store")
    own.add("task/x", Module((*parts, *head.parts), replace(head.facts, source="eng")))
    own.add("words/swh", xling.make_lexicon(language="swh", dictionary=[("amina", "juma")]))
    return tmp_path / "store"


def test_commands_read_it_from_rows_and_columns(bert, tmp_path, shell, store, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [("amina na mtoto", "juma leo kesho"), ("juma na shule", "mtoto ya dodoma")]
    texts = {
        "a.jsonl": "".join(json.dumps({"tokens": t.split(), "translation": g}) + "\n" for t, g in rows),
        "a.conll": "".join(f"# translation = {g}\n" + t.replace(" ", "\n") + "\n\n" for t, g in rows),
        "bare.conll": "".join(t.replace(" ", "\n") + "\n\n" for t, _ in rows),
    }
    for name, text in texts.items():
        Path(name).write_text(text, encoding="utf-8")
    words = ["--base", str(bert.folder), "--store", str(store), "--language", "swh"]
    for number, name in enumerate(("a.jsonl", "a.conll")):
        given = ("predict", *words, "--plan", "task/x", "--input", name, "--output", f"{number}.jsonl")
        assert shell(*given).status == 0
    assert Path("0.jsonl").read_bytes() == Path("1.jsonl").read_bytes()
    bare = ("predict", *words, "--input", "bare.conll", "--output", "bare.jsonl", "--plan")
    shell(*bare, "task/x").refused("example 0 in swh has no translation, and the plan reads one")
    assert not Path("bare.jsonl").exists()
    assert shell(*bare, "words/swh >> task/x").status == 0
    gold = "".join(
        f"# translation = {g}\n" + "".join(f"{word} O\n" for word in t.split()) + "\n" for t, g in rows
    )
    Path("gold.conll").write_text(gold, encoding="utf-8")
    scored = shell("evaluate", *words, "--plan", "task/x", "--task", "tagging", "--data", "gold.conll",
                   "--out", "results.json")  # fmt: skip
    assert scored.status == 0, scored.err
