"""Data sets of the Hub, through the library `datasets` (extra `xling[hub]`), imported when needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from xling.data.bio import is_bio, rename_types, to_iob2
from xling.data.card_schema import DataCard, Hub, Task
from xling.data.choices import choices_of
from xling.data.examples import (
    Choice,
    LabelledText,
    MultiLabelledText,
    ParsedSentence,
    Question,
    TaggedSentence,
    Utterance,
)
from xling.data.multi_label import labels_of
from xling.data.place import Place
from xling.data.reading import Rows
from xling.data.rows import as_text, shown
from xling.data.squad import grouped, questions_of
from xling.data.trees import tree_fault
from xling.data.utterances import utterances_of
from xling.errors import InputError

_MOST_WORDS = 30
_NO_WORD = "_"  # the tag of a range of words, which stands beside its words


def read_hub(card: DataCard, hub: Hub, *, language: str, split: str) -> Rows:
    """The examples of a language and split. hub.id may be a local folder in the Hub's layout.

    Labels stored as numbers get their names. Raises InputError where `datasets` is not installed,
    the data cannot be had, or it lacks a column.
    """
    rows = _rows(card, hub, language, split)
    return _OF_TASK[card.task](card, hub, rows, language)


def _rows(card: DataCard, hub: Hub, language: str, split: str) -> Any:
    try:
        from datasets import load_dataset
    except ImportError as error:
        raise InputError(
            f"reading {hub.id} from the Hub needs the package datasets", hint="pip install 'xling[hub]'"
        ) from error
    upstream, theirs = card.upstream(language), hub.splits.get(split, split)
    config = hub.config.format(upstream=upstream, split=theirs) if hub.config else None
    files = {theirs: hub.files.format(upstream=upstream, split=theirs)} if hub.files else None
    try:
        return load_dataset(
            hub.id, config, split=theirs, revision=hub.revision, data_files=files, trust_remote_code=False
        )
    except Exception as error:  # the library has no family of errors of its own
        reason = " ".join(str(error).split()[:_MOST_WORDS]) or type(error).__name__
        raise InputError(f"the Hub's {hub.id} {config or ''} {theirs} cannot be read: {reason}") from error


def _column(rows: Any, column: str, hub: Hub) -> str:
    if column not in rows.column_names:
        raise InputError(
            f"no column {column!r}", where=hub.id, choices=rows.column_names, hint="mend the card"
        )
    return column


def _namer(rows: Any, column: str) -> Callable[[Any], str | None]:
    """From a stored label to its name: a number where the column is a ClassLabel, or a list of them.

    None where there is no gold: null, or -1 as in test sets whose labels are kept back.
    """
    feature = rows.features[column]
    names = getattr(getattr(feature, "feature", feature), "names", None)
    known = dict(enumerate(names or ()))
    return lambda value: known.get(value) if names else None if value is None else str(value)


def _gold(rows: Any, column: str, hub: Hub) -> Callable[[Any, int], str]:
    """As `_namer`, of a value and the number of its row, where every row must have a label."""
    name = _namer(rows, column)

    def named(value: Any, row: int) -> str:
        found = name(value)
        if found is None:
            problem = f"row {row} has no label in {column!r} ({value})"
            raise InputError(problem, where=hub.id, hint="take a split that has labels")
        return found

    return named


def _text(row: Mapping[str, Any], column: str, hub: Hub, number: int) -> str:
    """The text of a row's cell; InputError for null, which is no word `None`, and for what is no text."""
    text = as_text(row[column])
    if text is None:
        raise InputError(f"row {number} holds {shown(row[column])} in {column!r}, no text", where=hub.id)
    return text


def _lines(card: DataCard, hub: Hub, rows: Any, language: str) -> list[str]:
    column = _column(rows, hub.columns.text, hub)
    texts = (_text(row, column, hub, number) for number, row in enumerate(rows))
    return [line for text in texts if (line := " ".join(text.split()))]


def _tagged(card: DataCard, hub: Hub, rows: Any, language: str) -> list[TaggedSentence]:
    tokens, tags = _column(rows, hub.tokens, hub), _column(rows, hub.tags, hub)
    name = _gold(rows, tags, hub)
    examples = []
    for number, row in enumerate(rows):
        words, own = list(row[tokens]), [name(tag, number) for tag in row[tags]]
        if card.conll.scheme == "plain" and len(own) == len(words):
            kept = [place for place, tag in enumerate(own) if tag != _NO_WORD]
            words = [words[place] for place in kept]
            own = [card.labels.get(own[place], own[place]) for place in kept]
        elif all(map(is_bio, own)) and len(own) == len(words):
            own = rename_types(to_iob2(own)[0], card.labels)
        else:
            kind = "" if card.conll.scheme == "plain" else "BIO "
            raise InputError(f"row {number} has no {kind}tag for each token", where=hub.id)
        examples.append(TaggedSentence(tuple(words), tuple(own), str(number), language))
    return examples


def _parsed(card: DataCard, hub: Hub, rows: Any, language: str) -> list[ParsedSentence]:
    """Words alone: ranges of words and empty nodes have no number as their head."""
    columns = [_column(rows, name, hub) for name in (hub.tokens, hub.tags, hub.heads, hub.relations)]
    name = _gold(rows, hub.tags, hub)
    examples = []
    for number, row in enumerate(rows):
        cells = zip(*(row[column] for column in columns), strict=False)
        words = [own for own in cells if str(own[2]).isdecimal()]
        heads = tuple(int(own[2]) for own in words)
        fault = tree_fault(heads)
        if fault is not None:
            raise InputError(f"row {number}: {fault[1]}", where=hub.id)
        tags, relations = [name(own[1], number) for own in words], [str(own[3]) for own in words]
        examples.append(
            ParsedSentence(
                tokens=tuple(own[0] for own in words),
                tags=tuple(card.labels.get(tag, tag) for tag in tags),
                heads=heads,
                relations=tuple(card.labels.get(relation, relation) for relation in relations),
                id=str(number),
                language=language,
            )
        )
    return examples


def _labelled(card: DataCard, hub: Hub, rows: Any, language: str) -> list[LabelledText]:
    columns = hub.columns
    for column in (columns.text, columns.label, columns.pair, columns.id):
        if column is not None:
            _column(rows, column, hub)
    name = _namer(rows, columns.label) if columns.label else None
    return [
        LabelledText(
            text=_text(row, columns.text, hub, number),
            label=card.labels.get(own, own) if name and (own := name(row[columns.label])) else None,
            id=str(row[columns.id]) if columns.id else str(number),
            language=language,
            pair=_text(row, columns.pair, hub, number) if columns.pair else None,
        )
        for number, row in enumerate(rows)
    ]


def _utterances(card: DataCard, hub: Hub, rows: Any, language: str) -> list[Utterance]:
    """Tokens and tags, or a text in which brackets mark the slots, each with its intent."""
    label = _column(rows, hub.columns.label or "intent", hub)
    name = _gold(rows, label, hub)
    intents = [name(value, number) for number, value in enumerate(rows[label])]
    if hub.tokens not in rows.column_names:
        column = _column(rows, hub.columns.text, hub)
        texts = (_text(row, column, hub, number) for number, row in enumerate(rows))
        pairs = list(zip(texts, intents, strict=True))
        return utterances_of(pairs, language, where=hub.id, labels=card.labels)
    sentences = _tagged(card, hub, rows, language)
    return [
        Utterance(
            tokens=row.tokens,
            tags=row.tags,
            intent=card.labels.get(intent, intent),
            id=row.id,
            language=language,
        )
        for row, intent in zip(sentences, intents, strict=True)
    ]


def _multi_labelled(card: DataCard, hub: Hub, rows: Any, language: str) -> list[MultiLabelledText]:
    columns = hub.columns
    for column in columns.named():
        _column(rows, column, hub)
    label = None if columns.labels else columns.label
    name = _gold(rows, label, hub) if label else None
    examples = []
    for number, row in enumerate(rows):
        if label and name and isinstance(row[label], list):
            row = {**row, label: [name(value, number) for value in row[label]]}
        own = labels_of(row, columns, card.labels, Place(hub.id, number + 1))
        identity = str(row[columns.id]) if columns.id else str(number)
        pair = _text(row, columns.pair, hub, number) if columns.pair else None
        text = _text(row, columns.text, hub, number)
        examples.append(MultiLabelledText(text=text, labels=own, id=identity, language=language, pair=pair))
    return examples


def _questions(card: DataCard, hub: Hub, rows: Any, language: str) -> list[Question]:
    """Of articles by their title, or of contexts by their number; answers as two lists."""
    for column in ("context", "question", "answers"):
        _column(rows, column, hub)
    return questions_of(grouped(rows, hub.id), language, labelled=True, where=hub.id)


def _choices(card: DataCard, hub: Hub, rows: Any, language: str) -> list[Choice]:
    numbered = ((number, row) for number, row in enumerate(rows, start=1))
    return choices_of(numbered, language, labelled=True, where=hub.id)


_OF_TASK: Mapping[Task, Callable[[DataCard, Hub, Any, str], Rows]] = {
    "tagging": _tagged,
    "pos": _tagged,
    "parsing": _parsed,
    "classification": _labelled,
    "intent-slots": _utterances,
    "multi-label": _multi_labelled,
    "text": _lines,
    "question-answering": _questions,
    "multiple-choice": _choices,
}
