"""The runs of recipes/kinds side by side: a table for each task, its columns the kinds of modules."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from tables import Row, folded, over_seeds, table

from xling.evaluation.report_page.wording import DASH, duration, metric_name, score
from xling.languages import name

_RECIPE = re.compile(r"kinds-(?P<task>[a-z]+)-(?P<kind>.+?)(-seeds)?")
_TITLES = {
    "ner": "Named entities (CoNLL 2003 to MasakhaNER 2)",
    "pos": "Parts of speech (English EWT to MasakhaPOS)",
    "topic": "Topics (SIB-200)",
    "sentiment": "Sentiment (TweetEval to AfriSenti)",
    "intents": "Intents and slots (xSID)",
    "nli": "Inference (TaxiNLI to XNLI)",
    "qa": "Questions (XQuAD)",
    "choice": "Multiple choice (XCOPA)",
    "parsing": "Dependency parsing (UD)",
}
_BESIDE = {
    "sentiment": "weighted_f1",
    "intents": "intent_accuracy",
    "qa": "exact_match",
    "parsing": "uas",
}
_MANY = 30
_CONTROL, _OTHERS = "control", ("bottleneck", "lt-sft", "lora", "full")
_HEADINGS = [_CONTROL, *(head for kind in _OTHERS for head in (f"{kind} alone", kind))]
Runs = Mapping[str, Sequence[Row]]


@dataclass(frozen=True)
class _Column:
    """kinds: those of which the one with the score of the most seeds gives it."""

    heading: str
    kinds: tuple[str, ...]
    condition: str


def means(rows: Sequence[Row]) -> Iterator[str]:
    """One table of all tasks: the mean of a column over the targets that every column of the task has."""
    heads: dict[str, None] = {}
    found: list[tuple[str, dict[str, str]]] = []
    for task, runs in _by_task(rows).items():
        columns = [*_columns(runs)]
        taken = {column.heading: _scores(runs, column) for column in columns}
        shared = set.intersection(*(set(scores) for scores in taken.values())) - {_source(runs)}
        heads |= dict.fromkeys(taken)
        values = {
            head: score(fmean(fmean(row["value"] for row in scores[tag]) for tag in shared))
            for head, scores in taken.items()
            if shared
        }
        tags = [tag for tag in _languages(runs) if tag in shared]
        found.append((_TITLES.get(task, task), {"of": ", ".join(tags), **values}))
    if found:
        order = sorted(heads, key=_HEADINGS.index)
        body = [[title, *(values.get(head, DASH) for head in ("of", *order))] for title, values in found]
        yield table(["mean of the targets", "targets", *order], body)


def by_task(rows: Sequence[Row]) -> Iterator[str]:
    """The tables of all tasks that have been run."""
    for task, runs in _by_task(rows).items():
        yield f"## {_TITLES.get(task, task)}\n"
        yield _task(runs, _BESIDE.get(task))


def _by_task(rows: Sequence[Row]) -> dict[str, Runs]:
    """The last experiments of each task, by kind."""
    found: dict[str, dict[str, list[Row]]] = {}
    for row in rows:
        named = _RECIPE.fullmatch(str(row.get("recipe", "")))
        if named:
            found.setdefault(named["task"], {}).setdefault(named["kind"], []).append(row)
    order = sorted(found, key=[*_TITLES, *sorted(found)].index)
    return {task: {kind: _last(runs) for kind, runs in found[task].items()} for task in order}


def _last(rows: Sequence[Row]) -> list[Row]:
    """Of the runs of a recipe the last experiment, each score as it was last taken."""
    kept = [row for row in rows if row["note"] == rows[-1]["note"]]
    return [*{(row["language"], row["condition"], row["seed"]): row for row in kept}.values()]


def _task(runs: Runs, beside: str | None) -> str:
    """beside: a second metric, shown behind the first."""
    some, source, columns = next(iter(runs.values()))[0], _source(runs), [*_columns(runs)]
    taken = [_scores(runs, column) for column in columns]
    body = [
        [
            f"{name(tag)} ({tag}{', source' if tag == source else ''})",
            *(_score(scores.get(tag, []), beside) for scores in taken),
        ]
        for tag in sorted(_languages(runs), key=lambda tag: tag != source)
    ]
    shown = _languages_table(["language", *(column.heading for column in columns)], body)
    metrics = " / ".join(metric_name(metric) for metric in (some["metric"], beside) if metric)
    seconds = {kind: max(row.get("run_seconds") or 0 for row in found) for kind, found in runs.items()}
    spent = "; ".join(f"{kind} {duration(float(value))}" for kind, value in seconds.items())
    return f"{shown}\n{metrics}, {_seeds(runs)}. A run took: {spent}.\n"


def _source(runs: Runs) -> str:
    return next(iter(runs.values()))[0]["source"]


def _languages(runs: Runs) -> list[str]:
    return list(dict.fromkeys(row["language"] for found in runs.values() for row in found))


def _scores(runs: Runs, column: _Column) -> dict[str, list[Row]]:
    """The rows of a column by language."""
    found: dict[str, list[list[Row]]] = {}
    for kind in column.kinds:
        own: dict[str, list[Row]] = {}
        for row in runs.get(kind, ()):
            if row["condition"] == column.condition:
                own.setdefault(row["language"], []).append(row)
        for tag, rows in own.items():
            found.setdefault(tag, []).append(rows)
    return {tag: max(taken, key=len) for tag, taken in found.items()}


def _languages_table(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """The table; where there are many rows, those that have the control alone are folded away."""
    alone = [line for line in body if set(line[2:]) <= {DASH}]
    if len(body) <= _MANY or not alone:
        return table(head, body)
    shown = table(head, [line for line in body if line not in alone])
    more = table(head[:2], [line[:2] for line in alone])
    return f"{shown}\n{folded(f'The control in {len(alone)} more languages', more)}"


def _seeds(runs: Runs) -> str:
    """Of which seeds the scores are; those of several show a deviation."""
    taken = {tuple(dict.fromkeys(row["seed"] for row in found)) for found in runs.values()}
    one, most = min(taken, key=len), max(taken, key=len)
    if len(most) == 1:
        return f"seed {one[0]}"
    others = "" if one == most else f", else seed {one[0]}"
    return f"seeds {', '.join(map(str, most))} where a deviation stands{others}"


def _columns(runs: Runs) -> Iterator[_Column]:
    yield _Column(_CONTROL, (_CONTROL, "bottleneck"), "none")
    for kind in (kind for kind in _OTHERS if kind in runs):
        if kind != "bottleneck":
            yield _Column(f"{kind} alone", (kind,), "none")
        if any(row["condition"] == "target" for row in runs[kind]):
            yield _Column(kind, (kind,), "target")


def _score(rows: Sequence[Row], beside: str | None) -> str:
    """The mean over seeds, its deviation, the span of all intervals, and the second metric's mean."""
    if not rows:
        return DASH
    lows = [row["low"] for row in rows if row.get("low") is not None]
    highs = [row["high"] for row in rows if row.get("high") is not None]
    values = [row["value"] for row in rows]
    shown = over_seeds(values, min(lows, default=None), max(highs, default=None))
    second = [row["all"][beside] for row in rows if beside in row.get("all", {})]
    return f"{shown} / {score(fmean(second))}" if second else shown
