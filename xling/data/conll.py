"""CoNLL columns: one token with its tag per line, and a blank line after each sentence."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from xling.data.bio import is_bio, rename_types, repaired
from xling.data.examples import TaggedSentence, Translation
from xling.data.line_stream import stream_lines
from xling.data.place import Line, Place, line_blocks
from xling.errors import InputError

Scheme = Literal["bio", "plain"]

_DOCUMENT = "-DOCSTART-"
_BLANKS = re.compile(r"[ \t]+")  # not all white space: U+00A0 may be a token
_TRANSLATION = re.compile(r"# translation\s*=\s*(\S.*?)\s*")
_NO_WORD = re.compile(r"\d+[-.]\d+")  # CoNLL-U: a multiword range or an empty node


class ConllLayout(BaseModel):
    """Which columns hold tokens and tags, and what kind of tags they are.

    token, tag: column numbers from 0, or negative from the end; a tag of None reads tokens alone.
    scheme: `bio` for tags of spans, `plain` for one label per token (such as parts of speech).
    empty: the token to use where the token column is empty; without it an empty token is an error.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    token: int = 0
    tag: int | None = -1
    scheme: Scheme = "bio"
    empty: str | None = None

    def least_columns(self) -> int:
        """Return the smallest number of columns that a line must have."""
        places = [self.token] if self.tag is None else [self.token, self.tag]
        return max(2 * (self.tag is not None), *(place + 1 if place >= 0 else -place for place in places))


TAGGED = ConllLayout()
UNLABELLED = ConllLayout(tag=None)
PLAIN = ConllLayout(scheme="plain")


def read_conll(
    path: str | Path,
    *,
    language: str,
    layout: ConllLayout = TAGGED,
    labels: Mapping[str, str] | None = None,
) -> list[TaggedSentence]:
    """Return what `conll_sentences` yields."""
    return list(conll_sentences(path, language=language, layout=layout, labels=labels))


def conll_sentences(
    path: str | Path,
    *,
    language: str,
    layout: ConllLayout = TAGGED,
    labels: Mapping[str, str] | None = None,
) -> Iterator[TaggedSentence]:
    """Read the sentences of a file or its `.gz`. BIO tags are converted to IOB2.

    labels: new names for the types of spans, or for plain tags; the name `O` drops a type of span.

    Columns are separated by tabs if a line has any, otherwise by blanks. Lines with -DOCSTART- are skipped. A
    line that begins with `# ` is a comment, unless it has as many columns as the other lines and ends in a
    tag: `# O` is the token `#`. A lone `#` before a sentence is a comment too if the other lines have more
    columns. `# translation = TEXT` gives the translation of its sentence.

    Raises InputError naming file and line when a column is missing or a tag is not BIO.
    """
    width = _width(path)
    blocks = line_blocks(stream_lines(path), path)
    read = ((_rows(block, layout, width), _translation(block, layout, width)) for block in blocks)
    number = -1
    for number, (rows, translation) in enumerate(own for own in read if own[0]):
        tokens, tags = zip(*rows, strict=True)
        named = _renamed(tags, layout, labels or {})
        yield TaggedSentence(tokens, named, str(number), language, translation)
    if number < 0:
        raise InputError("no sentence in this file", where=path)


def write_conll(rows: Iterable[tuple[Sequence[str], Sequence[str] | None]]) -> str:
    """Write rows of (tokens, tags) as CoNLL text: token, blank, tag, and a blank line after each sentence.

    Only tokens are written where tags are None. Raises InputError when a token is empty or contains white
    space, because it could not be read back.
    """
    return "".join(conll_block(tokens, tags, number) for number, (tokens, tags) in enumerate(rows))


def conll_block(tokens: Sequence[str], tags: Sequence[str] | None, number: int) -> str:
    """Return the lines of one row of `write_conll`. number: its index, for messages."""
    for token in tokens:
        if not token or re.search(r"[ \t\r\n]", token):
            raise InputError(f"the token {token!r} of sentence {number} cannot stand in CoNLL columns")
    lines = [" ".join(row) for row in zip(tokens, *([] if tags is None else [tags]), strict=True)]
    return "".join(f"{line}\n" for line in (*lines, ""))


def _columns(line: str) -> list[str]:
    return [cell.strip(" ") for cell in line.split("\t")] if "\t" in line else _BLANKS.split(line.strip(" "))


def _width(path: str | Path) -> int:
    """Return the most frequent number of columns, or 0 if no line may be a comment."""
    if not any(line.startswith("# ") or line == "#" for line in stream_lines(path)):
        return 0
    lines = (line for line in stream_lines(path) if line.strip() and not line.startswith("#"))
    found = Counter(len(_columns(line)) for line in lines)
    return found.most_common(1)[0][0] if found else 2


def _rows(block: Sequence[Line], layout: ConllLayout, width: int) -> list[tuple[str, str]]:
    """Return token and tag of each line that is one."""
    rows: list[tuple[str, str]] = []
    least = layout.least_columns()
    for place, line in block:
        columns = _columns(line)
        comment = _is_comment(line, columns, width, layout) or (line == "#" and not rows and width > 1)
        if comment or columns[0] == _DOCUMENT or (layout.token > 0 and _NO_WORD.fullmatch(columns[0])):
            continue
        if len(columns) < least:
            raise _too_narrow(columns, least, place)
        rows.append(_row(columns, layout, place))
    return rows


def _translation(block: Sequence[Line], layout: ConllLayout, width: int) -> Translation | None:
    """Return what the last comment `# translation = TEXT` of a sentence says; None without one."""
    found = None
    for _, line in block:
        said = _TRANSLATION.fullmatch(line)
        if said is not None and _is_comment(line, _columns(line), width, layout):
            found = (said[1],)
    return found


def _is_comment(line: str, columns: Sequence[str], width: int, layout: ConllLayout) -> bool:
    if not line.startswith("# ") or len(columns) != width:
        return line.startswith("# ")
    last = columns[-1]
    spans = is_bio(last) and (layout.tag is None or layout.scheme == "bio")
    return not (spans or (last.isupper() and (layout.tag is None or layout.scheme == "plain")))


def _row(columns: Sequence[str], layout: ConllLayout, place: Place) -> tuple[str, str]:
    token = columns[layout.token] or layout.empty
    if not token:
        raise place.fault("the token is empty", hint="give a token or drop the line")
    if layout.tag is None:
        return token, ""
    tag = columns[layout.tag]
    if not (is_bio(tag) if layout.scheme == "bio" else tag):
        raise place.fault(f"{tag!r} is no tag", choices=_tag_choices(layout.scheme))
    return token, tag


def _too_narrow(columns: Sequence[str], least: int, place: Place) -> InputError:
    return place.fault(
        f"{len(columns)} column{'s' * (len(columns) != 1)} ({columns[0]!r}) where {least} are needed",
        hint="separate the columns by a tab or a blank",
    )


def _tag_choices(scheme: Scheme) -> tuple[str, ...]:
    return ("O", "B-TYPE", "I-TYPE") if scheme == "bio" else ("a tag in the tag column",)


def _renamed(tags: Sequence[str], layout: ConllLayout, labels: Mapping[str, str]) -> tuple[str, ...] | None:
    if layout.tag is None:
        return None
    if layout.scheme == "plain":
        return tuple(labels.get(tag, tag) for tag in tags)
    return tuple(rename_types(repaired(tags), labels))
