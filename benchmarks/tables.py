"""Tables of a Markdown page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import fmean, stdev

from xling.evaluation.report_page.wording import bounds, score


def table(head: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    """A table of plain text cells; the first column to the left, the others to the right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *body]
    shown = [[text(cell) for cell in line] for line in lines]
    return "".join(f"| {' | '.join(line)} |\n" for line in shown)


def folded(title: str, shown: str) -> str:
    """A part of the page that opens at a click."""
    return f"<details><summary>{title}</summary>\n\n{shown}\n</details>\n"


def over_seeds(values: Sequence[float], low: float | None, high: float | None) -> str:
    """The mean of the seeds' scores, their standard deviation where there are several, and an interval."""
    spread = f" ± {stdev(values):.1f}" if len(values) > 1 else ""
    between = bounds(low, high)
    return f"{score(fmean(values))}{spread}" + (f" ({between})" if between else "")


def text(value: object) -> str:
    """Plain text in which nothing is taken for a mark of the format."""
    shown = " ".join(str(value).split())
    for mark, instead in (("&", "&amp;"), ("<", "&lt;"), ("|", "\\|")):
        shown = shown.replace(mark, instead)
    return shown
