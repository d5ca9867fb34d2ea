"""The laws over plans that are tuned for each example, and over plans without some layers."""

from __future__ import annotations

import pytest
import torch
from support.making import batch, disturbed, task_module
from support.tiny import FAMILY_NAMES, TEXTS

import xling
from xling.bases.base import Base
from xling.composition.composed import Composition
from xling.composition.contents import grow
from xling.composition.grammar import parse
from xling.composition.onnx import check_one_way
from xling.errors import PlanError
from xling.tasks.sharpening import RATE

FAMILIES = pytest.mark.parametrize("family", FAMILY_NAMES)
WORDS = [line.split()[:length] for line, length in zip(TEXTS[:4], (4, 2, 3, 1), strict=True)]


def modules(base: Base, task: str = "tagging"):
    own = {name: disturbed(base, "bottleneck", std=0.3, seed=n) for n, name in enumerate("abc")}
    labels = ("O", "B-X", "I-X") if task == "tagging" else ("x", "y")
    return {**own, "t": task_module(base, task, 3, labels)}


def logs(base: Base, plan: str, inputs=WORDS, language: str = "swh", **more):
    """The log-probabilities of all units of all inputs."""
    model = xling.compose(base, plan, modules={**modules(base), **more})
    examples = [model.task.example(item, str(n), language) for n, item in enumerate(inputs)]
    return [own.logs for own in model.label_scores(examples)]


def close(one, two) -> bool:
    return all(torch.allclose(own, other, atol=1e-5) for own, other in zip(one, two, strict=True))


@FAMILIES
def test_without_a_step_it_is_the_mean(bases, family):
    base = bases[family]
    mean, none = (logs(base, f"c >> {plan} >> t") for plan in ("mean(a, b)", "emea(a, b; 0)"))
    assert close(none, mean)
    assert not close(logs(base, "c >> emea(a, b; 3) >> t"), mean)
    ids, mask = batch(base, rows=2, length=5, seed=1)
    with torch.no_grad():  # where no labels are predicted, nothing is tuned
        one, two = (
            Composition(base, grow(parse(plan), lambda own: modules(base)[own.name]))(ids, mask)
            for plan in ("mean(a, b)", "emea(a, b; 10)")
        )
    assert torch.allclose(one, two, atol=1e-5)


@FAMILIES
def test_rows_are_tuned_in_a_batch_as_alone(bases, family):
    base = bases[family]
    plan = "route(swh: emea(a, b, c; 4), *: emea(a, b; 2)) >> t"
    for language in ("swh", "hau"):
        together = logs(base, plan, language=language)
        assert close(together, [logs(base, plan, [words], language)[0] for words in WORDS])


@FAMILIES
def test_a_step_is_that_of_the_paper(bases, family):
    """Written out for one example: the gradient of the mean entropy, by layer, with the paper's rate."""
    base, own = bases[family], modules(bases[family])
    layers, steps = base.shape.layers, 2
    logits = [torch.zeros(2) for _ in range(layers)]
    for _ in range(steps):
        slopes = []
        for layer in range(layers):
            for at in range(2):
                slopes.append(_slope(base, own, logits, layer, at))
        logits = [own - RATE * torch.tensor(slopes[2 * n : 2 * n + 2]) for n, own in enumerate(logits)]
    expected = _mixed(base, own, logits)
    (found,) = logs(base, f"emea(a, b; {steps}) >> t", [WORDS[0]])
    assert torch.allclose(found.float(), expected, atol=2e-3)
    assert not torch.allclose(logs(base, "mean(a, b) >> t", [WORDS[0]])[0].float(), expected, atol=2e-3)


def _slope(base, own, logits, layer, at, by=1e-2):
    """The slope of the mean entropy, by differences."""
    found = []
    for sign in (1, -1):
        moved = [value.clone() for value in logits]
        moved[layer][at] += sign * by
        scores = _mixed(base, own, moved)
        found.append(float(-(scores.exp() * scores).sum(-1).mean()))
    return (found[0] - found[1]) / (2 * by)


def _mixed(base, own, logits):
    """Log-probabilities of the first sentence with these logits of the two modules, layer by layer."""
    from support.making import facts

    from xling.modules.module import Module
    from xling.modules.scalearn import ScaLearnConfig

    fused = Module.fresh((ScaLearnConfig(uniform=True),), base.shape, facts(base))
    with torch.no_grad():
        for layer, value in enumerate(logits):
            fused.networks[0].at[f"{layer}/after_ffn"].copy_(value.softmax(0)[:, None])
    model = xling.compose(base, "fuse(a, b; f) >> t", modules={**own, "f": fused})
    return model.label_scores([model.task.example(WORDS[0], "0", "swh")])[0].logs.float()


def test_it_lowers_the_entropy_and_touches_no_module(bert):
    own = modules(bert)
    before = {name: {key: value.clone() for key, value in one.tensors().items()} for name, one in own.items()}
    examples = [xling.TaggedSentence(tuple(words), (), str(n), "swh") for n, words in enumerate(WORDS)]
    found = []
    for steps in (0, 10):
        model = xling.compose(bert, f"emea(a, b, c; {steps}) >> t", modules=own)
        found.append([-(one.logs.exp() * one.logs).sum(-1).mean() for one in model.label_scores(examples)])
    assert sum(found[1]) < sum(found[0])
    for name, module in own.items():
        assert all(torch.equal(value, before[name][key]) for key, value in module.tensors().items())
        assert not any(value.grad is not None for part in module.networks for value in part.parameters())


def test_over_task_modules_their_heads_are_averaged(bert):
    own = {"a": disturbed(bert, "bottleneck", std=0.3, seed=1)}
    settings = xling.TrainingSettings(steps=2, learning_rate=0.05, batch_tokens=64)
    spans = [
        xling.TaggedSentence((*line.split(), "amina"), (*("O" for _ in line.split()), "B-X"), str(n), "swh")
        for n, line in enumerate(TEXTS[:8])
    ]
    for seed in (0, 1):
        own[f"task/{seed}"] = xling.train_task(bert, spans, task="tagging", settings=settings, seed=seed)
    pair = "task/0, task/1"
    assert close(logs(bert, f"a >> emea({pair}; 0)", **own), logs(bert, f"a >> mean({pair})", **own))
    assert len(logs(bert, f"vote(emea({pair}), task/0)", **own)) == len(WORDS)


def test_in_a_text_as_in_words(bert):
    plan = "emea(a, b; 2) >> x"
    told = {"x": task_module(bert, "classification", 2, ("x", "y"))}
    texts = [" ".join(words) for words in WORDS]
    assert close(logs(bert, plan, texts, **told), [logs(bert, plan, [text], **told)[0] for text in texts])


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        ("emea(a, b; 1.5) >> t", "'1.5' is no whole number"),
        ("emea(a, b; -1) >> t", "'-' is no whole number"),
        ("emea(a, l) >> t", "l does more than add to states, and emea acts on nothing else"),
        ("drop(l; 0) >> t", "l changes weights, and drop leaves out what is added to states"),
        ("drop(a) >> t", "expected ';'"),
        ("drop(a; 0.5) >> t", "'0.5' is no whole number"),
        ("emea(a; 2000) >> t", "emea takes 0 to 1000 steps, not 2000"),
        ("emea(a, b) >> p", "nothing can be tuned for parsing"),
    ],
)
def test_what_does_not_go_into_it_is_told(bert, plan, said):
    own = {**modules(bert), "l": disturbed(bert, "lora", std=0.1, seed=1)}
    own["p"] = task_module(bert, "parsing", 3, ("root", "nsubj"))
    with pytest.raises(PlanError, match=said):
        xling.compose(bert, plan, modules=own)


def test_they_print_and_read():
    for text in ("emea(lang/a, lang/b; 10) >> task/ner", "drop(lang/a >> task/ner; 0, 1)", "emea(a; 0)"):
        assert str(parse(text)) == text and parse(str(parse(text))) == parse(text)
    assert str(parse("emea(a, b)")) == "emea(a, b; 1)"
    assert parse("drop(a; 2, 0, 2)") == parse("drop(a; 0, 2)") != parse("drop(a; 0)")
    with pytest.raises(PlanError, match="tuned for each example, and a graph computes one thing"):
        check_one_way(parse("emea(a, b) >> t"))


@FAMILIES
def test_without_layers_it_is_the_module_that_was_left_out_there(bases, family):
    base = bases[family]
    whole = disturbed(base, "madx", std=0.3, seed=1)
    ids, mask = batch(base, rows=3, length=6, seed=2)
    own = modules(base)

    def states(plan):
        with torch.no_grad():
            return Composition(base, grow(parse(plan), lambda name: {**own, "m": whole}[name.name]))(
                ids, mask
            )

    first = states("drop(a; 0)")
    assert not torch.allclose(first, states("a"), atol=1e-4)
    assert torch.allclose(states(f"drop(a; {', '.join(map(str, range(base.shape.layers)))})"), states("none"))
    with torch.no_grad():  # silence the lowest layer's bottleneck
        for value in own["a"].networks[0].at["0/after_ffn"].parameters():
            value.zero_()
    assert torch.allclose(first, states("a"), atol=1e-6)
    assert torch.allclose(states("drop(m; 99)"), states("m"))
