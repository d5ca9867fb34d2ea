"""Tables of the lab: methods of transfer side by side, on the languages they are chosen or reported on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean

from tables import Row, commands, free_table, over_seeds, table, text

from xling.evaluation.bootstrap import verdict
from xling.evaluation.report_page.wording import DASH, bounds, gained, metric_name, score

_SHOWN = frozenset({"scores", "gains", "mean", "gain", "gain_low", "gain_high", "errors", "apart", "command"})
_LAST = {"chosen": 0, "reported": 1}  # what is reported comes last in the lab, and first for a reader


def of_lab(rows: Sequence[Row]) -> list[Row]:
    """The rows of methods, those of the control among them."""
    return [row for row in rows if {"method", "languages", "scores"} <= set(row)]


def last_scores(rows: Sequence[Row]) -> Iterator[str]:
    """A table of each suite: each method's scores on the languages reported on, or else chosen on.

    Of a method's rows, the last one of those with the most seeds is shown.
    """
    for suite in dict.fromkeys(row["question"] for row in rows):
        found = _by_purpose([row for row in rows if row["question"] == suite])[0]
        shown: dict[str, Row] = {row["method"]: row for row in found}
        for row in sorted(found, key=lambda row: len(row["seeds"])):
            shown[row["method"]] = row
        yield from _table([*shown.values()])


def every_score(rows: Sequence[Row]) -> Iterator[str]:
    """A table for each purpose, with the gains of languages, and what the rows were made with."""
    for found in _by_purpose(rows):
        suite, purpose, split = (text(found[0][key]) for key in ("question", "languages", "split"))
        yield f"### {suite.removeprefix('lab-')}: languages that methods are {purpose} on, {split}\n"
        yield from _table(found, gains=True)
    yield "### Plans and costs\n"
    for columns in dict.fromkeys(tuple(row) for row in rows):
        shown = [key for key in columns if key not in (*_SHOWN, "question")]
        yield free_table(shown, [row for row in rows if tuple(row) == columns])
    yield commands(rows)


def _by_purpose(rows: Sequence[Row]) -> list[list[Row]]:
    """The rows by suite, by what their languages serve, and by split."""
    found: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        found.setdefault((row["question"], row["languages"], row["split"]), []).append(row)
    return [found[key] for key in sorted(found, key=lambda key: (-_LAST.get(key[1], 0), key))]


def _table(rows: Sequence[Row], *, gains: bool = False) -> Iterator[str]:
    tags = list(dict.fromkeys(tag for row in rows for tag in row["scores"]))
    apart = {tag for row in rows for tag in row["apart"]}
    tags.sort(key=lambda tag: tag in apart)
    head = ["method", *(f"{tag} (apart)" if tag in apart else tag for tag in tags), "mean", "gain", "seeds"]
    body = [
        [row["method"], *(_score(row, tag, gains=gains) for tag in tags), score(row["mean"]), _gain(row),
         ", ".join(map(str, row["seeds"]))]
        for row in rows
    ]  # fmt: skip
    yield table(head, body)
    yield text(f"{metric_name(rows[0]['metric'])} on {rows[0]['split']}.") + "\n"


def _score(row: Mapping, tag: str, *, gains: bool) -> str:
    values = row["scores"].get(tag)
    if values is None:
        return DASH
    gain = f" ({gained(row['gains'][tag])})" if gains and row["gain"] is not None else ""
    return (over_seeds(values, None, None) if gains else score(fmean(values))) + gain


def _gain(row: Row) -> str:
    if row["gain"] is None:
        return DASH
    low, high = row["gain_low"], row["gain_high"]
    return f"{gained(row['gain'])} ({bounds(low, high)}) {verdict(low, high)}"
