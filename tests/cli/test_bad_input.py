"""Bad input: exit status 2, one line that names the place, the value, the choices and the next step."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.making import disturbed
from support.tiny import tiny_base
from support.writing import conll, table

from xling.store.store import Store

TRAIN = ("train", "task", "--task", "tagging", "--source-language", "swh", "--quiet")


@pytest.fixture
def store(bases, tmp_path: Path, shell) -> Path:
    """A store with one language module and one task module of the tiny BERT."""
    root = tmp_path / "modules"
    Store(root).add("lang/swh", disturbed(bases["bert"], "madx", std=0.01, seed=1))
    ended = shell(*TRAIN, "--base", bases["bert"].id, "--train", conll(tmp_path), "--out", root / "task/ner",
                  "--set", "steps=2")  # fmt: skip
    assert ended.status == 0, ended.err
    return root


def predict(shell, base, store, plan, source):
    return shell("predict", "--base", base.id, "--plan", plan, "--store", store, "--input", source,
                 "--output", source.with_suffix(".out.jsonl"))  # fmt: skip


def train_language(shell, base, text, out, language="swh"):
    return shell("train", "language", "--base", base.id, "--language", language, "--text", text, "--out", out,
                 "--quiet")  # fmt: skip


def test_missing_file(shell, bert, tmp_path):
    (tmp_path / "text.txt").write_text("amina\n")
    ended = train_language(shell, bert, tmp_path / "txt.txt", tmp_path / "out")
    ended.refused("txt.txt", "no such file", "text.txt")


def test_empty_file(shell, bert, tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("\n\n")
    train_language(shell, bert, path, tmp_path / "out").refused("text.txt", "empty")


def test_text_that_is_not_utf8(shell, bert, tmp_path):
    path = tmp_path / "text.txt"
    path.write_bytes(b"amina\nna \xff juma\n")
    train_language(shell, bert, path, tmp_path / "out").refused("text.txt:2", "0xff", "UTF-8")


def test_unknown_language_tag(shell, bert, text_file, tmp_path):
    ended = train_language(shell, bert, text_file, tmp_path / "out", language="swahilli")
    ended.refused("'swahilli'", "swh")


def test_conll_line_with_a_missing_column(shell, bert, tmp_path):
    path = conll(tmp_path)
    path.write_text(path.read_text().replace("nairobi B-LOC", "nairobi", 1))
    ended = shell(*TRAIN, "--base", bert.id, "--train", path, "--out", tmp_path / "out")
    ended.refused("train.conll:3", "nairobi", "column")


def test_label_unknown_to_the_module(shell, bert, store, tmp_path):
    path = conll(tmp_path, "gold.conll")
    path.write_text(path.read_text().replace("B-LOC", "B-GPE"))
    ended = shell("evaluate", "--base", bert.id, "--plan", "task/ner", "--store", store, "--task", "tagging",
                  "--data", path)  # fmt: skip
    ended.refused("'B-GPE'", "unknown to the task module", "B-LOC")


def test_plan_naming_no_module(shell, bert, store, text_file):
    predict(shell, bert, store, "lang/swa >> task/ner", text_file).refused("'lang/swa'", "lang/swh")


@pytest.mark.parametrize("plan", ["", ">>", "lang/swh >>", "lang/swh task/ner", "../secret", "lang/swh >> "])
def test_plan_that_cannot_be_read(shell, bert, store, text_file, plan):
    predict(shell, bert, store, plan, text_file).refused("plan")


def test_plan_without_a_task(shell, bert, store, text_file):
    predict(shell, bert, store, "lang/swh", text_file).refused("has no task module", "task/ner")


def test_module_of_another_base(shell, store, text_file, tmp_path):
    other = tiny_base("bert", tmp_path / "other", seed=9)
    ended = predict(shell, other, store, "lang/swh >> task/ner", text_file)
    ended.refused("was made for base", "bert", "other")


def test_recipe_with_a_misspelt_key(shell, tmp_path):
    path = tmp_path / "recipe.yaml"
    path.write_text("include: ../nothing.yaml\n")
    shell("run", path).refused("nothing.yaml", "no such recipe")
    path.write_text("base: x\nsource: eng\ntargts: [swh]\ntask: {name: tagging, trian: 3}\n")
    shell("run", path).refused("recipe.yaml", "targts", "did you mean targets?", "task.trian", "train")


def test_unknown_choices(shell, bert, text_file, tmp_path):
    ended = shell("train", "language", "--base", bert.id, "--language", "swh", "--text", text_file,
                  "--out", tmp_path / "out", "--kind", "madxx")  # fmt: skip
    ended.refused("--kind", "'madxx'", "madx", "houlsby")
    ended = shell("train", "language", "--base", "./nowhere", "--language", "swh", "--text", text_file,
                  "--out", tmp_path / "out")  # fmt: skip
    ended.refused("--base", "./nowhere")
    ended = shell("train", "language", "--base", bert.id, "--language", "swh", "--text", text_file,
                  "--out", tmp_path / "out", "--set", "steeps=3")  # fmt: skip
    ended.refused("--set", "steeps", "steps")
    shell("train", "language", "--nothing").refused("--nothing")


@pytest.mark.parametrize(("head", "words"), [
    ("{pooling: mean}", "pooling 'mean' does not go with tagging, which scores every word; choose from none"),
    ("{outputs: 3}", "head: outputs is 5 by the task tagging and its labels"),
    ("{kind: biaffine}", "head: "),
    ("{drop: 1}", "head: head: drop: no such key, did you mean dropout?"),
    ("5", "head: 5 is no mapping of keys to values; write parts.head="),
])  # fmt: skip
def test_what_a_task_decides_of_its_head(shell, bert, tmp_path, head, words):
    ended = shell(*TRAIN, "--base", bert.id, "--train", conll(tmp_path), "--out", tmp_path / "out",
                  "--set", f"parts.head={head}")  # fmt: skip
    ended.refused(words)


def test_a_head_of_whole_texts_pools(shell, bert, tmp_path):
    ended = shell("train", "task", "--task", "classification", "--source-language", "swh", "--base", bert.id,
                  "--train", table(tmp_path), "--out", tmp_path / "out", "--quiet",
                  "--set", "parts.head={pooling: none}")  # fmt: skip
    ended.refused("pooling 'none' does not go with classification, which scores whole texts", "first, mean")


def test_a_damaged_module(shell, bert, store):
    path = store / "lang/swh/weights.safetensors"
    path.write_bytes(path.read_bytes()[:100])
    shell("module", "show", "lang/swh", "--store", store).refused(
        "weights.safetensors", "not an xling module"
    )


@pytest.mark.parametrize(("words", "said"), [
    (["nosuch"], "No such command 'nosuch'; see xling --help"),
    (["ablate"], "Missing argument 'recipe'; see xling ablate --help"),
    (["run", "--nosuch"], "see xling run --help"),
])  # fmt: skip
def test_wrong_usage(shell, words, said):
    shell(*words).refused(said)


def test_a_command_without_its_part_shows_the_help_alone(shell):
    ended = shell("train")
    assert (ended.status, ended.err) == (2, "") and "Usage: xling train" in ended.out


def test_a_store_that_holds_nothing(shell, tmp_path):
    shell("module", "list", "--store", tmp_path / "modules").refused("modules", "no such folder", "--store")
    shell("module", "list", "--store", tmp_path).refused("holds no module", "xling train")
