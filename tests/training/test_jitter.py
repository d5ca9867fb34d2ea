"""Training under noise in the frozen encoder: how much there is, where, and that it is gone afterwards."""

from __future__ import annotations

import pytest
import torch
from support.killed import Killed
from support.tiny import TEXTS
from support.tiny_recipe import KINDS

import xling
from xling.composition.composed import Composition
from xling.composition.noise import Noise, shaken
from xling.data.examples import TaggedSentence
from xling.sites import ResidualState
from xling.training.specs import TrainingSettings

EXAMPLES = [
    TaggedSentence(
        tokens=tuple(line.split()),
        tags=tuple(KINDS.get(word, "O") for word in line.split()),
        id=str(n),
        language="eng",
    )
    for n, line in enumerate(TEXTS[:20])
]


def test_noise_has_its_share_of_each_states_size():
    drawn = torch.randn(2, 3, 4096)
    state = ResidualState(sublayer=0.1 * drawn, residual=0.9 * drawn, norm=None)
    noise = shaken(None, state, 0.1)
    assert torch.allclose(noise.std(-1), 0.1 * drawn.square().mean(-1).sqrt(), rtol=0.1)
    added = torch.randn(2, 3, 4096)
    torch.manual_seed(3)
    found = shaken(added, state, 0.1)
    torch.manual_seed(3)
    assert torch.equal(found, added + shaken(None, state, 0.1))


def test_every_layer_is_shaken_once_in_training_and_none_after(base):
    composition = Composition(base)
    ids = torch.tensor([base.tokenizer(TEXTS[0])["input_ids"]])
    mask = torch.ones_like(ids)
    plain = composition.layers(ids, mask)
    composition.train(noise=Noise(jitter=0.1))
    shaken_once = composition.layers(ids, mask)
    away = (shaken_once - plain).square().mean((1, 2, 3))
    assert away[0] == 0 and (away[1:] > 0).all()
    assert not torch.equal(composition.layers(ids, mask), shaken_once)
    composition.train(False)
    assert torch.equal(composition.layers(ids, mask), plain)


def trained(base, **settings):
    session = settings.pop("session", xling.Session())
    told = TrainingSettings(**{"steps": 4, "batch_tokens": 64, **settings})
    return xling.train_task(
        base,
        EXAMPLES,
        task="tagging",
        source_language="eng",
        kind="bottleneck",
        settings=told,
        session=session,
    )


def test_killed_and_resumed_it_ends_the_same(bert, tmp_path):
    told = {"steps": 6, "jitter": 0.2, "checkpoint_every": 1}
    whole = trained(bert, **told)
    with pytest.raises(KeyboardInterrupt):
        trained(bert, **told, session=xling.Session(checkpoints=tmp_path, reporter=Killed(3)))
    resumed = trained(bert, **told, session=xling.Session(checkpoints=tmp_path))
    plain = trained(bert, **{**told, "jitter": 0.0})
    assert all(torch.equal(value, resumed.tensors()[name]) for name, value in whole.tensors().items())
    assert any(not torch.equal(value, plain.tensors()[name]) for name, value in whole.tensors().items())


def test_a_head_alone_is_trained_under_noise_too(bert):
    told = TrainingSettings(steps=3, batch_tokens=64, jitter=0.2)
    noisy = xling.train_task(
        bert, EXAMPLES, task="tagging", source_language="eng", kind="head", settings=told
    )
    assert noisy.facts.steps == 3  # steps of the loop, and not those of a fit on states that stay
