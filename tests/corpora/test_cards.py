"""Data cards: those that come with xling are whole, and a faulty one is told all its faults at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from xling.corpora import cards
from xling.corpora.cards import cards_folder, list_cards, load_card, strictest
from xling.corpora.licences import LICENCES
from xling.errors import InputError
from xling.languages import parse

# text, and tasks whose answers are no labels of a set
UNLABELLED = ("text", "parallel", "question-answering", "multiple-choice")


def test_every_card_on_disk_loads_and_is_consistent() -> None:
    names = list_cards()
    assert names == [
        "afrisenti",
        "americasnli",
        "belebele",
        "cldr",
        "cldr_lists",
        "cldr_text",
        "cldr_words",
        "conll2003_en",
        "injongo",
        "injongo_intents",
        "mafand_pairs",
        "masakhaner1_amh",
        "masakhaner2",
        "masakhapos",
        "massive",
        "mlm_text",
        "nusax_senti",
        "parallel",
        "sib200",
        "sick",
        "taxinli",
        "tweeteval_sentiment",
        "ud",
        "ud_hub",
        "ud_pos",
        "ud_trees_hub",
        "udhr",
        "uner",
        "wikiann",
        "wikigold",
        "xcopa",
        "xnli",
        "xnli_hub",
        "xquad",
        "xsid",
        "xsid_de_ba",
    ]
    assert len(names) == len(list(cards_folder().iterdir()))
    for name in names:
        card = load_card(name)
        assert card.name == name and card.licence.id in LICENCES and card.known_faults
        files = {card.path(tag, split) for tag in card.languages for split in card.splits}
        assert set(card.checksums) <= files
        assert set(card.counts) == set(card.checksums)
        assert {parse(tag) for tag in card.languages} == set(card.languages)
        # of a data set that was only read about, not even the labels may be known
        assert bool(card.label_set) == (card.task not in UNLABELLED) or not card.checksums


def test_languages_are_found_by_any_of_their_tags() -> None:
    card = load_card("masakhaner2")
    assert card.path("sw", "dev") == card.path("swh_Latn", "dev") == "masakhaner2/swa/dev.txt"
    with pytest.raises(
        InputError, match="data card masakhaner2: the data set has no fra; choose from bam, fon"
    ):
        card.path("fr", "dev")
    with pytest.raises(InputError, match="no split 'validation'; choose from train, dev, test"):
        card.path("sw", "validation")


def test_a_language_has_the_licence_of_its_own_parts() -> None:
    card = load_card("mlm_text")
    assert card.licence_of("nqo") == "CC-BY-SA-4.0"
    assert card.licence_of("chr") == "CC0-1.0"
    assert card.licence_of("swa") == card.licence.id == "CC-BY-NC-4.0"
    parts = {tag for part in card.parts.values() for tag in part.languages}
    assert parts == set(card.languages)
    assert card.licence.id == strictest(part.licence for part in card.parts.values())


def test_the_strictest_licence() -> None:
    assert strictest(["CC-BY-SA-4.0", "CC0-1.0", "CC-BY-NC-4.0"]) == "CC-BY-NC-4.0"
    assert strictest(["research-only", "CC-BY-NC-SA-4.0"]) == "research-only"
    assert strictest([]) == "unstated"
    with pytest.raises(InputError, match="no licence 'cc-by-4'; choose from CC-BY-4.0"):
        strictest(["MIT", "cc-by-4"])


def test_an_unknown_card_is_answered_with_near_ones() -> None:
    with pytest.raises(
        InputError, match="no data card is called 'masakaner'; choose from masakhaner2, masakhaner1_amh"
    ):
        load_card("masakaner")


GOOD = """
title: Mine
task: tagging
format: conll
source: here
citation: me
licence: {id: CC-BY-4.0}
languages: {sw: swa}
splits: [train]
layout: "{upstream}/{split}.txt"
"""


def test_a_card_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD)
    card = load_card(path)
    assert card.name == "mine" and card.languages == {"swh": "swa"}


def test_all_faults_are_told_at_once_with_near_keys(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    text = GOOD.replace("title", "titel").replace("CC-BY-4.0", "CC-BY").replace("{split}", "{part}")
    path.write_text(text.replace("sw:", "xyz:") + "hub: {id: me/mine, revison: main}\n")
    with pytest.raises(InputError) as caught:
        load_card(path)
    message = str(caught.value)
    for words in (
        "title: is missing",
        "titel: no such key, did you mean title?",
        "licence.id: no licence 'CC-BY': choose from CC-BY-4.0",
        "layout: '{upstream}/{part}.txt' may hold {upstream} and {split} only",
        "languages: language: no language has the tag 'xyz'",
        "hub.revison: no such key, did you mean revision",
    ):
        assert words in message
    assert "\n" not in message and str(path) in message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("title: [", r"mine.yaml:1: not YAML"),
        ("- a\n- b\n", "a data card is a mapping of keys to values"),
        ("1: a\n", "no data card: most of its keys are none of a data card's; choose from name, title"),
        (GOOD.replace("{sw: swa}", "{sw: a, swa: b}"), "b and a are both swh"),
        (GOOD.replace('layout: "{upstream}/{split}.txt"', ""), "give a layout below the data root"),
        (GOOD.replace("{upstream}/", "{upstream/"), "is no template with"),
        (GOOD.replace("{split}", "{split!r:>9999999999}"), "in braces stands a name alone"),
        (GOOD.replace("{split}", "{split.__class__}"), "in braces stands a name alone"),
        (GOOD + "checksums: {a: 12}\n", "checksums.a:"),
    ],
)
def test_broken_cards(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "mine.yaml").write_text(text)
    with pytest.raises(InputError, match=words):
        load_card(tmp_path / "mine.yaml")


def test_installed_cards_lie_inside_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = tmp_path / "site-packages" / "xling" / "_cards"
    inside.mkdir(parents=True)
    (inside / "mine.yaml").write_text(GOOD)
    monkeypatch.setattr(cards, "__file__", str(inside.parent / "data" / "cards.py"))
    assert list_cards() == ["mine"] and load_card("mine").title == "Mine"
    (tmp_path / "site-packages" / "data_cards").mkdir()
    assert list_cards() == []
