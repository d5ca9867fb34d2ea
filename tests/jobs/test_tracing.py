"""What modules record of the files that they were made of, and how these are traced to them."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest
from support.making import task_module
from support.reported_files import cases
from support.tiny import TEXTS
from support.tiny_recipe import write_recipe
from support.writing import conll

from xling.jobs.project import ProjectionFiles, project_file
from xling.jobs.tracing import Source, traced
from xling.jobs.train import LanguageFiles, LexiconFiles, Options, VocabularyFiles
from xling.jobs.train_task import TaskFiles, TaughtText
from xling.modules.facts import Descent
from xling.modules.module import WEIGHTS, Module
from xling.store.lineage import module_fingerprint
from xling.store.store import Store
from xling.training.specs import VocabularyBuild

LEXICON = ("train", "language", "--kind", "lexicon", "--language", "swh")


def checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


FILES = {
    "a.txt": TEXTS[:40],
    "b.txt": TEXTS[40:80],
    "folder/c.txt": TEXTS[80:],
    "pairs.tsv": ["swh\teng", *(f"{line}\t{line}" for line in TEXTS[:20])],
    "words.tsv": ["amina\tamina", "juma\tjuma"],
}


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, lines in FILES.items():
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    conll(tmp_path)
    conll(tmp_path, "dev.conll", times=2)
    return tmp_path


A, B, C = Path("a.txt"), Path("b.txt"), Path("folder")
PAIRS, WORDS = Path("pairs.tsv"), Path("words.tsv")
TRAIN, DEV = Path("train.conll"), Path("dev.conll")
TRAININGS = {
    "text": (LanguageFiles(language="swh", text=("a.txt", "folder")), "madx", {"a.txt", "folder/c.txt"}),
    "family": (LanguageFiles(language="bnt", text=("swh=a.txt", "zul=b.txt")), "madx", {"a.txt", "b.txt"}),
    "translations": (LanguageFiles(language="swh", parallel=PAIRS), "bottleneck", {"pairs.tsv"}),
    "centre": (
        LanguageFiles(language="swh", text=("a.txt",), source_text=(B,)), "centre", {"a.txt", "b.txt"},
    ),
    "lexicon": (
        LexiconFiles(language="swh", pairs="pairs.tsv", dictionary=WORDS), "lexicon",
        {"pairs.tsv", "words.tsv"},
    ),
    "task": (
        TaskFiles(task="tagging", source_language="eng", train=TRAIN, dev=DEV), "bottleneck",
        {"train.conll", "dev.conll"},
    ),
}  # fmt: skip


def options(kind: str = "") -> Options:
    return Options(out=Path("out/it"), kind=kind)


@cases(TRAININGS, ("files", "kind", "right"))
def test_every_training_records_its_files(here, files, kind, right):
    found = files.stage(options(kind)).descent
    assert set(found.files) == {checksum(here / name) for name in right}
    assert found.cards


def test_a_vocabulary_records_its_files(here):
    files = VocabularyFiles(
        language="swh", text=(A,), protect=(B,), source_text=(C,), parallel=PAIRS, spellings=WORDS
    )
    found = files.stage(VocabularyBuild(), options()).descent
    assert set(found.files) == {checksum(here / name) for name in FILES}


def test_a_distillation_records_its_text_and_its_teacher(here, bert):
    teacher = task_module(bert, "tagging", seed=3).with_facts(descent=Descent(files=("ab" * 32,)))
    Store(here / "store").add("task/ner", teacher)
    taught = TaughtText(teacher="task/ner", store=here / "store", text=(A,), language="swh")
    found = TaskFiles(task="tagging", source_language="eng", taught=taught).stage(options("head")).descent
    assert set(found.files) == {"ab" * 32, checksum(A)}
    assert found.modules == (module_fingerprint(teacher),)


def test_carried_labels_descend_from_the_pairs_and_from_what_labelled(here, bert):
    labels = ("O", "B-PER", "I-PER")
    labeller = task_module(bert, "tagging", seed=3, labels=labels).with_facts(
        source="eng", descent=Descent(files=("ab" * 32,), cards=("news",))
    )
    Store(here / "store").add("task/ner", labeller)
    given = {"task": here / "store/task/ner", "pairs": "pairs.tsv", "language": "swh"}
    project_file(ProjectionFiles(**given, out=Path("new.conll")))
    for train in (Path("new.conll"), here / "folder/../new.conll"):
        found = TaskFiles(task="tagging", source_language="swh", train=train).stage(options("head")).descent
        assert set(found.files) == {"ab" * 32, checksum(PAIRS), checksum(Path("new.conll"))}
        assert found.cards == ("new.conll", "news", "pairs.tsv")
        assert found.modules == (module_fingerprint(labeller),)
    shutil.copy("new.conll", "folder/new.conll")  # no card beside it
    found = TaskFiles(task="tagging", source_language="swh", train=Path("folder/new.conll"))
    assert found.stage(options("head")).descent.files == (checksum(Path("new.conll")),)


def test_the_same_files_elsewhere_give_the_same_module(shell, here):
    for folder in ("one", "two"):
        Path(folder).mkdir()
        words = shutil.copy("words.tsv", f"{folder}/words.tsv")
        ended = shell(*LEXICON, "--lexicon", words, "--out", f"modules/{folder}", "--quiet")
        assert ended.status == 0, ended.err
    one, two = (Path(f"modules/{folder}/{WEIGHTS}").read_bytes() for folder in ("one", "two"))
    assert one == two and checksum(WORDS).encode() in one


def test_a_module_without_the_record_is_loaded_and_kept(shell, here, monkeypatch):
    """As an earlier version wrote it: known by the name of its file alone, which no content proves."""
    command = (*LEXICON, "--lexicon", "words.tsv", "--out", "modules/words/swh")
    described = Module.described
    with monkeypatch.context() as patch:
        patch.setattr(Module, "described", lambda own: {**described(own), "descent": {}})
        assert shell(*command).status == 0
    assert Module.load("modules/words/swh").facts.descent == Descent()
    again = shell(*command)
    assert again.status == 0 and "holds a finished module" in again.err
    told = shell("module", "list", "--trained-on", "words.tsv", "--json")
    assert json.loads(told.out) == [] and "words/swh: same name, no checksum of the content" in told.err
    WORDS.unlink()
    assert [own.member.name for own in traced(Path("modules"), "words.tsv").found] == ["words/swh"]


def test_a_file_is_known_by_its_content(here):
    Path("renamed.gz").write_bytes(gzip.compress(A.read_bytes()))
    descent = LanguageFiles(language="swh", text=("a.txt", "b.txt")).stage(options("madx")).descent
    assert all(Source.named(text).made(descent) for text in ("a.txt", "renamed.gz", ".", "a.txt b.txt"))
    A.write_text("other\n", encoding="utf-8")
    assert not Source.named("a.txt").made(descent)
    A.unlink()
    assert Source.named("a.txt").made(descent)  # no such file, so the name of a card
    assert not Source.named("x" * 999).made(descent)


def test_from_data_to_modules_and_back(shell, bert, tmp_path):
    """A recipe and a training from the shell in one folder; the English text must go."""
    recipe, runs = write_recipe(tmp_path / "recipe", bert.id), tmp_path / "runs"
    text, words = recipe.parent / "data/eng.txt", ("--store", runs, "--json")

    def run():
        ended = shell("run", recipe, "--data-root", text.parent, "--out", runs, "--quiet")
        assert ended.status == 0, ended.err

    def names(source: object) -> dict[str, str]:
        ended = shell("module", "list", "--trained-on", source, *words)
        assert ended.status == 0, ended.err
        rows = {row["name"]: row["descends"] for row in json.loads(ended.out)}
        return {re.sub("^(stages/.*)-.*", r"\1", name): how for name, how in rows.items()}

    run()
    copy = Path(shutil.copy(text, tmp_path / "english.txt"))
    trained = shell("train", "language", "--base", bert.id, "--language", "eng", "--text", copy,
                    "--kind", "lora", "--set", "steps=2", "--out", runs / "own/lang/eng")  # fmt: skip
    assert trained.status == 0, trained.err
    english = {"own/lang/eng", "tiny/modules/lang/eng", "stages/lang-eng"}
    right = english | {"tiny/modules/task/ner", "stages/task-ner"}
    found = names(text)
    assert found == names(copy) and set(found) == right
    assert {name for name, how in found.items() if how == "directly"} == english
    assert re.match("through (stages/lang-eng-.*|tiny/modules/lang/eng)", found["tiny/modules/task/ner"])
    assert set(names("plain")) == right - {"own/lang/eng"} | {"tiny/modules/lang/swh", "stages/lang-swh"}
    assert set(names(recipe.parent / "data/eng-test.txt")) == set()
    copy.write_text("another text\n", encoding="utf-8")
    told = shell("module", "list", "--trained-on", copy, *words)
    assert json.loads(told.out) == [] and "own/lang/eng: same name, other content" in told.err

    before = {path: path.read_bytes() for path in runs.rglob("*") if path.is_file()}
    gone = json.loads(shell("module", "remove", "--trained-on", text, "--yes", *words).out)
    assert len(gone["removed"]) == 5
    why = "made by a removed module"
    assert all(left.startswith("stages/predict-") and left.endswith(why) for left in gone["remains"])
    assert len(gone["remains"]) == 3  # of both languages by the source's module, and of swh by its own
    folders = {runs / name for name in gone["removed"]}
    after = {path: path.read_bytes() for path in runs.rglob("*") if path.is_file()}
    assert after == {path: data for path, data in before.items() if path.parent not in folders}
    assert names(text) == {} and shell("module", "verify", *words).status == 0
    run()
    assert set(names(text)) == right - {"own/lang/eng"}
