"""CoNLL-U: words with parts of speech and dependency trees. Multiword ranges and empty nodes are skipped.

The library `conllu` interprets word numbers and comments. It keeps no line numbers and accepts lines of any
width, so lines, columns and trees are checked here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, groupby, islice
from pathlib import Path
from typing import Any, Literal

from conllu.exceptions import ParseException
from conllu.parser import parse_comment_line, parse_id_value, parse_int_value

from xling.data.examples import ParsedSentence, TaggedSentence
from xling.data.line_stream import raw_lines, stream_lines
from xling.data.place import Line, Place, line_blocks
from xling.data.textfile import find
from xling.data.trees import tree_fault
from xling.errors import InputError
from xling.printable import shown

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
    """Return what `conllu_sentences` yields."""
    return list(conllu_sentences(path, language=language, gold=gold, labels=labels))


def conllu_sentences(
    path: str | Path,
    *,
    language: str,
    gold: Collection[Gold] = ("tags", "tree"),
    labels: Mapping[str, str] | None = None,
) -> Iterator[ParsedSentence]:
    """Read the words of each sentence in a file or its `.gz`.

    gold: the annotation that every word must have: `tags` for parts of speech (UPOS), `tree` for heads and
        relations of the basic tree. Annotation that is not listed is returned as None.
    labels: new names for parts of speech and relations.

    The id of a sentence is its `# sent_id`, or else its number; it is DOCUMENT/ID if the file has `# newdoc`.
    A line `# translation = TEXT` gives its translation.
    Raises InputError naming file and line for a line without ten columns, a wrong word number, a head outside
    the sentence, heads that do not form a tree with one root, or a sentence without words.
    """
    names = labels or {}
    documents, document = 0, ""
    for number, block in enumerate(line_blocks(stream_lines(path), path)):
        comments = _comments(block)
        started = [key for key in comments if key == "newdoc" or key.startswith("newdoc ")]
        if started:
            documents += 1
            document = comments.get("newdoc id") or str(documents)
        own = comments.get("sent_id") or str(number)
        words = _words(block)
        tags = _tags(words) if "tags" in gold else None
        heads, relations = _tree(words) if "tree" in gold else (None, None)
        yield ParsedSentence(
            tokens=tuple(cells[_FORM] for _, cells in words),
            tags=_renamed(tags, names),
            heads=heads,
            relations=_renamed(relations, names),
            # a slash separates document and sentence; UD does not allow it in sentence ids
            id=f"{document}/{own.replace('/', '_')}" if documents else own,
            language=language,
            translation=(comments["translation"],) if comments.get("translation") else None,
        )


def as_tagged(sentences: Iterable[ParsedSentence]) -> Iterator[TaggedSentence]:
    """Yield the same sentences with only their parts of speech."""
    return (TaggedSentence(own.tokens, own.tags, own.id, own.language, own.translation) for own in sentences)


def fill_conllu(path: str | Path, rows: Iterable[Mapping[str, Any]], *, first: int = 0) -> Iterator[bytes]:
    """Yield a CoNLL-U file with predictions written into it; everything else stays the same, byte for byte.

    rows: one mapping per sentence with its `tokens` and any of `tags` (written to UPOS), `heads`,
        `relations`.
    first: the index of the sentence of the first row; the lines of earlier ones are left out.
    The lines of each sentence come at once, and at last the blank ones after all. A `.gz` file is unpacked.
    Raises InputError when the tokens of the rows differ from the file's.
    """
    blocks = islice(_raw_sentences(find(Path(path))), first, None)
    number = first
    for number, row in enumerate(rows, start=first + 1):
        lines = next(blocks, [])
        words = [cells for line in lines if (cells := _word_cells(line))]
        if [cells[_FORM] for cells in words] != list(row["tokens"]):
            raise _of_another_file(number, path)
        filled = ({key: row[key][place] for key in _FILLED if key in row} for place in range(len(words)))
        yield "".join(_filled(line, filled) for line in lines).encode("utf-8")
    rest = list(chain.from_iterable(blocks))
    if any(map(_word_cells, rest)):
        raise _of_another_file(number + 1, path)
    yield "".join(rest).encode("utf-8")


def _of_another_file(number: int, path: str | Path) -> InputError:
    problem = f"the predictions are not of this file: they differ from sentence {number} on"
    return InputError(problem, where=path)


def _raw_sentences(path: Path) -> Iterator[list[str]]:
    """Yield the lines of each sentence after the blank lines before it, with their ends; then the rest."""
    texts = (line.decode("utf-8") for lines in raw_lines(path) for line in lines)
    before: list[str] = []
    for filled, block in groupby(texts, key=lambda line: bool(line.removeprefix("\ufeff").strip())):
        lines = [*before, *block]
        if filled:
            yield lines
        before = [] if filled else lines
    yield before


def _word_cells(line: str) -> list[str]:
    """Return the cells of the line of a word, none for another line."""
    cells = line.split("\t")
    return cells if len(cells) == _COLUMNS and cells[_ID].removeprefix("\ufeff").isdecimal() else []


def _filled(line: str, values: Iterator[Mapping[str, Any]]) -> str:
    cells = _word_cells(line)
    if not cells:
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
