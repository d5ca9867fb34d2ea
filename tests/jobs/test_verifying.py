"""Verifying finds whatever would fail later, and follows what a module rests on."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace

import pytest
import torch
from support.making import disturbed, own_vocabulary, task_module

from xling.errors import InputError, MismatchError
from xling.jobs.inspecting import module_rows
from xling.jobs.verifying import verify_module, verify_store
from xling.modules.lora import Lora
from xling.modules.module import FACTS, WEIGHTS, Part
from xling.modules.vocabulary import Vocabulary
from xling.store.lineage import module_fingerprint
from xling.store.store import Store
from xling.tasks.registry import TASKS

BELOW = ("lang/eng", "init")


@pytest.fixture
def store(bert, tmp_path) -> Store:
    """A language module, one that goes on from it, and a task module on top of it."""
    store = Store(tmp_path / "store")
    below = disturbed(bert, "bottleneck", std=0.1, seed=1)
    content = module_fingerprint(below)
    store.add("lang/eng", below)
    store.add("lang/swh", disturbed(bert, "bottleneck", std=0.1, seed=2).with_facts(
        making={"modules": {"init": content}}))  # fmt: skip
    store.add("task/ner", task_module(bert, "tagging", seed=3).with_facts(below=(("lang/eng", content),)))
    return store


def faults(store: Store, base: str | None = None) -> dict[str, str]:
    return {row["module"]: row["fault"] for row in verify_store(store.root, base) if row.get("fault")}


def test_what_rests_on_what(shell, store, bert):
    told = shell("module", "verify", "--store", store.root, "--json", "--base", bert.id)
    assert told.status == 0, told.err
    rows = {row["module"]: row for row in json.loads(told.out)}
    assert {name: row["rests on"] for name, row in rows.items()} == {
        "lang/eng": "", "lang/swh": "init: lang/eng", "task/ner": "lang/eng",
    }  # fmt: skip
    assert {row["state"] for row in rows.values()} == {"ok"} and "fault" not in rows["lang/eng"]
    assert rows["task/ner"]["base"].startswith(f"{bert.id} sha256:")


def test_a_module_that_is_not_there_is_told_and_no_fault(shell, store):
    shutil.move(store.root / "lang/eng", store.root / "elsewhere")
    assert verify_module(store.root, "task/ner", None)["rests on"] == "lang/eng: elsewhere"
    shutil.rmtree(store.root / "elsewhere")
    assert verify_module(store.root, "task/ner", None)["rests on"] == "lang/eng: missing"
    assert verify_module(store.root, "lang/swh", None)["rests on"] == "init: missing"
    assert shell("module", "verify", "--store", store.root).status == 0


def test_another_module_of_the_name_is_a_fault(shell, store, bert):
    store.add("lang/eng", disturbed(bert, "bottleneck", std=0.1, seed=9))
    told = shell("module", "verify", "--store", store.root)
    assert told.status == 2 and "1 of 3 modules are at fault: task/ner" in told.err
    assert "fault" in told.out.splitlines()[0] and "lang/swh" in told.out
    shell("module", "verify", "task/ner", "--store", store.root).refused(
        "lang/eng in this store has other tensors than the one that task/ner was made with"
    )


def facts_of(store: Store, name: str) -> dict:
    return json.loads((store.root / name / FACTS).read_text(encoding="utf-8"))


def test_facts_beside_the_weights_must_be_theirs(store):
    path = store.root / "lang/swh" / FACTS
    facts = facts_of(store, "lang/swh")
    for written, words in (
        (json.dumps({**facts, "language": "hau"}), 'language is "hau" here, and "swh" in weights'),
        (json.dumps({**facts, "odd": 1}), "odd is 1 here, and null in weights"),
        ("[]", "holds no facts"),
        ("{", "cannot be read"),
        ("[" * 100_000, "cannot be read"),
    ):
        path.write_text(written, encoding="utf-8")
        with pytest.raises(InputError, match=words):
            verify_module(store.root, "lang/swh", None)
        assert store.names() == [row["name"] for row in module_rows(store.root)]
    path.write_text(json.dumps({**facts, "scores": {"mine": 1}}), encoding="utf-8")
    assert verify_module(store.root, "lang/swh", None)["state"] == "ok"
    path.unlink()
    assert verify_module(store.root, "lang/swh", None)["state"] == "ok"


def test_weights_that_changed_after_they_were_saved(store, bert):
    folder = store.root / "lang/eng"
    facts = (folder / FACTS).read_bytes()
    disturbed(bert, "bottleneck", std=0.1, seed=9).with_facts(seed=1).save(folder)
    (folder / FACTS).write_bytes(facts)
    assert set(faults(store)) == {"lang/eng", "task/ner"}
    assert "its content has changed since" in faults(store)["lang/eng"]


@pytest.mark.parametrize(
    "facts", ["a folder", "a FIFO", "a loop", "a directory of weights", "a name in two lines"]
)
def test_odd_neighbours_hide_nothing(shell, store, facts):
    folder = store.root / "lang/swh"
    (folder / FACTS).unlink()
    makes = {
        "a folder": lambda: (folder / FACTS).mkdir(),
        "a FIFO": lambda: os.mkfifo(folder / FACTS),
        "a loop": lambda: (folder / FACTS).symlink_to(folder / FACTS),
        "a directory of weights": lambda: (store.root / "odd" / WEIGHTS).mkdir(parents=True),
        "a name in two lines": lambda: shutil.copytree(folder, store.root / "two\nlines"),
    }
    makes[facts]()
    told = shell("module", "list", "--store", store.root)
    assert told.status == 0 and "lang/swh" in told.out and "task/ner" in told.out
    assert len(told.out.splitlines()) == 1 + len(store.names())
    assert set(faults(store)) == ({"lang/swh"} if facts in ("a folder", "a FIFO") else set())


def test_a_module_for_nothing(store, bert):
    store.add("task/odd", task_module(bert, "tagging", seed=3).with_facts(task="odd"))
    store.add("task/none", task_module(bert, "tagging", seed=3).with_facts(task=None))
    found = faults(store)
    assert "no task is called 'odd'" in found["task/odd"]
    assert "neither a language nor a task" in found["task/none"]


@pytest.mark.parametrize("more", [-1, 1])
def test_a_tokenizer_of_other_pieces(store, bert, more):
    module = own_vocabulary(bert, seed=1)
    store.add("lang/nqo", module)
    assert verify_module(store.root, "lang/nqo", bert.id)["state"] == "ok"
    part, own = module.parts[0], module.networks[0]
    assert isinstance(own, Vocabulary)
    config = own.config.model_copy(update={"pieces": own.config.pieces + more})
    other = Vocabulary(
        config, own.tokenizer, kept=own.kept, rows=torch.zeros(config.new, 16), bias=torch.zeros(config.new)
    )
    store.add("lang/nqo", replace(module, parts=(Part(config, part.prefix, other), *module.parts[1:])))
    assert f"and {config.pieces:,} are stated" in faults(store)["lang/nqo"]


def test_pieces_that_the_base_does_not_have(shell, store, bert, text_file):
    module = own_vocabulary(bert, seed=1)
    own = module.networks[0]
    assert isinstance(own, Vocabulary)
    own.kept[-1] = 999
    store.add("lang/nqo", module)
    assert faults(store) == {}
    with pytest.raises(MismatchError, match="keeps piece 999 of .*, which has"):
        verify_module(store.root, "lang/nqo", bert.id)
    store.add("task/topic", task_module(bert, "classification", seed=3))
    files = ("--input", text_file, "--output", text_file.parent / "out.jsonl")
    plan = ("--plan", "lang/nqo >> task/topic", "--store", store.root, "--language", "swh")
    told = shell("predict", "--base", bert.id, *plan, *files)
    assert told.status == 2 and "keeps piece 999" in told.err


def test_what_only_a_base_can_tell(store, bert):
    lora = disturbed(bert, "lora", std=0.1, seed=1)
    wide = disturbed(bert, "lora", std=0.1, seed=1)
    assert isinstance(own := wide.networks[0], Lora)
    name, value = next(iter(own.down.items()))
    own.down[name] = torch.nn.Parameter(torch.zeros(len(value), 3))
    store.add("lang/wide", wide)
    huge = disturbed(bert, "lora", std=0.1, seed=1)
    with torch.no_grad():
        for value in huge.networks[0].parameters():
            value.fill_(3e38)
    store.add("lang/huge", huge)
    store.add("lang/tall", lora.with_facts(layers=bert.shape.layers + 1))
    store.add("task/few", task_module(bert, "tagging", seed=3).with_facts(labels=("a", "b")))
    assert faults(store) == {}
    found = faults(store, bert.id)
    assert set(found) == {"lang/wide", "lang/huge", "lang/tall", "task/few"}
    assert "cannot be computed with on" in found["lang/wide"]
    assert "numbers that are not finite" in found["lang/huge"]
    assert "states 16 numbers in a state and 3 layers" in found["lang/tall"]
    assert "has no head for tagging of 2 labels" in found["task/few"]


@pytest.mark.parametrize("task", sorted(TASKS))
def test_a_sound_module_of_every_task_is_passed(store, bert, task):
    store.add("task/own", task_module(bert, task, seed=3))
    assert verify_module(store.root, "task/own", bert.id)["state"] == "ok"
