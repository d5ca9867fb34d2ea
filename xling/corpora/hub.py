"""Data sets from the Hub, through the library `datasets` (extra `xling[hub]`), imported when needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from xling.corpora.card import DataCard, Hub
from xling.data.place import Place
from xling.data.rows import Record
from xling.data.template import filled
from xling.errors import InputError

_MOST_WORDS = 30


def hub_rows(card: DataCard, hub: Hub, *, language: str, split: str) -> Iterator[Record]:
    """Yield the rows of a language and split. `hub.id` may be a local folder in the Hub's layout.

    Labels stored as numbers are replaced by their names, or by None where there is no gold label (-1, as in
    test sets with hidden labels). Raises InputError when `datasets` is not installed or the data cannot be
    loaded.
    """
    rows = _loaded(card, hub, language, split)
    named = {column: names for column in rows.column_names if (names := _names(rows.features[column]))}
    for number, row in enumerate(rows):
        place = Place(hub.id, path=f"row {number}")
        cells = {name: _named(value, named.get(name)) for name, value in row.items()}
        yield Record(cells, place, Place(hub.id))


def _loaded(card: DataCard, hub: Hub, language: str, split: str) -> Any:
    try:
        from datasets import load_dataset
    except ImportError as error:
        raise InputError(
            f"reading {hub.id} from the Hub needs the package datasets", hint="pip install 'xling[hub]'"
        ) from error
    upstream, theirs = card.upstream(language), hub.splits.get(split, split)
    config = filled(hub.config, upstream=upstream, split=theirs) if hub.config else None
    files = {theirs: filled(hub.files, upstream=upstream, split=theirs)} if hub.files else None
    try:
        return load_dataset(
            hub.id, config, split=theirs, revision=hub.revision, data_files=files, trust_remote_code=False
        )
    except Exception as error:  # the library has no common base class for its errors
        reason = " ".join(str(error).split()[:_MOST_WORDS]) or type(error).__name__
        raise InputError(f"the Hub's {hub.id} {config or ''} {theirs} cannot be read: {reason}") from error


def _names(feature: Any) -> Callable[[int], str | None] | None:
    """Return the lookup from number to name for a column of class labels, or of lists of them, else None."""
    names = getattr(getattr(feature, "feature", feature), "names", None)
    return dict(enumerate(names)).get if names else None


def _named(value: Any, name: Callable[[int], str | None] | None) -> Any:
    if name is None or value is None:
        return value
    return list(map(name, value)) if isinstance(value, list) else name(value)
