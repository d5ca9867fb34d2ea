"""Diagnose how well bases split a text, and present the result as JSON, as table rows or as an HTML page."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from xling.bases.base import load_base
from xling.data.text import read_text
from xling.errors import InputError
from xling.files import write_atomically
from xling.jobs.words_held import Sources, expectations, shares
from xling.languages import name, parse
from xling.vocabulary.diagnosis.advice import percent
from xling.vocabulary.diagnosis.diagnosis import MEASURES, Diagnosis, beside, diagnose, unreads
from xling.vocabulary.diagnosis.losses import Loss
from xling.vocabulary.diagnosis.measures import Figures
from xling.vocabulary.diagnosis.page import Section, render
from xling.vocabulary.letters import called, first, scripts
from xling.words.coverage import Held

_DIGITS = 6
_MOST_BLOCKS, _MOST_UNREAD, _NAMED = 12, 40, 3
_NOTHING = "nothing to build; --method trim would only leave out the pieces that this text does not use"


@dataclass(frozen=True, kw_only=True)
class DiagnosisOrder:
    """The bases to diagnose and the files to diagnose them on.

    language: the tag of the language of the texts, if it is known. against: files in a language that the
    bases split well, for comparison. task_text: files of text as the task has it, whose words are looked for
    in the texts, in `pairs` (a table or a data card) and in `lexicon` (a dictionary).
    """

    bases: Sequence[str]
    texts: Sequence[Path]
    language: str | None = None
    against: Sequence[Path] = ()
    task_text: Sequence[Path] = ()
    pairs: str | None = None
    lexicon: Path | None = None
    data_root: Path | None = None


def diagnose_all(order: DiagnosisOrder) -> list[Diagnosis]:
    """Return one diagnosis per base, in the order of `order.bases`.

    Raises InputError when a base cannot be opened, a language is unknown, or a text is missing, empty, not
    UTF-8, or contains no letter.
    """
    language = parse(order.language) if order.language else None
    lines, against = _lines(order.texts), _lines(order.against)
    return [diagnose(load_base(base), lines, against=against, language=language) for base in order.bases]


def words_held(order: DiagnosisOrder) -> list[Held]:
    """Return how many words of the task's text the texts, the pairs and the dictionary hold, if there is one.

    Raises InputError when pairs or a dictionary are given without the task's text, or cannot be read.
    """
    sources = Sources(
        language=order.language,
        text=order.texts,
        pairs=order.pairs,
        lexicon=order.lexicon,
        data_root=order.data_root,
    )
    if order.task_text:
        return sources.held(_lines(order.task_text))
    for option, value in (("--pairs", order.pairs), ("--lexicon", order.lexicon)):
        if value is not None:
            hint = "give --task-text FILE, plain text as the task has it"
            raise InputError("the words of which text should it hold", where=option, hint=hint)
    return []


def next_command(order: DiagnosisOrder, found: Diagnosis) -> str:
    """Return the command that the verdict recommends; it is empty when there is nothing to do."""
    if found.verdict.word == "fine":
        return ""
    tag = parse(order.language) if order.language else "LANGUAGE"
    words = ["xling", "vocabulary", "build", "--base", found.base, "--language", tag]
    for text in order.texts:
        words += ["--text", str(text)]
    return shlex.join([*words, "--method", found.verdict.word, "--out", f"modules/vocabulary/{tag}"])


def as_json(order: DiagnosisOrder, found: Sequence[Diagnosis], known: Sequence[Held] = ()) -> dict[str, Any]:
    """Return the whole diagnosis, except its charts, as one object for JSON."""
    return {
        "language": parse(order.language) if order.language else None,
        "text": [str(path) for path in order.texts],
        "against": [str(path) for path in order.against],
        "task_text": [str(path) for path in order.task_text],
        "words": [asdict(own) for own in known],
        "bases": [
            {**_one(order, diagnosis), "expected": expectations(known, unread=unreads(diagnosis))}
            for diagnosis in found
        ],
    }


def figure_rows(found: Sequence[Diagnosis], known: Sequence[Held] = ()) -> list[dict[str, str]]:
    """Return one row per measure, with one column per base; words that are held are the same for all."""
    rows = [
        {"figure": measure.label, **{item.base: measure.text(item.figures) for item in found}}
        for measure in MEASURES
    ]
    others = [
        {"figure": label, **{item.base: beside(item)[label] for item in found}} for label in beside(found[0])
    ]
    words = [
        {"figure": label, **dict.fromkeys((item.base for item in found), value)}
        for label, value in shares(known).items()
    ]
    return rows + others + words


def block_rows(found: Sequence[Diagnosis]) -> list[dict[str, str]]:
    """Return one row per Unicode block: its number of letters, and the share that each base can read.

    Only the largest blocks are listed.
    """
    rows = []
    for groups in zip(*(item.figures.blocks for item in found), strict=True):
        read = {item.base: percent(1 - group.share) for item, group in zip(found, groups, strict=True)}
        rows.append({"readable": groups[0].name, "letters": f"{groups[0].letters:,}", **read})
    return rows[:_MOST_BLOCKS]


def verdict_lines(
    order: DiagnosisOrder, found: Sequence[Diagnosis], known: Sequence[Held] = ()
) -> Iterator[str]:
    """Yield the verdict, warnings, expectations and next command of each base, as lines for the terminal."""
    for item in found:
        yield f"\n{item.base}: {item.verdict.word} ({item.verdict.reason})"
        if item.figures.unread:
            shown = [f"{called(character)} ({often:,})" for character, often in item.figures.unread]
            yield f"  cannot read {first(shown, _NAMED)}"
        yield from (f"  warning: {warning}" for warning in item.warnings)
        yield from (f"  {said}" for said in expectations(known, unread=unreads(item)))
        yield f"  next: {next_command(order, item) or _NOTHING}"


def write_page(
    path: Path, order: DiagnosisOrder, found: Sequence[Diagnosis], known: Sequence[Held] = ()
) -> None:
    """Write the diagnosis as one self-contained HTML page."""
    sections = [
        Section(
            diagnosis,
            next_command(order, diagnosis),
            shares(known),
            tuple(expectations(known, unread=unreads(diagnosis))),
        )
        for diagnosis in found
    ]
    texts = [str(text) for text in order.texts]
    page = render(sections, texts=texts, language=name(order.language) if order.language else "")
    write_atomically(path, page.encode("utf-8"))


def _lines(paths: Sequence[Path]) -> list[str]:
    lines = []
    for path in paths:
        own = read_text([path])
        if not scripts(own):
            raise InputError("the text has no letter", where=path, hint="give text in the language")
        lines += own
    return lines


def _one(order: DiagnosisOrder, found: Diagnosis) -> dict[str, Any]:
    figures = found.figures
    groups = {"blocks": figures.blocks, "scripts": figures.scripts}
    return {
        "base": found.base,
        "verdict": found.verdict.word,
        "reason": found.verdict.reason,
        "next": next_command(order, found) or None,
        "warnings": list(found.warnings),
        **_values(figures),
        "split": {str(pieces): words for pieces, words in figures.split},
        **{key: [asdict(group) for group in coverage] for key, coverage in groups.items()},
        "unread": dict(figures.unread[:_MOST_UNREAD]),
        "costliest": [asdict(word) for word in figures.costliest],
        "losses": {
            "harmful": [_loss(loss) for loss in found.losses.harmful],
            "harmless": [_loss(loss) for loss in found.losses.harmless],
        },
        "against": _against(found),
    }


def _loss(loss: Loss) -> dict[str, Any]:
    code_point, _, title = called(loss.character).partition(" ")
    return {"code_point": code_point, "name": title, "becomes": loss.becomes, "count": loss.count}


def _against(found: Diagnosis) -> dict[str, Any] | None:
    if found.other is None or found.divergence is None:
        return None
    return {"divergence": round(found.divergence, _DIGITS), **_values(found.other)}


def _values(figures: Figures) -> dict[str, int | float]:
    return {measure.key: round(getattr(figures, measure.key), _DIGITS) for measure in MEASURES}
