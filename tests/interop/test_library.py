"""Parity with PEFT 0.21.2 over several LoRA modules; the fixtures are from `record_library.py`."""

from __future__ import annotations

import json

import pytest
import torch
from support.foreign_cases import (
    BASES,
    FIXTURES,
    TOLERANCE,
    computed,
    furthest,
    read_fixture,
    recorded_base,
    unpack,
)

from xling.bases.base import Base
from xling.composition.composed import Composition
from xling.composition.contents import grow
from xling.composition.fitting import base_facts
from xling.composition.grammar import parse
from xling.errors import InputError
from xling.modules.module import Module
from xling.store.formats.format import ImportRequest, parts_of
from xling.store.formats.peft import CONFIG, read

MODULES = ("a", "b", "c")
EXACT = {"cat": 8, "linear": 4, "svd": 3, "ties": 4, "magnitude_prune": 4}  # and the rank of the result


class Recorded:
    """A base, a batch, and what PEFT computed."""

    def __init__(self, name: str, folder) -> None:
        self.base, self.batch = recorded_base(name, folder / "base")
        self.tensors, self.facts = read_fixture(FIXTURES / f"library_{name}.safetensors")
        self.folder = folder

    def module(self, case: str) -> Module:
        folder = unpack(self.tensors, case, self.folder / case)
        return imported(self.base, folder)

    def states(self, plan: str) -> torch.Tensor:
        with torch.no_grad():
            return Composition(self.base, grow(parse(plan), lambda own: self.module(own.name)))(*self.batch)


def imported(base: Base, folder) -> Module:
    return Module(parts_of(read(folder, ImportRequest(base)), base, where=folder), base_facts(base))


@pytest.fixture(scope="module", params=BASES)
def recorded(request, tmp_path_factory) -> Recorded:
    return Recorded(request.param, tmp_path_factory.mktemp(request.param))


@pytest.mark.parametrize("top_k", [1, 2, 3])
def test_arrow(recorded, top_k):
    expected = recorded.tensors[f"arrow/{top_k}"]
    found = recorded.states(f"arrow(a, b, c; {top_k}, {recorded.facts['temperature']})")
    assert furthest(found, expected) < TOLERANCE
    for other in (f"arrow(a, b, c; {top_k % 3 + 1}, 0.5)", "mean(a, b, c)", "none"):
        assert furthest(recorded.states(other), expected) > 1e-3
    if top_k > 1:  # one module has the share one, whatever the temperature
        assert furthest(recorded.states(f"arrow(a, b, c; {top_k})"), expected) > 1e-3


@pytest.mark.parametrize("case", [*MODULES, *EXACT])
def test_weighted_adapters_are_plain_modules(recorded, case):
    module = recorded.module(case)
    assert (
        furthest(computed(recorded.base, module, recorded.batch, None), recorded.tensors[f"in/{case}/output"])
        < TOLERANCE
    )
    assert {part.config.kind for part in module.parts} == {"lora"}
    assert {part.config.rank for part in module.parts} == {EXACT.get(case, 4)}


def test_the_weighted_adapter_of_whole_changes_is_our_sum(recorded):
    """`cat` adds the changes; `linear` adds the factors, which is another module."""
    one, two = recorded.facts["shares"]
    found = recorded.states(f"sum(a, b; {one}, {two})")
    assert furthest(found, recorded.tensors["in/cat/output"]) < TOLERANCE
    assert furthest(found, recorded.tensors["in/linear/output"]) > 1e-3


def test_every_recorded_case_is_compared(recorded):
    keys = {key.split("/")[1] for key in recorded.tensors if key.startswith("in/")}
    assert keys == {*MODULES, *EXACT}
    assert {key for key in recorded.tensors if key.startswith("arrow/")} == {f"arrow/{k}" for k in (1, 2, 3)}
    settings = json.loads((unpack(recorded.tensors, "cat", recorded.folder / "cat") / CONFIG).read_text())
    assert (settings["r"], settings["lora_alpha"]) == (8, 8)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"use_dora": True}, "no equal for use_dora = True"),
        ({"arrow_config": {"top_k": 3}}, "no equal for arrow_config"),
        ({"rank_pattern": {"query": 2}}, "r = 2 for .*query.weight, and its lora_A has 3 rows"),
    ],
)
def test_what_a_weighted_adapter_keeps_of_the_first_one_is_refused_without_an_equal(
    recorded, tmp_path, change, said
):
    folder = unpack(recorded.tensors, "svd", tmp_path / "svd")
    settings = json.loads((folder / CONFIG).read_text())
    (folder / CONFIG).write_text(json.dumps({**settings, **change}), encoding="utf-8")
    with pytest.raises(InputError, match=said) as refused:
        imported(recorded.base, folder)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("stabilised", [False, True])
def test_the_scale_of_a_weighted_adapter_is_that_of_its_settings(recorded, tmp_path, stabilised):
    folder = unpack(recorded.tensors, "cat", tmp_path / "cat")
    settings = json.loads((folder / CONFIG).read_text())
    (folder / CONFIG).write_text(json.dumps({**settings, "use_rslora": stabilised}), encoding="utf-8")
    (part,) = imported(recorded.base, folder).parts
    assert part.config.scale == pytest.approx(8**0.5 if stabilised else 1.0)
