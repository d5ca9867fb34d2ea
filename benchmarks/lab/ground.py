"""The ground that all methods of a suite stand on: its data, and today's task module."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import cycle
from pathlib import Path
from random import Random
from typing import Any

from lab.overlap import Apart, Sifted, sifted
from lab.suites import Suite
from lab.workshop import SharedStages, Workshop
from xling.composition.forms.single import Named
from xling.corpora.cards import load_card
from xling.corpora.source import load
from xling.data.examples import sample, text_of
from xling.errors import InputError
from xling.makers.stage import NOTHING, Data, Say, Stage
from xling.modules.lexicon import Lexicon
from xling.pipeline.corpus import Corpus
from xling.pipeline.loading import load_recipe
from xling.pipeline.readings import Readings
from xling.pipeline.recipe import DataSpec, told
from xling.pipeline.stages import Workbench
from xling.tasks.reading import unlabelled
from xling.tasks.registry import task_named
from xling.tasks.task import Task
from xling.training.specs import (
    Centring,
    Distillation,
    LanguageTraining,
    LexiconBuild,
    Projection,
    TaskTraining,
)

TEXT, LINES = "mlm_text", 1000  # plain text, and how many lines of it a centre is made from
LIKELY = 0.03  # the least probability of a translation, for a script that the base cannot read
_SPELLED = {"taq_Tfng": "taq_Tfng/topic"}  # the recipes of languages whose spelling is not settled
READINGS = 200  # kept of all languages and seeds, since a run goes through the methods one by one
SCORED = ("sib200", "masakhaner2", "masakhapos")  # the cards of every suite's dev and test splits


class Ground:
    """The data of a suite, each part read once, and the task module that all methods are compared with.

    work: the folder of modules and predictions.
    data_root: the folder that holds the data sets.
    base: the base in the place of the recipe's.
    device: where torch computes.
    say: a function that is called with each message to the user.
    """

    def __init__(
        self,
        suite: Suite,
        work: Path,
        data_root: Path | None = None,
        *,
        base: str | None = None,
        device: str = "cpu",
        say: Say = lambda text: None,
    ) -> None:
        self.suite, self.data_root = suite, data_root
        changes = [f"targets=[{', '.join(suite.languages('reported'))}]", *([f"base={base}"] if base else [])]
        self.recipe = load_recipe(suite.recipe, changes)
        self.corpus = Corpus(self.recipe, data_root)
        bench = Workbench(base=self.recipe.base, device=device, say=say, readings=Readings(READINGS))
        self.workshop = Workshop(stages=SharedStages(work), bench=bench)
        self._sifted: dict[str, Sifted] = {}

    @property
    def base_name(self) -> str:
        """The name of the base; of a folder, without the folders that it is in."""
        base = self.recipe.base
        return Path(base).name if Path(base).is_dir() else base

    @property
    def task(self) -> Task:
        """The task of the suite."""
        return task_named(self.recipe.task.name)

    def scored(self, language: str) -> Data:
        """Return the rows that a language is scored on."""
        return self._rows(language, self.suite.split(language))

    def task_module(self, seed: int, **changes: Any) -> Stage:
        """Return the recipe's task module, trained on the source language and the base alone.

        changes: fields of its specification that differ from the recipe's.
        """
        task, source = self.recipe.task, self.recipe.source
        parts = {"train": task.train, "dev": task.dev}
        return Stage(
            name=f"task/{task.title}/{seed}",
            spec=told(self.recipe.task_module, TaskTraining).model_copy(update=changes),
            language=source,
            task=task.name,
            data={role: self.corpus.examples(spec, source) for role, spec in parts.items()},
            seed=seed,
        )

    def language_module(self, language: str, spec: LanguageTraining) -> Stage:
        """Return a training on a language's plain text or, where there is none, on its side of the pairs."""
        text = self.text(language) if self.has_text(language) else self.own_side(language)
        data = {"text": text, "held_out": NOTHING}
        return Stage(name=f"lang/{language}", spec=spec, language=language, data=data)

    def carried(self, seed: int, limit: int, **changes: Any) -> Stage:
        """Return the task module that has also learned from labels carried over all pairs of the suite.

        limit: the number of pairs of a language.
        changes: fields of its specification that differ from those of the module that labels.
        """
        before = self.task_module(seed)
        tags = load_card(str(self.suite.pairs)).languages
        carried = {f"train/{tag}": self.carried_over(before, tag, limit) for tag in tags}
        learned = self.task_module(seed, **changes)
        return replace(learned, name=f"{before.name}/carried", data={**before.data, **carried})

    def carried_over(self, task: Stage, language: str, limit: int | None = None) -> Stage:
        """Return the labels that a task module gives to translations, carried over a language's pairs.

        limit: the number of pairs; None takes all.
        """
        return Stage(
            name=f"{task.name}/carried-{language}",
            spec=Projection(limit=limit),
            language=language,
            task=task.task,
            data={"pairs": self.pairs(language)},
            modules={task.name: task},
            plan=Named(task.name),
            seed=task.seed,
        )

    def taught_again(self, before: Stage, count: int) -> Stage:
        """Return a task module after one more epoch, on the source's examples and on what it says of text.

        Where there are pairs it reads their own sides and glosses, elsewhere plain text. It is self-training
        by soft labels (Hinton et al. 2015), in the languages of the task's test data.

        before: the module. count: the number of texts of a language.
        """
        tags = self.corpus.card(self.recipe.task.test.card).languages
        words = {f"words/{tag}": self.lexicon(tag) for tag in tags if self.has_pairs(tag)}
        branches = [f"{name.removeprefix('words/')}: vote(init, {name} >> init)" for name in words]
        texts = {f"text/{tag}": self._plain(tag, count) for tag in tags}
        spec = dict(before.spec)
        spec["training"] = before.spec.training.model_copy(update={"epochs": 1.0, "learning_rate": 1e-3})
        return replace(
            before,
            name=f"{before.name}/again",
            spec=Distillation(teacher=f"route({', '.join(branches)}, *: init)", **spec),
            data={
                **self.task_module(before.seed).data,
                **{role: text for role, text in texts.items() if text.rows},
            },
            modules={"init": before, **words},
        )

    def mixed(self, seed: int, **changes: Any) -> Stage:
        """Return the task module that also learned from the source's sentences with words of other languages.

        Half of the words that the pairs of a language translate stand in that language, each sentence with
        the next of the languages (Qin et al. 2020, CoSDA-ML). changes: fields of the specification.
        """
        before, draw = self.task_module(seed, **changes), Random(seed)
        lexicons = {tag: self.from_source(tag) for tag in load_card(str(self.suite.pairs)).languages}
        rows = []
        for example, tag in zip(before.rows("train"), cycle(lexicons)):
            words = (lexicons[tag].gloss(word) if draw.random() < 0.5 else word for word in example.tokens)
            rows.append(replace(example, language=tag, tokens=tuple(words)))
        own = before.data["train"]
        assert isinstance(own, Data)
        return replace(
            before,
            name=f"{before.name}/mixed",
            data={**before.data, "train/mixed": replace(own, rows=rows)},
        )

    def in_words_of(self, language: str) -> Data:
        """Return the task's training texts in the words of a language, each with the original, as pairs."""
        lexicon, found = self.from_source(language), self.task_module(0).data["train"]
        assert isinstance(found, Data)
        return replace(found, rows=[(lexicon.gloss(text), text) for text in map(text_of, found.rows)])

    def from_source(self, language: str) -> Lexicon:
        """Return the lexicon that translates the source's words into a language."""
        found, source = self.pairs(language), self.recipe.source
        stage = Stage(
            name=f"words/{source}-{language}",
            spec=LexiconBuild(source=language),
            language=source,
            data={"pairs": replace(found, rows=[(other, own) for own, other in found.rows])},
        )
        (part,) = self.workshop.module(stage).parts
        assert isinstance(part.network, Lexicon)
        return part.network

    def own_labels(self, language: str, count: int | None = None) -> Data | None:
        """Return labelled rows of a language: of its train split or, if that is not at hand, of dev.

        count: how many rows are drawn; None takes all, and only of a train split.

        Returns None where there is no train split and dev is what the language is scored on.
        """
        card = self.corpus.card(self.recipe.task.test.card)
        if card.path(language, "train") in card.checksums:
            return self._rows(language, "train", count)
        free = self.suite.split(language) != "dev" and count is not None
        return self._rows(language, "dev", count) if free else None

    def has_pairs(self, language: str) -> bool:
        """Return whether the suite has parallel text of a language."""
        return self.suite.pairs is not None and language in load_card(self.suite.pairs).languages

    def has_text(self, language: str) -> bool:
        """Return whether there is plain text of a language."""
        return language in load_card(TEXT).languages

    def lexicon(self, language: str, *, shuffled: bool = False, **spec: Any) -> Stage:
        """Return the lexicon of a language, learned from its pairs.

        shuffled: whether the translations are given to the words of other sentences, as a control.
        spec: fields of `LexiconBuild`.
        """
        data, name = self.pairs(language), f"words/{language}"
        if shuffled:
            own, other = zip(*data.rows, strict=True)
            drawn = Random(0).sample(other, len(other))
            data, name = replace(data, rows=list(zip(own, drawn, strict=True))), f"{name}/shuffled"
        return Stage(
            name=name, spec=LexiconBuild.model_validate(spec), language=language, data={"pairs": data}
        )

    def lexicon_in_latin(self, language: str) -> Stage:
        """Return a lexicon whose glosses are put into Latin letters, with the spellings of the recipe."""
        words = load_recipe(_SPELLED[language]).words if language in _SPELLED else None
        spellings = words.spellings if words else {}
        return self.lexicon(language, romanised=True, least=LIKELY, spellings=spellings)

    def centre(self, language: str) -> Stage:
        """Return the centre of a language, made from a thousand lines of its text and of the source's."""
        spec, source = DataSpec(card=TEXT, split="train", count=LINES), self.recipe.source
        texts = {"text": self.corpus.lines(spec, language), "source_text": self.corpus.lines(spec, source)}
        return Stage(name=f"lang/{language}", spec=Centring(), language=language, data=texts)

    def pairs(self, language: str) -> Data:
        """Return the parallel text of a language, as (its sentence, English), without overlaps.

        Raises InputError when the suite has none.
        """
        if self.suite.pairs is None:
            raise InputError(f"{self.suite.name} has no parallel text", where="lab")
        spec = DataSpec(card=self.suite.pairs, split="pairs")
        return replace(self.corpus.pairs(spec, language), rows=self.sifted(language).kept)

    def own_side(self, language: str) -> Data:
        """Return the language's side of its parallel text, without overlaps."""
        found = self.pairs(language)
        return replace(found, rows=[own for own, _ in found.rows])

    def sifted(self, language: str) -> Sifted:
        """Return the parallel text of a language with the counts of what was left out of it."""
        if language not in self._sifted:
            rows = self.corpus.pairs(DataSpec(card=str(self.suite.pairs), split="pairs"), language).rows
            own, source = (held_out(tag, self.data_root) for tag in (language, self.recipe.source))
            self._sifted[language] = sifted(rows, own, source)
        return self._sifted[language]

    def text(self, language: str) -> Data:
        """Return the plain text of a language, without overlaps."""
        found = self.corpus.lines(DataSpec(card=TEXT, split="train"), language)
        apart = Apart(held_out(language, self.data_root))
        return replace(found, rows=[line for line in found.rows if not apart.overlaps(line)])

    def _plain(self, language: str, count: int) -> Data:
        """Return text of a language as unlabelled examples, without overlaps."""
        if self.has_pairs(language):
            found = self.own_side(language)
        elif self.has_text(language):
            found = self.text(language)
        else:
            return NOTHING
        lines = list(found.rows)
        texts = {str(number): line for number, line in enumerate(sample(lines, count, 0)) if line.strip()}
        return replace(found, rows=unlabelled(self.task, texts, language, where=TEXT))

    def _rows(self, language: str, split: str, count: int | None = None) -> Data:
        spec = self.recipe.task.test.model_copy(update={"split": split, "count": count})
        return self.corpus.examples(spec, language)


@cache
def held_out(language: str, data_root: Path | None) -> tuple[str, ...]:
    """Return the dev and test sentences of a language in the data of every suite."""
    return tuple(_held_out(language, data_root))


def _held_out(language: str, data_root: Path | None) -> Iterator[str]:
    for card in map(load_card, SCORED):
        for split in ("dev", "test") if language in card.languages else ():
            yield from map(_text, load(card, language, split, data_root=data_root))


def _text(example: Any) -> str:
    return example.text if hasattr(example, "text") else " ".join(example.tokens)
