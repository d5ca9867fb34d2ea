"""The script of SQuAD 1.1: what it printed of recorded answers is what is computed here."""

from __future__ import annotations

import json

import pytest
from record_squad import BY_HAND, FIXTURE, ours

from xling.tasks.squad_scorer import normalised, squad_exact, squad_f1

CASES = json.loads(FIXTURE.read_text("utf-8"))["cases"]


@pytest.mark.parametrize("number", range(len(CASES)))
def test_its_figures(number):
    found = ours(CASES[number]["questions"])
    assert found == pytest.approx(CASES[number]["script"], abs=1e-9)
    assert list(found) == ["f1", "exact_match"]


def test_the_recording_has_what_the_rule_is_odd_in():
    assert len(CASES) == len(BY_HAND) + 8
    printed = [(case["script"]["f1"], case["script"]["exact_match"]) for case in CASES[: len(BY_HAND)]]
    # quotes that are no ASCII stay; two articles are the same text, and share no token
    assert printed[:3] == [(100.0, 100.0), (0.0, 0.0), (0.0, 100.0)]
    assert printed[4:7] == [(100.0, 100.0), (0.0, 0.0), (100.0, 100.0)]
    assert printed[7] == pytest.approx((200 / 3, 0.0))
    assert len({case["script"]["f1"] for case in CASES}) > 8


def test_normalising_by_hand():
    assert normalised("The  Old-Mill, an inn\u00a0(a)") == "oldmill inn"
    assert normalised("„Theatre” a’n") == "„theatre” ’n"
    assert squad_f1("", []) == squad_exact("", []) == 0.0
