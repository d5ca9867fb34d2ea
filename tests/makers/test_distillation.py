"""A task module learns what a teacher says of unlabelled texts."""

from __future__ import annotations

import pytest
import torch
from makers.test_head_alone import EXAMPLES, texts
from support.tiny import TEXTS

import xling
from xling.errors import InputError
from xling.makers.composed_model import compose
from xling.tasks.inference import label_scores
from xling.tasks.registry import TASKS, task_named
from xling.tasks.task import ScoresUnits
from xling.training.distillation import DistilObjective
from xling.training.specs import TrainingSettings
from xling.training.task_objective import TaskData, TaskObjective, Taught

SHORT = TrainingSettings(steps=2, batch_tokens=64, learning_rate=0.01, precision="float32")
LONG = TrainingSettings(steps=150, batch_tokens=64, learning_rate=0.02, precision="float32")
SCORING = [name for name in TASKS if isinstance(task_named(name), ScoresUnits)]


def teacher(base, name, settings=SHORT, **options):
    return xling.train_task(base, EXAMPLES[name], task=name, settings=settings, **options)


def said(base, module, examples):
    model = compose(base, "t", modules={"t": module})
    return torch.cat([own.logs.exp() for own in model.label_scores(examples)])


@pytest.mark.parametrize("name", SCORING)
def test_the_loss_is_least_where_the_teacher_is(bert, name):
    """By Gibbs' inequality the cross-entropy with a teacher is least for the teacher's own probabilities."""
    module, examples = teacher(bert, name), EXAMPLES[name]
    model = compose(bert, "t", modules={"t": module})
    chances = [own.logs.exp() for own in model.label_scores(examples)]
    data = TaskData(module.facts.labels, (), taught=Taught(examples, chances))
    other = compose(bert, "t", modules={"t": teacher(bert, name, LONG, seed=1)})
    losses = []
    for reader in (model, other):
        objective = DistilObjective(task_named(name), reader.composition, data=data, settings=SHORT, seed=0)
        reader.composition.train(False)
        passes = range(objective.passes_per_epoch())
        losses.append(sum(float(objective.loss(number)[0].detach()) for number in passes))
    assert 0 < losses[0] < losses[1]


def test_labelled_rows_have_the_loss_of_their_labels(bert):
    module, examples = teacher(bert, "tagging"), EXAMPLES["tagging"]
    model = compose(bert, "t", modules={"t": module})
    known = {label: number for number, label in enumerate(module.facts.labels)}
    sure = [torch.eye(len(known))[[known[tag] for tag in own.tags]] for own in examples]
    told = {"settings": SHORT, "seed": 0}
    task, labels = task_named("tagging"), module.facts.labels
    labelled = TaskObjective(task, model.composition, data=TaskData(labels, examples), **told)
    half = TaskData(labels, examples[:12], taught=Taught(examples[12:], sure[12:]))
    taught = DistilObjective(task, model.composition, data=half, **told)
    model.composition.train(False)
    for number in range(labelled.passes_per_epoch()):
        assert labelled.loss(number)[0].item() == pytest.approx(taught.loss(number)[0].item(), abs=1e-6)


def test_a_long_sentence_is_taught_in_windows(bert):
    long = [xling.TaggedSentence(tuple(f"{text} {text}".split()), None, "1", "swh") for text in TEXTS[:4]]
    model = compose(bert, "t", modules={"t": teacher(bert, "tagging", LONG)})
    settings = SHORT.model_copy(update={"max_length": 8})
    chances = [own.logs.exp() for own in model.label_scores(long)]
    labels = model.labels
    rows = DistilObjective(
        model.task, model.composition, data=TaskData(labels, (), taught=Taught(long, chances)),
        settings=settings, seed=0,
    ).units  # fmt: skip
    assert max(row.first for (row,) in rows) > 0
    numbered = [torch.arange(len(own))[:, None].expand(-1, len(labels)).float() for own in chances]
    objective = DistilObjective(
        model.task, model.composition, data=TaskData(labels, (), taught=Taught(long, numbered)),
        settings=settings, seed=0,
    )  # fmt: skip
    (row,) = next(unit for unit in objective.units if unit[0].first > 0)
    logits = torch.zeros(1, len(row.ids), len(labels))
    places = torch.arange(row.first, row.first + len(row.at)).float()
    wanted = places.mean() * len(labels) * torch.tensor(len(labels)).log()
    assert objective.loss_of(logits, [row]).item() == pytest.approx(wanted.item(), rel=1e-4)


def test_a_vote_is_taught_to_one_module(bert):
    modules = {f"task/{seed}": teacher(bert, "classification", LONG, seed=seed) for seed in (0, 1)}
    plan = "vote(task/0, task/1)"
    wanted = compose(bert, plan, modules=modules).label_scores(texts())
    wanted = torch.cat([own.logs.exp() for own in wanted]).float()
    told = {"task": "classification", "language": "swh", "modules": modules}
    student = xling.distil_task(bert, plan, [own.text for own in texts()], **told, settings=LONG)
    fresh = xling.distil_task(bert, plan, [own.text for own in texts()], **told, settings=SHORT)
    away = [(said(bert, own, texts()) - wanted).abs().mean() for own in (student, fresh)]
    assert away[0] < away[1] / 2
    assert student.scores["taught_examples"] == 24 and student.scores["train_examples"] == 0
    assert [name for name, _ in student.facts.making["modules"].items()] == ["task/0", "task/1"]


def test_a_linear_head_is_fitted_on_the_teachers_probabilities(bert):
    module = teacher(bert, "classification", kind="head")
    told = {"task": "classification", "language": "swh", "modules": {"t": module}, "kind": "head"}
    student = xling.distil_task(bert, "t", texts(), **told, l2=0.0)
    assert (said(bert, student, texts()) - said(bert, module, texts())).abs().max() < 0.01


def test_labels_of_a_single_plan_are_those_of_its_predictions(bert):
    model = compose(bert, "t", modules={"t": teacher(bert, "tagging", LONG)})
    scores = label_scores(model.task, EXAMPLES["tagging"], model.composition, model.labels)
    best = [[own.labels[n] for n in own.logs.argmax(-1).tolist()] for own in scores]
    assert [row["tags"] for row in model.predict(EXAMPLES["tagging"])] == best


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"texts": []}, "--text: no text for the teacher to read"),
        ({"task": "tagging"}, "--distil: the teacher's task is classification, not tagging"),
        ({"task": "parsing"}, "--distil: parsing scores no labels .*classification"),
        ({"train": [xling.LabelledText("nini", "strange", "1", "eng")]}, "label 'strange' .*unknown"),
    ],
)
def test_what_cannot_be_taught_is_refused(bert, change, message):
    known = {"teacher": "t", "texts": list(TEXTS[:3]), "task": "classification", "language": "swh"}
    told = {**known, "modules": {"t": teacher(bert, "classification")}, "settings": SHORT, **change}
    if change.get("task"):
        told["texts"] = [text.split() for text in TEXTS[:3]]
    with pytest.raises(InputError, match=message):
        xling.distil_task(bert, told.pop("teacher"), told.pop("texts"), **told)
