"""A module's file that is not what it says is refused in one line, whatever is wrong with it."""

from __future__ import annotations

import json

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from support.making import MODULES, batch, disturbed, fresh, own_vocabulary
from torch.overrides import TorchFunctionMode

from xling.composition.composed import Composition
from xling.errors import InputError, MismatchError
from xling.modules.facts import Facts
from xling.modules.lexicon import Entry, Lexicon
from xling.modules.module import WEIGHTS, Module, Part
from xling.modules.vocabulary import pack, unpack


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
        ({"parts": None}, "parts that this xling cannot read"),
        ({"parts": [7]}, "parts that this xling cannot read"),
        ({"parts": [{"kind": "lora"}]}, "parts that this xling cannot read"),
        ({"parts": [{"kind": "lora", "prefix": "lora", "config": {"kind": "lora", "odd": 1}}]},
         "odd: no such key"),
        ({"parts": [{"kind": "x", "prefix": "x", "config": {"kind": "x"}}]}, "no kind of part is called 'x'"),
        ({"hidden": "16"}, "hidden = '16' is no size"),
        ({"hidden": 10**9}, "hidden = 1000000000 is no size"),
        ({"layers": -1}, "layers = -1 is no size"),
        ({"layers": 10**9}, "layers = 1000000000 is no size"),
        ({"format": 2, "xling_version": "9.9"}, "written by xling 9.9: update to that version"),
        ({"format": 1.0}, "module format 1.0 is not 1"),
        ({"format": True}, "module format True is not 1"),
        ({"parts": []}, "it has no parts"),
        ({"parts": {"kind": "lora"}}, "parts that this xling cannot read"),
        ({"labels": 3}, "labels: should be a list, not 3"),
        ({"labels": "abc"}, "labels: should be a list, not 'abc'"),
        ({"labels": {"a": 1}}, "labels: should be a list, not a mapping"),
        ({"labels": ["a", 1]}, "labels.1: should be text"),
        ({"language": 5}, "language: should be text"),
        ({"language": ["swh"]}, "language: should be text"),
        ({"language": "\ud800"}, "facts that this xling cannot read"),
        ({"cards": [["news", 3]]}, "cards.0.1: should be text"),
        ({"cards": ["news"]}, "cards.0: should be a list"),
        ({"below": [["lang/eng"]]}, "below.0.1: is missing"),
        ({"making": 5}, "making: should be a mapping"),
        ({"making": {"modules": {"init": 5}}}, "init: should be text"),
        ({"descent": {"files": "x"}}, "descent.files: should be a list"),
        ({"descent": {"odd": []}}, "descent.odd: "),
        ({"seed": "0"}, "seed: should be a whole number"),
        ({"odd": 1}, "odd: "),
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


def config_of(folder) -> dict:
    with safe_open(folder / WEIGHTS, framework="pt") as file:
        return json.loads(file.metadata()["xling"])["parts"][0]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("scaling", float("nan"), "scaling: should be a finite number"),
        ("scaling", float("inf"), "scaling: should be a finite number"),
        ("reduction_factor", 1e-7, "reduction_factor: should be greater than or equal to 0.01"),
        ("places", ["after_ffn"] * 3, "places: "),
        ("leave_out", ["1"], "leave_out.0: should be a whole number"),
    ],
)
def test_settings_that_cannot_be(bert, tmp_path, name, value, words):
    fresh(bert, "bottleneck").save(tmp_path)
    part = config_of(tmp_path)
    part["config"][name] = value
    rewritten(tmp_path, parts=[part])
    refused(tmp_path, words)


def test_every_tensor_is_of_one_part(bert, tmp_path):
    fresh(bert, "bottleneck").save(tmp_path)
    part = config_of(tmp_path)
    for parts, words in (
        ([part, part], "two parts have one prefix"),
        ([part, {**part, "prefix": "bottleneck.at"}], "is of the parts bottleneck, bottleneck.at"),
        ([{**part, "prefix": "other"}], "is of no part"),
        ([{**part, "prefix": 5}], "two parts have one prefix"),
    ):
        rewritten(tmp_path, parts=parts)
        refused(tmp_path, words)
    rewritten(tmp_path, parts=[part], tensors={"stray": torch.ones(1)})
    refused(tmp_path, "the tensor stray is of no part")


@pytest.mark.parametrize("dtype", [torch.int32, torch.bool, torch.complex64])
@pytest.mark.parametrize("kind", sorted(MODULES))
def test_weights_that_are_no_real_numbers(bert, tmp_path, kind, dtype):
    module = fresh(bert, kind)
    module.save(tmp_path)
    name, value = next((n, v) for n, v in module.tensors().items() if v.is_floating_point())
    rewritten(tmp_path, tensors={name: value.to(dtype)})
    refused(tmp_path, MODULES[kind][0].kind)


class Largest(TorchFunctionMode):
    """The size of the largest tensor that takes memory."""

    numbers = 0

    def __torch_function__(self, func, types, args=(), kwargs=None):
        found = func(*args, **(kwargs or {}))
        if isinstance(found, torch.Tensor) and found.device.type != "meta":
            self.numbers = max(self.numbers, found.numel())
        return found


CLAIMS = {
    "large states": ("bottleneck", {"hidden": 32768, "layers": 1024}, {}),
    "many layers": ("bottleneck", {"layers": 1024}, {}),
    "few left": ("bottleneck", {"layers": 1024}, {"leave_out": [0, 1]}),
    "wide": ("bottleneck", {"hidden": 32768}, {"reduction_factor": 0.01}),
    "invertible": ("madx", {"hidden": 131072}, {}),
    "head": ("head", {}, {"outputs": 10**12}),
    "more than any": ("head", {}, {"outputs": 10**30}),
    "arcs": ("biaffine", {"hidden": 32768}, {"arc_size": 10**9}),
    "centre": ("centre", {"hidden": 131072}, {}),
    "sparse": ("large-sparse", {"hidden": 32768, "layers": 1024}, {}),
    "sparse and few": ("large-sparse", {"hidden": 32768, "layers": 1024}, {"share": 0.001}),
    "sparse and none": ("large-sparse", {"hidden": 32768, "layers": 1024}, {"share": 1e-12}),
    "sparse and wide": ("large-sparse", {}, {"reduction_factor": 0.01}),
    "rank": ("lora", {}, {"rank": 10**12}),
}


@pytest.mark.parametrize(("kind", "facts", "settings"), list(CLAIMS.values()), ids=list(CLAIMS))
def test_sizes_that_a_file_only_claims_take_no_memory(bert, tmp_path, monkeypatch, kind, facts, settings):
    module = fresh(bert, kind)
    module.save(tmp_path)
    largest = max(value.numel() for value in module.tensors().values())
    parts = json.loads((tmp_path / "module.json").read_text())["parts"]
    parts[0]["config"] |= settings
    rewritten(tmp_path, parts=parts, **facts)
    built, of = [], torch.nn.Module.__init__
    monkeypatch.setattr(
        torch.nn.Module, "__init__", lambda self, *a, **k: (built.append(1), of(self, *a, **k))[1]
    )
    with Largest() as seen:
        refused(tmp_path, parts[0]["kind"])
    assert seen.numbers <= 8 * largest and len(built) < 300


def test_a_vocabulary_and_a_lexicon_that_claim_much(bert, tmp_path):
    vocabulary, words = own_vocabulary(bert, seed=1), Lexicon.of([Entry("a", "b")], "eng")
    lexicon = Module((Part(words.config, "lexicon", words),), Facts(language="swh"))
    for number, (module, settings) in enumerate((
        (vocabulary, {"pieces": 10**12}), (vocabulary, {"kept": 10**12}), (vocabulary, {"rank": 10**12}),
        (lexicon, {"entries": 10**12}),
    )):  # fmt: skip
        folder = module.save(tmp_path / str(number))
        parts = json.loads((folder / "module.json").read_text())["parts"]
        parts[0]["config"] |= settings
        rewritten(folder, parts=parts)
        with Largest() as seen:
            refused(folder, parts[0]["kind"])
        assert seen.numbers < 1 << 16


def test_a_tokenizer_that_unpacks_to_much_is_not_unpacked():
    with pytest.raises(ValueError, match="larger than any"):
        unpack(pack(" " * (1 << 20)))
