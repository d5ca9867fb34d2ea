"""AfriSenti (SemEval-2023 Task 12): one TSV file per language with the columns `ID` and `label`.

Every ID of the test file occurs once. Rules and score are those of the organisers' repository,
afrisenti-semeval/afrisent-semeval-2023.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from xling.errors import InputError
from xling.submission.aligning import by_id, refuse_repeated_ids
from xling.submission.submission import Predictions, SharedTask, quoted, weighted_f1
from xling.submission.tables import TableRow, gold_labels, table_rows

LABELS = ("positive", "neutral", "negative")
HEADER = "ID\tlabel"

# The organisers' codes: languages of task A, `multilingual` for task B, and for task C both the codes
# of the published files (or, tg) and those of ISO 639-1 (ti for Tigrinya).
CODES = (
    "am", "dz", "ha", "ig", "kr", "ma", "pcm", "pt", "sw", "ts", "twi", "yo", "multilingual", "or", "tg",
    "ti", "ta",
)  # fmt: skip
LANGUAGES: Mapping[str, str] = {
    "amh": "am", "arq": "dz", "hau": "ha", "ibo": "ig", "kin": "kr", "ary": "ma", "pcm": "pcm", "por": "pt",
    "swh": "sw", "tso": "ts", "twi": "twi", "yor": "yo", "gaz": "or", "tir": "tg",
}  # fmt: skip


def write(test: Path, predictions: Predictions, code: str) -> bytes:
    """Return the submission file: the predicted label of each ID, in the order of the test file."""
    rows = _rows(test)
    matched = by_id(rows, predictions)
    lines = [f"{row.id}\t{own.choice('label', LABELS)}" for row, own in zip(rows, matched, strict=True)]
    return "".join(f"{line}\n" for line in [HEADER, *lines]).encode("utf-8")


def validate(name: str, data: bytes, test: Path) -> int:
    """Check the header, both columns, the labels and the IDs; return the number of rows.

    Raises InputError for the first fault. Each ID of the test file must occur exactly once.
    """
    wanted = {row.id for row in _rows(test)}
    header, *lines = data.decode("utf-8").removesuffix("\n").split("\n")
    if header != HEADER:
        raise InputError(f"the header is {quoted(header)}, not {HEADER!r}", where=name, line=1)
    seen: set[str] = set()
    for number, line in enumerate(lines, start=2):
        identity, _, label = line.partition("\t")
        if label not in LABELS:
            raise InputError(f"the label is {quoted(label)}", where=name, line=number, choices=LABELS)
        if identity in seen or identity not in wanted:
            fault = "stands twice" if identity in seen else "is none of the test file's"
            raise InputError(f"the ID {quoted(identity)} {fault}", where=name, line=number)
        seen.add(identity)
    if seen != wanted:
        missing = next(row for row in _rows(test) if row.id not in seen)
        raise InputError(f"the ID {quoted(missing.id)} of {missing.place} is missing", where=name)
    return len(lines)


def score(data: bytes, test: Path) -> dict[str, float]:
    """Return the weighted F1 in percent, or an empty mapping without gold labels."""
    rows = _rows(test)
    gold = gold_labels(rows, LABELS)
    if gold is None:
        return {}
    lines = data.decode("utf-8").removesuffix("\n").split("\n")[1:]
    found = dict(line.split("\t") for line in lines)
    return {"weighted_f1": weighted_f1(gold, [found[str(row.id)] for row in rows])}


def _rows(test: Path) -> list[TableRow]:
    rows = table_rows(test, {"id": ("ID", "id"), "text": ("tweet", "text")}, {"label": ("label",)})
    for row in rows:
        if not row.id or re.search(r'["\t\r\n]', row.id):
            problem = f"the ID {quoted(row.id)} cannot stand in a submission file"
            raise InputError(problem, where=test, line=row.line, hint="give each row a plain ID")
    refuse_repeated_ids(rows, test)
    return rows


TASK = SharedTask(
    write=write,
    validate=validate,
    score=score,
    pattern="pred_{code}.tsv",
    codes=CODES,
    languages=LANGUAGES,
)
