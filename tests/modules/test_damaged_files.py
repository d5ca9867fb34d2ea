"""A module's file that is not what it says is refused in one line, whatever is wrong with it."""

from __future__ import annotations

import json

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from support.making import MODULES, batch, disturbed, fresh

from xling.composition.composed import Composition
from xling.errors import InputError, MismatchError
from xling.modules.module import WEIGHTS, Module


def refused(folder, words: str) -> None:
    with pytest.raises(InputError, match=words) as error:
        Module.load(folder)
    assert "\n" not in str(error.value) and WEIGHTS in str(error.value)


def rewritten(folder, *, tensors=None, **facts) -> None:
    """The file with other tensors or facts; None takes a fact out."""
    path = folder / WEIGHTS
    with safe_open(path, framework="pt") as file:
        described, values = json.loads(file.metadata()["xling"]), {n: file.get_tensor(n) for n in file.keys()}
    described = {**described, **facts}
    for name in [name for name, value in facts.items() if value is None]:
        del described[name]
    save_file({**values, **(tensors or {})}, path, metadata={"xling": json.dumps(described)})


@pytest.mark.parametrize("kind", sorted(MODULES))
def test_values_that_are_no_numbers(bert, tmp_path, kind):
    module = disturbed(bert, kind, std=0.1, seed=1)
    with torch.no_grad():
        next(iter(module.networks[0].state_dict().values())).view(-1)[0] = float("nan")
    module.save(tmp_path)
    refused(tmp_path, "has values that are not finite")


@pytest.mark.parametrize("kind", sorted(set(MODULES) - {"full"}))  # its names are the base's own affair
def test_tensors_under_names_of_no_meaning(bert, tmp_path, kind):
    fresh(bert, kind).save(tmp_path)
    prefix = MODULES[kind][0].kind
    rewritten(tmp_path, tensors={f"{prefix}.odd.name": torch.ones(2)})
    refused(tmp_path, prefix)


@pytest.mark.parametrize("lie", ["endless", "shape", "offsets", "cut", "empty"])
def test_a_lying_header(bert, tmp_path, lie):
    fresh(bert, "lora").save(tmp_path)
    data = (tmp_path / WEIGHTS).read_bytes()
    end = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:end])
    first = next(name for name in header if name != "__metadata__")
    changes = {"shape": {"shape": [2**20, 2**20]}, "offsets": {"data_offsets": [0, 2**40]}}
    header[first] |= changes.get(lie, {})
    text = json.dumps(header).encode()
    lies = {"endless": (2**62).to_bytes(8, "little") + data[8:], "cut": data[: end + 10], "empty": b""}
    written = lies.get(lie, len(text).to_bytes(8, "little") + text + data[end:])
    (tmp_path / WEIGHTS).write_bytes(written)
    refused(tmp_path, "not an xling module")


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"format": 2}, "module format 2 is not 1"),
        ({"parts": None}, "facts of another xling version"),
        ({"parts": [7]}, "facts of another xling version"),
        ({"parts": [{"kind": "lora"}]}, "facts of another xling version"),
        ({"parts": [{"kind": "lora", "prefix": "lora", "config": {"kind": "lora", "odd": 1}}]},
         "odd: no such key"),
        ({"parts": [{"kind": "x", "prefix": "x", "config": {"kind": "x"}}]}, "no kind of part is called 'x'"),
        ({"hidden": "16"}, "hidden = '16' is no size"),
        ({"hidden": 10**9}, "hidden = 1000000000 is no size"),
        ({"layers": -1}, "layers = -1 is no size"),
        ({"layers": 10**9}, "layers = 1000000000 is no size"),
        ({"labels": 3}, "facts of another xling version"),
        ({"base": None}, "hidden = 16 is no size"),
    ],
)  # fmt: skip
def test_facts_that_cannot_be(bert, tmp_path, facts, words):
    fresh(bert, "bottleneck").save(tmp_path)
    rewritten(tmp_path, **facts)
    refused(tmp_path, words)


def test_metadata_that_is_no_object(bert, tmp_path):
    save_file({"a": torch.ones(1)}, tmp_path / WEIGHTS, metadata={"xling": "[1]"})
    refused(tmp_path, "not an xling module")


def test_an_entry_outside_its_parameter(bert, tmp_path):
    """The file alone cannot tell: the base's parameter is smaller than the index."""
    module = disturbed(bert, "lt-sft", std=0.1, seed=1)
    module.save(tmp_path)
    name = next(
        name for name in module.tensors() if name.startswith("sparse.gaps.") and name.endswith("bias")
    )
    code = torch.cat(
        [module.tensors()[name], torch.full((100,), 255, dtype=torch.uint8), torch.zeros(1).byte()]
    )
    values = name.replace("gaps", "values")
    longer = torch.cat([module.tensors()[values], torch.ones(1)])
    rewritten(tmp_path, tensors={name: code, values: longer})
    with pytest.raises(MismatchError, match="is changed, which has"):
        Composition(bert, [Module.load(tmp_path)])(*batch(bert, rows=1, length=4, seed=1))
