"""A few mutations of every kind of file: each is read, or refused in one line. `hard.py` makes many."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from hardness.fuzzing import TOLD_IN, by_chance, guided, mutated
from hardness.of_data import DATA
from hardness.target import Target, judged
from hardness.targets import targets

CASES = 40
OF_XLING = (
    "recipe", "data card", "plan", "module", "module.json", "results.json of a run", "log.jsonl of a run",
    "predictions/fao-target-0.jsonl of a run", "gold/fao.jsonl of a run", "record of a stage",
    "carried labels", "older predictions", "checkpoint", "log of a training", "claim of a prediction",
    "kept MLM head", "kept names",
)  # fmt: skip
OF_OTHERS = (
    *(f"{file} of a base" for file in ("config.json", "tokenizer.json", "tokenizer_config.json",
      "model.safetensors", "pytorch_model.bin", "model.safetensors.index.json")),
    *(f"{file} of adapterhub" for file in ("adapter_config.json", "adapter.safetensors", "head_config.json",
      "model_head.safetensors")),
    *(f"{file} of peft" for file in ("adapter_config.json", "adapter_model.safetensors")),
    "pytorch_diff.bin of composable-sft",
    *(f"{file} of adapterhub" for file in ("adapter_fusion_config.json",
      "model_adapter_fusion.safetensors")),
)  # fmt: skip
NAMES = (*DATA, *OF_XLING, *OF_OTHERS)


@pytest.fixture(scope="module")
def all_targets(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Target]:
    return targets(tmp_path_factory.mktemp("stands"))


def test_these_are_all(all_targets):
    assert tuple(all_targets) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_honest_files_are_read_and_mutated_ones_read_or_refused(all_targets, tmp_path, name):
    target = all_targets[name]
    for seed in target.seeds:
        (tmp_path / target.file).write_bytes(seed)
        target.read(tmp_path / target.file)
    assert by_chance(target, CASES, 7, tmp_path) == []


def test_other_exceptions_and_long_messages_are_seen(tmp_path):
    def fails(path: Path) -> None:
        raise KeyError("x")

    assert str(judged(Target("a", [b"a"], fails), b"a", tmp_path)).startswith("KeyError in fails")


def test_mutations_are_those_of_the_seed():
    made = [mutated([b"amina"], [b"\0"], random.Random(3)) for _ in range(2)]
    assert made[0] == made[1] != b"amina"


@pytest.mark.parametrize(("status", "tried", "wrong"), [(0, 900, False), (0, 700, True), (-9, 900, True)])
def test_a_guided_process_that_ends_early_is_a_fault(tmp_path, monkeypatch, status, tried, wrong):
    def ended(words, **how):
        Path(words[-1], TOLD_IN).write_text(f'{{"tried": {tried}, "faults": []}}')
        return CompletedProcess(words, status, "", "killed")

    monkeypatch.setattr("hardness.fuzzing.subprocess.run", ended)
    found = guided("plan", 950, 0, tmp_path / "place")
    assert bool(found) == wrong and all(f"status {status} after {tried} of 950" in own for own in found)
