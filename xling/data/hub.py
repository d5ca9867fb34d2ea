"""Data sets of the Hub, through the library `datasets` (extra `xling[hub]`), imported when needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from xling.data.bio import is_bio, rename_types, to_iob2
from xling.data.card_schema import DataCard, Hub, Task
from xling.data.examples import LabelledText, TaggedSentence
from xling.data.reading import Rows
from xling.errors import InputError

_MOST_WORDS = 30


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
        return load_dataset(hub.id, config, split=theirs, revision=hub.revision, data_files=files)
    except Exception as error:  # the library has no family of errors of its own
        reason = " ".join(str(error).split()[:_MOST_WORDS]) or type(error).__name__
        raise InputError(f"the Hub's {hub.id} {config or ''} {theirs} cannot be read: {reason}") from error


def _column(rows: Any, column: str, hub: Hub) -> str:
    if column not in rows.column_names:
        raise InputError(
            f"no column {column!r}", where=hub.id, choices=rows.column_names, hint="mend the card"
        )
    return column


def _namer(rows: Any, column: str) -> Callable[[Any], str]:
    """From a stored label to its name: a number where the column is a ClassLabel, or a list of them."""
    feature = rows.features[column]
    names = getattr(getattr(feature, "feature", feature), "names", None)
    return (lambda value: names[value]) if names else str


def _lines(card: DataCard, hub: Hub, rows: Any, language: str) -> list[str]:
    texts = rows[_column(rows, hub.columns.text, hub)]
    return [line for text in texts if (line := " ".join(text.split()))]


def _tagged(card: DataCard, hub: Hub, rows: Any, language: str) -> list[TaggedSentence]:
    tokens, tags = _column(rows, hub.tokens, hub), _column(rows, hub.tags, hub)
    name = _namer(rows, tags)
    examples = []
    for number, row in enumerate(rows):
        own = [name(tag) for tag in row[tags]]
        if card.conll.scheme == "plain":
            own = [card.labels.get(tag, tag) for tag in own]
        elif all(map(is_bio, own)) and len(own) == len(row[tokens]):
            own = rename_types(to_iob2(own)[0], card.labels)
        else:
            raise InputError(f"row {number} has no BIO tag for each token", where=hub.id)
        examples.append(TaggedSentence(tuple(row[tokens]), tuple(own), str(number), language))
    return examples


def _labelled(card: DataCard, hub: Hub, rows: Any, language: str) -> list[LabelledText]:
    columns = hub.columns
    for column in (columns.text, columns.label, columns.pair, columns.id):
        if column is not None:
            _column(rows, column, hub)
    name = _namer(rows, columns.label) if columns.label else str
    return [
        LabelledText(
            text=str(row[columns.text]),
            label=card.labels.get(own := name(row[columns.label]), own) if columns.label else None,
            id=str(row[columns.id]) if columns.id else str(number),
            language=language,
            pair=str(row[columns.pair]) if columns.pair else None,
        )
        for number, row in enumerate(rows)
    ]


_OF_TASK: Mapping[Task, Callable[[DataCard, Hub, Any, str], Rows]] = {
    "tagging": _tagged,
    "pos": _tagged,
    "classification": _labelled,
    "text": _lines,
}
