"""`xling train language --kind lexicon`: from pairs, a dictionary or both, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from support.writing import conll

from xling.modules.lexicon import FILE
from xling.modules.module import Module

PAIRS = "bam\teng\nji ka di\tthe water is good\nso ka di\tthe house is good\nji so\twater house\n"


@pytest.fixture
def made(shell, tmp_path: Path, monkeypatch):
    """Make a lexicon in the folder `lexicon`; pairs.tsv and words.tsv are there."""
    monkeypatch.chdir(tmp_path)
    Path("pairs.tsv").write_text(PAIRS, encoding="utf-8")
    Path("words.tsv").write_text("ji\train\nmin\tdrink\nMin\tdrinks\n", encoding="utf-8")

    def make(*words: object, out: str = "lexicon", language: str = "bam"):
        options = ("--kind", "lexicon", "--language", language, "--out", out, "--quiet")
        return shell("train", "language", *options, *words)

    return make


def said(unit: str, folder: str = "lexicon") -> str:
    return Module.load(folder).networks[0].rewritten([unit], "bam")[0]


def test_from_pairs(made):
    ended = made("--pairs", "pairs.tsv", "--json")
    assert ended.status == 0, ended.err
    told = json.loads(ended.out)
    assert told["entries"] == told["from_pairs"] == 4 and told["from_dictionary"] == 0
    assert (said("Ji"), said("so"), said("min")) == ("Water", "house", "min")
    assert Module.load("lexicon").facts.cards[0][0] == "pairs.tsv"
    assert {path.name for path in Path("lexicon").iterdir()} >= {"weights.safetensors", FILE, "README.md"}


def test_from_a_dictionary(made):
    ended = made("--lexicon", "words.tsv", "--json")
    assert ended.status == 0, ended.err
    told = json.loads(ended.out)
    assert (told["entries"], told["from_pairs"], told["repeated_in_dictionary"]) == (2, 0, 1)
    assert (said("ji"), said("min"), said("so")) == ("rain", "drink", "so")


def test_from_both_the_words_of_the_dictionary_come_first(made):
    ended = made("--pairs", "pairs.tsv", "--lexicon", "words.tsv", "--json")
    assert ended.status == 0, ended.err
    told = json.loads(ended.out)
    assert (told["entries"], told["from_dictionary"], told["from_pairs"]) == (5, 2, 3)
    assert (said("ji"), said("so")) == ("rain", "house")


def test_from_a_card(made):
    Path("data").mkdir()
    Path("data/p.tsv").write_text(PAIRS.replace("bam\teng", "text\tpair"), encoding="utf-8")
    card = {
        "title": "Pairs", "task": "parallel", "format": "table", "source": "made up", "citation": "none",
        "licence": {"id": "CC0-1.0"}, "languages": {"bam": "p"}, "splits": ["train"],
        "layout": "{upstream}.tsv", "columns": {"text": "text", "pair": "pair", "label": None},
    }  # fmt: skip
    Path("mine.yaml").write_text(yaml.safe_dump(card), encoding="utf-8")
    ended = made("--pairs", "mine.yaml", "--data-root", "data")
    assert ended.status == 0, ended.err
    facts = Module.load("lexicon").facts
    assert said("ji") == "water" and facts.licence == "CC0-1.0" and facts.cards[0][0] == "mine"
    made("--pairs", "mine.yaml", "--data-root", "other", out="b").refused("other", "no such folder")
    made("--pairs", "mine.yaml", "--data-root", "data", out="b", language="swh").refused("swh", "bam")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), ("--pairs", "--lexicon FILE")),
        (("--pairs", "none.tsv"), ("none.tsv", "no such file")),
        (("--lexicon", "none.tsv"), ("none.tsv", "no such file")),
        (("--pairs", "paralel"), ("'paralel'", "choose from parallel")),
        (("--pairs", "cldr_text"), ("data card cldr_text", "its task is text", "xling data list")),
        (("--pairs", "parallel"), ("data card parallel", "no data root is given", "--data-root")),
        (("--pairs", "words.tsv"), ("words.tsv:1", "no two columns of which one is bam")),
        (("--lexicon", "broken.tsv"), ("broken.tsv:2", "1 columns")),
        (("--pairs", "one.tsv"), ("--pairs", "1 pairs of sentences are too few")),
    ],
)
def test_what_it_cannot_be_made_from_is_said_in_one_line(made, words, told):
    Path("broken.tsv").write_text("ji\twater\nso\n", encoding="utf-8")
    Path("one.tsv").write_text("bam\teng\nji\twater\n", encoding="utf-8")
    made(*words).refused(*told)
    assert not Path("lexicon").exists()


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--text", "pairs.tsv"),
        ("--parallel", "pairs.tsv"),
        ("--vocabulary", "a"),
        ("--init", "a"),
        ("--minutes", "2"),
    ],
)
def test_options_of_a_training_are_refused(made, option, value):
    made("--lexicon", "words.tsv", option, value).refused(f"{option}: ", "lexicon", "--pairs and --lexicon")
    assert not Path("lexicon").exists()


def test_its_settings_are_its_own(made):
    made("--pairs", "pairs.tsv", "--set", "steps=3").refused("--set: steps: no such key", "least")
    made("--pairs", "pairs.tsv", "--set", "least=2").refused("--set: least:")
    assert made("--pairs", "pairs.tsv", "--set", "least=0.99").status == 0
    assert made("--pairs", "pairs.tsv", "--set", "least=0", "--fresh").status == 0
    assert made("--pairs", "pairs.tsv", "--set", "romanised=true", "--fresh").status == 0
    assert said("ji нет") == "water net"
    assert made("--pairs", "pairs.tsv", "--set", "spellings={j: jj}", "--fresh").status == 0
    assert said("ji") == "water"  # of the pairs and of the text


def test_the_aligner_is_chosen_by_name(made):
    made("--pairs", "pairs.tsv", "--aligner", "fast_align").refused(
        "--aligner: no aligner is called 'fast_align'", "choose from ibm1, eflomal"
    )
    assert made("--pairs", "pairs.tsv").status == 0
    assert made("--pairs", "pairs.tsv", "--aligner", "ibm1").status == 0  # the same lexicon, which is kept
    made("--pairs", "pairs.tsv", "--aligner", "eflomal").refused("lexicon", "aligner", "--fresh")


@pytest.mark.parametrize("option", ["--pairs", "--lexicon", "--aligner", "--data-root"])
def test_its_options_are_refused_for_other_kinds(made, shell, bert, option):
    words = ("--language", "bam", "--base", bert.id, "--text", "pairs.tsv", "--out", "x", option)
    words = (*words, "ibm1" if option == "--aligner" else "pairs.tsv")
    shell("train", "language", *words).refused(f"{option}: ", "madx", "--kind lexicon")


def test_other_kinds_need_a_base(made, shell):
    words = ("--language", "bam", "--text", "pairs.tsv", "--out", "x", "--kind", "lora")
    shell("train", "language", *words).refused("--base: lora is trained on a base", "embedded:")


def test_a_task_module_is_no_lexicon_and_a_misspelt_kind_is_told_the_choices(made, shell, bert):
    words = ("--base", bert.id, "--task", "tagging", "--train", conll(Path()), "--source-language", "eng",
             "--out", "x", "--kind", "lexicon")  # fmt: skip
    shell("train", "task", *words).refused("--kind", "'lexicon'", "bottleneck")
    words = ("--language", "bam", "--out", "x", "--kind", "lexcon")
    shell("train", "language", *words).refused("--kind", "'lexcon'", "lexicon, bottleneck")


def test_a_folder_keeps_what_was_made_of_the_same_and_refuses_another(made):
    made("--pairs", "pairs.tsv")
    before = Path("lexicon/weights.safetensors").read_bytes()
    again = made("--pairs", "pairs.tsv", "--json")
    assert again.status == 0 and json.loads(again.out)["entries"] == 4
    Path("other.tsv").write_text(PAIRS + "min\tdrink\n", encoding="utf-8")
    made("--pairs", "other.tsv").refused("lexicon", "data.pairs", "--fresh")
    made("--pairs", "pairs.tsv", "--lexicon", "words.tsv").refused("lexicon", "data.dictionary")
    made("--pairs", "other.tsv", language="swh").refused("other.tsv", "swh")
    assert Path("lexicon/weights.safetensors").read_bytes() == before
    assert made("--pairs", "other.tsv", "--fresh").status == 0 and said("min") == "drink"


def test_the_same_pairs_give_the_same_bytes(made):
    for out in ("a", "b"):
        made("--pairs", "pairs.tsv", "--lexicon", "words.tsv", out=f"{out}/bam")
    one, two = (Path(out) / "bam/weights.safetensors" for out in "ab")
    assert one.read_bytes() == two.read_bytes()


def test_a_module_trained_on_a_base_is_not_overwritten(made, shell, bert, text_file):
    words = ("--language", "bam", "--base", bert.id, "--text", text_file, "--out", "lexicon")
    ended = shell("train", "language", *words, "--set", "steps=1", "--quiet")
    assert ended.status == 0, ended.err
    made("--pairs", "pairs.tsv").refused("lexicon", "made otherwise", "--fresh")
