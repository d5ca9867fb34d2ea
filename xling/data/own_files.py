"""A user's own file as examples: the format as told or found, the columns by their usual names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from xling.data.bio import is_bio, to_iob2
from xling.data.cells import shown
from xling.data.choices import read_choices
from xling.data.conll import PLAIN, TAGGED, UNLABELLED, ConllLayout, read_conll
from xling.data.conllu import as_tagged, read_conllu
from xling.data.examples import Example, LabelledText, MultiLabelledText, ParsedSentence, TaggedSentence
from xling.data.formats import AUTO, format_of
from xling.data.multi_label import flag_columns, read_multi_label
from xling.data.rows import as_text, as_texts, read_rows
from xling.data.squad import read_squad
from xling.data.table import Columns, read_table
from xling.data.textfile import read_lines
from xling.data.tokenise import words
from xling.data.utterances import read_utterances
from xling.errors import InputError

_LABELS = ("label", "category", "sentiment", "topic")
_LABEL_LISTS = ("labels", "emotions", "emotion", *_LABELS)
_TEXTS = ("text", "sentence", "tweet", "premise")
_IDS = ("id", "index_id", "ID")

Read = Callable[[Path, str, str], Iterable[Example]]  # of path, language and format


@dataclass(frozen=True)
class UserFiles:
    """How one task's files are read, by their format: with gold labels, and without.

    open: the format of an ending that says nothing, with gold and without (see `format_of`).
    """

    labelled: Mapping[str, Read]
    unlabelled: Mapping[str, Read]
    open: tuple[str | None, str | None] = (None, None)


def read_labelled(path: Path, *, task: str, language: str, format: str = AUTO) -> list[Example]:
    """Examples with gold labels, in one of the formats that the task's files have (see `_FILES`)."""
    files = _FILES[task]
    found = format_of(path, task=task, accepted=files.labelled, told=format, open=files.open[0])
    return list(files.labelled[found](path, language, found))


def read_input(path: Path, *, task: str, language: str, format: str = AUTO) -> list[Example]:
    """Examples to predict: as `read_labelled` without the labels, or plain text where the task takes it.

    Plain text is one example a line, split into tokens by `xling.data.tokenise.words` where need be.
    """
    found = input_format(path, task=task, format=format)
    return list(_FILES[task].unlabelled[found](path, language, found))


def input_format(path: Path, *, task: str, format: str = AUTO) -> str:
    """The format in which `read_input` reads a file."""
    files = _FILES[task]
    return format_of(path, task=task, accepted=files.unlabelled, told=format, open=files.open[1])


def register_files(task: str, files: UserFiles) -> None:
    """Let the files of one more task be read; ValueError where they are already."""
    if task in _FILES:
        raise ValueError(f"files of {task} are read already")
    _FILES[task] = files


def guess_columns(path: Path, format: str, *, labelled: bool = True) -> Columns:
    """The columns of a table by their usual names; InputError lists the header when they are others."""
    _, header = next(read_rows(path, format), (1, {}))
    text = next((name for name in _TEXTS if name in header), None)
    label = next((name for name in _LABELS if name in header), None)
    if text is None or (labelled and label is None):
        missing, there = "text" if text is None else "label", ", ".join(map(shown, header))
        raise InputError(
            f"no column of the {missing} in the header ({there})",
            where=path,
            line=1,
            choices=_TEXTS if text is None else _LABELS,
            hint="rename the column",
        )
    return Columns(
        text=text,
        label=label if labelled else None,
        pair="hypothesis" if "hypothesis" in header else None,
        id=next((name for name in _IDS if name in header), None),
    )


def _columns(path: Path, language: str, format: str, *, layout: ConllLayout) -> Iterable[TaggedSentence]:
    return read_conll(path, language=language, layout=layout)


def _tree_words(path: Path, language: str, format: str, *, gold: bool) -> Iterable[TaggedSentence]:
    return as_tagged(read_conllu(path, language=language, gold=("tags",) if gold else ()))


def _trees(path: Path, language: str, format: str) -> Iterable[Example]:
    """Parts of speech are not read."""
    return read_conllu(path, language=language, gold=("tree",))


def _text_words(path: Path, language: str, format: str) -> Iterable[TaggedSentence]:
    return (TaggedSentence(tuple(words(line)), None, id, language) for id, line in _lines(path))


def _without_trees(read: Callable[[Path, str, str], Iterable[TaggedSentence]]) -> Read:
    def sentences(path: Path, language: str, format: str) -> Iterable[Example]:
        found = read(path, language, format)
        return (
            ParsedSentence(
                tokens=s.tokens, tags=None, heads=None, relations=None, id=s.id, language=s.language
            )
            for s in found
        )

    return sentences


def _table(path: Path, language: str, format: str, *, labelled: bool) -> Iterable[Example]:
    columns = guess_columns(path, format, labelled=labelled)
    return read_table(path, language=language, columns=columns, format=format)


def _texts(path: Path, language: str, format: str) -> Iterable[Example]:
    return (LabelledText(line, None, id, language) for id, line in _lines(path))


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    """Number and text of each line that holds one."""
    lines = (" ".join(line.split()) for line in read_lines(path))
    return ((str(number), line) for number, line in enumerate(filter(None, lines)))


def _json_sentences(
    path: Path, language: str, format: str, *, tagged: bool, bio: bool = True
) -> Iterator[TaggedSentence]:
    for index, (number, row) in enumerate(read_rows(path, format)):
        tokens = as_texts(row.get("tokens"))
        tags = as_texts(row.get("tags")) if tagged else ()
        if not tokens or tags is None:
            raise InputError(
                f"not a row with tokens{' and tags' if tagged else ''}, which are lists of text",
                where=path,
                line=number,
                hint='write {"tokens": ["Amina", ...], "tags": ["B-PER", ...]}',
            )
        if tagged and len(tags) != len(tokens):
            raise InputError(f"{len(tokens)} tokens but {len(tags)} tags", where=path, line=number)
        wrong = next((tag for tag in tags if bio and not is_bio(tag)), None)
        if wrong is not None:
            raise InputError(
                f"{wrong!r} is no tag", where=path, line=number, choices=("O", "B-TYPE", "I-TYPE")
            )
        yield TaggedSentence(
            tokens,
            (tuple(to_iob2(tags)[0]) if bio else tags) if tagged else None,
            as_text(row.get("id")) or str(index),
            as_text(row.get("language")) or language,
        )


def _utterances(path: Path, language: str, format: str, *, labelled: bool) -> Iterable[Example]:
    """Columns as xSID has them, JSONL with tokens, tags and intent, or with text, spans and intent."""
    return read_utterances(path, language=language, labelled=labelled, format=format)


def _multi_labelled(path: Path, language: str, format: str) -> Iterable[Example]:
    """One column of all labels, or one of zeros and ones for each label."""
    columns = _multi_columns(path, format)
    return read_multi_label(path, language=language, columns=columns, format=format)


def _multi_unlabelled(path: Path, language: str, format: str) -> Iterable[Example]:
    columns = guess_columns(path, format, labelled=False)
    return read_multi_label(path, language=language, columns=columns, format=format)


def _multi_texts(path: Path, language: str, format: str) -> Iterable[Example]:
    return (MultiLabelledText(line, None, id, language) for id, line in _lines(path))


def _questions(path: Path, language: str, format: str, *, labelled: bool) -> Iterable[Example]:
    """SQuAD 1.1 JSON, or JSONL with context, question and answers."""
    return read_squad(path, language=language, labelled=labelled, format=format)


def _choices(path: Path, language: str, format: str, *, labelled: bool) -> Iterable[Example]:
    """One of `xling.data.choices.LAYOUTS`."""
    return read_choices(path, language=language, labelled=labelled, format=format)


def _multi_columns(path: Path, format: str) -> Columns:
    known = guess_columns(path, format, labelled=False)
    _, header = next(read_rows(path, format), (1, {}))
    listed = next((name for name in _LABEL_LISTS if name in header), None)
    if listed is not None:
        return known.model_copy(update={"label": listed})
    flags = flag_columns(path, known.named(), format)
    if not flags:
        problem = f"no column of the labels in the header ({', '.join(map(shown, header))})"
        hint = "rename the column of the labels, or give each label a column of zeros and ones"
        raise InputError(problem, where=path, line=1, choices=_LABEL_LISTS, hint=hint)
    return known.model_copy(update={"labels": flags})


_TABLES = ("tsv", "csv", "jsonl")
_TAGGED = partial(_columns, layout=TAGGED)
_PLAIN = partial(_columns, layout=PLAIN)
_TOKENS = partial(_columns, layout=UNLABELLED)
_WORDS: Mapping[str, Callable[[Path, str, str], Iterable[TaggedSentence]]] = {
    "conll": _TOKENS,
    "conllu": partial(_tree_words, gold=False),
    "tsv": _TOKENS,
    "jsonl": partial(_json_sentences, tagged=False),
    "text": _text_words,
}

_FILES: dict[str, UserFiles] = {
    "tagging": UserFiles(
        {"conll": _TAGGED, "tsv": _TAGGED, "jsonl": partial(_json_sentences, tagged=True)},
        _WORDS,
        ("conll", "columns"),
    ),
    "pos": UserFiles(
        {
            "conllu": partial(_tree_words, gold=True),
            "conll": _PLAIN,
            "tsv": _PLAIN,
            "jsonl": partial(_json_sentences, tagged=True, bio=False),
        },
        _WORDS,
        ("conll", "columns"),
    ),
    "parsing": UserFiles(
        {"conllu": _trees},
        {name: _without_trees(read) for name, read in _WORDS.items()},
        ("conllu", "columns"),
    ),
    "classification": UserFiles(
        dict.fromkeys(_TABLES, partial(_table, labelled=True)),
        {**dict.fromkeys(_TABLES, partial(_table, labelled=False)), "text": _texts},
        (None, "text"),
    ),
    "intent-slots": UserFiles(
        dict.fromkeys(("conll", "tsv", "jsonl"), partial(_utterances, labelled=True)),
        dict.fromkeys(("conll", "tsv", "jsonl", "text"), partial(_utterances, labelled=False)),
        ("conll", "columns"),
    ),
    "multi-label": UserFiles(
        dict.fromkeys(_TABLES, _multi_labelled),
        {**dict.fromkeys(_TABLES, _multi_unlabelled), "text": _multi_texts},
        (None, "text"),
    ),
    "question-answering": UserFiles(
        dict.fromkeys(("json", "jsonl"), partial(_questions, labelled=True)),
        dict.fromkeys(("json", "jsonl"), partial(_questions, labelled=False)),
    ),
    "multiple-choice": UserFiles(
        dict.fromkeys(_TABLES, partial(_choices, labelled=True)),
        dict.fromkeys(_TABLES, partial(_choices, labelled=False)),
    ),
}
