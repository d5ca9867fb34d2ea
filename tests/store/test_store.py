"""Modules looked up by name and revision, faulty ones among good ones, and the card beside each."""

from __future__ import annotations

import ast
import re
from dataclasses import replace

import pytest
from support.making import LABELS, disturbed, task_module

from xling.composition.forms.single import Named
from xling.errors import InputError, MismatchError
from xling.modules.module import FACTS, WEIGHTS, Module
from xling.store.store import Store, card_text, content_fingerprint, write_card


@pytest.fixture
def store(bert, tmp_path):
    """Two language modules and a task module."""
    found = Store(tmp_path / "store")
    found.add("lang/swh", disturbed(bert, "bottleneck", std=0.1, seed=1))
    found.add("lang/hau", disturbed(bert, "lora", std=0.1, seed=2))
    found.add("task/ner", task_module(bert, "tagging", seed=3))
    return found


def digest(store, name):
    return content_fingerprint(store.folder(name)).removeprefix("sha256:")


def same(one, two):
    return one.tensors().keys() == two.tensors().keys() and all(
        bool((value == two.tensors()[name]).all()) for name, value in one.tensors().items()
    )


def test_modules_go_by_their_folders(store):
    assert store.names() == ["lang/hau", "lang/swh", "task/ner"]
    assert [name for name, _ in store] == store.names()
    assert store.folder("lang/swh") == store.root / "lang" / "swh"


def test_a_module_is_read_once(store, monkeypatch):
    first = store.get("lang/swh")
    monkeypatch.setattr(Module, "load", None)
    assert store.get("lang/swh") is first and store.get(Named("lang/swh")) is first


@pytest.mark.parametrize("written", ["{}", "sha256:{}"])
@pytest.mark.parametrize("length", [8, 12, 64])
def test_a_revision_is_the_beginning_of_the_fingerprint(store, written, length):
    revision = written.format(digest(store, "lang/swh")[:length])
    assert same(store.get(f"lang/swh@{revision}"), store.get("lang/swh"))
    assert same(store.get(Named("lang/swh", revision)), store.get("lang/swh"))


@pytest.mark.parametrize(
    "revision", ["main", "0" * 64, "{other}", "{own:.7}", "sha256:", "sha256:{own:.7}", "{own}0"]
)
def test_another_revision_is_refused(store, revision):
    own = digest(store, "lang/swh")
    wanted = revision.format(own=own, other=digest(store, "lang/hau"))
    said = f"{store.folder('lang/swh')}: lang/swh has the content fingerprint sha256:{own[:12]}, not {wanted}"
    with pytest.raises(MismatchError, match=f"^{re.escape(said)}$"):
        store.get(f"lang/swh@{wanted}")


def test_a_module_that_changed_is_no_longer_of_its_revision(store, bert):
    revision = digest(store, "lang/swh")
    Store(store.root).add("lang/swh", disturbed(bert, "bottleneck", std=0.1, seed=9))
    with pytest.raises(MismatchError, match="has the content fingerprint"):
        store.get(f"lang/swh@{revision}")


def test_the_same_module_has_the_same_fingerprint_wherever_it_lies(store, bert, tmp_path):
    again = Store(tmp_path / "again")
    again.add("lang/other", disturbed(bert, "bottleneck", std=0.1, seed=1))
    assert digest(again, "lang/other") == digest(store, "lang/swh") != digest(store, "lang/hau")


@pytest.mark.parametrize(
    ("name", "choices"),
    [
        ("lang/swa", "lang/swh, lang/hau"),
        ("task/net", "task/ner"),
        ("xyz", "lang/hau, lang/swh, task/ner"),
        ("lang", "lang/swh, lang/hau, task/ner"),
        ("", "lang/hau, lang/swh, task/ner"),
    ],
)
def test_an_unknown_name_is_told_the_near_ones(store, name, choices):
    said = rf"^{re.escape(str(store.root))}: no module is called '{name}'; choose from {choices}; train it"
    with pytest.raises(InputError, match=said):
        store.get(name)


@pytest.mark.parametrize("missing", ["nowhere", "empty", "file"])
def test_a_store_that_is_none_has_no_names(tmp_path, missing):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    store = Store(tmp_path / missing)
    assert store.names() == [] and list(store) == []
    with pytest.raises(InputError, match=r"no module is called 'lang/swh'; train it"):
        store.get("lang/swh")


@pytest.mark.parametrize("name", ["../outside", "lang/../../outside", "{root}/../outside"])
def test_names_do_not_lead_out_of_the_store(store, bert, name):
    outside = Store(store.root.parent).add("outside", disturbed(bert, "bottleneck", std=0.1, seed=4))
    assert (outside / WEIGHTS).is_file()
    with pytest.raises(InputError, match="no module is called"):
        store.get(name.format(root=store.root))


def test_a_link_does_not_lead_out_of_the_store(store, bert):
    outside = Store(store.root.parent).add("outside", disturbed(bert, "bottleneck", std=0.1, seed=4))
    (store.root / "lang" / "linked").symlink_to(outside, target_is_directory=True)
    with pytest.raises(InputError, match="no module is called 'lang/linked'"):
        store.get("lang/linked")


@pytest.mark.parametrize("content", [b"", b"\x00" * 64, b"{}", None])
def test_a_damaged_module_leaves_the_others_alone(store, content):
    path = store.folder("lang/hau") / WEIGHTS
    path.write_bytes(path.read_bytes()[:200] if content is None else content)
    assert store.names() == ["lang/hau", "lang/swh", "task/ner"]
    with pytest.raises(InputError, match=rf"^{re.escape(str(path))}: "):
        store.get("lang/hau")
    assert store.get("lang/swh").facts.language == "swh" and store.get("task/ner").facts.task == "tagging"


def test_what_people_read_can_be_lost_and_the_module_is_whole(store):
    """The weights carry every fact; the card and the scores beside them do not count."""
    before, folder = store.get("lang/swh"), store.folder("lang/swh")
    (folder / "README.md").unlink()
    (folder / FACTS).unlink()
    after = Store(store.root).get("lang/swh")
    assert after.facts == before.facts and same(after, before)
    assert write_card(after, "lang/swh", folder).read_text() == card_text(before, "lang/swh")


def rows(text):
    """The table of a card."""
    found = re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", text, re.MULTILINE)
    return dict(found)


def test_a_card_of_a_language_module(bert):
    module = disturbed(bert, "bottleneck", std=0.1, seed=1)
    facts = replace(
        module.facts,
        cards=(("sib200", "sha256:0123456789abcdef"),),
        licence="CC-BY-SA-4.0",
        steps=12,
        seed=5,
        threads=2,
        precision="float32",
    )
    text = card_text(replace(module, facts=facts, scores={"loss_after": 1.5, "curve": [1, 2]}), "lang/swh")
    assert text.startswith("# lang/swh\n\nA module of xling: language swh.\n")
    found = rows(text)
    assert found["parts"] == "bottleneck" and found["residual convention"] == "adapterhub"
    assert found["base"] == f"{facts.base}  `{facts.base_fingerprint[:19]}`"
    assert found["data"] == "sib200 `sha256:0123456789ab`" and found["licence"] == "CC-BY-SA-4.0"
    assert found["training"] == "12 steps, seed 5, 2 threads, float32"
    assert found["loss after"] == "1.5" and "curve" not in found
    assert not found.keys() & {"labels", "on top of"}  # what there is nothing to say of has no row


@pytest.mark.parametrize(
    ("below", "plan", "row"),
    [
        ((), "none >> task/ner", None),
        (
            (("lang/eng", "sha256:0123456789abcdef"),),
            "lang/eng >> task/ner",
            "lang/eng `sha256:0123456789ab`",
        ),
        ((("a", "x"), ("b", "y")), "a >> b >> task/ner", "a `x`, b `y`"),
    ],
)
def test_a_card_of_a_task_module_says_what_it_stands_on(bert, below, plan, row):
    module = task_module(bert, "tagging", seed=3)
    module = replace(module, facts=replace(module.facts, source="eng", below=below))
    text = card_text(module, "task/ner")
    assert "A module of xling: task tagging learned in eng." in text
    found = rows(text)
    assert found["labels"] == ", ".join(LABELS) and found.get("on top of") == row
    assert "residual convention" not in found and "licence" not in found
    code = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert code is not None
    ast.parse(code[1])
    assert f'xling.compose(base, "{plan}", store=xling.Store("."))' in code[1]
    assert f"xling.load_base({module.facts.base!r})" in code[1]


def test_a_card_stands_beside_what_is_added(store):
    for name, module in store:
        assert (store.folder(name) / "README.md").read_text() == card_text(module, name)
