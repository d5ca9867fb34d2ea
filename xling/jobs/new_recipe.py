"""Write a recipe and its data cards for your own files: the job of `xling recipe new`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xling.corpora.cards import load_card
from xling.corpora.own_cards import OwnCard
from xling.corpora.source import load
from xling.data.examples import Example, text_of
from xling.errors import InputError
from xling.files import check_new, whole_folder, write_atomically
from xling.jobs.new_words import WordFiles
from xling.jobs.words_held import Sources, expectations, shares
from xling.languages import name as language_name
from xling.languages import parse
from xling.pipeline.loading import load_recipe, packaged_recipe
from xling.pipeline.recipe import DataSpec, Recipe
from xling.plain_yaml import written
from xling.tasks.registry import task_named

RECIPE, DATA, TEXT = "recipe.yaml", "data.yaml", "text.yaml"
_HEAD = "# Written by `xling recipe new`; every setting may be changed.\n"
_HEAD_OF_A_CARD = "# Written by `xling recipe new`. Say where the {} comes from before you share it.\n"
_READS, _CANNOT_READ = "if the base reads the language", "if the base cannot read it"


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """The files and settings for a new recipe.

    test: a labelled file in the target language, in a format that `xling train task` reads.
    train, dev: labelled files in the source language; without both, a card of xling provides the data.
    source_test: a labelled file in the source language; the default is `dev`.
    text: a file or folder of plain text in the target language; without it, no language module is trained.
    source_text: the same in the source language; without it, the task module is trained on the base alone.
    pairs: sentences in the target language with their translations, in a table or a data card.
    lexicon: a dictionary of words in the target language. Of both, a lexicon is made.
    """

    language: str
    task: str
    test: Path
    train: Path | None = None
    dev: Path | None = None
    source_test: Path | None = None
    source: str | None = None
    text: Path | None = None
    source_text: Path | None = None
    pairs: str | None = None
    lexicon: Path | None = None
    base: str | None = None
    licence: str = "unstated"

    @property
    def words(self) -> WordFiles:
        """The files of which a lexicon is made."""
        return WordFiles(language=self.language, licence=self.licence, pairs=self.pairs, lexicon=self.lexicon)


def new_recipe(wishes: Wishes, out: Path, data_root: Path | None = None) -> dict[str, Any]:
    """Write a recipe and its data cards to a new folder, and return a summary.

    The summary has the examples per file, how many of the test's words the text, pairs and dictionary hold,
    and what to expect of that.

    Raises InputError, and writes nothing, when a file cannot be read (with its line), when a test label is
    not among the training labels, or when the files do not fit together.
    """
    check_new(out)
    values = _recipe(wishes)
    with whole_folder(out) as folder:
        counts: dict[str, int] = {}
        for name, card in {**_cards(wishes, values), **wishes.words.cards(folder)}.items():
            counts |= card.write(folder / name, head=_HEAD_OF_A_CARD.format(Path(name).stem))
        write_atomically(folder / RECIPE, (_HEAD + written(values)).encode("utf-8"))
        tested = _check_labels(load_recipe(folder / RECIPE), wishes, data_root)
        told = _words(wishes, tested, data_root)
    summary = {"recipe": str(out / RECIPE), "task": wishes.task, **counts, **told}
    return {**summary, "next": f"xling run {out / RECIPE}"}


def _words(wishes: Wishes, tested: Sequence[Example], data_root: Path | None) -> dict[str, Any]:
    """Return how many of the test's words text, pairs and dictionary hold, and what to expect of that."""
    sources = Sources(
        language=wishes.language,
        text=[wishes.text] if wishes.text else [],
        pairs=wishes.pairs,
        lexicon=wishes.lexicon,
        data_root=data_root,
    )
    known = sources.held(list(map(text_of, tested)))
    told = {key: expectations(known, unread=key == _CANNOT_READ) for key in (_READS, _CANNOT_READ)}
    return {**shares(known), **{key: "; ".join(said) for key, said in told.items() if said}}


def _recipe(wishes: Wishes) -> dict[str, Any]:
    """Return the values of the recipe, which start from the template of its task."""
    own = task_named(wishes.task)
    task, values = own.name, packaged_recipe(f"_base/{own.template}.yaml")
    language, own_source = parse(wishes.language), wishes.train is not None
    if own_source != (wishes.dev is not None):
        missing = "--dev" if own_source else "--train"
        raise InputError(f"{missing} is missing", where=missing, hint="give --train and --dev, or neither")
    if wishes.source_test is not None and not own_source:
        raise InputError("goes with --train and --dev", where="--source-test", hint="give all three")
    if not own_source and values["task"]["name"] != task:
        raise InputError(f"xling has no {task} data", where="--train", hint="give --train and --dev")
    if wishes.source is not None and not own_source and parse(wishes.source) != values["source"]:
        raise InputError(
            f"xling has {task} data in {values['source']} only",
            where="--source",
            hint="give --train and --dev",
        )
    source = parse(wishes.source or "eng") if own_source else values["source"]
    if source == language:
        raise InputError(f"source and target are both {source}", where="--source", hint="name another source")
    section = dict(values["task"])
    if own_source:
        held = "test" if wishes.source_test else "dev"
        section |= {"train": _spec("train"), "dev": _spec("dev"), "source_test": _spec(held)}
    else:
        section["source_test"] = section.get("source_test", section["test"])
    return {
        "name": f"{language}-{task}",
        "about": f"{task} from {language_name(source)} to {language_name(language)}.",
        "base": wishes.base or values["base"],
        "source": source,
        "targets": [language],
        "task": {**section, "name": task, "title": task, "test": _spec("test")},
        "language_modules": _language_modules(values["language_modules"], wishes),
        "task_module": values["task_module"],
        **wishes.words.section(),
        "seeds": values["seeds"],
    }


def _language_modules(section: Mapping[str, Any], wishes: Wishes) -> dict[str, Any]:
    section = {key: value for key, value in section.items() if key != "texts"}
    if wishes.text:
        section |= {"text": {"card": TEXT, "split": "train"}, "objectives": ["mlm"]}
    if wishes.source_text and not wishes.text:
        raise InputError("goes with --text", where="--source-text", hint="give --text, the target's")
    if wishes.source_text:
        return section
    section |= {"under_task": "none", "init": "fresh"}
    return section if wishes.text else {**section, "objectives": []}


def _spec(split: str) -> dict[str, str]:
    return {"card": DATA, "split": split}


def _cards(wishes: Wishes, values: Mapping[str, Any]) -> dict[str, OwnCard]:
    """Return the data cards by file name."""
    (language,), source = values["targets"], values["source"]
    labelled = {
        f"{source}/train": wishes.train,
        f"{source}/dev": wishes.dev,
        f"{source}/test": wishes.source_test,
        f"{language}/test": wishes.test,
    }
    texts = {f"{source}/train": wishes.source_text, f"{language}/train": wishes.text}
    about = values["about"].removesuffix(".")
    cards = {DATA: (wishes.task, about, labelled), TEXT: ("text", f"text for {about}", texts)}
    return {
        name: OwnCard(title=title, task=task, files=given, licence=wishes.licence)
        for name, (task, title, files) in cards.items()
        if (given := {key: path for key, path in files.items() if path is not None})
    }


def _check_labels(recipe: Recipe, wishes: Wishes, data_root: Path | None) -> list[Any]:
    """Return the test examples.

    Raises InputError for a test label that no training example has: a task module cannot learn it.
    """

    def examples(spec: DataSpec, language: str) -> list[Any]:
        return load(load_card(spec.card), language, spec.split, data_root=data_root)

    task = task_named(recipe.task.name)
    known = task.labels(examples(recipe.task.train, recipe.source))
    tested = examples(recipe.task.test, recipe.targets[0])
    unknown = [label for label in task.labels(tested) if label not in known]
    if unknown:
        raise InputError(
            f"label {unknown[0]!r} is not among the training labels",
            where=wishes.test,
            choices=known,
            hint="give both files the same labels, or --train and --dev of your own",
        )
    return tested
