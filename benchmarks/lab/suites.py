"""The suites: which task, and on which languages a method is chosen and on which it is reported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from xling.errors import InputError

Purpose = Literal["chosen", "reported"]
SPLITS: Mapping[Purpose, str] = {"chosen": "dev", "reported": "test"}


@dataclass(frozen=True, kw_only=True)
class Suite:
    """A task, and the languages that methods are chosen and reported on.

    recipe: the recipe with the task's data, its task module and its trainings, by name or file.
    chosen: the languages on whose dev splits methods are chosen.
    reported: the languages on whose test splits they are then reported.
    apart: reported languages that are listed, and are not part of any mean.
    pairs: the data card of the parallel text that methods may use, or None.
    labels: how many labelled sentences of a language are at hand, for methods that learn from some.
    tested: whether languages that methods are chosen on are scored on test too, for means over all languages
    once the choice is made.
    translations: whether row n of every language is a translation of the same sentence, so that a bootstrap
    has to draw the rows of all languages together.

    Raises InputError when a language is both chosen and reported on.
    """

    name: str
    recipe: str
    chosen: tuple[str, ...]
    reported: tuple[str, ...]
    apart: tuple[str, ...] = ()
    pairs: str | None = None
    labels: int = 0
    tested: bool = False
    translations: bool = False

    def __post_init__(self) -> None:
        if both := set(self.chosen) & {*self.reported, *self.apart}:
            where = f"suite {self.name}"
            raise InputError(f"methods are chosen and reported on {', '.join(sorted(both))}", where=where)

    def languages(self, purpose: Purpose) -> tuple[str, ...]:
        """Return the languages of a purpose, those listed apart among them."""
        return self.chosen if purpose == "chosen" else (*self.reported, *self.apart)

    def purpose(self, language: str) -> Purpose:
        """Return what a language serves. Raises InputError for one that is not in the suite."""
        for purpose in SPLITS:
            if language in self.languages(purpose):
                return purpose
        choices = [*self.chosen, *self.reported, *self.apart]
        raise InputError(f"{language} is not in the suite {self.name}", where="--languages", choices=choices)

    def split(self, language: str) -> str:
        """Return the split that a language is scored on: dev where methods are still chosen, else test."""
        purpose = self.purpose(language)
        return SPLITS["reported" if self.tested else purpose]


def _words(name: str, recipe: str) -> tuple[Suite, Suite]:
    """Return the two suites of a task of words: with pairs, and as if there were none."""
    return (
        Suite(
            name=f"{name}-pairs",
            recipe=recipe,
            chosen=("hau", "zul"),
            reported=("ibo", "swh", "kin", "sna", "xho"),
            pairs="mafand_pairs",
        ),
        Suite(
            name=f"{name}-text",
            recipe=recipe,
            chosen=("bam",),
            reported=("lug", "pcm", "tsn", "twi", "mos", "fon"),
            pairs="mafand_pairs",  # of other languages: the card has none of these
        ),
    )


def _read_or_not(name: str, recipe: str, *, translations: bool = False) -> tuple[Suite, Suite]:
    """Return the two suites of a task on a base made here: of languages left out of its text, and in it.

    XLM-R, whose text the embedded base has read, had none of those left out.
    """
    left_out = Suite(
        name=f"{name}-unseen",
        recipe=recipe,
        chosen=("bam",),
        reported=("kin", "lug", "fon", "mos"),
        translations=translations,
    )
    read = replace(left_out, name=f"{name}-seen", chosen=("zul",), reported=("ibo", "swh", "sna"))
    return left_out, read


_ALL = (
    Suite(
        name="topic-pairs",
        recipe="_base/topic",
        chosen=("bam", "dik", "taq", "taq_Tfng"),
        reported=("lij", "ltg", "szl", "bho", "nqo", "dzo"),
        apart=("ary",),
        pairs="parallel",
        translations=True,
    ),
    Suite(
        name="topic-text",
        recipe="_base/topic",
        chosen=("fon", "mos", "twi"),
        reported=("kin", "lug", "sna", "tsn", "xho"),
        translations=True,
    ),
    Suite(
        name="topic-unread",
        recipe="_base/topic",
        chosen=("taq_Tfng",),
        reported=("nqo", "dzo"),
        pairs="parallel",
        translations=True,
    ),
    *_words("ner", "_base/ner"),
    *_words("pos", "_base/pos"),
    *_read_or_not("ner", "_base/ner"),
    *_read_or_not("pos", "_base/pos"),
    *_read_or_not("topic", "_base/kinds/topic", translations=True),
)
_NAMED: Mapping[str, Suite] = {suite.name: suite for suite in _ALL}
# the same languages and splits, for methods whose rows make tables of their own
_LIKE = {
    "ner-between": "ner-pairs",
    "topic-between": "topic-text",
    "ner-states": "ner-pairs",
    "topic-states": "topic-pairs",
}
_FEW = {"ner-few": "ner-pairs", "topic-few": "topic-pairs"}
SUITES: Mapping[str, Suite] = {
    **_NAMED,
    **{name: replace(_NAMED[like], name=name) for name, like in _LIKE.items()},
    **{name: replace(_NAMED[like], name=name, labels=99) for name, like in _FEW.items()},
}
