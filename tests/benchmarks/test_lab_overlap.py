"""Parallel text that shares eight words in a row with a scored sentence is left out of the lab."""

from __future__ import annotations

import pytest
from lab.overlap import runs, sifted, words

EIGHT = "one two three four five six seven eight"
FREE = ("nothing of it is here", "and nothing there")


def test_a_pair_goes_by_either_side_and_is_counted_once():
    own, source = ["Kata kilan saba naani duuru wɔɔrɔ wolonwula seegin."], [f"zero {EIGHT} nine"]
    by_own = ("a ko kata kilan, saba naani duuru WƆƆRƆ wolonwula seegin", "no")
    by_source = ("no", f"He said: {EIGHT.title()}!")
    found = sifted([by_own, FREE, by_source, (by_own[0], by_source[1])], own, source)
    assert (found.kept, found.own, found.source, found.dropped) == ([FREE], 2, 2, 3)


def test_a_side_is_compared_with_its_own_language_alone():
    pairs = [(EIGHT, "no"), ("no", "eight seven six five four three two one")]
    assert sifted(pairs, ["eight seven six five four three two one"], [EIGHT]).kept == pairs


@pytest.mark.parametrize(
    ("text", "found"),
    [(EIGHT, [EIGHT]), (EIGHT.removesuffix(" eight"), []), (f"{EIGHT} NINE", [EIGHT, f"{EIGHT[4:]} nine"])],
)
def test_runs_are_of_eight_words(text, found):
    assert list(runs(text)) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Don't stop -- 24.", ["don", "t", "stop", "24"]),
        ("བོད་ཀྱི་སྐད།", ["བོད", "ཀྱི", "སྐད"]),
        ("हिन्दी है।", ["हिन्दी", "है"]),
        ("cafe\u0301", ["caf\u00e9"]),
    ],
)
def test_words_keep_their_marks_and_lose_their_punctuation(text, found):
    assert words(text) == found
