"""The lab reads each language as `xling advise` would."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from lab.advice import chosen

import xling


@dataclass
class FakeGround:
    """A ground with one language, with pairs or without, read by a base that knows a share of the pieces."""

    task: Any
    pairs_at_hand: bool
    base: Any
    rows: list
    suite: Any = field(default_factory=lambda: SimpleNamespace(pairs="mafand_pairs", translations=False))

    def __post_init__(self):
        self.workshop = SimpleNamespace(bench=SimpleNamespace(opened=self.base))

    def scored(self, language):
        return SimpleNamespace(rows=self.rows)

    def has_pairs(self, language):
        return self.pairs_at_hand

    def pairs(self, language):
        return SimpleNamespace(rows=[("amina leo juma", "amina today juma")])


@pytest.mark.parametrize(
    ("task", "pairs", "text", "wanted"),
    [
        ("tagging", True, "amina leo juma", "carried-gently-vote"),
        ("tagging", True, "kitabu maji nyumba", "carried-gently"),
        ("pos", True, "amina leo juma", "carried-vote"),
        ("pos", False, "amina leo juma", "carried"),
    ],
)
def test_the_advised_method(bert, task, pairs, text, wanted):
    rows = [xling.TaggedSentence(tuple(text.split()), None, "1", "swh")]
    ground = FakeGround(SimpleNamespace(name=task), pairs, bert, rows)
    assert chosen(ground, "swh").name == wanted


def test_topics_by_the_script(bert):
    suite = SimpleNamespace(pairs="parallel", translations=True)
    found = []
    for text in ("amina leo juma", "ߒߞߏ ߒߞߏ"):
        rows = [xling.LabelledText(text, None, "1", "nqo")]
        ground = FakeGround(SimpleNamespace(name="classification"), True, bert, rows, suite)
        found.append(chosen(ground, "nqo").name)
    assert found == ["vote", "gloss"]
