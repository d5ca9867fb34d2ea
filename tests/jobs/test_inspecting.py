"""What is told of the modules of a store."""

from __future__ import annotations

import json
import os

import pytest
from support.making import disturbed, task_module
from support.tiny import HIDDEN, LAYERS, tiny_base

from xling.errors import InputError, MismatchError
from xling.jobs.inspecting import module_facts, module_rows
from xling.jobs.verifying import verify_module
from xling.modules.module import WEIGHTS
from xling.store.store import Store


@pytest.fixture
def root(bert, tmp_path):
    store = Store(tmp_path / "store")
    store.add("lang/swh", disturbed(bert, "madx", std=0.1, seed=1))
    store.add("task/ner", task_module(bert, "tagging", seed=3))
    return store.root


def test_a_row_tells_what_a_module_is_for(root, bert):
    rows = {row["name"]: row for row in module_rows(root)}
    assert list(rows) == ["lang/swh", "task/ner"]
    assert rows["lang/swh"]["parts"] == "bottleneck + invertible" and rows["lang/swh"]["for"] == "swh"
    assert rows["task/ner"]["for"].startswith("tagging (") and rows["task/ner"]["base"] == bert.id


@pytest.mark.parametrize(("head", "said"), [(True, "its own"), (False, "learn from pairs or a dictionary")])
def test_a_base_is_described_with_what_it_can_be_taught_by(head, said, shell, tmp_path):
    base = tiny_base("bert", tmp_path, head=head)
    told = json.loads(shell("info", "--base", base.id, "--json").out)
    assert (told["layers"], told["numbers in a state"], told["pieces"]) == (
        LAYERS,
        HIDDEN,
        len(base.tokenizer),
    )
    assert told["MLM head"].endswith(said)
    assert "base" not in json.loads(shell("info", "--json").out)


def test_the_content_that_is_shown_is_a_revision(root):
    told = module_facts(root, "lang/swh")
    assert told["language"] == "swh" and told["scores"] == {}
    assert Store(root).get(f"lang/swh@{told['content']}").facts.language == "swh"


def test_verifying_reads_every_tensor_and_holds_it_against_the_base(root, bases, bert):
    told = verify_module(root, "lang/swh", bert.id)
    assert told["state"] == "ok" and told["held against"] == bert.id
    assert told["tensors"] == len(Store(root).get("lang/swh").tensors())
    assert "--base" in verify_module(root, "lang/swh", None)["held against"]
    with pytest.raises(MismatchError, match="was made for"):
        verify_module(root, "lang/swh", bases["roberta"].id)


def test_a_damaged_module_is_named(shell, root):
    path = root / "task/ner" / WEIGHTS
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(InputError, match=r"task/ner/weights\.safetensors: "):
        verify_module(root, "task/ner", None)
    shell("module", "verify", "task/ner", "--store", root).refused(str(path))
    told = shell("module", "verify", "lang/swh", "--store", root, "--json")
    assert told.status == 0 and json.loads(told.out)["state"] == "ok"


def test_a_damaged_module_does_not_hide_the_others(shell, root):
    whole = module_rows(root)
    (root / "lang/swh" / WEIGHTS).write_bytes(b"")
    (root / "lang/fifo").mkdir()
    os.mkfifo(root / "lang/fifo" / WEIGHTS)
    damaged, other = module_rows(root)
    assert damaged["name"] == "lang/swh" and WEIGHTS in damaged["fault"] and damaged["parts"] is None
    assert {key: value for key, value in other.items() if value is not None} == whole[1]
    assert list(other)[-1] == "fault"
    told = shell("module", "list", "--store", root)
    assert told.status == 0 and "task/ner" in told.out and "fault" in told.out.splitlines()[0]
