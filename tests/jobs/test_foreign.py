"""Modules out to other libraries and back, by the command line."""

from __future__ import annotations

import json

import pytest
from support.foreign_cases import equal
from support.making import disturbed, facts
from support.tiny import tiny_base

from xling.modules.module import Module
from xling.store.store import Store
from xling.tasks.registry import task_named

LABELS = ("O", "B-X", "I-X")
KINDS = {
    "madx": "adapterhub",
    "houlsby": "adapterhub",
    "lora": "peft",
    "ia3": "peft",
    "lt-sft": "composable-sft",
}


def stored(base, folder, kind):
    """A store with a language module and a task module of a kind."""
    store = Store(folder)
    store.add("lang/swh", disturbed(base, kind, std=0.1, seed=1))
    head = task_named("tagging").head(LABELS, base)
    own = facts(base, task="tagging", labels=LABELS, source="eng")
    store.add("task/ner", Module.fresh((*disturbed_configs(base, kind), head), base.shape, own))
    return store


def disturbed_configs(base, kind):
    return tuple(part.config for part in disturbed(base, kind, std=0.1, seed=2).parts)


@pytest.mark.parametrize(("kind", "format"), KINDS.items())
def test_out_and_back(shell, bert, tmp_path, kind, format):
    store = stored(bert, tmp_path / "modules", kind)
    said = {
        "lang/swh": ("--language", "swh"),
        "task/ner": ("--task", "tagging", "--source-language", "eng", "--labels", ",".join(LABELS)),
    }
    for name, options in said.items():
        out, back = tmp_path / f"out-{name[:4]}", tmp_path / "back" / name
        ended = shell(
            "module", "export", name, "--format", format, "--store", store.root, "--out", out, "--json"
        )
        assert ended.status == 0, ended.err
        assert "README.md" in json.loads(ended.out)["files"]
        wanted = "language swh" if name == "lang/swh" else "O, B-X, I-X"
        assert wanted in (out / "README.md").read_text()
        ended = shell("module", "import", out, "--format", format, "--base", bert.id, "--out", back, *options)
        assert ended.status == 0, ended.err
        one, other = store.get(name), Module.load(back)
        assert equal(one.tensors(), other.tensors())
        assert (one.facts.language, one.facts.task, one.facts.labels) == (
            other.facts.language,
            other.facts.task,
            other.facts.labels,
        )
        shell(
            "module", "import", out, "--format", format, "--base", bert.id, "--out", back, *options
        ).refused("--out", "is there already")
    assert shell("module", "verify", "lang/swh", "--store", tmp_path / "back", "--base", bert.id).status == 0


def test_an_export_that_fails_leaves_nothing(shell, bert, tmp_path):
    store = stored(bert, tmp_path / "modules", "lora")
    start = ("module", "export", "lang/swh", "--store", store.root, "--out", tmp_path / "out")
    shell(*start, "--format", "composable-sft").refused("--format", "no equal for a part of the kind lora")
    shell(*start, "--format", "onnx").refused("--format", "adapterhub, peft, composable-sft")
    shell(*start[:2], "lang/swe", *start[3:], "--format", "peft").refused("lang/swe", "lang/swh")
    assert not list(tmp_path.glob("*out*"))
    assert shell(*start, "--format", "peft").status == 0
    shell(*start, "--format", "peft").refused("--out", "is there already")


def test_an_export_holds_the_base_against_the_module(shell, bert, tmp_path):
    store = stored(bert, tmp_path / "modules", "lora")
    other = tiny_base("bert", tmp_path / "other", seed=5)
    ended = shell("module", "export", "lang/swh", "--store", store.root, "--out", tmp_path / "out",
                  "--format", "peft", "--base", other.id)  # fmt: skip
    ended.refused("was made for base")
