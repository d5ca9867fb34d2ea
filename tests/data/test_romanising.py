"""Texts in Latin spelling."""

from __future__ import annotations

from xling.data.examples import LabelledText, TaggedSentence
from xling.data.romanising import romanised_examples
from xling.spelling import romanised


def test_letters_of_other_scripts_become_latin():
    assert romanised("Москва", "rus") == "Moskva"
    assert romanised("abc 12", "eng") == "abc 12"


def test_tokens_and_labels_stay_as_many():
    tagged = TaggedSentence(("Москва", ".", "12"), ("B-LOC", "O", "O"), "1", "rus")
    text = LabelledText("Москва", "city", "2", "rus", pair="да")
    found = romanised_examples([tagged, text])
    assert found[0].tokens == ("Moskva", ".", "12") and found[0].tags == tagged.tags
    assert (found[1].text, found[1].pair, found[1].label, found[1].id) == ("Moskva", "da", "city", "2")
