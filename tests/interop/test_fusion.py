"""Parity with AdapterFusion in the library `adapters` 1.3.0; the fixtures are from `record_fusion.py`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from interop.test_adapterhub import BASES, FIXTURES, TOLERANCE, Recorded, furthest, opened, read_fixture
from safetensors.torch import save_file

from xling.composition.composed import Composition
from xling.composition.contents import grow
from xling.composition.fitting import base_facts
from xling.composition.grammar import parse
from xling.errors import InputError, PlanError
from xling.modules.module import Module
from xling.store.formats.adapterhub import read
from xling.store.formats.adapterhub_fusion import CONFIG, WEIGHTS
from xling.store.formats.format import ImportRequest, parts_of

FUSIONS = ("dynamic", "static")


@pytest.fixture(scope="module", params=BASES)
def recorded(request, tmp_path_factory) -> Recorded:
    folder = tmp_path_factory.mktemp(request.param)
    below = opened(FIXTURES / f"adapterhub_{request.param}.safetensors", folder)
    tensors, facts = read_fixture(FIXTURES / f"fusion_{request.param}.safetensors")
    return Recorded(below.base, {**below.tensors, **tensors}, {**below.facts, **facts})


def folder_of(recorded: Recorded, fusion: str, folder: Path, **settings: object) -> Path:
    """The fusion as the library saved it, with other settings."""
    folder.mkdir(exist_ok=True)
    facts = recorded.facts["fusions"][fusion]
    facts = {**facts, "config": {**facts["config"], **settings}}
    (folder / CONFIG).write_text(json.dumps(facts), encoding="utf-8")
    save_file(recorded.under(f"fusion/{fusion}/"), folder / WEIGHTS[0])
    return folder


def module_of(recorded: Recorded, folder: Path) -> Module:
    request = ImportRequest(recorded.base)
    return Module(parts_of(read(folder, request), recorded.base, where=folder), base_facts(recorded.base))


@pytest.mark.parametrize("fusion", FUSIONS)
def test_last_states(recorded, tmp_path, fusion):
    modules = {name: recorded.module(name) for name in ("pfeiffer_a", "pfeiffer_b")}
    modules["f"] = module_of(recorded, folder_of(recorded, fusion, tmp_path / "f"))
    theirs = recorded.under(f"fusion/{fusion}/")
    numbers = [sum(value.numel() for value in own.values()) for own in (modules["f"].tensors(), theirs)]
    assert numbers[0] == numbers[1]
    found = {}
    for plan in (
        "fuse(pfeiffer_a, pfeiffer_b; f)",
        "fuse(pfeiffer_b, pfeiffer_a; f)",
        "mean(pfeiffer_a, pfeiffer_b)",
    ):
        with torch.no_grad():
            model = Composition(recorded.base, grow(parse(plan), lambda own: modules[own.name]))
            found[plan] = model(*recorded.batch)
    fused, turned, mean = found.values()
    expected = recorded.tensors[f"hidden/{fusion}"]
    assert furthest(fused, expected) < TOLERANCE and furthest(turned, expected) < TOLERANCE
    assert furthest(mean, expected) > 0.01
    with pytest.raises(PlanError, match="f combines 2 plans, not 1"):
        grow(parse("fuse(pfeiffer_a; f)"), lambda own: modules[own.name])


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"temperature": True}, "no equal for temperature = True"),
        ({"residual_before": True}, "no equal for residual_before = True"),
        ({"key": False}, "no equal for key = False"),
        ({"value": False}, "there is no place for at.0/after_ffn.value"),
    ],
)
def test_what_it_cannot_compute_is_refused(recorded, tmp_path, settings, said):
    with pytest.raises(InputError, match=said):
        module_of(recorded, folder_of(recorded, "dynamic", tmp_path / "f", **settings))


def test_what_is_missing_or_odd_is_told(recorded, tmp_path):
    folder = folder_of(recorded, "dynamic", tmp_path / "f")
    weights = recorded.under("fusion/dynamic/")
    save_file({**weights, "more": torch.zeros(1)}, folder / WEIGHTS[0])
    with pytest.raises(InputError, match="no equal for the tensor more"):
        module_of(recorded, folder)
    (folder / WEIGHTS[0]).unlink()
    with pytest.raises(InputError, match="beside it is none of model_adapter_fusion"):
        module_of(recorded, folder)
    (folder / CONFIG).write_text(json.dumps({"config": {}, "name": "a,,b"}), encoding="utf-8")
    save_file(weights, folder / WEIGHTS[0])
    with pytest.raises(InputError, match="no names of adapters"):
        module_of(recorded, folder)
