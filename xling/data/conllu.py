"""CoNLL-U: words with parts of speech and dependency trees. Multiword ranges and empty nodes are skipped.

The library `conllu` interprets word numbers and comments. It keeps no line numbers and accepts lines of any
width, so lines, columns and trees are checked here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any, Literal

from conllu.exceptions import ParseException
from conllu.parser import parse_comment_line, parse_id_value, parse_int_value

from xling.data.cells import shown
from xling.data.examples import ParsedSentence, TaggedSentence
from xling.data.place import Line, Place, line_blocks
from xling.data.textfile import find, read_bytes, read_lines
from xling.data.trees import tree_fault
from xling.errors import InputError

Gold = Literal["tags", "tree"]
Word = tuple[Place, list[str]]  # the place of its line, the columns of the line

_COLUMNS = 10
_ID, _FORM, _UPOS, _HEAD, _DEPREL = 0, 1, 3, 6, 7
_FILLED: Mapping[str, int] = {"tags": _UPOS, "heads": _HEAD, "relations": _DEPREL}
_NOTHING = ("", "_")


def read_conllu(
    path: str | Path,
    *,
    language: str,
    gold: Collection[Gold] = ("tags", "tree"),
    labels: Mapping[str, str] | None = None,
) -> list[ParsedSentence]:
    """Read the words of each sentence in a file or its `.gz`.

    gold: the annotation that every word must have: `tags` for parts of speech (UPOS), `tree` for heads and
        relations of the basic tree. Annotation that is not listed is returned as None.
    labels: new names for parts of speech and relations.

    The id of a sentence is its `# sent_id`, or else its number; it is DOCUMENT/ID if the file has `# newdoc`.
    Raises InputError naming file and line for a line without ten columns, a wrong word number, a head outside
    the sentence, heads that do not form a tree with one root, or a sentence without words.
    """
    sentences: list[ParsedSentence] = []
    names = labels or {}
    documents, document = 0, ""
    for block in line_blocks(read_lines(path), path):
        comments = _comments(block)
        started = [key for key in comments if key == "newdoc" or key.startswith("newdoc ")]
        if started:
            documents += 1
            document = comments.get("newdoc id") or str(documents)
        own = comments.get("sent_id") or str(len(sentences))
        words = _words(block)
        tags = _tags(words) if "tags" in gold else None
        heads, relations = _tree(words) if "tree" in gold else (None, None)
        sentences.append(
            ParsedSentence(
                tokens=tuple(cells[_FORM] for _, cells in words),
                tags=_renamed(tags, names),
                heads=heads,
                relations=_renamed(relations, names),
                # a slash separates document and sentence; UD does not allow it in sentence ids
                id=f"{document}/{own.replace('/', '_')}" if documents else own,
                language=language,
            )
        )
    return sentences


def as_tagged(sentences: Iterable[ParsedSentence]) -> list[TaggedSentence]:
    """Return the same sentences with only their parts of speech."""
    return [TaggedSentence(own.tokens, own.tags, own.id, own.language) for own in sentences]


def fill_conllu(path: str | Path, rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Write predictions into a copy of a CoNLL-U file; everything else stays the same, byte for byte.

    rows: one mapping per sentence with its `tokens` and any of `tags` (written to UPOS), `heads`,
        `relations`.
    A `.gz` file is returned unpacked. Raises InputError when the tokens of the rows differ from the file's.
    """
    given = [sentence.tokens for sentence in read_conllu(path, language="und", gold=())]
    words = [tuple(row["tokens"]) for row in rows]
    if given != words:
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(given, words, strict=False)))
        raise InputError(
            f"the predictions are not of this file: they differ from sentence {same + 1} of {len(given)} on",
            where=path,
        )
    values = (
        {key: row[key][number] for key in _FILLED if key in row}
        for row in rows
        for number in range(len(row["tokens"]))
    )
    lines = read_bytes(find(Path(path))).decode("utf-8").split("\n")
    return "\n".join(_filled(line, values) for line in lines).encode("utf-8")


def _filled(line: str, values: Iterator[Mapping[str, Any]]) -> str:
    cells = line.split("\t")
    if not cells[_ID].removeprefix("\ufeff").isdecimal():
        return line
    for key, value in next(values).items():
        cells[_FILLED[key]] = str(value)
    return "\t".join(cells)


def _comments(block: Sequence[Line]) -> dict[str, str]:
    texts = (line for _, line in block if line.startswith("#"))
    return {key: value or "" for text in texts for key, value in parse_comment_line(text)}


def _words(block: Sequence[Line]) -> list[Word]:
    words: list[Word] = []
    open_range: tuple[Place, int] | None = None  # place of its line, number of its last word
    for place, line in block:
        if line.startswith("#"):
            continue
        cells = line.split("\t")
        if len(cells) != _COLUMNS:
            raise place.fault(
                f"{len(cells)} column{'s' * (len(cells) != 1)} ({shown(cells[0])}) "
                f"where CoNLL-U has {_COLUMNS}",
                hint="separate the columns by tabs, and write _ for what is not given",
            )
        kind, first, last = _identity(cells[_ID], place)
        expected = len(words) + (kind != ".")
        if first != expected:
            raise _out_of_turn(cells[_ID], expected, place)
        if kind == "-":
            open_range = place, last
        elif kind == "":
            if not cells[_FORM]:
                raise place.fault("the word is empty", hint="write _ for no word")
            words.append((place, cells))
    if not words:
        raise block[0][0].fault("a sentence without words", hint="give it words or drop its comments")
    if open_range is not None and open_range[1] > len(words):
        problem = f"the range goes to word {open_range[1]}, and the sentence has {len(words)}"
        raise open_range[0].fault(problem, hint="is the file whole?")
    return words


def _identity(text: str, place: Place) -> tuple[str, int, int]:
    """Parse a word number into (kind, first, last).

    The kind is `-` for a range, `.` for an empty node, and empty for a word.
    """
    try:
        value = parse_id_value(text)
    except (ParseException, ValueError):  # ValueError: more digits than Python reads
        value = None
    if value is None:
        raise place.fault(f"{shown(text)} is no word number", choices=("1", "1-2", "1.1"))
    return ("", value, value) if isinstance(value, int) else (value[1], value[0], value[2])


def _out_of_turn(text: str, expected: int, place: Place) -> InputError:
    return place.fault(
        f"the word number {shown(text)} stands where {expected} is due",
        hint="number the words of a sentence 1, 2, 3, ..., each once, with a blank line after it",
    )


def _renamed(labels: Sequence[str] | None, names: Mapping[str, str]) -> tuple[str, ...] | None:
    return None if labels is None else tuple(names.get(label, label) for label in labels)


def _tags(words: Sequence[Word]) -> tuple[str, ...]:
    for place, cells in words:
        if cells[_UPOS] in _NOTHING:
            problem = f"the word {shown(cells[_FORM])} has no part of speech in column {_UPOS + 1}"
            raise place.fault(problem)
    return tuple(cells[_UPOS] for _, cells in words)


def _tree(words: Sequence[Word]) -> tuple[tuple[int, ...], tuple[str, ...]]:
    heads: list[int] = []
    for place, cells in words:
        try:
            head = parse_int_value(cells[_HEAD])
        except (ParseException, ValueError):
            head = None
        if head is None:
            problem = f"{shown(cells[_HEAD])} is no head of the word {shown(cells[_FORM])}"
            raise place.fault(problem, hint="give the head's word number, or 0")
        if cells[_DEPREL] in _NOTHING:
            problem = f"the word {shown(cells[_FORM])} has no relation in column {_DEPREL + 1}"
            raise place.fault(problem)
        heads.append(head)
    fault = tree_fault(heads)
    if fault is not None:
        raise words[fault[0] - 1][0].fault(fault[1])
    return tuple(heads), tuple(cells[_DEPREL] for _, cells in words)
