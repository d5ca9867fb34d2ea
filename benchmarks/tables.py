"""Tables of a Markdown page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    """A table of plain text cells; the first column to the left, the others to the right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *body]
    shown = [[text(cell) for cell in line] for line in lines]
    return "".join(f"| {' | '.join(line)} |\n" for line in shown)


def text(value: object) -> str:
    """Plain text in which nothing is taken for a mark of the format."""
    shown = " ".join(str(value).split())
    for mark, instead in (("&", "&amp;"), ("<", "&lt;"), ("|", "\\|")):
        shown = shown.replace(mark, instead)
    return shown
