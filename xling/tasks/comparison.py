"""A prediction beside gold, as a report shows it: labels to count, spans to draw, answers to a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import FiniteFloat
from pydantic.dataclasses import dataclass

from xling.data.bio import spans

Spans = Mapping[tuple[int, int], str]


@dataclass(frozen=True)
class LabelPair:
    """One label in gold and one predicted in its place; None where a side has none.

    attached: whether what belongs to the label, such as a word's head, is right too.
    """

    gold: str | None
    predicted: str | None
    attached: bool = True

    @property
    def right(self) -> bool:
        """Whether nothing is wrong with the predicted label."""
        return self.attached and self.gold == self.predicted


@dataclass(frozen=True)
class DrawnSpans:
    """Words with labels of (start, end) over them and under them, end exclusive; no two of a side overlap."""

    tokens: tuple[str, ...]
    gold: Spans
    predicted: Spans


@dataclass(frozen=True)
class ShownAnswer:
    """An answer to the whole example. probability: between 0 and 1, where the prediction tells it."""

    text: str
    probability: FiniteFloat | None = None


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One kind of answer of one example.

    title, pairs, unit: the heading of the table that counts the pairs of all examples, and what one pair is;
    no pairs and no title for answers that are no labels. words: a label for each word, so that accuracy
    says it all. exact: whether an answer that is no label is right. spans, gold, predicted: how a mistake is
    shown, drawn in the words and as answers to the whole example.
    """

    title: str = ""
    unit: str = ""
    pairs: tuple[LabelPair, ...] = ()
    words: bool = False
    exact: bool = True
    spans: DrawnSpans | None = None
    gold: tuple[ShownAnswer, ...] = ()
    predicted: tuple[ShownAnswer, ...] = ()

    @property
    def right(self) -> bool:
        """Whether nothing is wrong with this kind of answer in this example."""
        return self.exact and all(pair.right for pair in self.pairs)


def one_label(
    gold: Mapping[str, Any],
    predicted: Mapping[str, Any],
    *,
    key: str = "label",
    scores: str = "scores",
    title: str = "Labels",
    unit: str = "examples",
) -> Comparison:
    """Rows with one label under `key` and, predicted, the probabilities of labels under `scores`."""
    shares = predicted.get(scores, {})
    right, own = (ShownAnswer(row[key], shares.get(row[key])) for row in (gold, predicted))
    pairs = (LabelPair(right.text, own.text),)
    return Comparison(title=title, unit=unit, pairs=pairs, gold=(right,), predicted=(own,))


def label_sets(gold: Mapping[str, Any], predicted: Mapping[str, Any]) -> Comparison:
    """Rows with any number of `labels`; where one is missed and one invented, it was taken for that."""
    right, own = set(gold["labels"]), set(predicted["labels"])
    missed, invented = right - own, own - right
    pairs = [(label, label) for label in right & own]
    if len(missed) == len(invented) == 1:
        pairs.append((missed.pop(), invented.pop()))
    pairs += [*((label, None) for label in missed), *((None, label) for label in invented)]
    shares = predicted.get("scores", {})
    over, under = (
        tuple(ShownAnswer(label, shares.get(label)) for label in row["labels"]) or (ShownAnswer("no label"),)
        for row in (gold, predicted)
    )
    counted = tuple(LabelPair(*pair) for pair in pairs)
    return Comparison(title="Labels", unit="labels", pairs=counted, gold=over, predicted=under)


def tagged_spans(gold: Mapping[str, Any], predicted: Mapping[str, Any]) -> Comparison:
    """Rows with BIO `tags`; a span whose words are no span of the other side is missed or invented."""
    tokens, sides = predicted["tokens"], (gold["tags"], predicted["tags"])
    if {len(tokens)} != set(map(len, sides)):
        raise ValueError("there is not a tag for each word")
    over, under = ({(start, end): kind for kind, start, end in spans(tags)} for tags in sides)
    pairs = tuple(LabelPair(over.get(place), under.get(place)) for place in over.keys() | under.keys())
    drawn = DrawnSpans(tokens, over, under)
    return Comparison(title="Spans by type", unit="spans", pairs=pairs, spans=drawn)


def wrong_words(tokens: Sequence[str], gold: Sequence[str], predicted: Sequence[str]) -> DrawnSpans:
    """A text for each word of either side, drawn where the two differ; ValueError where their numbers do."""
    whole = enumerate(zip(tokens, gold, predicted, strict=True))
    wrong = [place for place, (_, over, under) in whole if over != under]
    over, under = ({(place, place + 1): side[place] for place in wrong} for side in (gold, predicted))
    return DrawnSpans(tuple(tokens), over, under)
