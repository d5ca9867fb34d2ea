"""The Fisher information of layers, and task modules in the layers that it chooses."""

from __future__ import annotations

import json

import pytest
import torch
from support.making import task_module
from support.tiny import TEXTS
from support.writing import conll

import xling
from xling.bases.base import run_encoder
from xling.errors import InputError
from xling.tasks.registry import task_named
from xling.training import fisher
from xling.training.fisher import information

LABELS = ("x", "y", "z")


def texts(count: int) -> list[xling.LabelledText]:
    return [xling.LabelledText(text, LABELS[n % 3], str(n), "swh") for n, text in enumerate(TEXTS[:count])]


def exact(base, head, example) -> list[float]:
    """The expectation over all labels of one text, instead of labels that are drawn."""
    task = task_named("classification")
    (row,) = task.rows([example], base.tokenizer, LABELS, base.max_length)
    ids = torch.tensor([row.ids])
    own = {name: value.detach().clone().requires_grad_() for name, value in base.shape.parameters.items()}
    states = run_encoder(base.encoder, base.family, ids, torch.ones_like(ids), own)
    logs = head(states, torch.ones_like(ids)).log_softmax(-1)[0]
    found = [0.0] * base.shape.layers
    for label in logs:
        slopes = torch.autograd.grad(label, list(own.values()), retain_graph=True, materialize_grads=True)
        for name, slope in zip(own, slopes, strict=True):
            if name.startswith(base.family.layers):
                layer = int(name.removeprefix(f"{base.family.layers}.").split(".")[0])
                found[layer] += float(label.detach().exp() * slope.square().sum())
    return found


def test_a_seed_draws_the_same_labels(bert):
    (head,) = task_module(bert, "classification", 3, LABELS).networks
    told = (bert, task_named("classification"), head, texts(9), LABELS)
    assert information(*told, seed=1) == information(*told, seed=1) != information(*told, seed=2)


def test_drawn_labels_give_the_expectation(base, monkeypatch):
    monkeypatch.setattr(fisher, "EXAMPLES", 500)
    (head,) = task_module(base, "classification", 3, LABELS).networks
    (example,) = texts(1)
    head.eval()
    before = {name: value.clone() for name, value in base.shape.parameters.items()}
    found = information(base, task_named("classification"), head, [example] * 500, LABELS, seed=1)
    assert found == pytest.approx(exact(base, head, example), rel=0.1)
    assert all(torch.equal(value, before[name]) for name, value in base.shape.parameters.items())
    assert not any(value.requires_grad for value in base.shape.parameters.values())


@pytest.mark.parametrize("kind", ["bottleneck", "lora"])
def test_a_module_is_only_in_the_layers_with_the_most(bert, kind):
    settings = xling.TrainingSettings(steps=2, batch_tokens=64)
    told = {"task": "classification", "kind": kind, "settings": settings, "seed": 3}
    module = xling.train_task(bert, texts(9), **told, options={"layers": "fim:1"})
    (head,) = xling.train_task(bert, texts(9), **{**told, "kind": "head"}).networks
    (left,) = module.parts[0].config.leave_out
    assert left in (0, 1) and module.facts.making["options"] == {"layers": "fim:1"}
    assert all(
        f"{1 - left}" in name.split(".", 2)[2] for name in module.tensors() if not name.startswith("head")
    )
    whole = xling.train_task(bert, texts(9), **told, options={"layers": "fim:2"})
    assert whole.parts[0].config.leave_out == ()


@pytest.mark.parametrize(
    ("options", "kind", "task", "said"),
    [
        (
            {"layers": "fim:0"},
            "bottleneck",
            "classification",
            "'fim:0' is no choice of layers; write fim:N with N from 1 to 2",
        ),
        ({"layers": "fim:3"}, "bottleneck", "classification", "'fim:3' is no choice"),
        ({"layers": "top"}, "bottleneck", "classification", "'top' is no choice"),
        ({"layers": "fim:1"}, "lt-sft", "classification", "lt-sft cannot leave out layers"),
        ({"layers": "fim:1"}, "head", "classification", "head cannot leave out layers"),
    ],
)
def test_what_cannot_be_chosen_is_told(bert, options, kind, task, said):
    settings = xling.TrainingSettings(steps=2, batch_tokens=64)
    with pytest.raises(InputError, match=said):
        xling.train_task(bert, texts(9), task=task, kind=kind, settings=settings, options=options)


def test_from_the_shell(shell, bert, tmp_path):
    told = ("--base", bert.id, "--task", "tagging", "--source-language", "eng", "--train", conll(tmp_path))
    out = tmp_path / "task/ner"
    ended = shell("train", "task", *told, "--set", "steps=2", "--layers", "fim:1", "--out", out, "--quiet")
    assert ended.status == 0, ended.err
    (config, _) = json.loads((tmp_path / "task/ner/module.json").read_text())["parts"]
    assert len(config["config"]["leave_out"]) == 1
