"""A head alone reads states that are computed once, and a linear one is a logistic regression."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from support.making import disturbed
from support.tiny import TEXTS

import xling
from xling.composition.composed import Composition
from xling.composition.fitting import base_facts
from xling.data.examples import (
    Choice,
    LabelledText,
    MultiLabelledText,
    ParsedSentence,
    Question,
    TaggedSentence,
    Utterance,
)
from xling.errors import InputError
from xling.makers.stage import Stage
from xling.makers.task import task_parts
from xling.modules.module import Module
from xling.tasks.registry import task_named
from xling.training.alignment import sentence_vectors
from xling.training.head_alone import HeadObjective, fit_head, is_alone, is_linear
from xling.training.reporting import Silent
from xling.training.specs import TaskTraining, TrainingSettings
from xling.training.task_objective import TaskData, TaskObjective

LABELS = ("a", "b", "c")
LINES = TEXTS[:24]
SETTINGS = TrainingSettings(epochs=1, batch_tokens=60, precision="float32")


def texts():
    return [LabelledText(text, LABELS[n % 3], str(n), "eng") for n, text in enumerate(LINES)]


def tagged(tag="B-X"):
    return [
        TaggedSentence(words, tuple(tag if own == "juma" else "O" for own in words), str(n), "eng")
        for n, words in enumerate(tuple(text.split()) for text in LINES)
    ]


def trees():
    found = []
    for n, text in enumerate(LINES):
        words = tuple(text.split())
        heads, relations = tuple(range(len(words))), ("root", *["dep"] * (len(words) - 1))
        found.append(ParsedSentence(words, None, heads, relations, str(n), "eng"))
    return found


EXAMPLES = {
    "classification": texts(),
    "tagging": tagged(),
    "pos": tagged("NOUN"),
    "parsing": trees(),
    "multi-label": [MultiLabelledText(one.text, (one.label,), one.id, "eng") for one in texts()],
    "multiple-choice": [
        Choice(text, "nini", ("juma", "amina leo"), n % 2, str(n), "eng") for n, text in enumerate(LINES)
    ],
    "question-answering": [
        Question(text, "nini", ((0, text.split()[0]),), str(n), "eng") for n, text in enumerate(LINES)
    ],
    "intent-slots": [Utterance(one.tokens, one.tags, "a", one.id, "eng") for one in tagged()],
}


def objectives(base, name, *, below=(), pooling=None):
    """The ordinary objective of a head, and that on states computed once."""
    task, examples = task_named(name), EXAMPLES[name]
    data = TaskData(task.labels(examples), examples)
    options = {"head": {"pooling": pooling} if pooling else {}}
    spec = TaskTraining(kind="head", options=options)
    stage = Stage(name="task/a", spec=spec, language="eng", task=name)
    configs = task_parts(base, stage, data.labels)
    configs = [own.model_copy(update={"dropout": 0.0, "std": 0.3}) for own in configs]
    facts = base_facts(base, task=name, labels=tuple(data.labels), seed=1)
    module = Module.fresh(configs, base.shape, facts)
    composition = Composition(base, [*below, module])
    whole = TaskObjective(task, composition, data=data, settings=SETTINGS, seed=0)
    return whole, HeadObjective(whole, module), module


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_task_has_the_same_loss_on_states_computed_once(bert, name):
    whole, kept, module = objectives(bert, name, below=[disturbed(bert, "bottleneck", std=0.2, seed=1)])
    assert is_alone(module, SETTINGS) and is_linear(module) == (name != "parsing")
    assert kept.passes_per_epoch() == whole.passes_per_epoch() > 1
    for number in range(whole.passes_per_epoch()):
        assert torch.allclose(kept.loss(number)[0], whole.loss(number)[0], atol=1e-5)


def test_the_encoder_reads_each_row_once(bert):
    whole, kept, _ = objectives(bert, "classification", pooling="first")
    passes = []
    whole.composition.encoder.register_forward_pre_hook(lambda *_: passes.append(1))
    loss, count = kept.loss(0)
    assert not passes and count == len(whole.order.at(0)) and loss.requires_grad


def test_a_linear_head_is_the_logistic_regression_of_scikit_learn(base):
    module = xling.train_task(base, texts(), task="classification", kind="head", l2=0.05)
    states = sentence_vectors(Composition(base), base.tokenizer(LINES)["input_ids"]).double().numpy()
    scaled = states / np.sqrt((states**2).sum(1).mean())
    gold = [one.label for one in texts()]
    theirs = LogisticRegression(C=20, tol=1e-8, max_iter=5000).fit(scaled, gold).predict_proba(scaled)
    rows = xling.compose(base, "t", modules={"t": module}).predict(texts())
    ours = np.asarray([[row["scores"][label] for label in LABELS] for row in rows])
    assert np.abs(ours - theirs).max() < 5e-3
    assert (module.facts.precision, [part.config.kind for part in module.parts]) == ("float32", ["head"])
    assert 3 < module.facts.steps < 500


def test_a_larger_penalty_gives_smaller_weights_and_the_seed_does_not_matter(bert):
    norms, chances = [], []
    for l2, seed in ((0.1, 0), (0.1, 1), (10.0, 0)):
        module = xling.train_task(bert, texts(), task="classification", kind="head", l2=l2, seed=seed)
        norms.append(float(module.networks[0].scores.weight.norm()))
        (row,) = xling.compose(bert, "t", modules={"t": module}).predict(texts()[:1])
        chances.append(row["scores"]["a"])
    assert norms[2] < norms[0] / 2
    assert chances[0] == pytest.approx(chances[1], abs=1e-3)


def test_the_same_call_gives_the_same_bytes(bert, tmp_path):
    for name in "ab":
        xling.train_task(bert, tagged(), task="tagging", kind="head").save(tmp_path / name)
    one, two = ((tmp_path / name / "weights.safetensors").read_bytes() for name in "ab")
    assert one == two


def test_words_are_learned_and_the_dev_score_is_a_score_of_the_module(bert):
    module = xling.train_task(bert, tagged(), tagged(), task="tagging", kind="head", l2=1e-3)
    assert module.scores["dev_f1"] > 90 and module.facts.labels == ("O", "B-X", "I-X")


def test_a_head_with_a_hidden_layer_takes_the_training_loop(bert):
    settings = TrainingSettings(steps=3, batch_tokens=60)
    options = {"head": {"dense": "tanh"}}
    module = xling.train_task(
        bert, texts(), task="classification", kind="head", options=options, settings=settings
    )
    assert module.facts.steps == 3 and module.facts.precision == "float32"


def test_where_the_encoder_has_dropout_its_states_are_not_kept(bert):
    module = objectives(bert, "classification")[2]
    assert not is_alone(module, SETTINGS.model_copy(update={"base_dropout": True}))
    settings = TrainingSettings(steps=2, base_dropout=True)
    module = xling.train_task(bert, texts(), task="classification", kind="head", settings=settings)
    assert module.facts.steps == 2


def test_the_loss_never_rises_above_where_it_began(bert):
    seen = []

    class Seen(Silent):
        def tick(self, tick):
            seen.append(tick.loss)

    _, kept, module = objectives(bert, "pos")
    outcome = fit_head(kept, module, l2=0.1, reporter=Seen())
    assert outcome.steps == len(seen) and seen[-1] < seen[0] / 2


def test_a_language_module_has_no_head_and_a_head_alone_no_part_with_options(
    bert, shell, text_file, tmp_path
):
    told = ["--base", bert.id, "--out", tmp_path / "m", "--kind", "head"]
    ended = shell("train", "language", *told, "--language", "swh", "--text", text_file)
    ended.refused("--kind: head is the head of a task alone", "madx")
    with pytest.raises(InputError, match="head has no option 'reduction_factor'.*parts.head"):
        xling.train_task(bert, texts(), task="classification", kind="head", options={"reduction_factor": 4})


def test_from_the_shell(bert, shell, tmp_path):
    lines = ["text\tlabel", *(f"{one.text}\t{one.label}" for one in texts())]
    (tmp_path / "a.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    told = ["train", "task", "--task", "classification", "--train", tmp_path / "a.tsv", "--kind", "head"]
    told += ["--source-language", "eng", "--base", bert.id, "--out", tmp_path / "m", "--json"]
    made = json.loads(shell(*told, "--set", "l2=0.5").out)
    assert made["parameters"] == 3 * bert.shape.hidden + 3
    assert Module.load(tmp_path / "m").facts.making["l2"] == 0.5
    shell(*told, "--set", "l2=0.1").refused("l2 was 0.5, now 0.1")
