"""Tables of the scores that runs of recipes have left in the ledger, with every gain beside its control."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tables import Row, commands, over_seeds, plain, table, text

from xling.evaluation.report_page import gains, matrix
from xling.evaluation.report_page.wording import DASH, duration, memory, metric_name, score
from xling.evaluation.results import BaseRow, CellRow, Gain, Results
from xling.languages import name


def every_run(rows: Sequence[Row]) -> Iterator[str]:
    """A recipe's experiments, each with its title, its table, and what it was made with."""
    for (note, base, revision), found in _experiments(rows).items():
        title = f"{note}: {base}" if note else str(base)
        yield f"### {text(title)}{f' at {text(revision)}' if revision else ''}\n"
        shown = _matrix(found)
        yield _table(found, shown)
        yield _facts(found, shown.metric)


def last_runs(recipes: Sequence[Sequence[Row]]) -> Iterator[str]:
    """One table of the last experiment of each of several recipes with the same source and conditions."""
    last = [[*_experiments(rows).values()][-1] for rows in recipes if rows]
    if last:
        rows = _latest([row for found in last for row in found])
        shown = _matrix(rows)
        yield _table(rows, shown)
        yield f"{_scale(rows, shown.metric)}.\n"


def _experiments(rows: Sequence[Row]) -> dict[tuple[Any, ...], list[Row]]:
    """The runs of a recipe that share base and note, in the order in which they were begun."""
    found: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        found.setdefault((row["note"], row["base"], row.get("base_revision")), []).append(row)
    return {key: _latest(own) for key, own in found.items()}


def _latest(rows: Sequence[Row]) -> list[Row]:
    """Each score as it was last taken."""
    return [*{(row["language"], row["condition"], row.get("seed")): row for row in rows}.values()]


def _matrix(rows: Sequence[Row]) -> matrix.Matrix:
    return matrix.build(_results(rows))


def _results(rows: Sequence[Row]) -> Results:
    cells = tuple(CellRow.model_validate({**row, "name": name(row["language"])}) for row in rows)
    source = str(rows[0].get("source") or "")
    base = BaseRow(id=rows[0]["base"])
    return Results(recipe=rows[0]["recipe"], base=base, source=source, cells=cells, gains=_gains(rows))


def _table(rows: Sequence[Row], found: matrix.Matrix) -> str:
    built = gains.build(found, _gains(rows))
    bars = {bar.language.tag: bar for bar in built.bars} if built else {}
    head = ["language", *found.conditions, *(["gain"] if bars else [])]
    body = []
    for language in found.languages:
        mark = ", source" if language.source else ""
        line = [f"{language.name} ({language.tag}{mark})"]
        line += [_score(language.scores.get(condition)) for condition in found.conditions]
        body.append([*line, *([_gain(bars.get(language.tag))] if bars else [])])
    if len(found.targets) > 1:
        body.append(_means(found, gained=bool(bars)))
    return table(head, body)


def _means(found: matrix.Matrix, *, gained: bool) -> list[str]:
    means = [found.mean(condition) for condition in found.conditions]
    control, own = found.mean(matrix.NONE), found.mean(matrix.TARGET)
    gain = DASH if control is None or own is None else gains.gained(own - control)
    shown = [DASH if mean is None else score(mean) for mean in means]
    return ["mean of the targets", *shown, *([gain] if gained else [])]


def _score(found: matrix.Score | None) -> str:
    return DASH if found is None else over_seeds(found.seeds, found.low, found.high)


def _gain(bar: gains.GainBar | None) -> str:
    if bar is None:
        return DASH
    between = f" ({bar.between})" if bar.between else ""
    return f"{bar.shown}{between} {bar.verdict}{f', {bar.reason}' if bar.reason else ''}"


def _gains(rows: Sequence[Row]) -> tuple[Gain, ...]:
    """The paired gains of the runs; where runs of several seeds each have their own, there is none of all."""
    known: dict[tuple[str, str], set[tuple[Any, ...]]] = {}
    for row in rows:
        gain = tuple(row.get(key) for key in ("gain", "gain_low", "gain_high"))
        known.setdefault((row["language"], row["condition"]), set()).add(gain)
    return tuple(
        Gain(language=language, condition=condition, value=value, low=low, high=high)
        for (language, condition), found in known.items()
        for value, low, high in (found if len(found) == 1 else ())
        if value is not None
    )


def _distinct(rows: Sequence[Row], key: str) -> list[str]:
    return list(dict.fromkeys(plain(row[key]) for row in rows if row.get(key) not in (None, "")))


def _scale(rows: Sequence[Row], metric: str) -> str:
    """Which metric on how many examples, and which seeds."""
    examples = sorted({row["examples"] for row in rows if row.get("examples") is not None})
    spans = [f"{number:,}" for number in dict.fromkeys([*examples[:1], *examples[-1:]])]
    seeds = _distinct(rows, "seed")
    facts = [
        f"{metric_name(metric)} on {' and '.join(_distinct(rows, 'split')) or 'the examples'}",
        f"{DASH.join(spans)} examples a language" if spans else "",
        f"seed{'s' if len(seeds) > 1 else ''} {', '.join(seeds)}" if seeds else "",
    ]
    return text("; ".join(filter(None, facts)))


def _facts(rows: Sequence[Row], metric: str) -> str:
    """What the numbers were made with, and by which commands."""
    longest = max((row.get("run_seconds") or 0 for row in rows), default=0)
    most = max((row.get("run_peak_rss_mb") or 0 for row in rows), default=0)
    made = [
        f"{duration(float(longest))} and {memory(float(most))} a run" if longest and most else "",
        *(fact for key in ("machine", "versions", "date") for fact in _distinct(rows, key)),
    ]
    return f"{'; '.join([_scale(rows, metric), *map(text, filter(None, made))])}.\n\n{commands(rows)}"
