"""A user's own file as examples: the format by its ending, the columns by their usual names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from xling.data.bio import is_bio, to_iob2
from xling.data.choices import read_choices
from xling.data.conll import PLAIN, UNLABELLED, read_conll
from xling.data.conllu import as_tagged, read_conllu
from xling.data.examples import Example, LabelledText, MultiLabelledText, ParsedSentence, TaggedSentence
from xling.data.multi_label import flag_columns, read_multi_label
from xling.data.opening import ending, read_lines
from xling.data.rows import DELIMITERS, JSON_ENDINGS, as_text, as_texts, read_rows, shown
from xling.data.squad import read_squad
from xling.data.table import Columns, read_table
from xling.data.utterances import read_utterances
from xling.data.words import words
from xling.errors import InputError

__all__ = ["ending", "guess_columns", "read_input", "read_labelled"]

_LABELS = ("label", "category", "sentiment", "topic")
_LABEL_LISTS = ("labels", "emotions", "emotion", *_LABELS)
_TEXTS = ("text", "sentence", "tweet", "premise")
_IDS = ("id", "index_id", "ID")
_COLUMNS_PROBE = 50  # lines
_CONLLU = ".conllu"

Read = Callable[[Path, str], Iterable[Example]]


@dataclass(frozen=True)
class UserFiles:
    """How the files of one task are read, with gold labels and without; given path and language."""

    labelled: Read
    unlabelled: Read


def read_labelled(path: Path, *, task: str, language: str) -> list[Example]:
    """Examples with gold labels, in the format that the task's files have (see `_FILES`)."""
    return list(_FILES[task].labelled(path, language))


def read_input(path: Path, *, task: str, language: str) -> list[Example]:
    """Examples to predict: as `read_labelled` without the labels, or plain text where the task takes it.

    Plain text is one example a line, split into tokens by `xling.data.words.words` where need be.
    """
    return list(_FILES[task].unlabelled(path, language))


def guess_columns(path: Path, *, labelled: bool = True) -> Columns:
    """The columns of a table by their usual names; InputError lists the header when they are others."""
    if ending(path) not in (*DELIMITERS, *JSON_ENDINGS):
        raise InputError("no table by its ending", where=path, choices=[*DELIMITERS, *JSON_ENDINGS])
    _, header = next(read_rows(path), (1, {}))
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


def _tagged(path: Path, language: str) -> Iterable[Example]:
    """CoNLL, or JSONL with `tokens` and `tags`."""
    if ending(path) in JSON_ENDINGS:
        return _json_sentences(path, language, tagged=True)
    return read_conll(path, language=language)


def _tokens(path: Path, language: str) -> Iterable[TaggedSentence]:
    if ending(path) in JSON_ENDINGS:
        return _json_sentences(path, language, tagged=False)
    if ending(path) == ".txt" and not _looks_like_columns(path):
        lines = _lines(path)
        return (TaggedSentence(tuple(words(line)), None, id, language) for id, line in lines)
    return read_conll(path, language=language, layout=UNLABELLED)


def _parts_of_speech(path: Path, language: str) -> Iterable[Example]:
    """CoNLL-U, CoNLL, or JSONL with `tokens` and `tags`."""
    if ending(path) == _CONLLU:
        return as_tagged(read_conllu(path, language=language, gold=("tags",)))
    if ending(path) in JSON_ENDINGS:
        return _json_sentences(path, language, tagged=True, bio=False)
    return read_conll(path, language=language, layout=PLAIN)


def _words(path: Path, language: str) -> Iterable[TaggedSentence]:
    if ending(path) == _CONLLU:
        return as_tagged(read_conllu(path, language=language, gold=()))
    return _tokens(path, language)


def _trees(path: Path, language: str) -> Iterable[Example]:
    """CoNLL-U; parts of speech are not read."""
    return read_conllu(path, language=language, gold=("tree",))


def _treeless(path: Path, language: str) -> Iterable[Example]:
    return (ParsedSentence(s.tokens, None, None, None, s.id, s.language) for s in _words(path, language))


def _labelled(path: Path, language: str) -> Iterable[Example]:
    """TSV, CSV or JSONL."""
    return read_table(path, language=language, columns=guess_columns(path))


def _texts(path: Path, language: str) -> Iterable[Example]:
    if ending(path) == ".txt":
        return (LabelledText(line, None, id, language) for id, line in _lines(path))
    return read_table(path, language=language, columns=guess_columns(path, labelled=False))


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    """Number and text of each line that holds one."""
    lines = (" ".join(line.split()) for line in read_lines(path))
    return ((str(number), line) for number, line in enumerate(filter(None, lines)))


def _looks_like_columns(path: Path) -> bool:
    """One token a line and blank lines between sentences, as CoNLL in a .txt has it."""
    lines = read_lines(path)[:_COLUMNS_PROBE]
    filled = [line.split() for line in lines if line.strip()]
    return len(filled) < len(lines) and all(len(columns) == 2 for columns in filled)


def _json_sentences(path: Path, language: str, *, tagged: bool, bio: bool = True) -> Iterator[TaggedSentence]:
    for index, (number, row) in enumerate(read_rows(path)):
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


def _utterances(path: Path, language: str) -> Iterable[Example]:
    """Columns as xSID has them, or JSONL with tokens, tags and intent, or with text, spans and intent."""
    return read_utterances(path, language=language)


def _spoken(path: Path, language: str) -> Iterable[Example]:
    return read_utterances(path, language=language, labelled=False)


def _multi_labelled(path: Path, language: str) -> Iterable[Example]:
    """TSV, CSV or JSONL with one column of all labels, or with one of zeros and ones for each label."""
    return read_multi_label(path, language=language, columns=_multi_columns(path))


def _multi_texts(path: Path, language: str) -> Iterable[Example]:
    if ending(path) == ".txt":
        return (MultiLabelledText(line, None, id, language) for id, line in _lines(path))
    return read_multi_label(path, language=language, columns=guess_columns(path, labelled=False))


def _questions(path: Path, language: str) -> Iterable[Example]:
    """SQuAD 1.1 JSON, or JSONL with context, question and answers."""
    return read_squad(path, language=language)


def _asked(path: Path, language: str) -> Iterable[Example]:
    return read_squad(path, language=language, labelled=False)


def _choices(path: Path, language: str) -> Iterable[Example]:
    """JSONL, TSV or CSV in one of `xling.data.choices.LAYOUTS`."""
    return read_choices(path, language=language)


def _unchosen(path: Path, language: str) -> Iterable[Example]:
    return read_choices(path, language=language, labelled=False)


def _multi_columns(path: Path) -> Columns:
    known = guess_columns(path, labelled=False)
    _, header = next(read_rows(path), (1, {}))
    listed = next((name for name in _LABEL_LISTS if name in header), None)
    if listed is not None:
        return known.model_copy(update={"label": listed})
    flags = flag_columns(path, known.named())
    if not flags:
        problem = f"no column of the labels in the header ({', '.join(map(shown, header))})"
        hint = "rename the column of the labels, or give each label a column of zeros and ones"
        raise InputError(problem, where=path, line=1, choices=_LABEL_LISTS, hint=hint)
    return known.model_copy(update={"labels": flags})


_FILES: Mapping[str, UserFiles] = {
    "tagging": UserFiles(_tagged, _tokens),
    "pos": UserFiles(_parts_of_speech, _words),
    "parsing": UserFiles(_trees, _treeless),
    "classification": UserFiles(_labelled, _texts),
    "intent-slots": UserFiles(_utterances, _spoken),
    "multi-label": UserFiles(_multi_labelled, _multi_texts),
    "question-answering": UserFiles(_questions, _asked),
    "multiple-choice": UserFiles(_choices, _unchosen),
}
