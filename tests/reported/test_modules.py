"""Reported: modules of other libraries, and merging. A case is its source, what was there, what is right.

That xling computes what those libraries compute is recorded in `tests/interop`; here each goes out and back.
"""

from __future__ import annotations

import json
import re

import pytest
import torch
from safetensors.torch import load_file, save_file
from support.making import batch, disturbed, facts, own_vocabulary
from support.reported_files import cases

from xling.composition.composed import Composition
from xling.composition.contents import stacked
from xling.composition.merging import merge_node
from xling.errors import InputError
from xling.modules.bottleneck import BottleneckConfig
from xling.modules.head import HeadConfig
from xling.modules.invertible import InvertibleConfig
from xling.modules.lora import LoraConfig
from xling.modules.module import Module
from xling.store.formats import adapterhub, peft
from xling.store.formats.format import ImportRequest, parts_of
from xling.tasks.registry import task_named

LABELS = ("O", "B-X", "I-X")
QUERY = "attention.self.query"
FLEX = HeadConfig(outputs=len(LABELS), dense="tanh")  # as the library adapters makes its heads
LINEAR = tuple(f"attention.{name}" for name in ("query", "key", "value", "output")) + ("ffn.up", "ffn.down")


def module(base, *configs, task=None) -> Module:
    """A module that changes what is computed, the same in every run; of a task with some head."""
    named = {"task": task, "labels": LABELS, "source": "eng"} if task else {"language": "swh"}
    if task and FLEX not in configs:
        configs = (*configs, task_named(task).head(LABELS, base))
    made = Module.fresh(configs, base.shape, facts(base, **named))
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for value in (value for network in made.networks for value in network.parameters()):
            value.add_(0.2 * torch.randn(value.shape, generator=generator))
    return made


def folder_of(format, made: Module, base, folder):
    folder.mkdir(exist_ok=True)
    for file, data in format.write(made, base, "sts-b").items():
        (folder / file).write_bytes(data)
    return folder


@torch.no_grad()
def computed(base, made: Module, *plan: Module) -> torch.Tensor:
    composition, (ids, mask) = Composition(base, [*plan, made]), batch(base, rows=2, length=6, seed=1)
    return composition.scores(ids, mask) if made.facts.task else composition(ids, mask)


OUT_AND_BACK = {
    "adapter-hub/adapters #175: MAD-X 2.0, the last layer left out": (
        adapterhub,
        (BottleneckConfig(reduction_factor=2, leave_out=(1,)), InvertibleConfig()),
        None,
    ),
    "adapter-hub/adapters pull 161: a factor for each layer": (
        adapterhub,
        (
            BottleneckConfig(reduction_factor=2, leave_out=(1,)),
            BottleneckConfig(reduction_factor=8, leave_out=(0,)),
        ),
        None,
    ),
    "adapter-hub/adapters #124: a factor larger than the states": (
        adapterhub,
        (BottleneckConfig(reduction_factor=64),),
        None,
    ),
    "adapter-hub/adapters #137: a dash in the name": (
        adapterhub,
        (BottleneckConfig(reduction_factor=4), FLEX),
        "tagging",
    ),
    "adapter-hub/adapters #17: the head comes along": (adapterhub, (LoraConfig(rank=4), FLEX), "tagging"),
    "huggingface/peft #577: a classifier beside LoRA": (peft, (LoraConfig(rank=4),), "classification"),
    "huggingface/peft pull 322: a tagger beside LoRA": (peft, (LoraConfig(rank=4),), "tagging"),
    "huggingface/peft pull 1930: rank-stabilised, on every linear map": (
        peft,
        (LoraConfig(rank=4, rank_stabilised=True, sites=LINEAR),),
        None,
    ),
    "huggingface/diffusers pull 14409: ranks that differ": (
        peft,
        (LoraConfig(rank=2, leave_out=(0,)), LoraConfig(rank=4, alpha=4.0, leave_out=(1,))),
        None,
    ),
}


@pytest.mark.parametrize("family", ["bert", "roberta", "distilbert"])
@cases(OUT_AND_BACK, ("format", "configs", "task"))
def test_out_and_back(bases, tmp_path, family, format, configs, task):
    """sentence-transformers #3980 is DistilBERT's classifier of two layers, peft #577 BERT's pooler."""
    base, made = bases[family], module(bases[family], *configs, task=task)
    folder = folder_of(format, made, base, tmp_path / "theirs")
    found = format.read(folder, ImportRequest(base, task, LABELS if task else ()))
    again = Module(parts_of(found, base, where=folder), made.facts)
    assert (computed(base, again) - computed(base, made)).abs().max() < 1e-5
    assert task or (computed(base, made) - computed(base, Module((), made.facts))).abs().max() > 0.01


SETTINGS = {
    "huggingface/peft #2194: patterns of rank and alpha are two": (
        {"rank_pattern": {"query": 4}, "alpha_pattern": {f"layer.1.{QUERY}": 5}},
        {(4, 16.0, (1,)), (4, 5.0, (0,))},
    ),
    "huggingface/peft #3582: a pattern that nothing matches": (
        {"alpha_pattern": {"q_proj": 100}},
        {(4, 16.0, ())},
    ),
    "huggingface/peft #3582: a whole path": (
        {"alpha_pattern": {f"encoder.layer.0.{QUERY}": 100}},
        {(4, 100.0, (1,)), (4, 16.0, (0,))},
    ),
    "huggingface/peft #3582: an anchor": (
        {"alpha_pattern": {"^query": 100}},
        "alpha_pattern has '^query', and only plain module names are read",
    ),
    "huggingface/peft #1539: a rank of zero": (
        {"rank_pattern": {"query": 0}},
        "r = 0 for bert.encoder.layer.0",
    ),
    "Blaizzy/mlx-vlm pull 986: alpha is divided by the rank": ({"r": 16}, "r = 16 for bert.encoder.layer.0"),
}


@cases(SETTINGS, ("changes", "right"))
def test_settings_of_peft(bert, tmp_path, changes, right):
    """Right: rank, alpha and the layers left out of each part, or what the refusal says."""
    made = module(bert, LoraConfig(rank=4, alpha=16.0, sites=("attention.query",)))
    folder = folder_of(peft, made, bert, tmp_path)
    settings = json.loads((folder / peft.CONFIG).read_text())
    (folder / peft.CONFIG).write_text(json.dumps({**settings, **changes}))
    if isinstance(right, str):
        with pytest.raises(InputError, match=re.escape(right)):
            peft.read(folder, ImportRequest(bert))
        return
    found = [part.config for part in peft.read(folder, ImportRequest(bert)).parts]
    assert {(one.rank, one.alpha, one.leave_out) for one in found} == right


def test_a_head_beside_a_language_adapter_is_asked_about(bert, tmp_path):
    """adapter-hub/adapters #35, #198: a script took the head of the language adapter for the task's."""
    made = module(bert, BottleneckConfig(reduction_factor=4), FLEX, task="tagging")
    folder = folder_of(adapterhub, made, bert, tmp_path)
    with pytest.raises(InputError, match="it has a head .*and a language module has none; --without-head"):
        adapterhub.read(folder, ImportRequest(bert))
    found = adapterhub.read(folder, ImportRequest(bert, without_head=True))
    assert [part.config.kind for part in found.parts] == ["bottleneck"]


def test_a_task_module_without_its_head_is_refused(bert, tmp_path):
    """adapter-hub/adapters #17, #421: the head was not among the files."""
    folder = folder_of(adapterhub, module(bert, BottleneckConfig(reduction_factor=4)), bert, tmp_path)
    with pytest.raises(InputError, match="it has no head for the task tagging"):
        adapterhub.read(folder, ImportRequest(bert, "tagging", LABELS))


def test_weights_of_another_size_name_both(bert, tmp_path):
    """huggingface/peft #1932, adapter-hub/adapters #137: a size mismatch from inside torch."""
    folder = folder_of(peft, module(bert, LoraConfig(rank=4)), bert, tmp_path)
    tensors = load_file(folder / peft.WEIGHTS)
    save_file({name: torch.zeros(len(value), 768) for name, value in tensors.items()}, folder / peft.WEIGHTS)
    with pytest.raises(InputError, match=r"is \[4, 768\], and here it must be \[4, 16\]; name the base"):
        peft.read(folder, ImportRequest(bert))


def test_language_below_task_is_another_thing_than_task_below_language(bert):
    """adapter-hub/adapters #159, #196: the order of a stack counts."""
    language, task = disturbed(bert, "madx", std=0.2, seed=1), disturbed(bert, "bottleneck", std=0.2, seed=2)
    assert (computed(bert, task, language) - computed(bert, language, task)).abs().max() > 0.01


@pytest.mark.parametrize("family", ["bert", "roberta", "distilbert", "modernbert"])
def test_merging_with_a_vocabulary_of_its_own_keeps_labels_and_logits(bases, tmp_path, family):
    """huggingface/transformers #45127, peft #2018: tied tables; transformers #15474: labels lost."""
    from transformers import AutoModelForTokenClassification

    base = bases[family]
    own = own_vocabulary(base, seed=1)
    task = Module.fresh(
        [task_named("tagging").head(LABELS, base)], base.shape, facts(base, task="tagging", labels=LABELS)
    )
    node = stacked([Module(own.parts[:1], own.facts), disturbed(base, "lora", std=0.2, seed=1), task])
    merge_node(base, node, LABELS).save_pretrained(tmp_path)
    plain = AutoModelForTokenClassification.from_pretrained(tmp_path).eval()
    ids, mask = batch(base, rows=1, length=6, seed=1)
    with torch.no_grad():
        difference = plain(input_ids=ids, attention_mask=mask).logits - Composition(base, node).scores(
            ids, mask
        )
    assert difference.abs().max() < 1e-5
    assert tuple(plain.config.id2label[number] for number in range(3)) == LABELS
