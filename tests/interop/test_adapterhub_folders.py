"""AdapterHub: whole folders of the library `adapters` in, old and new, and what has no equal refused."""

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
    furthest,
    module_of,
    recorded_bases,
    unpack,
)

from xling.errors import InputError
from xling.modules.bottleneck import BottleneckConfig
from xling.modules.head import HeadConfig
from xling.modules.invertible import InvertibleConfig
from xling.modules.lora import LoraConfig
from xling.modules.module import Module
from xling.store.formats.adapterhub import CONFIG, WEIGHTS, read, write
from xling.store.formats.adapterhub_heads import CONFIG as HEAD
from xling.store.formats.format import ImportRequest, parts_of

# case -> task, kinds of the parts
CASES = {
    "lora": ("tagging", ["lora", "head"]),
    "bottleneck": ("classification", ["bottleneck", "head"]),
    "two_layers": ("tagging", ["bottleneck", "head"]),
    "pooler": ("classification", ["bottleneck", "head"]),
    "static_tagging": ("tagging", ["bottleneck", "head"]),
    "static_classification": ("classification", ["bottleneck", "head"]),
    "legacy_language": (None, ["bottleneck", "invertible"]),
    "legacy_task": ("tagging", ["bottleneck", "head"]),
}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Base, batch and what the library computed, by the base's name."""
    return recorded_bases("adapterhub_folders", tmp_path_factory)


def edited(path, **changes):
    """JSON with some keys changed; `config__x` is x of `config`."""
    facts = json.loads(path.read_text())
    for key, value in changes.items():
        outer, _, inner = key.partition("__")
        (facts[outer] if inner else facts)[inner or outer] = value
    path.write_text(json.dumps(facts))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", BASES)
def test_its_folders_compute_here_what_they_compute_there(recorded, shell, tmp_path, name, case):
    base, batch, tensors = recorded[name]
    (task, kinds), out = CASES[case], tmp_path / "made"
    folder = unpack(tensors, case, tmp_path / "hub")
    said = ("--task", task, "--source-language", "eng") if task else ("--language", "swh")
    start = ("module", "import", folder, "--format", "adapterhub", "--base", base.folder, "--out", out, *said)
    if case.startswith("static"):
        shell(*start).refused("--labels", "do not name the 3 labels")
        start += ("--labels", ",".join(LABELS))
    ended = shell(*start)
    assert ended.status == 0, ended.err
    module = Module.load(out)
    assert [part.config.kind for part in module.parts] == kinds
    assert module.facts.labels == (LABELS if task else ())
    assert furthest(computed(base, module, batch, task), tensors[f"in/{case}/output"]) < TOLERANCE


def test_every_recorded_case_is_compared(recorded):
    for _, _, tensors in recorded.values():
        assert {key.split("/")[1] for key in tensors if key.startswith("in/")} == set(CASES)
        assert "in/legacy_task/file/pytorch_adapter.bin" in tensors
        assert "in/legacy_task/file/pytorch_model_head.bin" in tensors


def test_gelu_meant_another_curve_before_versions_were_written(recorded, tmp_path):
    base, _, tensors = recorded["bert"]
    folder = unpack(tensors, "legacy_language", tmp_path)
    assert read(folder, ImportRequest(base)).parts[0].config.nonlinearity == "gelu_tanh"
    edited(folder / CONFIG, config__non_linearity="gelu_orig")
    assert read(folder, ImportRequest(base)).parts[0].config.nonlinearity == "gelu"
    edited(folder / CONFIG, config__non_linearity="gelu", version="adapters.0.2.0")
    assert read(folder, ImportRequest(base)).parts[0].config.nonlinearity == "gelu"


def test_lora_of_early_releases_was_trained_with_the_scale_one(recorded, tmp_path):
    base, _, tensors = recorded["bert"]
    folder = unpack(tensors, "lora", tmp_path)
    for version, alpha in (("adapters.1.3.0", 6.0), ("adapters.1.0.1", 4.0), ("adapters.1.10.0", 6.0)):
        edited(folder / CONFIG, version=version)
        assert read(folder, ImportRequest(base, "tagging")).parts[0].config.alpha == alpha


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"config__ln_before": True}, "no equal for ln_before = True"),
        ({"config__ln_after": True}, "no equal for ln_after = True"),
        ({"config__use_gating": True}, "no equal for use_gating = True"),
        ({"config__phm_layer": True}, "no equal for phm_layer = True"),
        ({"config__cross_adapter": True}, "no equal for cross_adapter = True"),
        ({"config__original_ln_after": False}, "no equal for original_ln_after = False"),
        ({"config__residual_before_ln": "post_add"}, "no equal for residual_before_ln = 'post_add'"),
        ({"config__scaling": "learned"}, "no equal for scaling = 'learned'"),
        ({"config__inv_adapter": "glow"}, "no equal for inv_adapter = 'glow'"),
        ({"config__non_linearity": "leakyrelu"}, "no equal for the non-linearity 'leakyrelu'; choose from"),
        ({"config__new_attention_norm": True}, "no equal for new_attention_norm = True"),
        ({"config__architecture": "prefix_tuning"}, "no equal for architecture = 'prefix_tuning'"),
        ({"config__architecture": "union"}, "no equal for architecture = 'union'"),
        ({"config__reduction_factor": "16"}, "reduction_factor = '16' of layer 0 is no number"),
        ({"config__reduction_factor": {"0": 4}}, "reduction_factor = None of layer 1 is no number"),
        ({"config__reduction_factor": -4}, "reduction_factor: should be greater than or equal to 0.01"),
        ({"config__reduction_factor": 8}, r"after_ffn.down.bias is \[4\], and here it must be \[2\]"),
        ({"config__mh_adapter": True}, "has no tensor .*attention.output.adapters.mine.adapter_down.0"),
        ({"config__leave_out": [1]}, "no equal for the tensor encoder.layer.1.output.adapters"),
        ({"config__leave_out": 1}, "leave_out = 1 is no list of layers"),
        ({"config": "pfeiffer"}, "its config is 'pfeiffer', and all settings are needed"),
        ({"config": {"non_linearity": "relu"}}, "its config does not say mh_adapter"),
        ({"name": "../../mine"}, "name = '../../mine' is no name of an adapter"),
        ({"name": None}, "name = None is no name"),
        ({"name": "other"}, "has no tensor encoder.layer.0.output.adapters.other.adapter_down"),
        ({"model_type": "t5"}, "was made for model_type 't5', and the base tiny/bert has 'bert'"),
        ({"hidden_size": 768, "model_name": "x"}, "hidden_size 768, and .* has 16; it names the base 'x'"),
        ({"type": "text_lang"}, "says that it is a language adapter .text_lang.; give --language"),
    ],
)  # fmt: skip
def test_settings_without_an_equal_are_refused(recorded, tmp_path, change, words):
    base, _, tensors = recorded["bert"]
    folder = unpack(tensors, "bottleneck", tmp_path)
    edited(folder / CONFIG, **change)
    with pytest.raises(InputError, match=words) as refused:
        parts_of(read(folder, ImportRequest(base, "classification")), base, where=folder)
    assert "\n" not in str(refused.value) and str(folder) in str(refused.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"config__composition_mode": "scale"},
            "= 'scale': the .IA.3 of adapters scales before",
        ),
        ({"config__use_dora": True}, "no equal for use_dora = True"),
        ({"config__use_gating": True}, "no equal for use_gating = True"),
        ({"config__vera_d": 0.1}, "no equal for vera_d = 0.1"),
        ({"config__r": 8}, "r = 8, and .*lora_A has 4 rows"),
        ({"config__alpha": "6"}, "alpha = '6' is no number above 0"),
    ],
)
def test_lora_without_an_equal_is_refused(recorded, tmp_path, change, words):
    base, _, tensors = recorded["bert"]
    folder = unpack(tensors, "lora", tmp_path)
    edited(folder / CONFIG, **change)
    with pytest.raises(InputError, match=words):
        read(folder, ImportRequest(base, "tagging"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"config__head_type": "question_answering"}, "head_type is 'question_answering', and --task"),
        ({"config__layers": 3}, "no equal for a head of 3 layers"),
        ({"config__activation_function": None}, "2 layers with activation_function = None"),
        ({"config__activation_function": "mish"}, "no equal for the non-linearity 'mish'"),
        ({"config__use_pooler": True}, "use_pooler = True"),
        ({"config__an_option": 1}, "no equal for an_option = 1"),
        ({"config__layers": 1}, "settings and its tensors disagree about heads.mine.4.bias"),
        ({"config__label2id": {"a": 1, "b": 2, "c": 3}}, "label2id does not number its labels from 0"),
        ({"config__label2id": {"a": 0, "b": 1}}, "--labels: 2 labels .a, b. for a head of 3 outputs"),
        ({"config__label2id": {f"LABEL_{n}": n for n in range(3)}}, "--labels: .* do not name the 3"),
        ({"config__label2id": None}, "--labels: the files do not name the 3 labels"),
        ({"config": None, "model_class": "BertForMultipleChoice"}, "head is of a BertForMultipleChoice"),
    ],
)  # fmt: skip
def test_heads_without_an_equal_are_refused(recorded, tmp_path, change, words):
    base, _, tensors = recorded["bert"]
    folder = unpack(tensors, "bottleneck", tmp_path)
    edited(folder / HEAD, **change)
    with pytest.raises(InputError, match=words):
        read(folder, ImportRequest(base, "classification"))


def test_a_head_is_left_out_of_a_language_module_when_that_is_said(recorded, tmp_path):
    base, _, tensors = recorded["bert"]
    folder = unpack(tensors, "bottleneck", tmp_path)
    with pytest.raises(InputError, match="has a head .classification., and a language module has none"):
        read(folder, ImportRequest(base))
    assert [part.config.kind for part in read(folder, ImportRequest(base, without_head=True)).parts] == [
        "bottleneck"
    ]
    with pytest.raises(InputError, match="--without-head: a task module needs its head"):
        read(folder, ImportRequest(base, "classification", without_head=True))
    (folder / HEAD).unlink()
    with pytest.raises(InputError, match="it has no head for the task classification"):
        read(folder, ImportRequest(base, "classification"))


def test_damaged_tensors_are_refused(recorded, tmp_path):
    base, _, tensors = recorded["bert"]
    folder = unpack(tensors, "bottleneck", tmp_path)
    values = load_file(folder / WEIGHTS)
    first = min(values)
    save_file({**values, first: torch.full_like(values[first], float("inf"))}, folder / WEIGHTS)
    with pytest.raises(InputError, match=f"{WEIGHTS}: {first} has values that are not finite"):
        read(folder, ImportRequest(base, "classification"))
    save_file({**values, "bert.prefix_tuning.x": torch.zeros(2)}, folder / WEIGHTS)
    with pytest.raises(InputError, match="no equal for the tensor prefix_tuning.x"):
        read(folder, ImportRequest(base, "classification"))
    (folder / WEIGHTS).unlink()
    with pytest.raises(InputError, match="no adapterhub module here"):
        read(folder, ImportRequest(base, "classification"))
    (folder / CONFIG).unlink()
    (folder / "adapter_fusion_config.json").write_text("{}")
    with pytest.raises(InputError, match="beside it is none of model_adapter_fusion"):
        read(folder, ImportRequest(base, "classification"))


NARROW = BottleneckConfig(reduction_factor=4)


@pytest.mark.parametrize(
    ("configs", "words"),
    [
        ((BottleneckConfig(stacking="madx"),), "no equal for stacking = 'madx', another rule"),
        ((NARROW, NARROW), "no equal for two bottlenecks in one layer"),
        ((BottleneckConfig(leave_out=(0,)), BottleneckConfig(leave_out=(1,), scaling=2.0)), "in more"),
        ((NARROW, InvertibleConfig(nonlinearity="tanh")), "invertible block with a non-linearity of its own"),
        ((InvertibleConfig(),), "this module has invertible"),
        ((NARROW, LoraConfig()), "this module has bottleneck and lora"),
        ((LoraConfig(sites=("attention.output",)),), "no equal for LoRA at attention.output"),
        ((LoraConfig(leave_out=(0,)), LoraConfig(rank=2, leave_out=(1,))), "LoRA whose rank, scale"),
        ((NARROW, HeadConfig(outputs=3, pooling="mean")), "no equal for a head with pooling 'mean'"),
        ((NARROW, HeadConfig(outputs=3, norm=True)), "no equal for a head with a norm"),
    ],
)  # fmt: skip
def test_what_the_library_cannot_hold_is_refused(recorded, configs, words):
    base = recorded["bert"][0]
    module = Module.fresh(configs, base.shape, module_of(base, "adapterhub", "houlsby").facts)
    with pytest.raises(InputError, match=words):
        write(module, base, "x")


def test_families_without_a_map_are_refused(bases):
    base = bases["modernbert"]
    with pytest.raises(
        InputError, match="adapters of modernbert bases are not mapped; choose from bert, roberta"
    ):
        write(module_of(base, "adapterhub", "bottleneck"), base, "x")
