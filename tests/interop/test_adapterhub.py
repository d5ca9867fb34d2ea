"""Parity with the library `adapters` 1.3.0: same weights, same outputs, alone and stacked.

The fixtures are recorded by `record_adapterhub.py`. A stack of two parallel modules is not compared: the
library computes the upper one alone (its first is dropped, bit for bit), ours adds both.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from support.adapterhub_names import Tensors, mlm_head
from support.tiny import save_tokenizer
from torch import Tensor

from xling.bases.base import Base, load_base
from xling.composition.composed import Composition
from xling.composition.fitting import base_facts
from xling.modules.module import Module, Part
from xling.modules.registry import restore
from xling.store.formats.adapterhub import CONFIG, WEIGHTS, read
from xling.store.formats.format import ImportRequest, parts_of

BASES = ("bert", "xlm_roberta")
FIXTURES = Path(__file__).parent / "fixtures"
TOLERANCE = 1e-5
ALONE = (
    "pfeiffer_a",
    "pfeiffer_b",
    "pfeiffer_scaled",
    "pfeiffer_top_left_out",
    "pfeiffer_per_layer",
    "houlsby_a",
    "houlsby_b",
    "parallel",
    "madx_a",
    "madx_b",
)
STACKS = (
    "pfeiffer_a>>pfeiffer_b",
    "houlsby_a>>houlsby_b",
    "houlsby_a>>pfeiffer_a",
    "pfeiffer_a>>houlsby_a",
    "madx_a>>pfeiffer_a",
    "madx_b>>pfeiffer_top_left_out",
    "pfeiffer_top_left_out>>pfeiffer_b",
    "madx_a>>pfeiffer_a>>houlsby_a",
)
SCORED = ("none", "madx_a", "madx_b", "madx_a>>pfeiffer_a")


@dataclass(frozen=True)
class Recorded:
    """One fixture and the base that was opened from it."""

    base: Base
    tensors: Tensors
    facts: dict[str, Any]

    def under(self, prefix: str) -> Tensors:
        """Tensors below a prefix, without it."""
        return {name[len(prefix) :]: value for name, value in self.tensors.items() if name.startswith(prefix)}

    @property
    def batch(self) -> tuple[Tensor, Tensor]:
        return self.tensors["input_ids"], self.tensors["attention_mask"]

    def module(self, adapter: str) -> Module:
        """One recorded adapter as a module of ours."""
        with tempfile.TemporaryDirectory() as folder:
            save_file(self.under(f"adapter/{adapter}/"), Path(folder) / WEIGHTS)
            (Path(folder) / CONFIG).write_text(json.dumps(self.facts["adapters"][adapter]))
            parts = parts_of(read(Path(folder), ImportRequest(self.base)), self.base, where=Path(folder))
        return Module(parts, base_facts(self.base))

    def composition(self, setup: str) -> Composition:
        """The modules of a setup, the first one lowest."""
        names = [] if setup == "none" else setup.split(">>")
        return Composition(self.base, [self.module(name) for name in names])


@pytest.fixture(scope="module", params=BASES)
def recorded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """Each base in turn, opened from a folder as a user's would be."""
    folder = tmp_path_factory.mktemp(request.param)
    return opened(FIXTURES / f"adapterhub_{request.param}.safetensors", folder)


def opened(fixture: Path, folder: Path) -> Recorded:
    """A fixture, whose base is saved in a folder and opened from there."""
    tensors, facts = read_fixture(fixture)
    base = {name.removeprefix("base/"): value for name, value in tensors.items() if name.startswith("base/")}
    _save(facts["config"], base, folder)
    return Recorded(load_base(folder), tensors, facts)


def read_fixture(fixture: Path) -> tuple[Tensors, dict[str, Any]]:
    """The tensors and the facts of a fixture."""
    with safe_open(fixture, framework="pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}
        return tensors, json.loads(file.metadata()["facts"])


def _save(config: dict[str, Any], weights: Tensors, folder: Path) -> None:
    from transformers import AutoConfig, AutoModel

    encoder = AutoModel.from_config(AutoConfig.for_model(**config), add_pooling_layer=False)
    encoder.load_state_dict(weights)
    encoder.save_pretrained(folder)
    save_tokenizer(folder)


def furthest(ours: Tensor, theirs: Tensor) -> float:
    """The largest difference; padded positions count too."""
    assert ours.shape == theirs.shape
    return (ours - theirs).abs().max().item()


def test_every_recorded_setup_is_compared(recorded: Recorded) -> None:
    assert set(recorded.under("hidden/")) == {"none", *ALONE, *STACKS}
    assert set(recorded.under("logits/")) == set(SCORED)
    assert recorded.facts["versions"]["adapters"] == "1.3.0"


@pytest.mark.parametrize("adapter", ALONE)
def test_every_recorded_tensor_has_a_place(recorded: Recorded, adapter: str) -> None:
    theirs = recorded.under(f"adapter/{adapter}/")
    ours = recorded.module(adapter).tensors()
    assert len(ours) == len(theirs)
    assert sum(value.numel() for value in ours.values()) == sum(value.numel() for value in theirs.values())


@pytest.mark.parametrize("setup", ["none", *ALONE, *STACKS])
def test_last_states(recorded: Recorded, setup: str) -> None:
    expected = recorded.tensors[f"hidden/{setup}"]
    with torch.no_grad():
        found = recorded.composition(setup)(*recorded.batch)
    assert furthest(found, expected) < TOLERANCE
    if setup != "none":
        assert furthest(recorded.tensors["hidden/none"], expected) > 0.1


@pytest.mark.parametrize("setup", SCORED)
def test_mlm_logits_with_the_inverse_before_the_decoder(recorded: Recorded, setup: str) -> None:
    composition = recorded.composition(setup)
    head = mlm_head(recorded.under("head/"), norm_eps=recorded.facts["config"]["layer_norm_eps"])
    expected = recorded.tensors[f"logits/{setup}"]
    with torch.no_grad():
        states = composition(*recorded.batch).flatten(0, 1)
        found = head(states, composition.undo).view_as(expected)
        without = head(states).view_as(expected)
    assert furthest(found, expected) < TOLERANCE
    assert setup == "none" or furthest(without, expected) > 0.01


def test_the_order_of_a_stack_shows(recorded: Recorded) -> None:
    one, other = (
        recorded.tensors[f"hidden/{setup}"] for setup in ("houlsby_a>>pfeiffer_a", "pfeiffer_a>>houlsby_a")
    )
    assert furthest(one, other) > 0.1


def test_the_papers_residual_is_another_one(recorded: Recorded) -> None:
    """MAD-X stacking of the same weights must not agree with the library's."""
    lower, upper = recorded.module("madx_a"), recorded.module("pfeiffer_a")
    paper = []
    for part in upper.parts:
        config = part.config.model_copy(update={"stacking": "madx"})
        paper.append(
            Part(config, part.prefix, restore(config, recorded.base.shape, part.network.state_dict()))
        )
    with torch.no_grad():
        found = Composition(recorded.base, [lower, Module(tuple(paper), upper.facts)])(*recorded.batch)
    assert furthest(found, recorded.tensors["hidden/madx_a>>pfeiffer_a"]) > 0.01
