"""One module, one result: predictions, scores and pseudo-perplexity do not depend on the processor."""

from __future__ import annotations

import json
import shutil

import pytest
import torch
from conftest import say_of_bfloat16
from support.making import disturbed
from support.tiny import TEXTS
from support.tiny_recipe import write_recipe
from support.writing import conll

from xling.bases.tied_head import fit_tied_head
from xling.composition.composed import Composition
from xling.makers.mlm_head import head_fingerprint
from xling.modules.module import Module
from xling.training.alignment import sentence_vectors
from xling.training.mlm import encode_lines
from xling.training.pseudo_perplexity import pseudo_perplexity

TIMES = {"seconds", "tokens_per_second", "peak_rss_mb", "cached"}


def timeless(path) -> str:
    """What a run's results say, times aside."""
    results = json.loads(path.read_text(encoding="utf-8"))
    results["stages"] = [
        {key: value for key, value in row.items() if key not in TIMES} for row in results["stages"]
    ]
    return json.dumps(results, sort_keys=True)


def test_a_recipe_scores_its_modules_alike_on_every_processor(bert, tmp_path, shell, monkeypatch):
    recipe = write_recipe(tmp_path / "recipe", bert.id, steps=40)
    found = []
    for answer in (False, True):
        say_of_bfloat16(monkeypatch, answer)
        for stage in (tmp_path / "runs/stages").glob("predict-*"):
            shutil.rmtree(stage)
        ended = shell("run", recipe, "--data-root", recipe.parent / "data", "--out", tmp_path / "runs",
                      "--quiet", "--set", "task_module.kind=lora",
                      "--set", "task_module.options={}")  # fmt: skip
        assert ended.status == 0, ended.err
        predictions = sorted((tmp_path / "runs/tiny/predictions").iterdir())
        found.append(
            (timeless(tmp_path / "runs/tiny/results.json"), [path.read_bytes() for path in predictions])
        )
    assert len(found[0][1]) == 5
    assert found[0] == found[1]
    assert json.loads(found[0][0])["precision"] == "float32"


def test_another_precision_is_asked_for_and_said(bert, tmp_path, shell):
    shell("train", "task", "--base", bert.id, "--task", "tagging", "--train", conll(tmp_path),
          "--source-language", "eng", "--out", tmp_path / "task/ner", "--set", "steps=2",
          "--quiet")  # fmt: skip
    words = ["evaluate", "--base", bert.id, "--plan", "task/ner", "--store", tmp_path, "--task", "tagging",
             "--data", conll(tmp_path), "--json"]  # fmt: skip
    assert json.loads(shell(*words).out)["precision"] == "float32"
    assert json.loads(shell(*words, "--precision", "bfloat16").out)["precision"] == "bfloat16"
    shell(*words, "--precision", "half").refused("--precision", "'half'", "float32, bfloat16")


def test_what_a_training_computed_in_stands_in_the_module(bert, tmp_path, shell, processor):
    ended = shell("train", "task", "--base", bert.id, "--task", "tagging", "--train", conll(tmp_path),
                  "--source-language", "eng", "--out", tmp_path / "ner", "--set", "steps=2",
                  "--quiet")  # fmt: skip
    assert ended.status == 0, ended.err
    wanted = "bfloat16" if processor == "with bfloat16" else "float32"
    assert Module.load(tmp_path / "ner").facts.precision == wanted
    assert f"1 threads, {wanted} |" in (tmp_path / "ner/README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", ["lora", "bottleneck", "lt-sft"])
def test_pseudo_perplexity_is_one_number(bert, kind, monkeypatch):
    found = set()
    for answer in (False, True):
        say_of_bfloat16(monkeypatch, answer)
        composition = Composition(bert, [disturbed(bert, kind, std=0.2, seed=1)])
        rows = encode_lines(bert.tokenizer, TEXTS[:4], 32)
        found.add(pseudo_perplexity(composition, bert.mlm_head, rows, characters=100).value)
    assert len(found) == 1


@pytest.mark.parametrize("kind", ["lora", "ia3", "lt-sft", "full"])
def test_scores_stay_what_they_were_after_others_computed_in_bfloat16(bert, kind):
    composition = Composition(bert, [disturbed(bert, kind, std=0.2, seed=1)])
    ids = torch.tensor([[0, 5, 6, 7, 2]])
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        composition(ids, torch.ones_like(ids))
    with torch.no_grad():
        fresh = Composition(bert, [disturbed(bert, kind, std=0.2, seed=1)])
        assert torch.equal(composition(ids, torch.ones_like(ids)), fresh(ids, torch.ones_like(ids)))


def test_a_fitted_head_and_sentence_vectors_do_not_follow_the_callers_autocast(bert):
    rows, found = encode_lines(bert.tokenizer, TEXTS[:40], 32), []
    for cast in (False, True):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=cast):
            head = fit_tied_head(bert, rows, tokens=200, steps=5)
            found.append((head_fingerprint(head), sentence_vectors(Composition(bert), rows[:3])))
    assert found[0][0] == found[1][0]
    assert torch.equal(found[0][1], found[1][1])
