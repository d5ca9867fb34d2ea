"""A form of plan and a kind that are not in the package: branches combined by weights that a task learns."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from pydantic import Field
from support.making import disturbed
from support.tiny import FAMILY_NAMES, TEXTS
from torch import nn

import xling
from xling.composition.contents import loaded
from xling.composition.forms.form import called, nodes
from xling.composition.grammar import FORMS, parse
from xling.errors import PlanError
from xling.modules.kind import Kind, PartConfig
from xling.modules.registry import KINDS, PRESETS
from xling.store.store import card_text
from xling.training.specs import TrainingSettings


def tagged(line: str, number: int) -> xling.TaggedSentence:
    tokens = tuple(line.split())
    tags = tuple("O" if at % 3 else "B-PER" for at, _ in enumerate(tokens))
    return xling.TaggedSentence(tokens, tags, str(number), "swh")


SPANS = [tagged(line, number) for number, line in enumerate(TEXTS[:12])]


class GateConfig(PartConfig, frozen=True):
    kind: str = "shares"
    width: int = Field(default=2, gt=0)


class Gate(nn.Module):
    """A share of each branch, the same at every site."""

    def __init__(self, config: GateConfig) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.zeros(config.width))

    def combine(self, layer, place, state, branches):
        shares = self.logits.softmax(0)
        return sum(share * own for share, own in zip(shares, branches, strict=True))


GATE = Kind(
    "shares",
    GateConfig,
    lambda config, shape, generator: Gate(config),
    identity=False,
    merges="none",
    presets={"shares": (GateConfig(),)},
)


@dataclass(frozen=True)
class Gated:
    """`gated(a, b by c)`: what a and b add at each site, in the shares that c has learned."""

    plans: tuple
    word = "gated"
    by_language = False

    @classmethod
    def read(cls, reader):
        branches = reader.separated(reader.plan)
        reader.expect("by")
        return cls((*branches, reader.plan()))

    def __str__(self) -> str:
        *branches, gate = self.plans
        return f"{called(self.word, branches)[:-1]} by {gate})"

    def over(self, plans):
        return Gated(tuple(plans))

    @property
    def scoring(self):
        return self.plans[-1:]

    def grown(self):
        if not any(isinstance(part, Gate) for part in nodes(self)[-1].module.networks):
            raise PlanError(f"{self.plans[-1]} is no gate", where="--plan")
        return self

    @property
    def gate(self) -> Gate:
        return next(part for part in nodes(self)[-1].module.networks if isinstance(part, Gate))

    def active(self, language) -> Iterator:
        return (leaf for node in nodes(self) for leaf in node.active(language))

    def rewritten(self, units, language):
        return units

    def increment(self, layer, place, state):
        found = [node.increment(layer, place, state.under(None)) for node in nodes(self)[:-1]]
        if all(own is None for own in found):
            return state.increment
        still = torch.zeros_like(state.sublayer)
        together = self.gate.combine(layer, place, state, [still if own is None else own for own in found])
        return together if state.increment is None else state.increment + together

    def linear_increment(self, place, state):
        return None

    def embed(self, states, rows):
        return states

    def unembed(self, states, rows):
        return states

    def weight(self, below, folding):
        return below

    def pooled(self, states, rows):
        return states

    def scores(self, state):
        return nodes(self)[-1].scores(state)


@pytest.fixture(autouse=True)
def registered():
    xling.register(GATE)
    xling.register(Gated)
    yield
    KINDS.pop("shares")
    PRESETS.pop("shares")
    FORMS.pop("gated")


def test_it_prints_reads_and_shows_what_it_holds():
    plan = parse("gated(lang/a >> lang/b, mean(lang/a, lang/c) by fusion/x) >> task/ner")
    assert parse(str(plan)) == plan and hash(parse(str(plan))) == hash(plan)
    with pytest.raises(PlanError, match="by"):
        parse("gated(lang/a, lang/b; fusion/x)")


@pytest.mark.parametrize("family", FAMILY_NAMES)
def test_its_weights_are_learned_saved_and_predicted_with(bases, shell, tmp_path, family):
    base = bases[family]
    below = {f"lang/{tag}": disturbed(base, "bottleneck", std=0.5, seed=n) for n, tag in enumerate("ab")}
    before = {name: module.tensors() for name, module in below.items()}
    settings = TrainingSettings(steps=12, learning_rate=0.1, batch_tokens=256, precision="float32")
    told = {"task": "tagging", "kind": "shares", "settings": settings, "modules": below}
    plan = "gated(lang/a, lang/b by new)"
    ner = xling.train_task(base, SPANS, **told, below=plan)
    shares = ner.part("shares").network.logits.detach()
    assert shares.abs().min() > 1e-5  # both branches had a gradient
    assert ner.facts.making["plan"] == plan and [name for name, _ in ner.facts.below] == ["lang/a", "lang/b"]
    for name, module in below.items():
        assert all(torch.equal(value, before[name][key]) for key, value in module.tensors().items())
        module.save(tmp_path / name)
    ner.save(tmp_path / "task/ner")
    named = plan.replace("new", "task/ner")
    assert named in card_text(ner, "task/ner")
    model = xling.compose(base, named, store=xling.Store(tmp_path))
    assert len(list(loaded(model.composition.node))) == 3
    memory = xling.compose(base, named, modules={**below, "task/ner": ner})
    rows = model.predict([line.split() for line in TEXTS[:4]], language="swh")
    assert rows == memory.predict([line.split() for line in TEXTS[:4]], language="swh")
    Path(tmp_path / "in.conll").write_text("amina\nleo\n\n", encoding="utf-8")
    ended = shell("predict", "--base", base.id, "--plan", named, "--store", tmp_path, "--language", "swh",
                  "--input", tmp_path / "in.conll", "--output", tmp_path / "out.jsonl")  # fmt: skip
    assert ended.status == 0, ended.err
    assert json.loads((tmp_path / "out.jsonl").read_text())["tokens"] == ["amina", "leo"]


def test_what_does_not_go_into_it_is_told(bert):
    modules = {f"lang/{tag}": disturbed(bert, "bottleneck", std=0.5, seed=1) for tag in "abc"}
    told = {"task": "tagging", "settings": TrainingSettings(steps=1), "modules": modules}
    with pytest.raises(PlanError, match="lang/c is no gate"):
        xling.train_task(bert, SPANS, **told, below="gated(lang/a, lang/b by lang/c)")
