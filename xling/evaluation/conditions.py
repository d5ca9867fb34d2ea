"""Under what a language is tested: the six conditions, in the order and in the words that tables show."""

from __future__ import annotations

from collections.abc import Mapping

NONE, ROMANISED, REMOVED = "none", "romanised", "removed"
SOURCE, RELATED, TARGET = "source", "related", "target"

HEADINGS: Mapping[str, str] = {
    NONE: "no language module",
    ROMANISED: "Latin spelling",
    REMOVED: "module removed",
    SOURCE: "source's module",
    RELATED: "related module",
    TARGET: "own module",
}
MEANINGS: Mapping[str, str] = {
    ROMANISED: "Latin spelling: the text in Latin letters, no language module.",
    REMOVED: "Module removed: the task module learned on the source's language module, then taken away.",
    RELATED: "Related module: that of a related language.",
}
