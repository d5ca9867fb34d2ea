"""The lab reads each language as `xling advise` would."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from lab.advice import chosen

import xling
from xling.makers.stage import Data, Stage
from xling.training.specs import LexiconBuild


def suite(pairs: str | None = "mafand_pairs", *, labels: int = 0, translations: bool = False) -> Any:
    return SimpleNamespace(pairs=pairs, labels=labels, translations=translations)


@dataclass
class FakeGround:
    """A ground with one language, with pairs or without, read by a base that knows a share of the pieces.

    It has plain text, and as many labels as its suite says.
    """

    task: Any
    pairs_at_hand: bool
    base: Any
    rows: list
    suite: Any = field(default_factory=suite)

    def __post_init__(self):
        self.workshop = SimpleNamespace(bench=SimpleNamespace(opened=self.base))

    def scored(self, language):
        return SimpleNamespace(rows=self.rows)

    def has_pairs(self, language):
        return self.pairs_at_hand

    def has_text(self, language):
        return True

    def own_labels(self, language, count):
        return count

    def lexicon(self, language):
        data = {"pairs": Data(rows=[("amina leo juma", "amina today juma")])}
        return Stage(name=f"words/{language}", spec=LexiconBuild(), language=language, data=data)


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


def test_topics_by_the_words_and_the_script(bert):
    """In a language's own pieces where its pairs hold the words, or where the base reads none of them."""
    found = []
    for text in ("amina leo juma", "kitabu maji nyumba", "ߒߞߏ ߒߞߏ"):
        rows = [xling.LabelledText(text, None, "1", "nqo")]
        ground = FakeGround(
            SimpleNamespace(name="classification"), True, bert, rows, suite("parallel", translations=True)
        )
        found.append(chosen(ground, "nqo").name)
    assert found == ["aligned-pieces-text", "none", "aligned-pieces-text"]


@pytest.mark.parametrize(
    ("task", "wanted"), [("tagging", "after-99-vote"), ("classification", "joined-99-vote")]
)
def test_few_labels_where_the_suite_has_some(bert, task, wanted):
    tagged = xling.TaggedSentence(("amina", "leo", "juma"), None, "1", "swh")
    text = xling.LabelledText("amina leo juma", None, "1", "swh")
    rows: list[Any] = [tagged if task == "tagging" else text]
    ground = FakeGround(SimpleNamespace(name=task), True, bert, rows, suite(labels=99))
    assert chosen(ground, "swh").name == wanted


@pytest.mark.parametrize(("task", "wanted"), [("tagging", "mad-x-own"), ("pos", "lt-sft-own")])
def test_plain_text_on_a_base_with_a_head(bert, task, wanted):
    rows = [xling.TaggedSentence(("amina", "leo", "juma"), None, "1", "swh")]
    ground = FakeGround(SimpleNamespace(name=task), False, bert, rows, suite(None))
    assert chosen(ground, "swh").name == wanted
