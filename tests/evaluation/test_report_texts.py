"""Text of both directions on the report page."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from xling.evaluation.report_page.bidi import runs


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
