"""The data of a recipe: the rows that its sections name, read through data cards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from xling.corpora.card import PARALLEL, TEXT, DataCard
from xling.corpora.cards import load_card
from xling.corpora.source import descent, load, pairs_in
from xling.data.examples import sample
from xling.data.text import balanced, deduplicate, held_apart, hold_out
from xling.makers.stage import Data
from xling.modules.facts import Descent
from xling.pipeline.recipe import DataSpec, Recipe
from xling.tasks.reading import unlabelled
from xling.tasks.registry import task_named


class Corpus:
    """The data of one recipe. Every card and every split is read only once.

    data_root: the folder that holds the data sets.
    """

    def __init__(self, recipe: Recipe, data_root: Path | None = None) -> None:
        self.recipe, self.data_root = recipe, data_root
        self._cards: dict[str, DataCard] = {}
        self._found: dict[Any, Data] = {}

    def card(self, name: str) -> DataCard:
        """Return a data card by its name or its file."""
        if name not in self._cards:
            self._cards[name] = load_card(name)
        return self._cards[name]

    def cards(self) -> list[DataCard]:
        """Return the cards of everything that was read."""
        return list(self._cards.values())

    def languages_with_text(self) -> list[str]:
        """Return the languages of the recipe's text, as its card lists them."""
        return list(self.card(self.recipe.language_modules.text.card).languages)

    def examples(self, spec: DataSpec, language: str) -> Data:
        """Return the labelled examples that a section of the recipe names, which are of its task."""
        return self._read(spec, language, list, self.recipe.task.name)

    def lines(self, spec: DataSpec, language: str) -> Data:
        """Return the distinct lines that a section of the recipe names."""
        return self._read(spec, language, deduplicate, TEXT)

    def unlabelled(self, spec: DataSpec, language: str) -> Data:
        """Return the distinct lines of a text as examples of the recipe's task, without labels."""
        found, task = self.lines(spec, language), task_named(self.recipe.task.name)
        texts = {str(number): line for number, line in enumerate(found.rows)}
        return replace(found, rows=unlabelled(task, texts, language, where=spec.card))

    def pairs(self, spec: DataSpec, language: str) -> Data:
        """Return sentences in a language together with their translations into the source language."""
        found = self._read(spec, language, list, PARALLEL)
        return replace(found, rows=pairs_in(found.rows))

    def text(self, language: str) -> dict[str, Data]:
        """Return lines to train on (`text`) and lines held out (`held_out`).

        The held-out lines come from the card's dev split, or from the text itself if there is none. For the
        tag of a family, the texts of its languages are balanced and joined.
        """
        section, family = self.recipe.language_modules, self.recipe.language_modules.family
        if family is not None and language == family.tag:
            found = {tag: self._text(tag) for tag in family.languages}
            texts = {tag: own.rows for tag, own in found.items()}
            rest, held = held_apart(texts, section.held_out, section.seed)
            lines = balanced(rest, family.alpha, seed=section.seed)
            made_of = Descent.joined(own.descent for own in found.values())
            return {"text": self._data(section.text, lines, language, made_of), "held_out": Data(rows=held)}
        spec = self._spec(language)
        found = self._text(language)
        if "dev" in self.card(spec.card).splits:
            held = deduplicate(load(self.card(spec.card), language, "dev", data_root=self.data_root))
            return {"text": found, "held_out": Data(rows=sample(held, section.held_out, 0))}
        lines, held = hold_out(found.rows, section.held_out, section.seed)
        return {"text": replace(found, rows=lines), "held_out": Data(rows=held)}

    def _spec(self, language: str) -> DataSpec:
        section = self.recipe.language_modules
        return section.texts.get(language, section.text)

    def _text(self, language: str) -> Data:
        return self.lines(self._spec(language), language)

    def _read(
        self, spec: DataSpec, language: str, chosen: Callable[[list[Any]], list[Any]], task: str
    ) -> Data:
        """Return the rows of a section. Raises InputError when its card is not of this task."""
        key = (spec, language, chosen)
        self.card(spec.card).check_task(task)
        if key not in self._found:
            place = (self.card(spec.card), language, spec.split)
            rows = sample(chosen(load(*place, data_root=self.data_root)), spec.count, spec.sample_seed)
            self._found[key] = self._data(spec, rows, language, descent(*place, data_root=self.data_root))
        return self._found[key]

    def _data(self, spec: DataSpec, rows: Sequence[Any], language: str, made_of: Descent) -> Data:
        card = self.card(spec.card)
        return Data(
            rows=rows,
            card=card.name,
            licence=card.licence_of(language),
            id_space=card.id_space(language, spec.split),
            descent=made_of,
        )
