"""Utterances with slots and an intent: xSID's columns, JSON rows, texts with spans or with brackets."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from xling.data.bio import OUTSIDE, is_bio, rename_types, to_iob2
from xling.data.cells import shown
from xling.data.examples import Utterance
from xling.data.place import Place
from xling.data.rows import JSON_ENDINGS, as_text, as_texts, read_rows
from xling.data.textfile import ending, read_lines
from xling.data.tokenise import words
from xling.data.xsid import read_xsid
from xling.errors import InputError
from xling.languages import script

_BRACKETS = re.compile(r"\[\s*([^\[\]:]*?)\s*:\s*([^\[\]]*?)\s*\]")
_NO_SPACES = ("Hans", "Hant", "Jpan")

Span = tuple[int, int, str]  # first character, end, slot
Labels = Mapping[str, str]


def read_utterances(
    path: Path,
    *,
    language: str,
    labels: Labels | None = None,
    labelled: bool = True,
    format: str | None = None,
) -> list[Utterance]:
    """The utterances of a file: JSON rows (`json_utterance`), else xSID's columns.

    labels: other names for slots and intents. labelled=False reads tokens alone. format: `jsonl`, `conll`
    or `text` (one utterance a line without gold, split by `xling.data.tokenise.words`); by the ending where
    not told.
    Raises InputError naming file and line for what is neither.
    """
    format = format or ("jsonl" if ending(path) in JSON_ENDINGS else "conll")
    if format == "jsonl":
        rows = enumerate(read_rows(path, format))
        found = [
            json_utterance(row, Place(path, line), (str(number), language), labels=labels, labelled=labelled)
            for number, (line, row) in rows
        ]
        if not found:
            raise InputError("no utterance in this file", where=path)
        return found
    if format == "text":
        split = [words(line) for line in read_lines(path)]
        return [
            Utterance(tokens=tuple(tokens), tags=None, intent=None, id=str(number), language=language)
            for number, tokens in enumerate(filter(None, split))
        ]
    return read_xsid(path, language=language, labels=labels, labelled=labelled)


def json_utterance(
    row: Mapping[str, Any],
    place: Place,
    known: tuple[str, str],
    *,
    labels: Labels | None = None,
    labelled: bool = True,
) -> Utterance:
    """{"tokens", "tags", "intent"}, or a text with spans of characters, as INJONGO has them.

    known: id and language, where the row tells none. Of {"text", "spans", "intent"}, a span is
    {"start_byte", "limit_byte", "label"}: characters, in spite of the names.
    Raises InputError for rows of another kind, spans outside the text, or ill-formed tags.
    """
    names = labels or {}
    tokens = as_texts(row.get("tokens"))
    text = as_text(row.get("text"))
    tags: Sequence[str] | None = as_texts(row.get("tags"))
    if not tokens and text is not None:
        tokens = tuple(words(text))
        tags = tags_of_spans(text, tokens, _spans(row.get("spans"), len(text), place)) if labelled else None
    intent = as_text(row.get("intent"))
    if not tokens or (labelled and (tags is None or not (intent or "").strip())):
        raise _no_utterance(place, labelled)
    identity = as_text(row.get("id")) or known[0]
    own_language = as_text(row.get("language")) or known[1]
    if not labelled or tags is None or intent is None:
        return Utterance(tokens=tokens, tags=None, intent=None, id=identity, language=own_language)
    _check_tags(tags, len(tokens), place)
    intent = intent.strip()
    renamed = tuple(rename_types(to_iob2(tags)[0], names))
    return Utterance(
        tokens=tokens, tags=renamed, intent=names.get(intent, intent), id=identity, language=own_language
    )


def annotated(text: str, place: Place) -> tuple[str, list[Span]]:
    """`wake me at [time : five am]`, as MASSIVE writes it: the plain text, and its spans.

    Raises InputError for brackets that are no `[slot : words]`.
    """
    plain, spans, end = "", [], 0
    for match in _BRACKETS.finditer(text):
        plain += text[end : match.start()]
        if match[1] and match[2]:
            spans.append((len(plain), len(plain) + len(match[2]), match[1]))
        plain += match[2]
        end = match.end()
    plain += text[end:]
    if "[" in plain or "]" in plain:
        raise place.fault(f"{shown(text)!r} has brackets that are no [slot : words]")
    return plain, spans


def spoken(text: str, language: str) -> list[str]:
    """MASSIVE's own tokens: what stands between blanks; in Chinese and Japanese single characters.

    There, a chunk of ASCII letters stays whole.
    """
    chunks = text.split()
    if script(language) not in _NO_SPACES:
        return chunks
    return [token for chunk in chunks for token in ([chunk] if chunk.isascii() else chunk)]


def tags_of_spans(text: str, tokens: Sequence[str], spans: Sequence[Span]) -> list[str]:
    """BIO tags of the tokens of a text: a token belongs to the first span that it shares a character with.

    So a span may grow to whole words, and one inside another span's word is lost.
    """
    tags, end, last = [], 0, None
    ordered = sorted(spans)
    for token in tokens:
        start = text.index(token, end)
        end = start + len(token)
        own = next((span for span in ordered if span[0] < end and start < span[1]), None)
        tags.append(OUTSIDE if own is None else f"{'I' if own is last else 'B'}-{own[2]}")
        last = own
    return tags


def utterances_of(
    rows: Sequence[tuple[str, str]], language: str, *, where: str, labels: Labels
) -> list[Utterance]:
    """Utterances of (annotated text, intent), numbered. labels: other names for slots and intents.

    Raises InputError naming the row (from one) whose text is empty or has stray brackets.
    """
    found = []
    for number, (text, intent) in enumerate(rows):
        place = Place(where, number + 1)
        plain, spans = annotated(text, place)
        tokens = spoken(plain, language)
        if not tokens:
            raise place.fault("the utterance is empty")
        tags = rename_types(tags_of_spans(plain, tokens, spans), labels)
        found.append(
            Utterance(
                tokens=tuple(tokens),
                tags=tuple(tags),
                intent=labels.get(intent, intent),
                id=str(number),
                language=language,
            )
        )
    return found


def _spans(value: object, length: int, place: Place) -> list[Span]:
    """The spans of a JSON row."""
    found: list[Span] = []
    for span in value if isinstance(value, list) else [None]:
        facts = span if isinstance(span, dict) else {}
        start, end, label = facts.get("start_byte"), facts.get("limit_byte"), as_text(facts.get("label"))
        if not (isinstance(start, int) and isinstance(end, int) and label and 0 <= start < end <= length):
            raise place.fault(
                f"{shown(span)} is no span of a text of {length} characters",
                hint='write "spans": [{"start_byte": 0, "limit_byte": 5, "label": "TIME"}, ...]',
            )
        found.append((start, end, label))
    return found


def _check_tags(tags: Sequence[str], count: int, place: Place) -> None:
    if len(tags) != count:
        raise place.fault(f"{count} tokens but {len(tags)} tags")
    wrong = next((tag for tag in tags if not is_bio(tag)), None)
    if wrong is not None:
        raise place.fault(f"{shown(wrong)!r} is no slot", choices=("O", "B-SLOT", "I-SLOT"))


def _no_utterance(place: Place, labelled: bool) -> InputError:
    if not labelled:
        hint = 'write {"tokens": ["wake", "me"]} or {"text": "wake me"}'
        return place.fault("not a row with tokens or a text", hint=hint)
    return place.fault(
        "not a row with tokens, tags and intent, nor one with text, spans and intent",
        hint='write {"tokens": ["wake", "me"], "tags": ["O", "O"], "intent": "alarm/set_alarm"}',
    )
