"""Lexicons learned from pairs of sentences."""

from __future__ import annotations

import sys

import pytest
from support.foreign_text import SPELLED
from support.tiny import TEXTS

from xling.errors import InputError
from xling.words.learning import learned_entries


def test_the_same_text_in_other_letters():
    spelled = {
        own: word
        for one, two in zip(SPELLED, TEXTS, strict=True)
        for own, word in zip(one.split(), two.split(), strict=True)
    }
    found = learned_entries(list(zip(SPELLED, TEXTS, strict=True)))
    assert {entry.word: entry.translation for entry in found} == spelled
    assert all(0.5 < entry.weight <= 1 for entry in found)


def test_the_likeliest_translation_not_the_most_frequent_word():
    pairs = [("ji ka", "the water"), ("so ka", "the house"), ("ji so ka", "the water, the house")]
    pairs.append(("ka", "the"))
    found = {entry.word: entry.translation for entry in learned_entries(pairs)}
    assert found == {"ji": "water", "ka": "the", "so": "house"}


def test_syllables_and_pairs_of_them_where_no_blank_divides_words():
    pairs = [("ཆུ་བོ་ཁང", "river house"), ("ཆུ་བོ", "river"), ("ཁང", "house"), ("ཆུ", "water"), ("ཆུ", "water")]
    found = {entry.word: entry.translation for entry in learned_entries(pairs)}
    assert found["ཆུ་བོ"] == "river" and found["ཆུ"] == "water" and found["ཁང"] == "house"


def test_one_pair_teaches_nothing():
    with pytest.raises(InputError, match="--pairs.*1 pairs"):
        learned_entries([("a", "b")])


def test_a_word_without_a_likely_translation_is_left_as_it_is():
    pairs = [("ji ka", "water"), ("ji", "water"), ("so mi", "house old"), ("so", "house")]
    chances = {entry.word: entry.weight for entry in learned_entries(pairs, least=0.0)}
    assert chances.keys() == {"ji", "ka", "so", "mi"} and chances["ka"] < min(chances["ji"], chances["so"])
    assert {entry.word for entry in learned_entries(pairs, least=chances["ka"] + 0.01)} == {"ji", "so", "mi"}


def test_the_other_aligner_counts_links():
    pytest.importorskip("eflomal")
    pairs = [(f"ji{n} ka", f"water{n} the") for n in range(40)] * 3
    found = {entry.word: entry for entry in learned_entries(pairs, aligner="eflomal")}
    assert found["ka"].translation == "the" and 0.1 < found["ka"].weight <= 1
    assert sum(found[f"ji{n}"].translation == f"water{n}" for n in range(40)) > 30


def test_an_aligner_that_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "eflomal", None)
    with pytest.raises(InputError, match=r"eflomal is not installed.*xling\[eflomal\]"):
        learned_entries([("a", "b"), ("a", "b")], aligner="eflomal")
