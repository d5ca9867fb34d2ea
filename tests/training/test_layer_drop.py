"""Robust AdapterDrop: which layers a pass leaves out, by hand; what it does to a module; what refuses it."""

from __future__ import annotations

from collections import Counter

import pytest
import torch
from support.killed import Killed
from support.making import disturbed
from support.tiny import TEXTS, WORDS
from support.writing import table

import xling
from xling.composition.composed import Composition
from xling.composition.contents import grow
from xling.composition.grammar import parse
from xling.errors import InputError
from xling.training.alignment import sentence_vectors
from xling.training.layer_drop import layers_left_out
from xling.training.likeness import apart, contrast
from xling.training.specs import TrainingSettings

QUICK = {"batch_tokens": 64, "precision": "float32", "learning_rate": 0.02}
ROWS = [
    xling.LabelledText(f"{WORDS[n % 2]} {WORDS[n % 9]}", ("a", "b")[n % 2], str(n), "eng") for n in range(18)
]


def settings(steps=4, **more):
    return TrainingSettings(steps=steps, **QUICK, **more)


def trained(base, kind="bottleneck", **more):
    session = more.pop("session", xling.Session())
    return xling.train_language(
        base, TEXTS, language="swh", kind=kind, settings=settings(**more), held_out=[], session=session
    )


def of_task(base, kind="bottleneck", **more):
    return xling.train_task(
        base, ROWS, task="classification", source_language="eng", kind=kind, settings=settings(**more)
    )


def test_each_number_of_layers_is_left_out_about_as_often():
    drawn = Counter(layers_left_out(number, 11, seed=3) for number in range(2400))
    assert set(drawn) == set(range(12))  # of twelve layers never all
    assert all(abs(count - 200) < 60 for count in drawn.values())
    assert {layers_left_out(number, 0, seed=3) for number in range(20)} == {0}
    assert [layers_left_out(n, 5, seed=0) for n in range(40)] != [
        layers_left_out(n, 5, seed=1) for n in range(40)
    ]


def test_a_pass_acts_in_the_layers_that_are_drawn_for_it(base, monkeypatch):
    acted: list[set[int]] = []
    call, increment = Composition.__call__, Composition._increment

    def called(self, *batch):
        acted.append(set())
        assert self.encoder.training and all(network.training for network in self.networks)  # dropout
        return call(self, *batch)

    def added(self, layer, place, state):
        found = increment(self, layer, place, state)
        if found is not state.increment:
            acted[-1].add(layer)
        return found

    monkeypatch.setattr(Composition, "__call__", called)
    monkeypatch.setattr(Composition, "_increment", added)
    module = trained(base, kind="houlsby", steps=12, drop_layers=1, base_dropout=True)
    layers = set(range(base.shape.layers))
    assert acted == [layers - set(range(layers_left_out(number, 1, seed=0))) for number in range(12)]
    assert layers in acted and layers - {0} in acted
    assert module.facts.making["settings"]["drop_layers"] == 1


def test_with_zero_nothing_changes(bert):
    plain, zero = trained(bert), trained(bert, drop_layers=0)
    robust = trained(bert, drop_layers=1)
    assert all(torch.equal(value, zero.tensors()[name]) for name, value in plain.tensors().items())
    assert any(not torch.equal(value, robust.tensors()[name]) for name, value in plain.tensors().items())


@pytest.mark.parametrize("kind", ["bottleneck", "madx"])
def test_killed_and_resumed_it_ends_the_same(bert, tmp_path, kind):
    told = {"kind": kind, "steps": 8, "drop_layers": 1, "checkpoint_every": 1, "accumulation": 2}
    whole = trained(bert, **told)
    for steps in (3, 2):
        with pytest.raises(KeyboardInterrupt):
            trained(bert, **told, session=xling.Session(checkpoints=tmp_path, reporter=Killed(steps)))
    resumed = trained(bert, **told, session=xling.Session(checkpoints=tmp_path))
    assert all(torch.equal(value, resumed.tensors()[name]) for name, value in whole.tensors().items())


def test_less_is_lost_without_the_lowest_layer_afterwards(bert):
    pairs = [(" ".join(reversed(line.split())), line) for line in dict.fromkeys(TEXTS)][:40]
    own, source = ([bert.tokenizer(pair[side])["input_ids"] for pair in pairs] for side in (0, 1))
    wanted, lost = sentence_vectors(Composition(bert), source), {}
    for most in (0, 1):
        own_settings = settings(steps=40, drop_layers=most)
        module = xling.align_language(
            bert, pairs, language="swh", settings=own_settings, options={"reduction_factor": 1}
        )
        node = grow(parse("drop(lang/swh; 0)"), lambda _, module=module: module)
        found = sentence_vectors(Composition(bert, node), own)
        lost[most] = float(apart(found, wanted) + contrast(found, wanted))
    assert lost[1] < 0.9 * lost[0]


def test_a_task_module_learns_under_it_and_the_base_stays(bert):
    before = {name: value.clone() for name, value in bert.encoder.state_dict().items()}
    module = of_task(bert, drop_layers=1)
    assert module.facts.steps == 4
    assert all(torch.equal(value, before[name]) for name, value in bert.encoder.state_dict().items())


@pytest.mark.parametrize("kind", ["lora", "ia3", "lt-sft", "full"])
def test_kinds_that_change_weights_refuse(bert, kind):
    told = "training.drop_layers: .* cannot leave out layers: only what is added to the states"
    with pytest.raises(InputError, match=told):
        trained(bert, kind, drop_layers=1)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda base: of_task(base, "head", drop_layers=1), "head cannot leave out layers"),
        (lambda base: trained(base, drop_layers=2),
         "2 would at times leave nothing of bottleneck, whose highest layer is 1; give at most 1"),
        (lambda base: xling.train_language(base, TEXTS, language="swh", kind="bottleneck",
                                           options={"leave_out": [1]}, settings=settings(drop_layers=1)),
         "whose highest layer is 0; give at most 0"),
    ],
)  # fmt: skip
def test_what_would_leave_nothing_is_refused(bert, make, told):
    with pytest.raises(InputError, match=told):
        make(bert)


def test_a_module_that_goes_on_must_fit_too(bert):
    with pytest.raises(InputError, match="lora cannot leave out layers"):
        xling.train_language(bert, TEXTS, language="swh", init=disturbed(bert, "lora", std=0.1, seed=1),
                             settings=settings(drop_layers=1))  # fmt: skip


def test_the_shell_trains_with_it_and_says_what_is_wrong(shell, bert, tmp_path):
    told = ("train", "task", "--base", bert.id, "--task", "classification", "--source-language", "eng",
            "--train", table(tmp_path), "--set", "steps=2", "--quiet")  # fmt: skip
    assert shell(*told, "--set", "drop_layers=1", "--out", tmp_path / "task/a").status == 0
    shell(*told, "--set", "drop_layers=-1", "--out", tmp_path / "task/b").refused("--set", "drop_layers")
    ended = shell(*told, "--set", "drop_layers=1", "--kind", "lora", "--out", tmp_path / "task/c")
    ended.refused("training.drop_layers", "lora + head cannot leave out layers", "take a bottleneck")
