"""Choosing the format of a user's file: by an option, by the file name's ending, or by its lines."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import islice
from pathlib import Path

from xling.data.bio import is_bio
from xling.data.line_stream import stream_lines
from xling.data.textfile import ending, find
from xling.errors import InputError

AUTO = "auto"
ENDINGS: Mapping[str, str] = {
    ".conll": "conll", ".iob": "conll", ".iob2": "conll", ".bio": "conll", ".conllu": "conllu",
    ".tsv": "tsv", ".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json",
}  # fmt: skip
FORMATS = (AUTO, *dict.fromkeys(ENDINGS.values()), "text")

_UPOS = frozenset(
    "ADJ ADP ADV AUX CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ SYM VERB X".split()
)  # of Universal Dependencies
_CONLLU_COLUMNS = 10
_MOST_LINES = 2000


def format_of(
    path: Path,
    *,
    task: str,
    accepted: Collection[str],
    told: str,
    open: str | None,
    endings: Mapping[str, str] = ENDINGS,
) -> str:
    """Return the format of a file, which is one that the task accepts.

    told: the format that the user gave, or `auto`.
    open: the format for endings that do not name one, such as `.txt`; `columns` inspects the lines, None
        refuses.
    endings: the format of each ending.
    Raises InputError when the task does not accept the format.
    """
    known = endings.get(ending(find(path))) if told == AUTO else told
    if known == "json" and known not in accepted:
        known = "jsonl"  # JSON lines are called .json as well
    if known in accepted:
        return str(known)
    if told != AUTO:
        raise InputError(f"{task} is not read from {told!r}", where="--format", choices=(AUTO, *accepted))
    if known is None and open == "columns":
        return columns_or_text(path)
    if known is None and open is not None:
        return open
    called = "table" if "csv" in accepted else f"file of {task}"
    raise InputError(
        f"no {called} by its ending",
        where=path,
        choices=[end for end, name in endings.items() if name in accepted or end == ".json"],
        hint="end its name so, or say what it is by --format",
    )


def columns_or_text(path: Path) -> str:
    """Return `conll`, `conllu` or `text` by the first lines; raises InputError if that is unclear.

    A file has columns if every line ends in a tag (BIO, or a part of speech), if tabs give every line the
    same number of columns, if there is a -DOCSTART- line, or if there is one word per line with blank lines
    between.
    """
    unread = stream_lines(path)
    lines = list(islice(unread, _MOST_LINES))
    while not any(map(str.strip, lines)):
        lines = list(islice(unread, _MOST_LINES))
    filled = [line for line in lines if line.strip() and not line.startswith("# ")]
    tabs = [line.split("\t") for line in filled]
    cells = tabs if all(len(row) > 1 for row in tabs) else [line.split() for line in filled]
    last, widths = {row[-1].strip() for row in cells}, {len(row) for row in cells}
    parted = len(filled) < len(lines)
    if widths == {_CONLLU_COLUMNS} and all(row[0][:1].isdigit() for row in cells):
        return "conllu"
    if any(row[0] == "-DOCSTART-" for row in cells):
        return "conll"
    if min(widths) > 1 and (all(map(is_bio, last)) or last <= _UPOS):
        return "conll"
    if widths == {1} and len(filled) > 1:
        return "conll" if parted else _ask(path, "each line is one word, and no blank line parts them")
    if cells is tabs:
        return "conll" if len(widths) == 1 else _ask(path, "its lines hold tabs, not the same number in each")
    if len(widths) == 1 and parted and all(map(_like_a_tag, last)):
        return _ask(path, f"every line ends in what may be a tag ({min(last)})")
    if _mostly_tags(cells):
        return _ask(path, "most lines end in a BIO tag, but not all")
    return "text"


def _mostly_tags(cells: Sequence[Sequence[str]]) -> bool:
    tagged = sum(len(row) > 1 and is_bio(row[-1]) for row in cells)
    return 2 * tagged > len(cells)


def _like_a_tag(text: str) -> bool:
    return text.isascii() and text.isupper()


def _ask(path: Path, reason: str) -> str:
    raise InputError(
        f"columns or plain text? {reason}", where=path, hint="say --format conll, or --format text"
    )
