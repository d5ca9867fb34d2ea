"""Every file of every card, where a data root is at hand (XLING_DATA)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from xling.corpora.cards import list_cards, load_card
from xling.corpora.checks import check
from xling.data.conll import ConllLayout, read_conll

ROOT = os.environ.get("XLING_DATA")  # before the fixtures take it away


@pytest.mark.skipif(not ROOT, reason="XLING_DATA is not set")
@pytest.mark.parametrize("name", list_cards())
def test_files_are_what_their_cards_say(name: str) -> None:
    card = load_card(name)
    rows = check(card, Path(str(ROOT)))
    assert len(rows) == len(card.checksums)
    for row in rows:
        assert (row.state, row.problem, row.strange_labels) == ("ok", None, ()), row.path
        assert row.found_count == row.expected_count, row.path


@pytest.mark.skipif(not ROOT, reason="XLING_DATA is not set")
def test_the_stray_openings_of_masakhaner_are_those_its_card_tells() -> None:
    card = load_card("masakhaner2")
    root = Path(str(ROOT))
    plain = card.conll.model_copy(update={"scheme": "plain"})  # tags as they are written

    def tags(relative: str, layout: ConllLayout) -> list[str]:
        sentences = read_conll(root / relative, language="und", layout=layout)
        return [tag for sentence in sentences for tag in sentence.tags or ()]

    pairs = [(tags(name, plain), tags(name, card.conll)) for name in card.checksums]
    strays = sum(old != new for both in pairs for old, new in zip(*both, strict=True))
    assert strays == 26
    assert any("26" in fault for fault in card.known_faults)
