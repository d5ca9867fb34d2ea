"""The adversary of alignment: its gradients by hand, what it does to a tiny problem, killed and resumed."""

from __future__ import annotations

import pytest
import torch
from support.killed import Killed
from support.tiny import TEXTS
from torch import nn

import xling
from xling.errors import InputError
from xling.training.adversary import Critic, TokenStates, adversarial_loss
from xling.training.checkpoints import Checkpoints
from xling.training.loop import fit
from xling.training.reporting import Silent
from xling.training.specs import TrainingSettings

PAIRS = [(" ".join(reversed(line.split())), line) for line in dict.fromkeys(TEXTS)][:30]
SETTINGS = TrainingSettings(
    steps=6, learning_rate=0.02, batch_tokens=96, precision="float32", checkpoint_every=1
)


def rows(seed, *, count=32, length=2, hidden=8, padding=0):
    states = torch.randn(count, length, hidden, generator=torch.Generator().manual_seed(seed))
    mask = torch.ones(count, length, dtype=torch.long)
    mask[:, length - padding :] = 0
    return TokenStates(states, mask)


def aligned(base, **more):
    told = {"language": "swh", "settings": SETTINGS, **more}
    return xling.align_language(base, PAIRS, **told)


def same(one, other):
    return all(torch.equal(value, other.tensors()[name]) for name, value in one.tensors().items())


def test_the_critic_learns_as_without_a_module_and_the_module_gets_the_reversed_gradient():
    critic, own, source = Critic(8, seed=0).eval(), rows(1), rows(2)
    plain = own.states.clone().requires_grad_()
    (critic(TokenStates(plain, own.mask)).mean() - critic(source).mean()).backward()
    wanted = [value.grad.clone() for value in critic.parameters()]
    critic.zero_grad()
    states = own.states.clone().requires_grad_()
    loss = adversarial_loss(critic, TokenStates(states, own.mask), source, 0.25)
    loss.backward()
    assert loss.item() == pytest.approx((critic(own).mean() - critic(source).mean()).item(), abs=1e-6)
    assert torch.allclose(states.grad, -0.25 * plain.grad) and plain.grad.abs().max() > 0
    assert all(torch.equal(value.grad, own) for value, own in zip(critic.parameters(), wanted, strict=True))


def test_the_critic_does_not_see_padding():
    critic, own = Critic(8, seed=0).eval(), rows(1, length=4, padding=2)
    other = TokenStates(own.states.clone(), own.mask)
    other.states[:, 2:] = 9.0
    assert torch.allclose(critic(own), critic(other), atol=1e-6)
    other.states[:, 1] = 9.0
    assert (critic(own) - critic(other)).abs().mean() > 1e-2


@pytest.mark.parametrize(("hidden", "heads"), [(8, 1), (384, 6), (768, 12), (136, 2)])
def test_the_critic_is_of_the_width_of_the_states_and_its_seed(hidden, heads):
    before = torch.get_rng_state()
    one, other, third = (Critic(hidden, seed=seed) for seed in (3, 3, 4))
    assert torch.equal(torch.get_rng_state(), before)
    assert one.layer.self_attn.num_heads == heads
    assert all(
        torch.equal(own, value) for own, value in zip(one.parameters(), other.parameters(), strict=True)
    )
    assert not torch.equal(one.score[0].weight, third.score[0].weight)


class Shifted:
    """Rows that lie apart from others; a shift can bring them together, and the critic's game is the loss."""

    higher_is_better = None

    def __init__(self, weight):
        self.own, self.source, self.weight = rows(1), rows(2), weight
        self.shift, self.critic = nn.Parameter(torch.ones(8)), Critic(8, seed=0)

    @property
    def companions(self):
        return dict(self.critic.named_parameters())

    def passes_per_epoch(self):
        return 1

    def moved(self):
        return TokenStates(self.own.states + self.shift, self.own.mask)

    def loss(self, number):
        return adversarial_loss(self.critic, self.moved(), self.source, self.weight), 1

    def evaluate(self):
        return None

    @torch.no_grad()
    def accuracy(self):
        scores = torch.cat([self.critic.eval()(self.moved()), self.critic(self.source)])
        right = (scores > scores.median()) == (torch.arange(64) >= 32)
        return float(right.float().mean())


def test_the_critic_tells_less_when_the_module_learns_to_fool_it():
    found = {}
    for weight in (0.0, 1.0):
        game = Shifted(weight)
        settings = TrainingSettings(steps=120, learning_rate=0.04, warmup_fraction=0.0)
        everything = {"shift": game.shift, **game.companions}
        fit(game, everything, settings, seed=0, checkpoints=Checkpoints(None), reporter=Silent())
        found[weight] = game.accuracy(), float(game.shift.detach().norm())
    (told, apart), (fooled, nearer) = found[0.0], found[1.0]
    assert told > 0.95 and fooled < told - 0.05
    assert apart == pytest.approx(8**0.5) and nearer < 0.85 * apart


def test_at_weight_zero_nothing_changes_and_above_it_the_module_alone_is_stored(bert):
    plain, zero, fooling = aligned(bert), aligned(bert, adversary=0.0), aligned(bert, adversary=1.0)
    assert same(plain, zero) and not same(plain, fooling)
    assert fooling.tensors().keys() == plain.tensors().keys()
    assert fooling.facts.making["adversary"] == 1.0


def test_what_is_reported_is_the_loss_of_alignment(bert):
    logs = {}
    for weight in (0.0, 1.0):
        logs[weight] = Losses()
        aligned(bert, adversary=weight, session=xling.Session(reporter=logs[weight]))
    assert logs[0.0].seen[0] == pytest.approx(logs[1.0].seen[0], abs=1e-5)  # nothing is learned yet
    assert logs[0.0].seen[-1] != logs[1.0].seen[-1]


class Losses(Silent):
    def __init__(self):
        self.seen = []

    def tick(self, tick):
        self.seen.append(tick.loss)


@pytest.mark.parametrize(
    "more", [{"tokens": 0.5}, {"settings": SETTINGS.model_copy(update={"drop_layers": 1})}], ids=["", "drop"]
)
def test_killed_and_resumed_it_ends_the_same(bert, tmp_path, more):
    whole = aligned(bert, adversary=0.5, **more)
    for steps in (3, 2):
        with pytest.raises(KeyboardInterrupt):
            session = xling.Session(checkpoints=tmp_path, reporter=Killed(steps))
            aligned(bert, adversary=0.5, session=session, **more)
    assert same(whole, aligned(bert, adversary=0.5, session=xling.Session(checkpoints=tmp_path), **more))


@pytest.mark.parametrize("kind", ["lora", "lt-sft", "madx"])
def test_any_kind_learns_under_it(bert, kind):
    assert not same(aligned(bert, kind=kind), aligned(bert, kind=kind, adversary=1.0))


@pytest.mark.parametrize("value", [-1.0, float("nan"), 1e9])
def test_a_weight_that_is_none_is_refused(bert, value):
    with pytest.raises(InputError, match="adversary"):
        aligned(bert, adversary=value)


def test_the_shell_refuses_it_where_nothing_is_aligned(shell, text_file, tmp_path):
    told = ("train", "language", "--base", "nowhere", "--language", "swh", "--out", tmp_path / "out")
    shell(*told, "--text", text_file, "--set", "adversary=1").refused("--set", "adversary")
