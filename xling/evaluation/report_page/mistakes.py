"""Examples that were answered wrongly: a few of each language, evenly spaced over all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from xling.evaluation.report_page.bidi import cut, direction, runs
from xling.evaluation.report_page.confusion import label_name, word_tags
from xling.evaluation.report_page.predictions import Answer, Answers, Pair
from xling.evaluation.report_page.span_drawing import (
    Sentence,
    Spans,
    Word,
    draw,
    span_marks,
    tag_marks,
    tree_marks,
)
from xling.tasks.squad_scorer import squad_exact

_SHOWN, _LONG, _SHORT = 8, 400, 160


@dataclass(frozen=True)
class ShownText:
    """A text of an example. direction: `rtl` or `ltr`."""

    name: str
    text: str
    direction: str


@dataclass(frozen=True)
class ShownChoice:
    """A whole example's label or answer, with the probability that the model gave it, in percent."""

    name: str
    chance: str


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """One example: its texts or its words, and the answers of either side that are of the whole of it."""

    id: str
    texts: tuple[ShownText, ...]
    sentence: Sentence | None
    direction: str
    gold: tuple[ShownChoice, ...]
    found: tuple[ShownChoice, ...]

    @property
    def runs(self) -> list[tuple[str, tuple[Word, ...]]]:
        """The drawn words with their direction; those of another than the sentence's lie together."""
        words = self.sentence.words if self.sentence else ()
        parts = runs([word.text for word in words], self.direction)
        return [(way, words[start:end]) for way, start, end in parts]


@dataclass(frozen=True)
class Mistakes:
    """Some of a language's mistakes. wrong, of: how many examples have any, of how many."""

    shown: tuple[Mistake, ...]
    wrong: int
    of: int


def build(answers: Answers) -> Mistakes:
    """The mistakes of a language, at most eight of them, chosen by place alone."""
    wrong = [pair for pair in answers.pairs if _wrong(pair, answers.task)]
    count = min(_SHOWN, len(wrong))
    chosen = [wrong[place * len(wrong) // count] for place in range(count)]
    return Mistakes(tuple(_mistake(pair, answers.task) for pair in chosen), len(wrong), len(answers.pairs))


def _wrong(pair: Pair, task: str) -> bool:
    gold, found = pair.gold, pair.found
    if gold.answer is not None:
        return not squad_exact(found.answer or "", gold.answers or (gold.answer,))
    if gold.label != found.label and gold.label is not None:
        return True
    if gold.intent != found.intent and gold.intent is not None:
        return True
    if gold.labels is not None and set(gold.labels) != set(found.labels or ()):
        return True
    over, under = _marks(pair, task)
    return over != under


def _marks(pair: Pair, task: str) -> tuple[Spans, Spans]:
    if pair.gold.heads is not None:
        return tree_marks(pair)
    if pair.gold.tags is not None:
        return tag_marks(pair) if word_tags(task) else span_marks(pair)
    return {}, {}


def _mistake(pair: Pair, task: str) -> Mistake:
    found = pair.found
    sentence = draw(found.tokens, *_marks(pair, task)) if found.tokens else None
    texts = tuple(_texts(found))
    way = direction(" ".join((*found.tokens, *(text.text for text in texts))))
    return Mistake(
        id=found.id,
        texts=texts,
        sentence=sentence,
        direction=way,
        gold=_choices(pair.gold, found),
        found=_choices(found, found),
    )


def _texts(found: Answer) -> Iterator[ShownText]:
    for name in ("text", "premise", "hypothesis", "context", "question"):
        text = getattr(found, name)
        if text:
            yield ShownText("" if name == "text" else name, cut(text, _LONG), direction(text))


def _choices(answer: Answer, found: Answer) -> tuple[ShownChoice, ...]:
    """The answers of one side to the whole example, in the order of `_OF_WHOLE`."""
    return tuple(
        choice for key, make in _OF_WHOLE.items() if key in answer.given for choice in make(answer, found)
    )


def _label(answer: Answer, found: Answer) -> Iterator[ShownChoice]:
    label, name = answer.label, label_name(answer.label) or ""
    number = label if isinstance(label, int) else None
    if number is not None and 0 <= number < len(found.choices):
        name = f"{name}: {cut(found.choices[number], _SHORT)}"
    yield ShownChoice(name, _chance(found.scores, label))


def _labels(answer: Answer, found: Answer) -> Iterator[ShownChoice]:
    yield from (ShownChoice(name, _chance(found.scores, name)) for name in answer.labels or ())
    if not answer.labels:
        yield ShownChoice("no label", "")


def _intent(answer: Answer, found: Answer) -> Iterator[ShownChoice]:
    yield ShownChoice(answer.intent or "", _chance(found.intent_scores, answer.intent))


def _answer(answer: Answer, found: Answer) -> Iterator[ShownChoice]:
    """Every right answer once; a predicted one is the best of those with a probability."""
    best = {candidate.text: candidate.score for candidate in reversed(found.nbest)}
    texts = dict.fromkeys(answer.answers or (answer.answer or "",))
    yield from (ShownChoice(cut(text, _SHORT) or "no answer", _chance(best, text)) for text in texts)


_OF_WHOLE: Mapping[str, Callable[[Answer, Answer], Iterator[ShownChoice]]] = {
    "label": _label,
    "labels": _labels,
    "intent": _intent,
    "answer": _answer,
}


def _chance(scores: Mapping[str, float] | Sequence[float], label: str | int | None) -> str:
    """The probability of a label in percent; nothing where the prediction does not tell it."""
    value: float | None = None
    if isinstance(scores, Mapping):
        value = scores.get(label) if isinstance(label, str) else None
    elif isinstance(label, int) and 0 <= label < len(scores):
        value = scores[label]
    return "" if value is None else f"{100 * value:.0f}%" if value >= 0.01 or value == 0 else "under 1%"
