"""PEFT: its own folders in, and what we have no equal for refused."""

from __future__ import annotations

import json

import pytest
import torch
from safetensors.torch import load_file, save_file
from support.foreign_cases import (
    BASES,
    LABELS,
    TOLERANCE,
    computed,
    equal,
    furthest,
    module_of,
    recorded_bases,
    unpack,
)

from xling.errors import InputError
from xling.modules.module import Module
from xling.store.formats.format import ImportRequest, parts_of
from xling.store.formats.peft import CONFIG, WEIGHTS, read, write

JOBS = {
    "lora_language": None,
    "lora_tagging": "tagging",
    "lora_classification": "classification",
    "lora_patterns": None,
    "ia3_language": None,
    "ia3_tagging": "tagging",
    "ia3_classification": "classification",
}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Base, batch and what PEFT computed, by the base's name."""
    return recorded_bases("peft", tmp_path_factory)


@pytest.mark.parametrize("case", JOBS)
@pytest.mark.parametrize("name", BASES)
def test_its_folders_compute_here_what_they_compute_there(recorded, shell, tmp_path, name, case):
    base, batch, tensors = recorded[name]
    task, out = JOBS[case], tmp_path / "made"
    said = (
        ("--task", task, "--source-language", "en", "--labels", "O, B-X, I-X")
        if task
        else ("--language", "sw")
    )
    ended = shell("module", "import", unpack(tensors, case, tmp_path / "peft"), "--format", "peft",
                  "--base", base.folder, "--out", out, *said)  # fmt: skip
    assert ended.status == 0, ended.err
    module = Module.load(out)
    assert (module.facts.language, module.facts.source) == ((None, "eng") if task else ("swh", None))
    assert module.facts.labels == (LABELS if task else ())
    expected = tensors[f"in/{case}/output"]
    assert furthest(computed(base, module, batch, task), expected) < TOLERANCE
    plain = computed(base, Module((), module.facts), batch, None)
    assert task or furthest(plain, expected) > 0.01


def test_every_recorded_case_is_compared(recorded):
    for _, _, tensors in recorded.values():
        assert {key.split("/")[1] for key in tensors if key.startswith("in/")} == set(JOBS)
        assert "in/lora_patterns/file/adapter_model.bin" in tensors


def test_patterns_become_parts_of_their_own(recorded, tmp_path):
    base, _, tensors = recorded["bert"]
    found = read(unpack(tensors, "lora_patterns", tmp_path), ImportRequest(base))
    scalings = {(part.config.rank, part.config.alpha, part.config.sites) for part in found.parts}
    assert scalings == {
        (2, 5.0, ("attention.query",)),
        (3, 7.0, ("attention.key",)),
        (3, 5.0, ("attention.key",)),
        (2, 2.0, ("ffn.up",)),
        (1, 2.0, ("ffn.up",)),
    }


def test_the_first_pattern_that_ends_a_path_counts(recorded, tmp_path):
    """Whole names only: `uery` ends the path too, but in the middle of a name."""
    base, _, tensors = recorded["bert"]
    folder = unpack(tensors, "lora_language", tmp_path)
    config = json.loads((folder / CONFIG).read_text())
    patterns = {"uery": 9, "0.attention.self.query": 3, "query": 4, "self.query": 5}
    (folder / CONFIG).write_text(json.dumps({**config, "alpha_pattern": patterns}))
    found = {
        (part.config.alpha, part.config.sites, part.config.leave_out)
        for part in read(folder, ImportRequest(base)).parts
    }
    query, value = ("attention.query",), ("attention.value",)
    assert found == {(3.0, query, (1,)), (4.0, query, (0,)), (6.0, value, ())}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"peft_type": "PROMPT_TUNING"}, "no equal for peft_type = 'PROMPT_TUNING'"),
        ({"use_dora": True}, "no equal for use_dora = True"),
        ({"lora_bias": True}, "no equal for lora_bias = True"),
        ({"bias": "all"}, "no equal for bias = 'all'"),
        ({"init_lora_weights": "pissa"}, "no equal for init_lora_weights = 'pissa'"),
        ({"layer_replication": [[0, 2]]}, "no equal for layer_replication"),
        ({"an_option_of_tomorrow": 3}, "no equal for an_option_of_tomorrow = 3"),
        ({"alpha_pattern": {"(a+)+$": 3}}, r"alpha_pattern has '\(a\+\)\+\$', and only plain module names"),
        ({"r": 3}, "r = 3 for .*query.weight, and its lora_A has 4 rows"),
        ({"lora_alpha": "8"}, "lora_alpha = '8' for .* is no number above 0"),
        ({"lora_alpha": -1}, "lora_alpha = -1 for .* is no number above 0"),
    ],
)
def test_options_without_an_equal_are_refused(recorded, tmp_path, change, words):
    base, _, tensors = recorded["bert"]
    folder = unpack(tensors, "lora_language", tmp_path)
    config = json.loads((folder / CONFIG).read_text())
    (folder / CONFIG).write_text(json.dumps({**config, **change}))
    with pytest.raises(InputError, match=words) as refused:
        read(folder, ImportRequest(base))
    assert "\n" not in str(refused.value) and CONFIG in str(refused.value)


ROOT = "base_model.model"
QUERY = f"{ROOT}.encoder.layer.0.attention.self.query"
UP = f"{QUERY}.lora_B.weight"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({f"{QUERY}.lora_A.weight": None}, "no lora_A and lora_B for encoder.layer.0.attention"),
        ({UP: torch.zeros(15, 4)}, r"B of .*query.weight is \[15, 4\], and .* \[16, 4\]"),
        ({UP: torch.full((16, 4), float("nan"))}, "lora_B.weight has values that are not f"),
        ({UP: torch.ones(16, 4).int()}, "of the type torch.int32, not of floats"),
        ({f"{QUERY}.lora_magnitude_vector": torch.ones(16)}, "no equal for the tensor .*lora_magni"),
        ({f"{ROOT}.embeddings.word_embeddings.weight": torch.ones(60, 16)}, "no equal for the tensor"),
        ({"encoder.layer.0.weight": torch.ones(2)}, "no equal for the tensor encoder.layer.0.weight"),
        ({f"{ROOT}.classifier.weight": torch.ones(3, 16)}, "has a head .classifier.weight., and a"),
        ({f"{ROOT}.encoder.layer.7.query.lora_A.weight": torch.ones(4, 16),
          f"{ROOT}.encoder.layer.7.query.lora_B.weight": torch.ones(16, 4)},
         "changes encoder.layer.7.query.weight, which the base tiny/bert does not have"),
    ],
)  # fmt: skip
def test_damaged_tensors_are_refused(recorded, tmp_path, changes, words):
    base, _, tensors = recorded["bert"]
    folder = unpack(tensors, "lora_language", tmp_path)
    values = {**load_file(folder / WEIGHTS), **changes}
    save_file({name: value for name, value in values.items() if value is not None}, folder / WEIGHTS)
    with pytest.raises(InputError, match=words) as refused:
        read(folder, ImportRequest(base))
    assert "\n" not in str(refused.value)


def lying(data: bytes, kind: str) -> bytes:
    """A safetensors file whose header does not tell the truth."""
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    first = next(name for name in header if name != "__metadata__")
    if kind == "endless header":
        return (2**62).to_bytes(8, "little") + data[8:]
    if kind == "larger shape":
        header[first]["shape"] = [2**20, 2**20]
    elif kind == "offsets outside":
        header[first]["data_offsets"] = [0, 2**40]
    else:
        return data[: 8 + length + 10]
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data[8 + length :]


@pytest.mark.parametrize("kind", ["endless header", "larger shape", "offsets outside", "cut short"])
def test_a_lying_header_is_refused(recorded, shell, tmp_path, kind):
    base, _, tensors = recorded["bert"]
    folder = unpack(tensors, "lora_language", tmp_path / "peft")
    (folder / WEIGHTS).write_bytes(lying((folder / WEIGHTS).read_bytes(), kind))
    shell("module", "import", folder, "--format", "peft", "--base", base.folder, "--language", "swh",
          "--out", tmp_path / "made").refused(WEIGHTS, "not a safetensors file")  # fmt: skip


def test_no_path_of_the_configuration_is_opened(recorded, tmp_path):
    base, _, tensors = recorded["bert"]
    folder = unpack(tensors, "lora_language", tmp_path / "peft")
    plain = read(folder, ImportRequest(base))
    config = json.loads((folder / CONFIG).read_text())
    elsewhere = {"base_model_name_or_path": "../../etc", "revision": "/nowhere"}
    elsewhere["auto_mapping"] = {"base_model_class": "Popen", "parent_library": "subprocess"}
    (folder / CONFIG).write_text(json.dumps({**config, **elsewhere}))
    again = read(folder, ImportRequest(base))
    assert [part.config for part in again.parts] == [part.config for part in plain.parts]
    assert all(path.parent == folder for path in again.files)


def test_a_tensor_larger_than_its_file_is_refused(recorded, tmp_path):
    base, _, tensors = recorded["bert"]
    folder = unpack(tensors, "lora_patterns", tmp_path)
    path = folder / "adapter_model.bin"
    values = torch.load(path, weights_only=True)
    torch.save({**values, min(values): torch.ones(1).expand(2**20, 2**22)}, path)
    with pytest.raises(InputError, match="claims 4,398,046,511,104 numbers, more than the file holds"):
        read(folder, ImportRequest(base))


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999"])
def test_a_number_that_is_none_is_refused(recorded, tmp_path, number):
    base, _, tensors = recorded["bert"]
    folder = unpack(tensors, "lora_language", tmp_path)
    text = (folder / CONFIG).read_text().replace('"lora_alpha": 6', f'"lora_alpha": {number}')
    (folder / CONFIG).write_text(text)
    with pytest.raises(InputError, match=f"{number} is no finite number"):
        read(folder, ImportRequest(base))


@pytest.mark.parametrize("text", ["{", "[]", "[" * 100_000, '{"peft_type": "LORA"}'])
def test_a_damaged_configuration_is_refused(recorded, tmp_path, text):
    base, _, tensors = recorded["bert"]
    folder = unpack(tensors, "lora_tagging", tmp_path)
    (folder / CONFIG).write_text(text)
    with pytest.raises(InputError, match="not a JSON|r = 8 for"):
        read(folder, ImportRequest(base))


def test_what_peft_cannot_hold_is_refused(recorded, bases):
    base = recorded["bert"][0]
    with pytest.raises(InputError, match="format peft has no equal for a part of the kind bottleneck"):
        write(module_of(base, "adapterhub", "bottleneck"), base, "x")
    with pytest.raises(InputError, match="no equal for a part of the kind sparse; it takes lora, ia3, head"):
        write(module_of(base, "composable-sft", "language"), base, "x")


@pytest.mark.parametrize("kind", ["lora", "ia3"])
@pytest.mark.parametrize("family", ["distilbert", "modernbert"])
def test_other_families_come_back_with_the_same_weights(bases, tmp_path, family, kind):
    """ModernBERT fuses its projections: PEFT holds a change of the whole, ours one of its row blocks."""
    base = bases[family]
    module = module_of(base, "peft", f"{kind}_tagging")
    for file, data in write(module, base, "x").items():
        (tmp_path / file).write_bytes(data)
    found = read(tmp_path, ImportRequest(base, "tagging", LABELS))
    back = Module(parts_of(found, base, where=tmp_path), module.facts)
    assert found.labels == LABELS
    assert [part.config for part in back.parts] == [part.config for part in module.parts]
    assert all(equal(own, back.tensors()[name]) for name, own in module.tensors().items())
