"""Rank candidate sources for a target language, and present the ranking as rows, sentences or JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from xling.bases.base import load_base
from xling.corpora.cards import DataCard, load_card
from xling.corpora.source import load
from xling.data.examples import TEXTS
from xling.data.rows import JSON_ENDINGS
from xling.data.text import deduplicate, read_text
from xling.data.textfile import ending
from xling.errors import InputError
from xling.evaluation.source_components import Text
from xling.evaluation.source_ranking import Ranking, Standing, rank_sources
from xling.languages import name, parse
from xling.tasks.reading import read_input

_DIGITS = 6
# extensions of files that are not plain text, and the task whose reader reads them
_READ_AS = {**dict.fromkeys((".tsv", ".csv", *JSON_ENDINGS), "classification"), ".conll": "tagging"}


@dataclass(frozen=True, kw_only=True)
class RankOrder:
    """The target, its candidates, and where their texts are.

    candidates: `eng=FILE`, or `eng` for a language of the card. card: the name of a data card, or its file.
    base: the base whose pieces and sentence vectors are compared too; without one they are left out.
    """

    target: str
    candidates: Sequence[str]
    target_text: Path | None = None
    card: str | None = None
    split: str = "train"
    data_root: Path | None = None
    base: str | None = None
    device: str = "cpu"
    seed: int = 0


def rank(order: RankOrder) -> Ranking:
    """Read the texts and rank the candidates.

    Raises InputError when a text is missing, faulty or without a letter, when a language, card or base is
    unknown, and when there are fewer than two candidates.
    """
    card = load_card(order.card) if order.card else None
    language = parse(order.target)
    candidates = [_split(text, order) for text in order.candidates]
    if order.target_text is None and card is None:
        raise InputError(
            f"no text of the target {language}",
            where="--target-text",
            hint="give a file, or a data card that has it by --card",
        )
    texts = [
        Text(title, tag, _lines(order, card, tag, path))
        for title, (tag, path) in zip(_names(candidates, order.candidates), candidates, strict=True)
    ]
    own = Text(f"target {language}", language, _lines(order, card, language, order.target_text))
    base = load_base(order.base, device=order.device) if order.base else None
    return rank_sources(own, texts, base=base, seed=order.seed)


def rows(ranking: Ranking) -> list[dict[str, Any]]:
    """Return one row per candidate: its place, its mean rank, and the value of each component."""
    return [
        {
            "candidate": standing.name,
            "place": standing.place,
            "mean rank": f"{standing.mean_rank:.2f}",
            **{each.label: _shown(standing.values[each.key]) for each in ranking.components},
        }
        for standing in ranking.standings
    ]


def sentences(ranking: Ranking) -> Iterator[str]:
    """Yield the reason for each place, the components that disagree, and the choice by typology alone."""
    for standing in ranking.standings:
        yield f"{standing.place}. {standing.name} ({name(standing.language)}): {standing.reason}"
    yield f"of each candidate {ranking.characters:,} characters were compared, as many as the shortest has"
    yield from (each.sentence for each in ranking.disagreements)
    if ranking.related:
        yield f"by the facts of languages alone: {ranking.related.language} ({ranking.related.reason})"


def as_json(order: RankOrder, ranking: Ranking) -> dict[str, Any]:
    """Return the whole ranking as one object for JSON."""
    return {
        "target": parse(order.target),
        "target_text": str(order.target_text) if order.target_text else None,
        "card": order.card,
        "split": order.split if order.card else None,
        "base": order.base,
        "seed": order.seed,
        "characters": ranking.characters,
        "components": [asdict(component) for component in ranking.components],
        "candidates": [_one(standing) for standing in ranking.standings],
        "disagreements": [
            {**asdict(each), "tau": round(each.tau, _DIGITS)} for each in ranking.disagreements
        ],
        "related": asdict(ranking.related) if ranking.related else None,
    }


def _one(standing: Standing) -> dict[str, Any]:
    values = {key: None if value is None else round(value, _DIGITS) for key, value in standing.values.items()}
    apart = {key: round(value, _DIGITS) for key, value in standing.distance.components.items()}
    distance = {"components": apart, "differing": list(standing.distance.differing)}
    return {
        "name": standing.name,
        "language": standing.language,
        "place": standing.place,
        "mean_rank": round(standing.mean_rank, _DIGITS),
        "values": values,
        "ranks": dict(standing.ranks),
        "distance": {"total": round(standing.distance.total, _DIGITS), **distance},
        "reason": standing.reason,
    }


def _split(text: str, order: RankOrder) -> tuple[str, Path | None]:
    """Return the language and file of a `--candidate`; the file is None when the card has the text."""
    tag, equals, path = text.partition("=")
    if equals and not path:
        raise InputError(f"{text!r} names no file", where="--candidate", hint="write eng=FILE")
    if not equals and order.card is None:
        hint = f"write {tag}=FILE, or name a data card that has it by --card"
        raise InputError(f"{text!r} comes with no text", where="--candidate", hint=hint)
    language = parse(tag)
    if not equals and order.target_text is None and language == parse(order.target):
        raise InputError(f"{text!r} is the target itself", where="--candidate", hint="leave it out")
    return language, Path(path) if equals else None


def _names(candidates: Sequence[tuple[str, Path | None]], written: Sequence[str]) -> list[str]:
    """Return the names of the candidates: the language, or the option text if several share one."""
    tags = [tag for tag, _ in candidates]
    return [tag if tags.count(tag) == 1 else text for tag, text in zip(tags, written, strict=True)]


def _lines(order: RankOrder, card: DataCard | None, language: str, path: Path | None) -> list[str]:
    """Return the lines of the file, or of the card if there is no file, without duplicates."""
    if path is None:
        assert card is not None
        return _texts(load(card, language, order.split, data_root=order.data_root))
    task = _READ_AS.get(ending(path))
    return _texts(read_text([path]) if task is None else read_input(path, task=task, language=language))


def _texts(examples: Sequence[Any]) -> list[str]:
    return deduplicate(filter(None, map(_text, examples)))


def _text(example: Any) -> str:
    """Return a line as it is, or the first text of an example."""
    if isinstance(example, str):
        return example
    text = next(getattr(example, field) for field in TEXTS if hasattr(example, field))
    return text if isinstance(text, str) else " ".join(text)


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
