"""Lexicons: which words are found, and what a gloss leaves as it is."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from xling.errors import InputError
from xling.modules.lexicon import Entry, Lexicon, LexiconConfig
from xling.modules.registry import build, restore
from xling.sites import EncoderShape

WORDS = {
    "ji": "water",
    "so": "house",
    "n'a": "and it",
    "bɔ́": "leave",
    "mali": "Mali",
    "ཆུ": "water",
    "ཆུ་བོ": "river",
    "น้ำ": "water",
    "ka-so": "prison",
    "ߖߌ": "water",
}
TEXT = st.text(st.sampled_from("aAéÉßİǅ1_-'’ ́ߖߌ߫ཆུ་ན้ำ。,()\u200d😀"), max_size=12)
SHAPE = EncoderShape(hidden=0, layers=0)


def lexicon(words: dict[str, str]) -> Lexicon:
    return Lexicon.of([Entry(word, translation) for word, translation in words.items()], "eng")


@pytest.mark.parametrize(
    ("unit", "gloss"),
    [
        ("ji", "water"),
        ("Ji", "Water"),
        ("JI", "WATER"),
        ("(ji),", "(water),"),
        ("ji-so", "water-house"),
        ("ka-so", "prison"),
        ("N'a", "And it"),
        ("bɔ", "leave"),
        ("bɔ̀", "leave"),
        ("jí", "water"),
        ("mali", "Mali"),
        ("min", "min"),
        ("Min-ji", "Min-water"),
        ("ཆུ་བོ་ཆུ་", "river water"),
        ("ཆུ་ཁང་", "water ཁང་"),
        ("น้ำน้ำ", "water water"),
        ("ߖߌ߫", "water"),
        ("...", "..."),
        ("", ""),
    ],
)
def test_a_gloss(unit, gloss):
    assert lexicon(WORDS).gloss(unit) == gloss


@pytest.mark.parametrize(
    ("unit", "gloss"),
    [
        ("Москва", "Moskva"),
        ("ji Москва", "water Moskva"),
        ("ཆུ་ཁང་", "water khang·"),
        ("ji", "water"),
        ("", ""),
    ],
)
def test_what_is_not_listed_may_be_put_into_latin_letters(unit, gloss):
    entries = [Entry(word, translation) for word, translation in WORDS.items()]
    assert Lexicon.of(entries, "eng", romanised=True).gloss(unit) == gloss


def test_another_spelling_is_read_as_the_listed_one():
    spelled = Lexicon.of([Entry("ⴰⴾⴰⵍ", "land")], "eng", spellings={"<": "ⴰ", "ⴾⴾ": "ⴾ"})
    assert spelled.gloss("<ⴾⴾ<ⵍ ⴰⴾⴰⵍ <ⵏ") == "land land ⴰⵏ"
    config = LexiconConfig.model_validate_json(spelled.config.model_dump_json())
    again = restore(config, SHAPE, spelled.state_dict())
    assert isinstance(again, Lexicon) and again.gloss("<ⴾⴾ<ⵍ") == "land"


def test_vowel_signs_are_no_tone_marks():
    words = lexicon({"कल": "tomorrow"})
    assert words.gloss("काल") == "काल" and words.gloss("कल") == "tomorrow"


@given(TEXT)
def test_an_empty_lexicon_changes_nothing(unit):
    assert lexicon({}).gloss(unit) == unit


@given(st.lists(TEXT), st.lists(TEXT))
def test_a_lexicon_from_words_to_themselves_changes_nothing(units, words):
    kept = {word: word for word in words if word and word.isprintable()}
    assert list(lexicon(kept).rewritten(units, "swh")) == units


@given(TEXT, st.dictionaries(st.sampled_from(["a", "é", "ߖ", "ཆུ", "น", "a-a"]), st.just("w x")))
def test_what_is_not_listed_stays_byte_for_byte(unit, words):
    said = lexicon(words).gloss(unit)
    assert said == unit or "w x" in said.lower()


def test_of_several_entries_the_heaviest_is_kept_and_of_these_the_first():
    entries = [Entry("ji", "a", 1.0), Entry("JI", "b", 2.0), Entry("ji", "c", 2.0)]
    made = Lexicon.of(entries, "eng")
    assert made.gloss("ji") == "b" and made.config.entries == 1


def test_saved_edited_and_read_again():
    made = lexicon(WORDS)
    again = restore(made.config, SHAPE, made.state_dict())
    assert isinstance(again, Lexicon) and again.entries == made.entries
    lines = made.files()["lexicon.tsv"].decode().splitlines()
    assert lines[:2] == ["word\ttranslation\tweight", "ji\twater\t1"]


@pytest.mark.parametrize("text", ["ji\twater\n", "ji\twater\tx\n", "ji\t\t1\n", "ji\twater\tnan\n"])
def test_a_damaged_table_is_refused(text):
    table = torch.frombuffer(bytearray(text.encode()), dtype=torch.uint8)
    with pytest.raises(ValueError):
        restore(LexiconConfig(entries=1), SHAPE, {"table": table})


def test_it_is_made_not_trained():
    with pytest.raises(InputError, match="--pairs"):
        build(LexiconConfig(entries=1), SHAPE, torch.Generator())


def test_an_entry_is_a_value():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Entry("a", "b").word = "c"
