"""Joint intent detection and slot filling: one head on tokens, whose outputs are slot tags and intents.

The intent is read at the first special piece, as in the joint model of Chen et al. 2019 (BERT for Joint
Intent Classification and Slot Filling); the two losses are added.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from xling.data.bio import described, spans, types
from xling.data.examples import Utterance
from xling.data.place import Place
from xling.data.rows import Columns, Record, as_text
from xling.data.tokenise import Span, annotated, spoken, tags_of_spans, words
from xling.data.xsid import xsid_utterances
from xling.errors import InputError
from xling.printable import shown
from xling.tasks.comparison import Comparison, one_label, tagged_spans
from xling.tasks.reading import Files, Reading
from xling.tasks.tag_decoding import best_tags
from xling.tasks.tagging import Tagging
from xling.tasks.task import Link, Prediction, Row, by_example, numbered
from xling.tasks.word_rows import (
    checked_tags,
    item_scores,
    tags_in,
    token_head,
    tokens_in,
    tokens_of,
    word_rows,
)
from xling.tasks.xsid_scorer import xsid_compatible_f1
from xling.words.aligning import Aligner
from xling.words.projecting import carried_spans

INTENT = "intent:"
_TAGGING = Tagging()
_USUAL = Columns(label="intent")


def _columns(how: Reading) -> Iterator[Utterance]:
    return xsid_utterances(how.where, language=how.language, labels=how.labels, labelled=how.gold)


class IntentSlots:
    """Intents and slots of utterances to an assistant. Metric: micro F1 of exact slots, with intent accuracy.

    The targets of a row are the number of outputs that are tags, the intent (only in an utterance's first
    row), and a tag for each word.
    """

    name, metric, together, template = "intent-slots", "f1", False, "intents"
    link = Link(lambda scores, labels: _logs(scores, _tag_count(labels)))
    files = Files(
        readers={"conll": _columns, "tsv": _columns},
        rows=("jsonl", "text"),
        input_only=("text",),
        usual="conll",
    )
    outputs = {}

    def of_rows(self, rows: Iterable[Record], how: Reading) -> Iterator[Utterance]:
        """Make examples of rows with tokens, tags and intent, or with a text, its spans and its intent.

        In {"text", "spans", "intent"}, the format of INJONGO, a span is {"start_byte", "limit_byte",
        "label"}; in spite of the names, both count characters. Texts from the Hub mark slots with brackets,
        as MASSIVE does.
        """
        return (_utterance(row, how, number) for number, row in enumerate(rows))

    def example(self, item: Any, id: str, language: str) -> Utterance:
        return Utterance(tokens=tokens_of(item), tags=None, intent=None, id=id, language=language)

    def labels(self, examples: Sequence[Utterance]) -> tuple[str, ...]:
        """Return the slot tags, then the intents; raises InputError when no utterance has an intent."""
        intents = sorted({example.intent for example in examples if example.intent is not None})
        if not intents:
            raise InputError("no utterance of the training data has an intent", where="--train")
        return (*_TAGGING.labels(examples), *(f"{INTENT}{name}" for name in intents))

    head = staticmethod(token_head)

    def rows(
        self, examples: Sequence[Utterance], tokenizer: Any, labels: Sequence[str], max_length: int
    ) -> list[Row]:
        slots: list[list[int]] = []
        intents: list[list[int]] = []
        for example in examples:
            tags, intent = _gold(example) or ((), None)
            slots.append([numbered(tag, labels, example) for tag in tags])
            intents.append([] if intent is None else [numbered(f"{INTENT}{intent}", labels, example)])
        tokens = [example.tokens for example in examples]
        rows = word_rows(tokens, slots, tokenizer, max_length, opening=intents)
        count = _tag_count(labels)
        return [replace(row, targets=(count, *row.targets)) if row.targets else row for row in rows]

    def loss(self, logits: Tensor, rows: Sequence[Row]) -> Tensor:
        items = torch.cat(self.pick(logits, rows)).float()
        count = rows[0].targets[0]
        wanted = torch.as_tensor([target for row in rows for target in row.targets[1:]], device=logits.device)
        intent = wanted >= count
        loss = cross_entropy(items[~intent, :count], wanted[~intent])
        if intent.any():  # only the first window of an utterance has an intent
            loss = loss + cross_entropy(items[intent, count:], wanted[intent] - count)
        return loss

    pick = staticmethod(item_scores)

    def decode(
        self,
        examples: Sequence[Utterance],
        rows: Sequence[Row],
        scores: Sequence[Tensor],
        labels: Sequence[str],
    ) -> list[Prediction]:
        found = by_example(rows, scores, len(examples))
        return [
            _decoded(example, torch.cat(own), labels) for example, own in zip(examples, found, strict=True)
        ]

    def carried(self, said: Prediction, example: Utterance, aligner: Aligner) -> Utterance:
        """Carry the slots over, and the intent as it is."""
        links = aligner.links(example.tokens, said["tokens"])
        return replace(example, tags=tuple(carried_spans(said["tags"], links)), intent=said["intent"])

    def gold(self, example: Utterance) -> Prediction:
        known = _gold(example)
        return {} if known is None else {"tags": list(known[0]), "intent": known[1]}

    def label_names(self, example: Utterance) -> list[str]:
        return [*types(example.tags or ()), str(example.intent)]

    def counts(self, examples: Sequence[Utterance], predictions: Sequence[Prediction]) -> np.ndarray:
        """Count, for each utterance, [right slots, predicted slots, gold slots, right intent (0 or 1), 1]."""
        slots = _TAGGING.counts(examples, predictions)
        right = [example.intent == row["intent"] for example, row in zip(examples, predictions, strict=True)]
        return np.column_stack([slots, np.asarray(right, dtype=float), np.ones(len(right))])

    def value(self, sums: np.ndarray) -> np.ndarray:
        """Compute the F1 of the slots in percent; the last two counts are for the intent accuracy."""
        return _TAGGING.value(sums[..., :3])

    def score(self, examples: Sequence[Utterance], predictions: Sequence[Prediction]) -> dict[str, float]:
        """Compute F1 of slots, intent accuracy, fully right utterances, and F1 by xSID's own script."""
        gold, found = [example.tags or () for example in examples], [row["tags"] for row in predictions]
        sums = self.counts(examples, predictions)
        intents = sums[:, 3]
        whole = [set(spans(right)) == set(spans(own)) for right, own in zip(gold, found, strict=True)]
        return {
            **_TAGGING.score(examples, predictions),
            "intent_accuracy": 100 * float(intents.mean()),
            "all_right": 100 * float((intents * whole).mean()),
            "xsid_compatible_f1": xsid_compatible_f1(gold, found),
        }

    def compare(self, gold: Prediction, predicted: Prediction) -> list[Comparison]:
        intents = {"key": "intent", "scores": "intent_scores", "title": "Intents", "unit": "utterances"}
        return [one_label(gold, predicted, **intents), tagged_spans(gold, predicted)]


def _utterance(row: Record, how: Reading, number: int) -> Utterance:
    columns = how.columns or _USUAL
    if how.columns is None or columns.tokens in row.cells:
        tokens, tags = tokens_in(row, how), tags_in(row, how) if how.gold else ()
        if tokens is None and how.gold and (text := as_text(row.cells.get("text"))) is not None:
            tokens = tuple(words(text))
            tags = tags_of_spans(text, tokens, _spans(row.cells.get("spans"), len(text), row.place))
    else:
        row.require([columns.text])
        plain, spans = annotated(row.text(columns.text), row.place)
        tokens = tuple(spoken(plain, how.language))
        tags = tags_of_spans(plain, tokens, spans)
        if not tokens:
            raise row.place.fault("the utterance is empty")
    label = columns.label or str(_USUAL.label)
    if how.columns is not None:
        row.require([label])
    intent = (as_text(row.cells.get(label)) or "").strip()
    if not tokens or tags is None or (how.gold and not intent):
        raise _no_utterance(row.place, how.gold)
    return Utterance(
        tokens=tokens,
        tags=checked_tags(row, tags, tokens, how, called="slot") if how.gold else None,
        intent=how.labels.get(intent, intent) if how.gold else None,
        id=how.identity(row, number),
        language=how.language_of(row),
        translation=how.translation_of(row),
    )


def _spans(value: object, length: int, place: Place) -> list[Span]:
    """The spans of a row in JSON; raises InputError for a value that is not a span of the text."""
    found: list[Span] = []
    for span in value if isinstance(value, list) else [None]:
        facts = span if isinstance(span, dict) else {}
        start, end, label = facts.get("start_byte"), facts.get("limit_byte"), as_text(facts.get("label"))
        if not (isinstance(start, int) and isinstance(end, int) and label and 0 <= start < end <= length):
            raise place.fault(
                f"{shown(span)} is no span of a text of {length} characters",
                hint='write "spans": [{"start_byte": 0, "limit_byte": 5, "label": "TIME"}, ...]',
            )
        found.append((start, end, label))
    return found


def _no_utterance(place: Place, labelled: bool) -> InputError:
    if not labelled:
        hint = 'write {"tokens": ["wake", "me"]} or {"text": "wake me"}'
        return place.fault("not a row with tokens or a text", hint=hint)
    return place.fault(
        "not a row with tokens, tags and intent, nor one with text, spans and intent",
        hint='write {"tokens": ["wake", "me"], "tags": ["O", "O"], "intent": "alarm/set_alarm"}',
    )


def _gold(example: Utterance) -> tuple[tuple[str, ...], str] | None:
    """The gold tags and intent; None when either is missing."""
    return None if example.tags is None or example.intent is None else (example.tags, example.intent)


def _tag_count(labels: Sequence[str]) -> int:
    """The number of labels that are tags, which come before the intents."""
    return sum(not label.startswith(INTENT) for label in labels)


def _logs(scores: Tensor, count: int) -> Tensor:
    """The log-probabilities of tags, the first `count` outputs, and of intents, each with its own softmax."""
    return torch.cat([scores[:, :count].log_softmax(-1), scores[:, count:].log_softmax(-1)], dim=1)


def _decoded(example: Utterance, scores: Tensor, labels: Sequence[str]) -> Prediction:
    """The prediction of an utterance. scores: [items, outputs]; the first item scores the intent."""
    count = _tag_count(labels)
    tags = best_tags(scores[1:, :count].float().numpy(force=True), labels[:count])
    names = [label.removeprefix(INTENT) for label in labels[count:]]
    chances = scores[0, count:].softmax(-1).tolist()
    return {
        "id": example.id,
        "language": example.language,
        "tokens": list(example.tokens),
        "tags": tags,
        "spans": described(tags, example.tokens),
        "intent": names[int(scores[0, count:].argmax())],
        "intent_scores": {name: round(chance, 6) for name, chance in zip(names, chances, strict=True)},
    }


TASK = IntentSlots()
