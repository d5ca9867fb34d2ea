"""Matching predictions to a test file: one per row, for the same text, with well-formed tags."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Protocol, TypeVar, runtime_checkable

from xling.data.bio import OUTSIDE, is_bio
from xling.errors import InputError
from xling.submission.submission import Predicted, Predictions, quoted

AGAIN = "predict this very test file again"


@runtime_checkable
class Item(Protocol):
    """What one prediction belongs to: a row or a sentence of a test file."""

    @property
    def id(self) -> str | None:
        """The id of the row, or None if the file has no ids."""
        ...

    @property
    def place(self) -> str:
        """Where the row is in the file, as error messages name it."""
        ...


ItemT = TypeVar("ItemT", bound=Item)
Differ = Callable[[ItemT, Predicted], str | None]


def refuse_repeated_ids(items: Sequence[Item], test: Path) -> None:
    """Raise InputError for the first id that occurs twice in a test file."""
    first: dict[str | None, Item] = {}
    for item in items:
        before = first.setdefault(item.id, item)
        if before is not item:
            raise InputError(
                f"the id {quoted(item.id)} stands twice, at {before.place} and {item.place}",
                where=test,
                hint="take the participants' file as the organisers gave it",
            )


def by_id(
    items: Sequence[ItemT], predictions: Predictions, differ: Differ[ItemT] | None = None
) -> list[Predicted]:
    """Return the prediction of each item, matched by id.

    differ: a function that says how a prediction's text differs from an item's, or returns None.

    Raises InputError for the first id that is repeated or not in the test file, then for the first that is
    missing, then for the first row of another text.
    """
    known = {item.id for item in items}
    _refuse_repeated_rows(predictions.rows)
    for row in predictions.rows:
        if row.id is None:
            raise row.place.fault("the row has no id, and the test file has ids", hint=AGAIN)
        if row.id not in known:
            raise row.place.fault(f"the id {quoted(row.id)} is none of the test file's", hint=AGAIN)
    found = {row.id: row for row in predictions.rows}
    for item in items:
        if item.id not in found:
            raise InputError(
                f"no prediction for the id {quoted(item.id)} at {item.place}",
                where=predictions.path,
                hint=AGAIN,
            )
    matched = [found[item.id] for item in items]
    _refuse_others(items, matched, differ)
    return matched


def by_order(
    items: Sequence[ItemT], predictions: Predictions, differ: Differ[ItemT], *, ids_count: bool = True
) -> list[Predicted]:
    """Return the predictions in their own order, one for each item.

    differ: a function that says how a prediction's text differs from an item's, or returns None.
    ids_count: whether repeated ids are refused.

    Raises InputError for the first row that has another text, is missing, or is one too many.
    """
    rows = predictions.rows
    if ids_count:
        _refuse_repeated_rows(rows)
    _refuse_others(items, rows, differ)
    if len(rows) < len(items):
        place = items[len(rows)].place
        problem = f"no prediction for {place}: {len(rows)} rows where the test file has {len(items)}"
        raise InputError(problem, where=predictions.path, hint=AGAIN)
    if len(rows) > len(items):
        raise rows[len(items)].place.fault(
            f"a row too many: {len(rows)} where the test file has {len(items)}", hint=AGAIN
        )
    return list(rows)


def _refuse_repeated_rows(rows: Sequence[Predicted]) -> None:
    first: dict[str | None, Predicted] = {}
    for row in rows:
        before = first.setdefault(row.id, row)
        if row.id is not None and before is not row:
            problem = f"the id {quoted(row.id)} stands twice, first in {before.place}"
            raise row.place.fault(problem, hint=AGAIN)


def _refuse_others(items: Sequence[ItemT], rows: Sequence[Predicted], differ: Differ[ItemT] | None) -> None:
    counts = "" if len(items) == len(rows) else f" ({len(rows)} rows where the test file has {len(items)})"
    for item, row in zip(items, rows, strict=False):  # the callers check the number of rows
        problem = differ(item, row) if differ else None
        if problem:
            raise row.place.fault(f"{problem} at {item.place}{counts}", hint=AGAIN)


def other_tokens(tokens: Sequence[str], row: Predicted) -> str | None:
    """Return how the tokens of a row differ from those of the test file, or None if they do not.

    An empty token in the test file matches any token.
    """
    found = row.texts("tokens")
    if found is None:
        return "the row has no 'tokens', a list of text, to hold against those"
    for number, (wanted, own) in enumerate(zip(tokens, found, strict=False), start=1):
        if wanted and own != wanted:
            return f"token {number} is {quoted(own)} instead of {quoted(wanted)}"
    if len(tokens) != len(found):
        return f"{len(found)} tokens instead of the {len(tokens)}"
    return None


def checked_tags(row: Predicted, count: int, types: Collection[str]) -> list[str]:
    """Return the tags of a row.

    Raises InputError when their number is wrong, a tag is not well-formed BIO, or a type is unknown.
    """
    tags = row.texts("tags")
    if tags is None:
        hint = "write the predictions with xling predict and a tagging task module"
        raise row.place.fault("the row has no 'tags', a list of text", hint=hint)
    if len(tags) != count:
        raise row.place.fault(f"{len(tags)} tags for {count} tokens", hint="give one tag for each token")
    fault = tag_fault(tags, types)
    if fault is not None:
        number, problem = fault
        choices = (OUTSIDE, "B-TYPE", "I-TYPE with TYPE of", *sorted(types))
        hint = "a span begins with B- and goes on with I- of its own type"
        raise row.place.fault(
            f"tag {number + 1}, {quoted(tags[number])}, {problem}", choices=choices, hint=hint
        )
    return tags


def tag_fault(tags: Sequence[str], types: Collection[str]) -> tuple[int, str] | None:
    """Return the index and the fault of the first wrong tag, or None if all tags are BIO of these types."""
    before = OUTSIDE
    for number, tag in enumerate(tags):
        if not is_bio(tag):
            return number, "is no BIO tag"
        if tag != OUTSIDE and tag[2:] not in types:
            return number, "has a type that is none of the task's"
        if tag.startswith("I-") and before[2:] != tag[2:]:
            return number, f"goes on with a span that {quoted(before)} before it does not begin"
        before = tag
    return None
