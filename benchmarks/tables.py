"""Tables of a Markdown page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean, stdev
from typing import Any

from xling.evaluation.report_page.wording import DASH, bounds, score

Row = Mapping[str, Any]


def table(head: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    """A table of plain text cells; the first column to the left, the others to the right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *body]
    shown = [[text(cell) for cell in line] for line in lines]
    return "".join(f"| {' | '.join(line)} |\n" for line in shown)


def free_table(columns: Sequence[str], rows: Sequence[Row]) -> str:
    """A table of what was measured or differs between the rows, then a line of what is the same in all."""
    settled = (key for key in columns if not isinstance(rows[0][key], float))
    same = [key for key in settled if len(rows) > 1 and all(row[key] == rows[0][key] for row in rows)]
    free = [key for key in columns if key not in same]
    shown = table(
        [key.replace("_", " ") for key in free], [[plain(row[key]) for key in free] for row in rows]
    )
    facts = "; ".join(f"{key.replace('_', ' ')}: {plain(rows[0][key])}" for key in same)
    return f"{shown}\nThe same in all rows: {facts}.\n" if facts else shown


def commands(rows: Sequence[Row]) -> str:
    """The commands of the rows, each once, a line each."""
    told = dict.fromkeys(" ".join(str(row["command"]).split()) for row in rows if row.get("command"))
    return "".join(f"`{command}`\n" for command in told)


def folded(title: str, shown: str) -> str:
    """A part of the page that opens at a click."""
    return f"<details><summary>{title}</summary>\n\n{shown}\n</details>\n"


def over_seeds(values: Sequence[float], low: float | None, high: float | None) -> str:
    """The mean of the seeds' scores, their standard deviation where there are several, and an interval."""
    spread = f" ± {stdev(values):.1f}" if len(values) > 1 else ""
    between = bounds(low, high)
    return f"{score(fmean(values))}{spread}" + (f" ({between})" if between else "")


def plain(value: object) -> str:
    """A value of a benchmark row as a reader likes it."""
    if value is None:
        return DASH
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{key} {plain(part)}" for key, part in value.items())
    if isinstance(value, list):
        return ", ".join(map(plain, value))
    if isinstance(value, int | float):
        return f"{value:,}"
    return str(value)


def text(value: object) -> str:
    """Plain text in which nothing is taken for a mark of the format."""
    shown = " ".join(str(value).split())
    for mark, instead in (("&", "&amp;"), ("<", "&lt;"), ("|", "\\|")):
        shown = shown.replace(mark, instead)
    return shown
