"""The runs of recipes/kinds side by side: a table for each task, its columns the kinds of modules."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean
from typing import Any

from tables import folded, over_seeds, table

from xling.evaluation.report_page.wording import DASH, duration, metric_name, score
from xling.languages import name

SECTION = "kinds-by-task"
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
Row = Mapping[str, Any]
Runs = Mapping[str, Sequence[Row]]


def by_task(rows: Sequence[Row]) -> Iterator[str]:
    """The tables of all tasks that have been run."""
    found: dict[str, dict[str, list[Row]]] = {}
    for row in rows:
        named = _RECIPE.fullmatch(str(row.get("recipe", "")))
        if named:
            found.setdefault(named["task"], {}).setdefault(named["kind"], []).append(row)
    for task in sorted(found, key=[*_TITLES, *sorted(found)].index):
        yield f"### {_TITLES.get(task, task)}\n"
        yield _task({kind: _last(runs) for kind, runs in found[task].items()}, _BESIDE.get(task))


def _last(rows: Sequence[Row]) -> list[Row]:
    """Of the runs of a recipe the last experiment, each score as it was last taken."""
    kept = [row for row in rows if row["note"] == rows[-1]["note"]]
    return [*{(row["language"], row["condition"], row["seed"]): row for row in kept}.values()]


def _task(runs: Runs, beside: str | None) -> str:
    """beside: a second metric, shown behind the first."""
    some = next(iter(runs.values()))[0]
    source, columns = some["source"], [*_columns(runs)]
    scores: dict[tuple[str, str, str], list[Row]] = {}
    for kind, found in runs.items():
        for row in found:
            scores.setdefault((kind, row["language"], row["condition"]), []).append(row)
    languages = dict.fromkeys(row["language"] for found in runs.values() for row in found)
    body: list[list[str]] = []
    for tag in sorted(languages, key=lambda tag: tag != source):
        line = [f"{name(tag)} ({tag}{', source' if tag == source else ''})"]
        for _, kinds, condition in columns:
            taken = [scores.get((kind, tag, condition), []) for kind in kinds]
            line.append(_score(max(taken, key=len), beside))
        body.append(line)
    shown = _languages_table(["language", *(head for head, _, _ in columns)], body)
    metrics = " / ".join(metric_name(metric) for metric in (some["metric"], beside) if metric)
    seconds = {kind: max(row.get("run_seconds") or 0 for row in found) for kind, found in runs.items()}
    spent = "; ".join(f"{kind} {duration(float(value))}" for kind, value in seconds.items())
    return f"{shown}\n{metrics}, {_seeds(runs)}. A run took: {spent}.\n"


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


def _columns(runs: Runs) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """(heading, kinds of which the one with the score of the most seeds gives it, condition)."""
    yield _CONTROL, (_CONTROL, "bottleneck"), "none"
    for kind in (kind for kind in _OTHERS if kind in runs):
        if kind != "bottleneck":
            yield f"{kind} alone", (kind,), "none"
        if any(row["condition"] == "target" for row in runs[kind]):
            yield kind, (kind,), "target"


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
