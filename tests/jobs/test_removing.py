"""Removing modules: those that descend from the data go whole, and everything else stays as it is."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xling.errors import XlingError
from xling.jobs.removing import removal, remove
from xling.modules.facts import Descent, Facts
from xling.modules.lexicon import FILE, Entry, Lexicon
from xling.modules.module import WEIGHTS, Module, Part
from xling.store.lineage import descent_through
from xling.store.store import Store

CARD = "some data"


def lexicon(word: str, above: list[Module] | tuple[Module, ...] = (), *cards: str) -> Module:
    """A module of one word that no base is needed for."""
    network = Lexicon.of([Entry(word, "x")], "eng")
    descent = Descent.joined((Descent.of(cards=cards), *map(descent_through, above)))
    facts = Facts(language="swh", descent=descent)
    return Module((Part(network.config, "lexicon", network),), facts)


def content(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }


@st.composite
def stores(draw):
    """For each module, those before it that it was made with, and whether it was made from the data."""
    count = draw(st.integers(2, 5))
    made = draw(st.lists(st.booleans(), min_size=count, max_size=count).filter(any))
    return [
        (draw(st.sets(st.integers(0, number - 1))) if number else set(), own)
        for number, own in enumerate(made)
    ]


def filled(root: Path, described) -> set[str]:
    """Write the modules, and return the names of those that descend from the data."""
    store, modules, bad = Store(root), [], set()
    for number, (above, from_data) in enumerate(described):
        cards = [CARD] if from_data else ["other data"]
        modules.append(lexicon(f"word{number}", [modules[own] for own in above], *cards))
        store.add(f"words/m{number}", modules[-1])
        if from_data or bad & {f"words/m{own}" for own in above}:
            bad.add(f"words/m{number}")
    (root / "words/notes.txt").write_text("mine")
    (root / "words/m0/notes.txt").write_text("mine")
    return bad


@settings(max_examples=30)
@given(described=stores())
def test_what_descends_goes_and_all_else_stays(described):
    with TemporaryDirectory() as folder:
        root = Path(folder)
        bad = filled(root, described)
        before = content(root)
        told = remove(removal(root, (), CARD))
        assert set(told["removed"]) == bad
        kept = {
            p: own for p, own in before.items() if str(Path(p).parent) not in bad or p.endswith("notes.txt")
        }
        assert content(root) == kept
        assert ("words/m0/notes.txt: not written by xling" in told["remains"]) == ("words/m0" in bad)
        assert not any((root / name).exists() for name in bad - {"words/m0"})


@settings(max_examples=30)
@given(described=stores(), kill=st.integers(0, 8))
def test_what_a_kill_leaves_is_read_and_removed_by_the_same_command(described, kill):
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        root, calls, unlink = Path(folder), iter(range(99)), Path.unlink
        bad = filled(root, described)
        before = content(root)

        def killed(path: Path, missing_ok: bool = False) -> None:
            if next(calls) >= kill:
                raise PermissionError(1, "Operation not permitted", str(path))
            unlink(path, missing_ok=missing_ok)

        patch.setattr(Path, "unlink", killed)
        try:
            remove(removal(root, (), CARD))
        except XlingError as error:
            assert "run the same command again" in str(error)
        patch.undo()
        for name in Store(root).names():
            assert content(root)[f"{name}/{WEIGHTS}"] == before[f"{name}/{WEIGHTS}"]
            Store(root).get(name)
        if left := bad & set(Store(root).names()):
            assert set(remove(removal(root, (), CARD))["removed"]) == left
        kept = {path for path in content(root) if path.rpartition("/")[0] in bad}
        assert kept <= {"words/m0/notes.txt"}


@pytest.fixture
def root(tmp_path):
    store = Store(tmp_path / "store")
    below = lexicon("a", (), CARD)
    store.add("words/swh", below)
    store.add("words/above", lexicon("b", [below]))
    store.add("words/other", lexicon("c", (), "other data"))
    return store.root


def test_by_name_only_that_one_goes(shell, root):
    told = json.loads(shell("module", "remove", "words/swh/", "--store", root, "--yes", "--json").out)
    assert told == {"removed": ["words/swh"], "remains": ["words/above: made with a removed module"]}
    assert Store(root).names() == ["words/above", "words/other"]
    assert not (root / "words/swh").exists()
    Module.load(root / "words/above")


def test_nothing_goes_without_a_yes(shell, root, monkeypatch):
    before = content(root)
    words = ("module", "remove", "--trained-on", CARD, "--store", root)
    told = shell(*words)
    assert told.status == 2 and "nothing is removed without a yes" in told.err
    assert told.err.splitlines()[:2] == ["to be removed: words/above", "to be removed: words/swh"]
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    for answer, status in ((False, 0), (True, 0)):
        assert content(root) == before
        monkeypatch.setattr("typer.confirm", lambda *words, answer=answer, **more: answer)
        assert shell(*words).status == status
    assert Store(root).names() == ["words/other"]


def test_what_cannot_be_asked_for(shell, root, tmp_path):
    asked = ("module", "remove", "--store", root, "--yes")
    shell(*asked).refused("--trained-on", "it is not said what to remove")
    shell(*asked, "words/swh", "--trained-on", CARD).refused("it is not said what to remove")
    shell(*asked, "words/shw").refused("no module is called 'words/shw'", "words/swh")
    shell(*asked, "--trained-on", "sum data").refused("no module descends from 'sum data'", CARD)
    shell("module", "remove", "x", "--store", tmp_path / "no").refused("no such folder")
    assert len(Store(root).names()) == 3


def test_files_of_their_owner_stay(root):
    """A changed table of words, and files of xling's names that xling did not write."""
    folder = root / "words/swh"
    mine = {
        FILE: b"word\ttranslation\n",
        "README.md": b"# mine\n",
        "module.json": b"[]",
        "log.jsonl": b"mine\n",
    }
    for name, data in mine.items():
        (folder / name).write_bytes(data)
    (folder / f".{WEIGHTS}.x7").write_bytes(b"half")
    (folder.parent / "elsewhere").mkdir()
    (folder.parent / "elsewhere/step-001.safetensors").write_bytes(b"mine")
    (folder / "checkpoints").symlink_to(folder.parent / "elsewhere")
    told = remove(removal(root, ["words/swh"], None))
    assert (folder / "checkpoints/step-001.safetensors").read_bytes() == b"mine"
    (folder / "checkpoints").unlink()
    assert content(folder) == mine
    assert {f"words/swh/{name}: not written by xling" for name in mine} < set(told["remains"])


def test_the_checkpoints_of_a_removed_module_go_with_it(root):
    folder = root / "words/swh"
    for name in ("step-002.safetensors", "full/step-004.safetensors", "full/.step-006.safetensors.x"):
        (folder / "checkpoints" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "checkpoints" / name).write_bytes(b"trained")
    lexicon("d", (), CARD).save(folder / "checkpoints/chosen")
    assert len(remove(removal(root, (), CARD))["removed"]) == 3
    assert not folder.exists()


def test_a_module_that_cannot_be_read_stays_and_is_told(shell, root):
    (root / "words/above" / WEIGHTS).write_bytes(b"")
    told = shell("module", "list", "--trained-on", CARD, "--store", root, "--json")
    swh, above = json.loads(told.out)
    assert swh == {"name": "words/swh", "descends": "directly", "fault": None}
    assert above["descends"] == "not known" and WEIGHTS in above["fault"]
    told = shell("module", "remove", "--trained-on", CARD, "--store", root, "--yes")
    assert told.status == 0 and "words/above cannot be read, so it stays" in told.err
    assert Store(root).names() == ["words/above", "words/other"]
