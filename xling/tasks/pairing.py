"""Rows with the paired texts that a plan reads: given translations, glosses, or the texts themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from torch import Tensor

from xling.bases.batches import pad_rows
from xling.data.examples import TEXTS, Example
from xling.errors import InputError
from xling.tasks.rewriting import reworded
from xling.tasks.task import Row, Task, by_example

if TYPE_CHECKING:
    from xling.tasks.inference import ReadingComposition

_KEPT = (*TEXTS, "id", "language")  # fields of an example that are no labels


def paired_rows(
    task: Task,
    rows: Sequence[Row],
    *,
    examples: Sequence[Example],
    reader: ReadingComposition,
    labels: Sequence[str],
    max_length: int,
) -> list[Row]:
    """Return rows with the pieces of their paired texts, where the plan reads these.

    The task encodes a paired text as it would a text, with the base's tokenizer. The nth row of an example
    gets the nth row of its paired text, or the last one. examples: as they were read, with unchanged texts.

    Raises InputError, which names the example, where the plan reads a paired text and there is none.
    """
    wanting = [number for number, one in enumerate(examples) if reader.pairing(one.language) is not None]
    if not wanting:
        return list(rows)
    tokenizer = reader.base.tokenizer
    others = [paired(examples[number], reader) for number in wanting]
    encoded = task.rows(others, tokenizer, labels, max_length)
    grouped = dict(zip(wanting, by_example(encoded, encoded, len(others)), strict=True))
    unread = Row(ids=(tokenizer.cls_token_id, tokenizer.sep_token_id), at=(), targets=(), example=0)
    taken = dict.fromkeys(grouped, 0)
    found = []
    for row in rows:
        own = grouped.get(row.example) or [unread]
        place = taken.get(row.example, 0)
        taken[row.example] = place + 1
        found.append(replace(row, pair=own[min(place, len(own) - 1)].ids))
    return found


def paired(example: Example, reader: ReadingComposition) -> Example:
    """Return the paired text of an example as an example without labels.

    Raises InputError when there is none, or when there are more or fewer translations than texts.
    """
    how, given = reader.pairing(example.language), getattr(example, "translation", None)
    if given:
        other = _translated(example, given)
    elif how == "gloss":
        other = reworded(example, partial(reader.rewritten, language=example.language))
    elif how == "own":
        other = example
    else:
        raise InputError(
            f"example {example.id} in {example.language} has no translation, and the plan reads one",
            where="--plan",
            hint="give each row a `translation` (in CoNLL a line `# translation = ...`), or put a lexicon "
            f"leftmost: words/{example.language} >> ...",
        )
    labels = [own.name for own in fields(example) if own.name not in _KEPT]
    return replace(other, **dict.fromkeys(labels))


def padded_pairs(rows: Sequence[Row], pad_id: int, device: str) -> tuple[Tensor, Tensor] | None:
    """Return the piece ids of rows' paired texts, right-padded, and their mask; None where none are read."""
    return pad_rows([row.pair for row in rows], pad_id, device) if any(row.pair for row in rows) else None


def _translated(example: Example, given: Sequence[str]) -> Example:
    """Return an example with each of its texts translated. given: one text for each, in their order."""
    own = {name: value for name in TEXTS if (value := getattr(example, name, None)) is not None}
    if "tokens" in own:
        return replace(example, tokens=tuple(" ".join(given).split()))
    wanted = sum(1 if isinstance(value, str) else len(value) for value in own.values())
    if len(given) != wanted:
        raise InputError(
            f"example {example.id} has {wanted} text{'s' * (wanted > 1)} ({', '.join(own)}) and {len(given)} "
            f"translation{'s' * (len(given) > 1)}",
            where=f"data in {example.language}",
            hint='give one for each, as a list: "translation": ["...", "..."]',
        )
    left = iter(given)
    return replace(example, **{name: _filled(value, left) for name, value in own.items()})


def _filled(value: Any, left: Iterator[str]) -> Any:
    return next(left) if isinstance(value, str) else tuple(next(left) for _ in value)
