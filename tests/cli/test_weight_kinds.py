"""Weight kinds from end to end: train, compose by route, merge, and the plain folder alone."""

from __future__ import annotations

import json

import pytest
import torch
from support.writing import conll

from xling.tasks.tag_decoding import best_tags


@pytest.mark.parametrize("kind", ["lora", "ia3", "lt-sft"])
def test_train_predict_and_merge(shell, bert, text_file, tmp_path, kind):
    store, data = tmp_path / "modules", conll(tmp_path)
    few = ("--set", "steps=3", "--quiet", "--base", bert.id, "--kind", kind)
    if kind == "lt-sft":
        few += ("--set", "parts.k=0.1")
    for tag in ("swh", "yor"):
        ended = shell(
            "train", "language", "--language", tag, "--text", text_file, "--out", store / f"lang/{tag}", *few
        )
        assert ended.status == 0, ended.err
    ended = shell("train", "task", "--task", "tagging", "--source-language", "swh", "--train", data,
                  "--language-module", store / "lang/swh", "--out", store / "task/ner", *few)  # fmt: skip
    assert ended.status == 0, ended.err
    assert not (store / "task/ner/checkpoints").exists()

    both = (tmp_path / "both.jsonl", tmp_path / "alone.jsonl")
    plans = ("route(swh: lang/swh, yor: lang/yor) >> task/ner", "lang/swh >> task/ner")
    for plan, output in zip(plans, both, strict=True):
        ended = shell("predict", "--base", bert.id, "--plan", plan, "--store", store, "--input", data,
                      "--output", output, "--language", "swh")  # fmt: skip
        assert ended.status == 0, ended.err
    assert both[0].read_text() == both[1].read_text()
    ended = shell("predict", "--base", bert.id, "--plan", plans[0], "--store", store, "--input", data,
                  "--output", both[0], "--language", "fao")  # fmt: skip
    ended.refused("no branch for a row of the language fao", "swh, yor")

    merge = ("module", "merge", "--base", bert.id, "--store", store, "--out", tmp_path / "plain", "--plan")
    shell(*merge, plans[0]).refused("cannot be merged: it routes by language", "merge one branch")
    assert not (tmp_path / "plain").exists()
    ended = shell(*merge, plans[1], "--json")
    assert ended.status == 0, ended.err
    assert json.loads(ended.out)["class"] == "BertForTokenClassification"
    shell(*merge, plans[1]).refused("plain is there already")
    _predicts_alike(tmp_path / "plain", both[1])


def _predicts_alike(folder, output):
    from transformers import AutoModelForTokenClassification, AutoTokenizer

    model, tokenizer = (
        AutoModelForTokenClassification.from_pretrained(folder),
        AutoTokenizer.from_pretrained(folder),
    )
    assert "lang/swh >> task/ner" in (folder / "README.md").read_text()
    for row in map(json.loads, output.read_text().splitlines()):
        encoded = tokenizer(row["tokens"], is_split_into_words=True, return_tensors="pt")
        words = encoded.word_ids()
        firsts = [at for at, word in enumerate(words) if word is not None and word != words[at - 1]]
        with torch.no_grad():
            scores = model(input_ids=encoded["input_ids"]).logits[0, firsts]
        labels = [model.config.id2label[number] for number in range(scores.shape[1])]
        assert best_tags(scores.numpy(), labels) == row["tags"]
