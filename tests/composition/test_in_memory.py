"""Composing from modules that lie in no store: by name, or in a plan value."""

from __future__ import annotations

import pytest
from support.making import disturbed, task_module
from support.tiny import TEXTS

import xling
from xling.composition.forms.single import Loaded
from xling.composition.forms.stack import stack
from xling.composition.forms.vote import Vote
from xling.errors import InputError
from xling.store.store import Store


@pytest.fixture
def modules(bert) -> dict[str, xling.Module]:
    return {
        "lang/swh": disturbed(bert, "madx", std=0.3, seed=1),
        "task/topic": task_module(bert, "classification", 2),
    }


def test_a_plan_over_modules_in_memory_predicts_as_one_over_a_store(bert, modules, tmp_path):
    store = Store(tmp_path)
    for name, module in modules.items():
        store.add(name, module)
    plan = "lang/swh >> task/topic"
    model = xling.compose(bert, plan, modules=modules)
    found = model.predict(TEXTS[:4], language="swh")
    assert found == xling.compose(bert, plan, store=store).predict(TEXTS[:4], language="swh")
    assert found != xling.compose(bert, "task/topic", modules=modules).predict(TEXTS[:4], language="swh")
    assert str(model.plan) == plan


def test_a_plan_value_of_modules_needs_neither(bert, modules):
    swh, topic = map(Loaded, modules.values())
    expected = xling.compose(bert, "lang/swh >> task/topic", modules=modules).predict(TEXTS[:4])
    model = xling.compose(bert, stack(swh, topic))
    assert model.predict(TEXTS[:4]) == expected
    assert str(model.plan) == "swh >> classification"
    voted = xling.compose(bert, Vote((stack(swh, topic), topic))).predict(TEXTS[:4])
    by_name = xling.compose(bert, "vote(lang/swh >> task/topic, task/topic)", modules=modules)
    assert voted == by_name.predict(TEXTS[:4])


def test_a_name_that_stands_for_nothing_is_told(bert, modules, tmp_path):
    with pytest.raises(InputError, match="no module is called 'lang/yor'; choose from lang/swh, task/topic"):
        xling.compose(bert, "lang/yor >> task/topic", modules=modules)
    with pytest.raises(InputError, match="nothing says which module 'lang/yor' is; give store="):
        xling.compose(bert, "lang/yor >> task/topic")
    with pytest.raises(InputError, match="no revision, so it cannot be 'lang/swh@12345678'"):
        xling.compose(bert, "lang/swh@12345678 >> task/topic", modules=modules)
    with pytest.raises(InputError, match="give either store=... or modules=..., not both"):
        xling.compose(bert, "task/topic", modules=modules, store=Store(tmp_path))
