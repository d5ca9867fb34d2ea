"""Going on from a module: it stays as it was, and the new one starts where it stands."""

from __future__ import annotations

import pytest
import torch
from support.tiny import TEXTS

from xling import train_language
from xling.training.specs import TrainingSettings

SHORT = TrainingSettings(steps=2, learning_rate=1e-3, batch_tokens=64)
STILL = TrainingSettings(steps=1, learning_rate=1e-30, batch_tokens=64)


@pytest.mark.parametrize("kind", ["madx", "lora", "lt-sft"])
def test_a_language_module_goes_on_from_another(bert, kind):
    options = {"k": 0.1} if kind == "lt-sft" else None
    first = train_language(bert, TEXTS[::2], language="eng", kind=kind, options=options, settings=SHORT)
    before = {name: value.clone() for name, value in first.tensors().items()}
    for settings in (STILL, SHORT):
        then = train_language(bert, TEXTS[1::2], language="swh", settings=settings, seed=1, init=first)
        assert then.facts.language == "swh"
        assert then.tensors().keys() == before.keys()
        same = all(torch.equal(value, before[name]) for name, value in then.tensors().items())
        assert same == (settings is STILL)
    assert all(torch.equal(value, before[name]) for name, value in first.tensors().items())
