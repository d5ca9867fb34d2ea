"""Text of both directions on the report page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xling.evaluation.report_page.wording import ELLIPSIS, cut, direction, runs


def test_words_of_the_other_direction_lie_together():
    words = ["كتاب", "The", "Old", "7", "Men", "3", "است"]
    assert [*runs(words, "rtl")] == [("rtl", 0, 1), ("ltr", 1, 5), ("rtl", 5, 6), ("rtl", 6, 7)]
    assert [*runs(["a", "שלום", "1"], "ltr")] == [("ltr", 0, 1), ("rtl", 1, 2), ("ltr", 2, 3)]


@given(st.lists(st.sampled_from(["a", "ש", "1", "."])), st.sampled_from(["ltr", "rtl"]))
def test_runs_hold_every_word_once_and_in_its_direction(words, around):
    found = [*runs(words, around)]
    assert [place for _, start, end in found for place in range(start, end)] == [*range(len(words))]
    for way, start, _ in found:
        assert {"a": "ltr", "ש": "rtl"}.get(words[start], around) == way


@pytest.mark.parametrize(
    ("text", "way"),
    [("Kigali", "ltr"), ("UN کے سربراہ نے کہا", "rtl"), ("ߒߞߏ ߟߎ߬", "rtl"), ("2019", "ltr"), ("", "ltr")],
)
def test_most_letters_say_which_way_a_text_runs(text, way):
    assert direction(text) == way


def test_a_text_is_cut_between_words_and_never_within_a_syllable():
    assert cut("one two three", 9) == "one two" + ELLIPSIS
    assert cut("short", 9) == "short"
    assert cut("क्षि" * 40, 42) == "क्षि" * 10 + ELLIPSIS
    assert cut("བོད་ཡིག་" * 40, 50) == "བོད་ཡིག་" * 6 + ELLIPSIS


@given(st.text(st.characters(categories=("L", "M", "Z")), max_size=200), st.integers(2, 100))
def test_what_is_kept_of_a_cut_text_begins_it(text, most):
    kept = cut(text, most)
    assert kept == text or (kept.endswith(ELLIPSIS) and text.startswith(kept[:-1]) and len(kept) <= most + 1)
