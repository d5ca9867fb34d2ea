"""Advice without labels: which rule decides, and that nothing is trained for it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from support.tiny import WORDS
from support.tiny_recipe import write, write_recipe

from xling.evaluation.results import BOTH, CARRIED, CARRIED_VOTE, GLOSS, NONE, TARGET, VOTE
from xling.pipeline.advising import Signals, advised

EVERY = (NONE, TARGET, GLOSS, VOTE, BOTH)


@pytest.mark.parametrize(
    ("task", "conditions", "unread", "held", "wanted", "reason"),
    [
        ("classification", EVERY, 0.9, 0.97, BOTH, "cannot read 90% of the pieces"),
        ("classification", (NONE, GLOSS, VOTE), 0.9, 0.6, GLOSS, "cannot read"),
        ("classification", (NONE, TARGET), 0.9, None, TARGET, "cannot read"),
        ("classification", (NONE,), 0.9, None, NONE, "nothing else"),
        ("classification", EVERY, 0.0, 0.8, VOTE, "hold 80% of the running words"),
        ("classification", EVERY, 0.0, 0.2, NONE, "20%.*fewer than was measured"),
        ("tagging", (NONE, CARRIED, GLOSS, VOTE), 0.0, 0.8, CARRIED, "carried over pairs"),
        ("tagging", (NONE, CARRIED, VOTE, CARRIED_VOTE), 0.0, 0.8, CARRIED_VOTE, "carried over pairs"),
        ("tagging", (NONE, CARRIED, VOTE, CARRIED_VOTE), 0.0, 0.2, CARRIED, "carried over pairs"),
        ("pos", (NONE, GLOSS, VOTE), 0.0, 0.9, NONE, "not measured to help in pos"),
        ("tagging", (NONE, TARGET), 0.0, None, NONE, "no module of states"),
    ],
)
def test_the_first_rule_that_applies(task, conditions, unread, held, wanted, reason):
    condition, said = advised(Signals(task=task, conditions=frozenset(conditions), unread=unread, held=held))
    assert condition == wanted
    assert re.search(reason, said), said


@pytest.mark.parametrize(
    ("task", "kind", "conditions", "held", "wanted"),
    [
        ("tagging", "madx", (NONE, TARGET), None, TARGET),
        ("tagging", "lt-sft", (NONE, TARGET), None, TARGET),
        ("tagging", "madx", (NONE, TARGET, VOTE), 0.2, TARGET),
        ("tagging", "madx", EVERY, 0.8, VOTE),
        ("tagging", "madx", (NONE, VOTE), 0.2, NONE),
        ("pos", "lt-sft", (NONE, TARGET), None, TARGET),
        ("pos", "madx", (NONE, TARGET), None, NONE),
        ("classification", "lt-sft", (NONE, TARGET), None, NONE),
    ],
)
def test_a_module_of_plain_text_is_advised_where_it_helped_on_a_base_with_an_mlm_head(
    task, kind, conditions, held, wanted
):
    known = {"task": task, "conditions": frozenset(conditions), "unread": 0.0, "held": held}
    condition, said = advised(Signals(**known, taught=kind))
    assert condition == wanted and ("MLM head" in said) == (wanted == TARGET)
    assert advised(Signals(**known))[0] != TARGET


@pytest.mark.parametrize(
    ("task", "conditions", "held", "wanted"),
    [
        ("classification", EVERY, 0.8, BOTH),
        ("tagging", EVERY, 0.8, BOTH),
        ("tagging", (*EVERY, CARRIED), 0.8, CARRIED),
        ("tagging", EVERY, 0.2, NONE),
        ("classification", (NONE, TARGET, GLOSS, VOTE), 0.8, VOTE),
        ("pos", EVERY, 0.8, NONE),
    ],
)
def test_a_module_over_pieces_of_its_own_is_read_beside_the_gloss(task, conditions, held, wanted):
    """Where nothing was measured to be better, and the words of the text are known."""
    known = {"task": task, "conditions": frozenset(conditions), "unread": 0.0, "held": held}
    condition, said = advised(Signals(**known, pieces=True))
    assert condition == wanted and ("pieces of its words" in said) == (wanted == BOTH)
    assert advised(Signals(**known))[0] != BOTH


def test_the_command_trains_nothing_and_the_run_says_the_same(shell, bert, tmp_path):
    recipe = write_recipe(tmp_path / "recipe", bert.id)
    data, card = recipe.parent / "data", _pairs(recipe)
    changes = ("--set", f"words={{pairs: {{card: {card}, split: pairs}}}}")
    said = shell("advise", recipe, "--data-root", data, "--json", *changes)
    assert said.status == 0, said.err
    (row,) = json.loads(said.out)
    assert (row["language"], row["condition"], row["plan"]) == ("swh", TARGET, "lang/swh >> task/ner")
    assert 0 < row["held"] < 0.5 and row["unread"] == 0
    assert not (tmp_path / "runs").exists()
    ended = shell("run", recipe, "--data-root", data, "--out", tmp_path / "runs", "--quiet", *changes)
    assert ended.status == 0, ended.err
    results = json.loads((tmp_path / "runs/tiny/results.json").read_text("utf-8"))
    assert results["recommended"] == [row]


def test_a_module_that_is_aligned_is_not_taken_for_one_of_plain_text(shell, bert, tmp_path):
    recipe = write_recipe(tmp_path / "recipe", bert.id)
    pairs = f"{{pairs: {{card: {_pairs(recipe)}, split: pairs}}}}"
    changes = ("language_modules.objectives=[alignment]", f"language_modules.alignment={pairs}")
    aligned = [part for change in changes for part in ("--set", change)]
    said = shell("advise", recipe, "--data-root", recipe.parent / "data", "--json", *aligned)
    assert said.status == 0, said.err
    (row,) = json.loads(said.out)
    assert row["condition"] == NONE and "no module of states" in row["reason"]


@pytest.mark.parametrize("pieces", [True, False])
def test_a_module_over_new_pieces_is_found_in_a_recipe(shell, bert, tmp_path, pieces):
    recipe = write_recipe(tmp_path / "recipe", bert.id)
    card = _pairs(recipe, " ".join(WORDS))
    pairs = f"pairs: {{card: {card}, split: pairs}}"
    vocabulary = "language_modules.vocabulary={method: extend, size: 30}"
    changes = (
        "language_modules.objectives=[alignment]",
        f"language_modules.alignment={{{pairs}}}",
        "language_modules.under_task=none",
        "language_modules.init=fresh",
        f"words={{{pairs}}}",
        *([vocabulary] if pieces else []),
    )
    told = [part for change in changes for part in ("--set", change)]
    said = shell("advise", recipe, "--data-root", recipe.parent / "data", "--json", *told)
    assert said.status == 0, said.err
    (row,) = json.loads(said.out)
    assert row["held"] >= 0.5 and row["condition"] == (BOTH if pieces else VOTE)


def _pairs(recipe: Path, also: str = "juma leo") -> Path:
    """Write a table of translations beside a recipe, and return its card. also: one more sentence of it."""
    (recipe.parent / "data/swh-pairs.tsv").write_text(
        f"swh\teng\namina leo\tamina today\nleo juma\ttoday juma\n{also}\tjuma today\n", "utf-8"
    )
    shared = {"source": "made up", "citation": "none", "licence": {"id": "CC0-1.0"}}
    return write(
        recipe.parent / "pairs.yaml",
        {"title": "Pairs", "task": "parallel", "format": "table", "splits": ["pairs"], **shared}
        | {"languages": {"swh": "swh"}, "layout": "{upstream}-pairs.tsv"}
        | {"columns": {"text": "swh", "pair": "eng", "label": None}},
    )
