"""Training a module that combines plans: only it learns, its head scores, and the plan is kept with it."""

from __future__ import annotations

import json

import pytest
import torch
from support.making import COMBINERS, disturbed
from support.tiny import TEXTS
from support.writing import conll

import xling
from xling.errors import InputError
from xling.training.specs import TrainingSettings

SETTINGS = TrainingSettings(steps=6, learning_rate=0.05, batch_tokens=256, precision="float32")
PLAN = "fuse(lang/a, lang/b)"


def tagged(line: str, number: int) -> xling.TaggedSentence:
    tokens = tuple(line.split())
    tags = tuple("O" if at % 3 else "B-PER" for at, _ in enumerate(tokens))
    return xling.TaggedSentence(tokens, tags, str(number), "swh")


SPANS = [tagged(line, number) for number, line in enumerate(TEXTS[:12])]
TOLD = {"task": "tagging", "settings": SETTINGS}


@pytest.fixture
def below(bert):
    return {f"lang/{tag}": disturbed(bert, "bottleneck", std=0.5, seed=n) for n, tag in enumerate("ab")}


@pytest.mark.parametrize("kind", COMBINERS)
def test_it_alone_learns_and_is_predicted_with(bert, below, tmp_path, kind):
    before = {name: module.tensors() for name, module in below.items()}
    module = xling.train_task(bert, SPANS, **TOLD, kind=kind, modules=below, below=PLAN)
    config = module.parts[0].config
    assert (config.branches, [part.prefix for part in module.parts]) == (2, [config.kind, "head"])
    assert module.facts.making["plan"] == "fuse(lang/a, lang/b; new)"
    fresh = xling.train_task(
        bert, SPANS, task="tagging", kind=kind, modules=below, below=PLAN,
        settings=SETTINGS.model_copy(update={"steps": 1, "learning_rate": 1e-30}),
    )  # fmt: skip
    moved = [
        name for name, value in module.tensors().items() if not torch.allclose(value, fresh.tensors()[name])
    ]
    assert any(name.startswith(f"{config.kind}.") for name in moved)
    for name, own in below.items():
        assert all(torch.equal(value, before[name][key]) for key, value in own.tensors().items())
        own.save(tmp_path / name)
    module.save(tmp_path / "fusion/ab")
    named = "fuse(lang/a, lang/b; fusion/ab)"
    texts = [line.split() for line in TEXTS[:4]]
    stored = xling.compose(bert, named, store=xling.Store(tmp_path)).predict(texts, language="swh")
    modules = {**below, "fusion/ab": module}
    assert stored == xling.compose(bert, named, modules=modules).predict(texts, language="swh")


def test_under_a_task_module_it_needs_no_head(bert, below):
    task = xling.train_task(bert, SPANS, **TOLD)
    told = {**TOLD, "kind": "scalearn", "below": f"{PLAN} >> task/ner"}
    module = xling.train_task(bert, SPANS, **told, modules={**below, "task/ner": task})
    assert [part.prefix for part in module.parts] == ["scalearn"] and module.facts.labels == task.facts.labels
    plan = "fuse(lang/a, lang/b; fusion/ab) >> task/ner"
    model = xling.compose(bert, plan, modules={**below, "task/ner": task, "fusion/ab": module})
    assert model.labels == task.facts.labels
    assert len(model.predict([line.split() for line in TEXTS[:2]], language="swh")) == 2
    with pytest.raises(InputError, match="is tagging, not pos"):
        told["task"] = "pos"
        xling.train_task(bert, SPANS, **told, modules={**below, "task/ner": task})


def test_heads_of_the_fused_modules_are_not_asked(bert):
    pos = [xling.TaggedSentence(own.tokens, ("X",) * len(own.tokens), own.id, "swh") for own in SPANS]
    fused = {
        "task/ner": xling.train_task(bert, SPANS, **TOLD),
        "task/pos": xling.train_task(bert, pos, task="pos", settings=SETTINGS),
    }
    plan = "fuse(task/ner, task/pos; new)"
    module = xling.train_task(bert, SPANS, **TOLD, kind="fusion", modules=fused, below=plan)
    model = xling.compose(bert, plan.replace("new", "f"), modules={**fused, "f": module})
    assert (model.task.name, model.labels) == ("tagging", module.facts.labels)


def test_kinds_and_plans_that_do_not_go_together(bert, below):
    for kind, plan, said in (
        (
            "fusion",
            "lang/a",
            "fusion combines plans, and there are none to combine",
        ),
        ("bottleneck", PLAN, "bottleneck cannot combine the plans of a fuse; choose from fusion, scalearn"),
    ):
        with pytest.raises(InputError, match=said):
            xling.train_task(bert, SPANS, **TOLD, kind=kind, modules=below, below=plan)
    with pytest.raises(InputError, match="fusion combines plans"):
        xling.train_language(bert, TEXTS, language="swh", kind="fusion", settings=SETTINGS)


def test_from_the_shell(shell, bert, below, tmp_path):
    for name, module in below.items():
        module.save(tmp_path / name)
    told = ("train", "task", "--base", bert.id, "--task", "tagging", "--source-language", "eng", "--quiet",
            "--train", conll(tmp_path), "--set", "steps=2")  # fmt: skip
    out, store = ("--out", tmp_path / "fusion/ab"), ("--store", tmp_path)
    ended = shell(*told, *out, *store, "--plan", PLAN, "--kind", "scalearn++")
    assert ended.status == 0, ended.err
    shown = json.loads(shell("module", "show", "fusion/ab", *store, "--json").out)
    assert [name for name, _ in shown["below"]] == ["lang/a", "lang/b"]
    assert "fuse(lang/a, lang/b; fusion/ab)" in (tmp_path / "fusion/ab/README.md").read_text("utf-8")
    scored = shell("evaluate", "--base", bert.id, "--plan", "fuse(lang/a, lang/b; fusion/ab)", *store,
                   "--task", "tagging", "--data", conll(tmp_path), "--language", "swh")  # fmt: skip
    assert scored.status == 0, scored.err
    shell(*told, *out, "--plan", PLAN).refused("--plan", "its modules are in a store", "--store DIR")
    shell(*told, *out, *store).refused("--store", "no plan names a module in it")
    shell(*told, *out, *store, "--plan", PLAN, "--language-module", tmp_path / "lang/a").refused(
        "--language-module", "give it or --plan"
    )
    shell("predict", "--base", bert.id, "--plan", PLAN, *store, "--input", conll(tmp_path), "--output",
          tmp_path / "out.jsonl").refused("new stands for the module that a training makes")  # fmt: skip
