"""What is tested and learned from alike: laws of the count, translations by id, and what a run says."""

from __future__ import annotations

import json
import random
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.tiny_recipe import write_recipe

from xling.corpora.cards import load_card
from xling.data.examples import LabelledText, TaggedSentence
from xling.evaluation.results import OverlapRow
from xling.makers.stage import Data, Stage
from xling.pipeline.overlap import Place, Used, overlaps, used_by
from xling.pipeline.planning import Prediction

TEST, TRAIN = Place("test", "card", "swh"), Place("train", "card", "eng")
TEXT = st.text("aé\u0301 \u00a0\t\nb", max_size=4)
TEXTS = st.lists(TEXT, max_size=6)


def examples(texts: list[str], language: str = "swh") -> list[LabelledText]:
    return [LabelledText(text, "label", str(number), language) for number, text in enumerate(texts)]


def shared(tested: list[str], learned: list[str]) -> int:
    found = overlaps([Used(TEST, examples(tested))], [Used(TRAIN, examples(learned))])
    return sum(row.shared for row in found)


@given(TEXTS, TEXTS)
def test_texts_are_equal_in_nfc_and_without_white_space(tested, learned):
    keys = [
        [unicodedata.normalize("NFC", "".join(own.split())) for own in side] for side in (tested, learned)
    ]
    assert shared(tested, learned) == sum(bool(own) and own in keys[1] for own in keys[0])
    spelt = [" ".join(unicodedata.normalize("NFD", own)) for own in learned]
    assert shared(tested, spelt) == shared(tested, learned)


@given(st.sets(st.sampled_from("abcdefgh")), st.sets(st.sampled_from("abcdefgh")), st.randoms())
def test_distinct_texts_are_shared_both_ways_and_in_any_order(one, other, draw: random.Random):
    shuffled = draw.sample(sorted(one), len(one)), draw.sample(sorted(other), len(other))
    assert shared(*shuffled) == shared(*shuffled[::-1]) == len(one & other)


@given(TEXTS, TEXTS, TEXTS)
def test_each_example_counts_once_and_more_data_never_lower_the_count(tested, learned, more):
    assert shared(tested, learned) == shared(tested, learned * 2)
    assert shared(tested, learned) <= shared(tested, learned + more) <= len(tested)


def test_an_example_stands_in_others_by_one_of_its_texts_or_all_of_them():
    pair = [LabelledText("mbwa analala", None, "1", "swh", pair="paka")]
    sentence = [TaggedSentence(("Amina", "analala", "."), None, "1", "swh")]
    for rows, learned, count in (
        (pair, ["paka"], 1),
        (pair, [("mbwa analala", "paka")], 1),
        (pair, [("paka", "mbwa")], 1),
        (pair, [("dog", "paka")], 0),
        (pair, examples(["mbwa analala zaidi"]), 0),
        (pair, examples(["mbwa analala paka"]), 1),
        (sentence, ["Amina analala."], 1),
    ):
        assert len(overlaps([Used(TEST, rows)], [Used(TRAIN, learned)])) == count, (rows, learned)


@pytest.mark.parametrize(
    ("space", "language", "count"),
    [("set", "eng", 2), ("other", "eng", 0), ("set", "swh", 0), ("", "eng", 0)],
)
def test_ids_of_one_set_name_translations_in_other_languages(space, language, count):
    tested = Used(TEST, examples(["moja", "mbili"]), "set" if space else "")
    learned = Used(Place("train", "card", language), examples(["one", "two", "three"], language), space)
    found = overlaps([tested], [learned])
    assert [(row.shared, row.translated) for row in found] == [(count, True)] * (count > 0)


def test_data_do_not_overlap_with_themselves():
    dev = Used(Place("dev", "card", "eng"), examples(["a"]))
    assert overlaps([dev], [dev]) == ()


def test_test_data_in_another_spelling_count_once():
    stages = [
        Stage(name=f"{number}", spec=Prediction(), language="swh", data={"test": Data(rows=rows, card="c")})
        for number, rows in enumerate((examples(["мбва"]), examples(["mbva"])))
    ]
    (tested,), learned = used_by(stages)
    assert (tested.rows[0].text, learned) == ("мбва", [])


def test_the_ids_of_a_card_are_those_of_the_split_that_holds_the_rows():
    assert load_card("xcopa").id_space("swh", "dev") == "xcopa/val"
    assert (
        load_card("sib200").id_space("swh", "test")
        == load_card("sib200").id_space("eng", "train")
        == "sib200"
    )
    assert load_card("afrisenti").id_space("swh", "test") == ""


def test_a_card_names_the_set_of_its_ids_by_its_split_alone(tmp_path, shell):
    card = tmp_path / "mine.yaml"
    card.write_text("title: t\ntask: tagging\nparallel_ids: '{upstream}'\n")
    shell("data", "show", card).refused("parallel_ids", "'{upstream}' may hold {split} only")


def test_a_finding_is_a_sentence():
    row = OverlapRow(purpose="dev", card="ner", language="swh", examples=500, shared=12, other="train",
                     other_card="ner", other_language="eng")  # fmt: skip
    assert row.sentence == "dev (ner/swh): 12 of 500 examples stand in train (ner/eng) too"
    said = row.model_copy(update={"translated": True}).sentence
    assert said == "dev (ner/swh): 12 of 500 examples have a translation in train (ner/eng)"


def test_a_run_says_it_before_any_training_and_keeps_it(bert, shell, tmp_path):
    recipe = write_recipe(tmp_path / "recipe", bert.id, steps=1, checkpoint_every=1)
    with (recipe.parent / "spans.yaml").open("a") as card:
        card.write("parallel_ids: spans/{split}\n")
    data, folder = recipe.parent / "data", tmp_path / "runs/tiny"
    change = ("--set", "task.train.split=test")
    ended = shell("run", recipe, "--data-root", data, "--out", tmp_path / "runs", *change)
    before, _, _ = ended.err.partition("\nlang/eng")
    assert "test (spans/eng): 10 of 10 examples stand in train (spans/eng) too" in before.splitlines()
    assert "test (spans/swh): 10 of 10 examples have a translation in train (spans/eng)" in before
    assert "of 10 examples stand in text (plain/swh) too" in before
    rows = json.loads((folder / "results.json").read_text())["overlap"]
    row = {"purpose": "test", "card": "spans", "language": "swh", "examples": 10, "shared": 10,
           "translated": True, "other": "train", "other_card": "spans", "other_language": "eng"}  # fmt: skip
    assert row in rows
    assert "test (spans/swh)" in (folder / "report.html").read_text()


def test_train_task_says_it(bert, shell, tmp_path):
    rows = tmp_path / "rows.tsv"
    rows.write_text("text\tlabel\namina\ta\njuma\tb\n")
    ended = shell("train", "task", "--base", bert.id, "--task", "classification", "--source-language", "swh",
                  "--train", rows, "--dev", rows, "--out", tmp_path / "m", "--set", "steps=1")  # fmt: skip
    assert ended.status == 0, ended.err
    assert "dev (rows.tsv/swh): 2 of 2 examples stand in train (rows.tsv/swh) too" in ended.err
