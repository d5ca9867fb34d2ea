"""MasakhaNER: the test file's tokens, each with one predicted BIO tag; a blank line ends each sentence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from xling.data.conll import TAGGED, UNLABELLED, read_conll, write_conll
from xling.data.line_stream import read_lines
from xling.errors import InputError
from xling.languages import UNKNOWN
from xling.submission.aligning import by_order, checked_tags, other_tokens, tag_fault
from xling.submission.submission import Predicted, Predictions, SharedTask, quoted, span_f1

TYPES = ("PER", "ORG", "LOC", "DATE")
CODES = (
    "amh", "bam", "bbj", "ewe", "fon", "hau", "ibo", "kin", "lug", "luo", "mos", "nya", "pcm", "sna", "swa",
    "tsn", "twi", "wol", "xho", "yor", "zul",
)  # fmt: skip
LANGUAGES: Mapping[str, str] = {**{code: code for code in CODES if code != "swa"}, "swh": "swa"}


@dataclass(frozen=True, kw_only=True)
class GoldSentence:
    """A sentence of the test file.

    number: its number in the file, counted from 1.
    tags: its gold tags, or None if the file has none.
    """

    file: str
    number: int
    tokens: tuple[str, ...]
    tags: tuple[str, ...] | None
    id: str | None = None

    @property
    def place(self) -> str:
        """The sentence's number and file, as error messages name it."""
        return f"sentence {self.number} of {self.file}"


def write(test: Path, predictions: Predictions, code: str) -> bytes:
    """Return the submission file: the tokens of the test file with the predicted tags."""
    sentences = _sentences(test)
    types = _types(sentences)
    matched = by_order(sentences, predictions, _other_sentence)
    pairs = zip(sentences, matched, strict=True)
    rows = [(item.tokens, checked_tags(row, len(item.tokens), types)) for item, row in pairs]
    return write_conll(rows).encode("utf-8")


def validate(name: str, data: bytes, test: Path) -> int:
    """Check that each line has a token, one blank and a well-formed tag; return the number of sentences.

    Raises InputError for the first fault. Tokens and sentences must be those of the test file.
    """
    sentences = _sentences(test)
    types = _types(sentences)
    found = list(_written(name, data))
    if len(found) != len(sentences):
        raise InputError(f"{len(found)} sentences where the test file has {len(sentences)}", where=name)
    for item, (line, tokens, tags) in zip(sentences, found, strict=True):
        if tuple(tokens) != item.tokens:
            raise InputError(f"the tokens are not those of {item.place}", where=name, line=line)
        fault = tag_fault(tags, types)
        if fault is not None:
            place, problem = fault
            raise InputError(f"the tag {quoted(tags[place])} {problem}", where=name, line=line + place)
    return len(found)


def score(data: bytes, test: Path) -> dict[str, float]:
    """Return the F1 of spans in percent, or an empty mapping without gold tags."""
    sentences = _sentences(test)
    gold = [item.tags for item in sentences if item.tags is not None]
    if not gold:
        return {}
    return {"span_f1": span_f1(gold, [tags for _, _, tags in _written("", data)])}


def _written(name: str, data: bytes) -> Iterator[tuple[int, list[str], list[str]]]:
    """Yield the first line, the tokens and the tags of each sentence of a submission file."""
    text = data.decode("utf-8")
    if not text.endswith("\n\n"):
        raise InputError("no blank line after the last sentence", where=name)
    tokens: list[str] = []
    tags: list[str] = []
    for number, line in enumerate(text.removesuffix("\n").split("\n"), start=1):
        columns = line.split(" ")
        if line and (len(columns) != 2 or not all(columns)):
            raise InputError(f"{quoted(line)} is no token, blank and tag", where=name, line=number)
        if line:
            tokens.append(columns[0])
            tags.append(columns[1])
        elif tokens:
            yield number - len(tokens), tokens, tags
            tokens, tags = [], []


def _sentences(test: Path) -> list[GoldSentence]:
    """Return the sentences of a test file. They have gold tags if any tag of the file marks a span."""
    layout = TAGGED if any(map(_has_span, read_lines(test))) else UNLABELLED
    found = read_conll(test, language=UNKNOWN, layout=layout)
    return [
        GoldSentence(file=test.name, number=number, tokens=item.tokens, tags=item.tags)
        for number, item in enumerate(found, start=1)
    ]


def _has_span(line: str) -> bool:
    columns = line.split()
    return len(columns) > 1 and columns[0] != "#" and columns[-1][:2] in ("B-", "I-")


def _types(sentences: list[GoldSentence]) -> set[str]:
    """Return the task's types together with those of the gold tags, since later releases may have others."""
    return {*TYPES, *(tag[2:] for item in sentences for tag in item.tags or () if tag[2:])}


def _other_sentence(item: GoldSentence, row: Predicted) -> str | None:
    return other_tokens(item.tokens, row)


TASK = SharedTask(
    write=write,
    validate=validate,
    score=score,
    pattern="{code}.txt",
    codes=CODES,
    languages=LANGUAGES,
)
