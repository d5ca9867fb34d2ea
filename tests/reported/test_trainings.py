"""Reported: trainings of nothing, and bases that cannot be used. A case is its source, input, what is right.

Each is a command of the shell; right is its status and what its one line says.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from support.byte_level import FAMILY_OF, byte_level
from support.making import disturbed
from support.reported_files import cases, written
from support.tiny import TEXTS, tiny_base
from support.writing import conll

from xling.bases.base import load_base
from xling.modules.module import Module
from xling.store.store import Store
from xling.tasks.word_rows import word_rows

QUESTION = {
    "question": "q",
    "context": "amina " * 90,
    "answers": [{"text": "amina " * 80, "answer_start": 0}],
}

TRAININGS = {
    "AnswerDotAI/fastcore #281: zero width": ("text", "\u200b\u200c\n\u200d\u200b\n", 2, "reads none"),
    "huggingface/transformers #16711: all unknown": ("text", "ߊߓߌ ߞߏ\nߒߞߏ\n", 2, "reads none of this"),
    "huggingface/transformers #16711: some of it unknown": ("text", "ߊߓߌ ߞߏ\namina anaishi\n", 0, ""),
    "mosaicml/llm-foundry pull 1585: no window holds the answer": (
        "question-answering", json.dumps(QUESTION) + "\n", 2, "to learn from in rows of 16 pieces",
    ),
    "an unknown task": ("taging", "amina O\n", 2, "no task is called 'taging'; choose from tagging"),
}  # fmt: skip


@cases(TRAININGS, "task, text, status, said")
def test_training(bert, shell, tmp_path, task, text, status, said):
    name = {"text": "a.txt", "question-answering": "a.jsonl"}.get(task, "a.conll")
    file, out = written(tmp_path, name, text), tmp_path / "out"
    words = ["train", "language", "--language", "swh", "--text", file]
    if task != "text":
        words = ["train", "task", "--task", task, "--train", file, "--source-language", "eng"]
    ended = shell(
        *words, "--base", bert.id, "--out", out, "--set", "steps=3", "--set", "max_length=16", "--quiet"
    )
    assert (ended.status, ended.err.count("\n")) == (status, 1 if status else 0), ended.err
    assert said in ended.err
    if status == 0:
        losses = [json.loads(line)["loss"] for line in (out / "log.jsonl").read_text().splitlines()]
        assert len(losses) == 3 and all(map(math.isfinite, losses))


@pytest.mark.parametrize("lines", [1, 9], ids=["one line", "nine lines"])
def test_transformers_pull_1633_perplexity_of_nothing(bert, shell, tmp_path, lines):
    file = written(tmp_path, "a.txt", "\n".join(TEXTS[:lines]) + "\n")
    ended = shell("train", "language", "--language", "swh", "--text", file, "--base", bert.id, "--out",
                  tmp_path / "swh", "--set", "steps=1", "--quiet", "--json")  # fmt: skip
    result = json.loads(ended.out)
    assert result["held_out_lines"] == 0
    assert result["pseudo_perplexity_before"] is None and result["bits_per_character_after"] is None


@pytest.mark.parametrize("family", FAMILY_OF)
def test_transformers_9607_words_of_byte_level_bases(tmp_path, family):
    tokenizer = load_base(byte_level(tmp_path, family)).tokenizer
    (row,) = word_rows([["amina", "anaishi"]], [[]], tokenizer, 32)
    assert tokenizer.convert_ids_to_tokens(row.ids[1:-1]) == ["Ġamina", "Ġanaishi"]


def without(role: str):
    def damage(folder: Path) -> None:
        path = folder / "tokenizer_config.json"
        config = json.loads(path.read_text())
        names = {"cls": ("cls_token", "bos_token"), "sep": ("sep_token", "eos_token")}
        for name in names.get(role, (f"{role}_token",)):
            config.pop(name)
        path.write_text(json.dumps(config))

    return damage


def changed(change):
    def damage(folder: Path) -> None:
        path = folder / "model.safetensors"
        values = change(load_file(path))
        save_file(values, path, metadata={"format": "pt"})

    return damage


def less(values):
    return {name: value for name, value in values.items() if "layer.1.output.dense.weight" not in name}


def nan(values):
    return {name: value * float("nan") if "layer.1" in name else value for name, value in values.items()}


BASES = {
    "huggingface/transformers #9619: no cls piece": (without("cls"), "names no cls_token"),
    "huggingface/transformers #12763: no pad piece": (without("pad"), "names no pad_token"),
    "mickeysjm/R-BERT #5: no mask piece": (without("mask"), "names no mask_token"),
    "a tensor is missing": (changed(less), "lack bert.encoder.layer.1.output.dense.weight"),
    "a tensor is NaN": (changed(nan), "have values that are not finite in bert.encoder.layer.1"),
}


@cases(BASES, "damage, said")
def test_base(shell, tmp_path, text_file, damage, said):
    tiny_base("bert", tmp_path / "base")
    damage(tmp_path / "base")
    ended = shell("train", "language", "--language", "swh", "--text", text_file, "--base", tmp_path / "base",
                  "--out", tmp_path / "out", "--quiet")  # fmt: skip
    ended.refused("--base", said)
    assert not (tmp_path / "out").exists()


def test_peft_2502_scores_do_not_move_after_a_prediction(bert, shell, tmp_path):
    module = disturbed(bert, "lora", std=0.2, seed=1)
    before = {name: value.clone() for name, value in module.tensors().items()}
    module.save(tmp_path / "half", float16=True)
    assert all(torch.equal(value, before[name]) for name, value in module.tensors().items())
    rounded = module.rounded().tensors()
    assert all(
        torch.equal(value, rounded[n]) for n, value in Module.load(tmp_path / "half").tensors().items()
    )
    assert any(not torch.equal(value, before[name]) for name, value in rounded.items())


CARD = """name: dates
title: Dates
task: tagging
format: conll
source: made up
citation: none
licence: {id: CC0-1.0}
languages: {swh: swh}
splits: [test]
layout: "{upstream}.conll"
labels: {DATE: O}
"""


def test_anago_37_a_label_that_training_never_had_is_scored_by_a_card(bert, shell, tmp_path):
    store = Store(tmp_path / "store")
    head = disturbed(bert, "head", std=0.1, seed=1)
    labels = ("O", "B-PER", "I-PER")
    store.add("task/ner", head.with_facts(task="tagging", source="eng", language=None, labels=labels))
    written(tmp_path, "swh.conll", "Amina B-PER\nleo B-DATE\n")
    words = ["evaluate", "--base", bert.id, "--store", tmp_path / "store", "--plan", "task/ner", "--task",
             "tagging", "--language", "swh", "--json"]  # fmt: skip
    told = ("'B-DATE'", "O, B-PER, I-PER", "xling evaluate --card")
    shell(*words, "--data", tmp_path / "swh.conll").refused(*told)
    card = written(tmp_path, "dates.yaml", CARD)
    ended = shell(*words, "--card", card, "--split", "test", "--data-root", tmp_path)
    assert ended.status == 0, ended.err
    assert json.loads(ended.out)["examples"] == 1
    both = ("--data FILE or --card NAME",)
    shell(*words, "--card", card, "--data", conll(tmp_path)).refused(*both)
