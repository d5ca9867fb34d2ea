"""Compare a prediction with gold labels for a report: label pairs, labelled spans, whole answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import FiniteFloat
from pydantic.dataclasses import dataclass

from xling.data.bio import spans

Spans = Mapping[tuple[int, int], str]
UNFIT = (LookupError, TypeError, ValueError, AttributeError)  # what `Task.compare` raises for unfit rows


@dataclass(frozen=True)
class LabelPair:
    """A gold label and the label predicted in its place; None for a missing or an extra label.

    attached: whether what belongs to the label, such as a word's head, is right as well.
    """

    gold: str | None
    predicted: str | None
    attached: bool = True

    @property
    def right(self) -> bool:
        """Whether the predicted label is right."""
        return self.attached and self.gold == self.predicted


@dataclass(frozen=True)
class DrawnSpans:
    """A tokenised text with gold and predicted spans, drawn above and below its words.

    gold, predicted: labels by (first word, end), end exclusive; the spans of one side do not overlap.
    """

    tokens: tuple[str, ...]
    gold: Spans
    predicted: Spans


@dataclass(frozen=True)
class ShownAnswer:
    """An answer for the whole example. probability: between 0 and 1; None when it is not known."""

    text: str
    probability: FiniteFloat | None = None


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The comparison of gold and prediction for one kind of answer of one example.

    title: the heading of the table that counts the label pairs of all examples; empty for answers that are
    not labels. unit: what one pair stands for, such as "words". pairs: the label pairs; empty for answers
    that are not labels. units: whether each unit is right, by what tells it from the others of the example,
    such as a span's limits; None where the pairs of any two predictions are of the same units in the same
    order. words: whether every word has a label, so that accuracy is sufficient. exact: whether an answer
    that is not a label is right. spans: the labelled words in which mistakes are shown. gold, predicted: the
    answers for the whole example.
    """

    title: str = ""
    unit: str = ""
    pairs: tuple[LabelPair, ...] = ()
    units: Mapping[Any, bool] | None = None
    words: bool = False
    exact: bool = True
    spans: DrawnSpans | None = None
    gold: tuple[ShownAnswer, ...] = ()
    predicted: tuple[ShownAnswer, ...] = ()

    @property
    def right(self) -> bool:
        """Whether the prediction has no mistake of this kind."""
        return self.exact and all(pair.right for pair in self.pairs)

    @property
    def judged(self) -> Mapping[Any, bool]:
        """Whether each unit is right. A unit that is not listed is right: neither side has it."""
        if self.units is not None:
            return self.units
        return {n: own.right for n, own in enumerate(self.pairs)} if self.title else {0: self.exact}


def one_label(
    gold: Mapping[str, Any],
    predicted: Mapping[str, Any],
    *,
    key: str = "label",
    scores: str = "scores",
    title: str = "Labels",
    unit: str = "examples",
) -> Comparison:
    """Compare rows with one label.

    key: the key of the label. scores: the key of the label probabilities in the predicted row. title, unit:
    as in `Comparison`.
    """
    shares = predicted.get(scores, {})
    right, own = (ShownAnswer(row[key], shares.get(row[key])) for row in (gold, predicted))
    pairs = (LabelPair(right.text, own.text),)
    return Comparison(title=title, unit=unit, pairs=pairs, gold=(right,), predicted=(own,))


def label_sets(gold: Mapping[str, Any], predicted: Mapping[str, Any]) -> Comparison:
    """Compare rows with any number of `labels`; one missing and one extra label count as a confusion."""
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
    units = {label: label in right & own for label in right | own}
    return Comparison(title="Labels", unit="labels", pairs=counted, units=units, gold=over, predicted=under)


def tagged_spans(gold: Mapping[str, Any], predicted: Mapping[str, Any]) -> Comparison:
    """Compare rows with BIO `tags`; a span with other limits on the other side counts as missing or extra.

    Raises ValueError when the numbers of tags and tokens differ.
    """
    tokens, sides = predicted["tokens"], (gold["tags"], predicted["tags"])
    if {len(tokens)} != set(map(len, sides)):
        raise ValueError("there is not a tag for each word")
    over, under = ({(start, end): kind for kind, start, end in spans(tags)} for tags in sides)
    pairs = {place: LabelPair(over.get(place), under.get(place)) for place in over.keys() | under.keys()}
    units = {place: pair.right for place, pair in pairs.items()}
    drawn = DrawnSpans(tokens, over, under)
    return Comparison(
        title="Spans by type", unit="spans", pairs=tuple(pairs.values()), units=units, spans=drawn
    )


def wrong_words(tokens: Sequence[str], gold: Sequence[str], predicted: Sequence[str]) -> DrawnSpans:
    """Show the words whose gold and predicted texts differ. gold, predicted: one text for each word.

    Raises ValueError when the numbers of texts and words differ.
    """
    whole = enumerate(zip(tokens, gold, predicted, strict=True))
    wrong = [place for place, (_, over, under) in whole if over != under]
    over, under = ({(place, place + 1): side[place] for place in wrong} for side in (gold, predicted))
    return DrawnSpans(tuple(tokens), over, under)
