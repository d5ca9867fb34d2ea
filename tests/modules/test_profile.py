"""Profiles: what a text of a language looks like, kept as text."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.foreign_text import SPELLED
from support.tiny import TEXTS

from xling.modules.profile import Profile, Profiles, ngrams, words_in

BACKWARDS = [line[::-1] for line in TEXTS]


def of(lines: list[str]) -> Profile:
    found = Profile.of(lines)
    assert found is not None
    return found


def known(**texts: list[str]) -> Profiles:
    return Profiles(tuple((tag, of(lines)) for tag, lines in texts.items()))


def test_ngrams_are_those_of_words_with_their_edges():
    found = ngrams(Counter(words_in("Ab 7 ab!")))
    assert found == Counter({own: 2 for own in ("_a", "_ab", "_ab_", "a", "ab", "ab_", "b", "b_")})


@given(st.lists(st.text(max_size=40), max_size=30))
def test_a_profile_of_any_text_reads_back_as_itself(lines):
    found = Profile.of(lines)
    if found is None:
        assert not any(map(words_in, lines))
        return
    again = Profile.parse(str(found))
    assert str(again) == str(found)
    assert again.logs.keys() == found.logs.keys()
    assert all(abs(again.logs[own] - log) < 1e-9 for own, log in found.logs.items())
    assert abs(again.level - found.level) < 1e-3


def test_each_line_is_of_its_own_language():
    tell = known(swh=TEXTS[:60], hau=BACKWARDS[:60], nqo=SPELLED[:60])
    for tag, lines in {"swh": TEXTS[60:], "hau": BACKWARDS[60:], "nqo": SPELLED[60:]}.items():
        assert {tell(line) for line in lines} == {tag}
        assert {tell(line.upper()) for line in lines} == {tag}


def test_what_is_of_no_known_language_is_none():
    alone = known(swh=TEXTS)
    assert {alone(line) for line in (*BACKWARDS, *SPELLED, "", "7 + 7", "zzz qqq xxx")} == {None}
    assert {known(swh=TEXTS, hau=BACKWARDS)(line) for line in SPELLED} == {None}


def test_two_profiles_of_one_language_stand_for_it_together():
    tell = Profiles((("swh", of(TEXTS)), ("swh", of(BACKWARDS))))
    assert {tell(line) for line in (*TEXTS, *BACKWARDS)} == {"swh"}


@pytest.mark.parametrize(
    ("level", "other", "found"),
    [(-5.0, -5.1, "swh"), (-4.7, None, None), (-4.7, -5.2, None), (-4.7, -9.0, "swh"), (-4.5, -9.0, None)],
)
def test_being_ahead_of_the_others_makes_up_for_a_little(level, other, found):
    def flat(log, level):
        return Profile(dict.fromkeys(("a", "_a", "a_", "_a_"), log), level, 0.0)

    rest = () if other is None else (("hau", flat(other, other)),)
    assert Profiles((("swh", flat(-5.0, level)), *rest))("a") == found


def test_only_some_lines_of_a_long_text_are_read():
    line = " ".join(TEXTS) * 40
    assert Profile.of([line] * 30) == Profile.of([line] * 15)


def test_a_profile_stays_small():
    words = [
        chr(97 + a) + chr(97 + b) + chr(97 + c) + "o" for a in range(20) for b in range(20) for c in range(20)
    ]
    text = str(of([" ".join(words[start : start + 8]) for start in range(0, 8000, 8)]))
    assert len(text.split()) < 4200 and len(text) < 40_000


@pytest.mark.parametrize(
    "text", ["", "ngrams -5.0 1.0", "ngrams x 1.0\n4: a", "4: a", "ngrams -5.0 1.0\nx: a"]
)
def test_what_is_no_profile_is_refused(text):
    with pytest.raises(ValueError, match="is no profile of n-grams"):
        Profile.parse(text)
