"""xSID's own script: what it printed of recorded utterances is what is computed here."""

from __future__ import annotations

import json

import pytest
from record_xsid import BY_HAND, FIXTURE

from xling.data.examples import Utterance
from xling.tasks.intent_slots import IntentSlots
from xling.tasks.xsid_scorer import xsid_compatible_f1, xsid_spans

CASES = json.loads(FIXTURE.read_text("utf-8"))["cases"]


@pytest.mark.parametrize("number", range(len(CASES)))
def test_its_figures(number):
    case, printed = CASES[number]["utterances"], CASES[number]["script"]
    gold, found = ([row[side] for row in case] for side in ("gold", "found"))
    assert xsid_compatible_f1(gold, found) == pytest.approx(100 * printed["slot-f1"], abs=1e-9)
    examples = [
        Utterance(("x",) * len(row["gold"]), tuple(row["gold"]), row["gold_intent"], str(place), "deu")
        for place, row in enumerate(case)
    ]
    rows = [{"tags": row["found"], "intent": row["found_intent"]} for row in case]
    scores = IntentSlots().score(examples, rows)
    assert scores["xsid_compatible_f1"] == pytest.approx(100 * printed["slot-f1"], abs=1e-9)
    assert scores["intent_accuracy"] == pytest.approx(100 * printed["intents"], abs=1e-9)
    right = [
        xsid_spans(row["gold"]) == xsid_spans(row["found"]) and row["gold_intent"] == row["found_intent"]
        for row in case
    ]
    assert 100 * sum(right) / len(right) == pytest.approx(100 * printed["fullCor"], abs=1e-9)


def test_the_recording_has_what_the_rule_is_odd_in():
    assert len(CASES) == len(BY_HAND) + 8
    by_hand = [case["script"]["slot-f1"] for case in CASES[: len(BY_HAND)]]
    # B I I at the end is B I O; elsewhere it is not; an I- of another type goes on; a stray I- is nothing
    assert by_hand == [1.0, 0.0, 1.0, 0.0, 1.0]
    assert len({case["script"]["slot-f1"] for case in CASES}) > 6
