"""A stage's key is computed from the stage: nothing that it is made from can be left out of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.making import disturbed
from support.tiny import TEXTS

from xling.composition.grammar import parse
from xling.makers.make import MAKERS
from xling.makers.stage import NEW, Data, Stage
from xling.modules.facts import Descent
from xling.pipeline.planning import Prediction
from xling.training.specs import Distillation, LanguageTraining, TrainingSettings

OTHERS = {bool: lambda value: not value, int: lambda value: value + 1, float: lambda value: value + 0.125,
          str: lambda value: f"{value}x", dict: lambda value: {**value, "x": "1"},
          type(None): lambda value: 3}  # fmt: skip


def changed(value):
    return OTHERS[type(value)](value)


def leaves(spec):
    """Every field, those of the settings too."""
    for name, value in spec:
        yield from ((name, inner) for inner, _ in value) if isinstance(value, TrainingSettings) else [(name,)]


def with_other(spec, path):
    name, *inner = path
    value = getattr(spec, name)
    other = (
        value.model_copy(update={inner[0]: changed(getattr(value, inner[0]))}) if inner else changed(value)
    )
    return spec.model_copy(update={name: other})


SPECS = [kind(**({"teacher": "task/ner"} if kind is Distillation else {})) for kind in (*MAKERS, Prediction)]
CASES = [(spec, path) for spec in SPECS for path in leaves(spec)]


def stage(**fields):
    given = {"name": "lang/swh", "spec": LanguageTraining(), "language": "swh"}
    return Stage(**{**given, "data": {"text": Data(rows=TEXTS[:3])}, **fields})


@pytest.mark.parametrize(
    ("spec", "path"), CASES, ids=[f"{type(spec).__name__}-{'.'.join(path)}" for spec, path in CASES]
)
def test_every_field_counts(bert, spec, path):
    one, two = stage(spec=spec), stage(spec=with_other(spec, path))
    assert (one.key(bert) == two.key(bert)) == (path[-1] == "checkpoint_every")


def test_what_it_is_made_from_counts_and_where_that_lies_does_not(bert, bases):
    key = stage().key(bert)
    module, below = disturbed(bert, "madx", std=0.1, seed=1), stage(name="lang/eng", language="eng")
    others = [
        stage(language="hau"),
        stage(seed=1),
        stage(task="tagging"),
        stage(plan=parse("lang/eng >> new")),
        stage(data={"text": Data(rows=TEXTS[:2])}),
        stage(data={"text": Data(rows=TEXTS[:3]), "held_out": Data(rows=TEXTS[3:5])}),
        stage(modules={"init": module}),
        stage(modules={"init": disturbed(bert, "madx", std=0.1, seed=2)}),
        stage(modules={"init": below}),
        stage(modules={"init": stage(name="lang/eng", language="eng", seed=3)}),
    ]
    keys = [key, *(other.key(bert) for other in others), stage().key(bases["roberta"])]
    assert len(set(keys)) == len(keys)
    same = [
        stage(name="lang/other"),
        stage(recipe="other words"),
        stage(plan=NEW),
        stage(data={"text": Data(rows=tuple(TEXTS[:3]), card="a card", licence="MIT")}),
        stage(data={"text": Data(rows=TEXTS[:3], descent=Descent(files=("ab" * 32,)))}),
    ]
    assert {other.key(bert) for other in same} == {key}


@given(rows=st.lists(st.text(max_size=4), max_size=4), others=st.lists(st.text(max_size=4), max_size=4))
def test_data_are_the_same_where_their_rows_are(rows, others):
    assert (Data(rows=rows).fingerprint == Data(rows=others).fingerprint) == (rows == others)


def test_what_an_earlier_version_did_not_say_has_its_default():
    now = stage().identity
    making = {key: value for key, value in now["making"].items() if key not in ("plan", "candidates")}
    settings = {key: value for key, value in making["settings"].items() if key != "accumulation"}
    old = {"language": "swh", "making": {**making, "settings": settings}}
    assert stage().completed(old)["making"] == now["making"]
    other = stage(spec=LanguageTraining(candidates=False))
    assert other.completed(old)["making"] != other.identity["making"]
    assert stage().completed({"language": "swh", "making": {}}) == {"language": "swh", "making": {}}


def test_a_module_names_every_part_of_a_card_that_it_was_made_from(bert):
    train, dev = (Data(rows=rows, card="one card", licence="MIT") for rows in (TEXTS[:3], TEXTS[3:5]))
    facts = stage(data={"train": train, "dev": dev, "again": train, "own": Data(rows=TEXTS[5:])}).facts(bert)
    assert facts.cards == (("one card", train.fingerprint), ("one card", dev.fingerprint))
    assert facts.licence == "MIT"
