"""Train one module from files: the job of `xling train` and `xling vocabulary build`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from xling.corpora.card import PARALLEL
from xling.corpora.cards import CARD_ENDINGS, load_card
from xling.corpora.source import descent, load, pairs_in
from xling.data.parallel import read_parallel
from xling.data.text import ALPHA, balanced, held_apart, read_text
from xling.errors import InputError
from xling.jobs.from_files import from_files
from xling.languages import parse
from xling.makers.alignment import GLOSS
from xling.makers.language import text_of
from xling.makers.make import checked
from xling.makers.stage import Data, Stage
from xling.modules.module import Module
from xling.pipeline.overlap import overlap_of
from xling.pipeline.stages import Workbench, carry_out
from xling.places import check_output_folder
from xling.plain_yaml import assignment, put
from xling.training.pseudo_perplexity import LINES
from xling.training.specs import (
    AlignmentTraining,
    Centring,
    LanguageTraining,
    LexiconBuild,
    ModuleTraining,
    SpecT,
    TrainingSettings,
    VocabularyBuild,
    specified,
)
from xling.words.dictionary import read_dictionary
from xling.words.induced import induced

TrainingT = TypeVar("TrainingT", bound=ModuleTraining)
_PARTS, CENTRE = "parts", "centre"


@dataclass(frozen=True, kw_only=True)
class Options:
    """The options that all training commands share.

    changes: `key=value` for the training or its settings, `parts.key=value` for the first part of the kind.
    minutes: the approximate training time.
    """

    out: Path
    kind: str = ""
    changes: tuple[str, ...] = ()
    minutes: float | None = None
    seed: int = 0

    def told(self, training: type[TrainingT]) -> TrainingT:
        """Return the specification with `--set` and `--minutes` applied. Raises InputError for bad ones."""
        settings = training.model_fields["training"].default.model_dump()
        values: dict[str, Any] = {_PARTS: {}, "kind": self.kind}
        for change in self.changes:
            path, value = assignment(change, "steps=500")
            settings |= _length(path[0])
            own = path[0] == _PARTS or path[0] in training.model_fields.keys() - {"training", "options"}
            put(values if own else settings, path, value)
        options = values.pop(_PARTS)
        if not isinstance(options, dict):
            hint = "write --set parts.reduction_factor=4"
            raise InputError(f"{options!r} is no part", where="--set", hint=hint)
        if self.minutes is not None:
            settings |= _length("minutes") | {"minutes": self.minutes}
        loop = specified(TrainingSettings, settings, where="--set")
        return specified(training, {**values, "options": options, "training": loop}, where="--set")

    def chosen(self, spec: type[SpecT]) -> SpecT:
        """Return a specification without a training loop, with `--set` applied. Raises InputError."""
        values: dict[str, Any] = {}
        for change in self.changes:
            put(values, *assignment(change, "max_length=64"))
        if self.minutes is not None:
            raise InputError("a single pass over the text is made", where="--minutes", hint="leave it out")
        return specified(spec, values, where="--set")


@dataclass(frozen=True, kw_only=True)
class LanguageFiles:
    """The language and the training files of a language module: text or parallel text.

    text: files and folders, or `tag=path` for each language of a family. source_text: text of the source,
    for a centre. head_text: text to fit the MLM head on, for a base without one. init: the language module
    to train further, or a centre of the same source. gloss: a lexicon, by whose translation text is aligned
    as by parallel text. alpha: how a family is balanced, from 0 (equal shares)
    to 1 (each line once).
    """

    language: str
    text: tuple[str, ...] = ()
    source_text: tuple[Path, ...] = ()
    head_text: tuple[Path, ...] = ()
    parallel: Path | None = None
    gloss: Path | None = None
    init: Path | None = None
    vocabulary: Path | None = None
    alpha: float = ALPHA

    def stage(self, options: Options) -> Stage:
        """Return the training stage. Raises InputError unless one of text and parallel text is given."""
        tag = parse(self.language)
        self._check(options.kind)
        if options.kind == CENTRE:
            spec, data = options.chosen(Centring), self._texts()
        elif self._aligned:
            spec, data = options.told(AlignmentTraining), self._both_sides()
        else:
            spec, data = options.told(LanguageTraining), self._text(options.seed)
            if self.head_text:
                data["head_text"] = from_files(read_text(self.head_text), self.head_text)
        modules = modules_in(options.out, init=self.init, vocabulary=self.vocabulary, **{GLOSS: self.gloss})
        return Stage(
            name=name_of(options.out), spec=spec, language=tag, data=data, modules=modules, seed=options.seed
        )

    @property
    def _aligned(self) -> bool:
        return self.parallel is not None or self.gloss is not None

    def _check(self, kind: str) -> None:
        """Raise InputError for files that do not go together, or that the kind does not read."""
        if self.gloss is not None and not self.text:
            raise InputError("there is nothing to gloss", where="--gloss", hint="give --text beside it")
        if self.gloss is None and bool(self.text) == bool(self.parallel):
            raise InputError(
                "a module learns from text or from parallel text",
                where="--text",
                hint="give --text or --parallel; for both, train on --text first, then --parallel "
                "with --init, or say by which lexicon the text is translated (--gloss)",
            )
        if self.head_text and (kind == CENTRE or self._aligned):
            hint = "leave it out"
            raise InputError("no pieces are predicted, so no head is fitted", where="--head-text", hint=hint)
        if self.source_text and kind != CENTRE:
            hint = f"give --kind {CENTRE}, or leave it out"
            raise InputError(f"{kind} reads no text of the source", where="--source-text", hint=hint)
        if self._aligned and kind == CENTRE:
            hint = "leave it out, or take another kind"
            where = "--parallel" if self.parallel else "--gloss"
            raise InputError(f"a {CENTRE} is made from text alone", where=where, hint=hint)

    def _both_sides(self) -> dict[str, Data]:
        """Return the parallel text, and the text that a lexicon translates."""
        data = {}
        if self.parallel is not None:
            pairs = read_parallel(self.parallel, language=self.language)
            data["pairs"] = from_files(pairs, [self.parallel])
        if self.text:
            paths = [Path(path) for path in self.text]
            data["text"] = from_files(read_text(paths), paths)
        return data

    def _texts(self) -> dict[str, Data]:
        """Return the lines that a centre is made from: of the language and, if given, of the source."""
        files = {"text": [Path(path) for path in self.text], "source_text": list(self.source_text)}
        return {role: from_files(read_text(paths), paths) for role, paths in files.items() if paths}

    def _text(self, seed: int) -> dict[str, Data]:
        """Return the training lines and held-out lines; the languages of a family are balanced."""
        named = [(text, "", "") if os.path.exists(text) else text.partition("=") for text in self.text]
        if not any(equals for _, equals, _ in named):
            paths = list(map(Path, self.text))
            return text_of(from_files(read_text(paths), paths), None, seed)
        texts: dict[str, list[str]] = {}
        for tag, equals, path in named:
            if not equals:
                raise InputError(
                    f"{tag!r} is of no language, but other texts are",
                    where="--text",
                    hint="write --text swh=FILE for each of a family's languages",
                )
            texts.setdefault(parse(tag), []).extend(read_text([path]))
        rest, held = held_apart(texts, LINES, seed)
        lines, paths = balanced(rest, self.alpha, seed=seed), [Path(path) for _, _, path in named]
        return {"text": from_files(lines, paths), "held_out": Data(rows=held)}


@dataclass(frozen=True, kw_only=True)
class LexiconFiles:
    """The language and the files of a lexicon.

    pairs: a table of sentences and their translations, or the name of a data card. dictionary: a table of
    words and their translations. data_root: the folder that holds the data sets of cards.
    """

    language: str
    pairs: str | None = None
    dictionary: Path | None = None
    data_root: Path | None = None

    def stage(self, options: Options) -> Stage:
        """Return the stage that makes the lexicon."""
        data = {}
        if self.pairs is not None:
            data["pairs"] = pairs_of(self.pairs, self.language, self.data_root)
        if self.dictionary is not None:
            entries = read_dictionary(self.dictionary)
            rows = [(own.word, own.translation, f"{own.weight:g}") for own in entries]
            data["dictionary"] = from_files(rows, [self.dictionary])
        tag = parse(self.language)
        return Stage(name=name_of(options.out), spec=options.chosen(LexiconBuild), language=tag, data=data)


def is_table(named: str) -> bool:
    """Return whether this is the path of a table, and not the name or the path of a data card."""
    path = Path(named)
    return path.suffix not in CARD_ENDINGS and (path.exists() or bool(path.suffix))


def pairs_of(named: str, language: str, data_root: Path | None = None) -> Data:
    """Return sentences in a language with their translations, from a file or a data card.

    named: the path of a table headed by language tags, or the name of a card of parallel sentences.

    Raises InputError for a file that is missing or no such table, and for a card that is unknown or holds
    other data.
    """
    if is_table(named):
        path = Path(named)
        return from_files(read_parallel(path, language=language), [path])
    card, tag = load_card(named), parse(language)
    card.check_task(PARALLEL)
    place = (card, tag, card.splits[0])
    rows, made_of = load(*place, data_root=data_root), descent(*place, data_root=data_root)
    return Data(rows=pairs_in(rows), card=card.name, licence=card.licence_of(tag), descent=made_of)


@dataclass(frozen=True, kw_only=True)
class VocabularyFiles:
    """The language and the files from which its vocabulary is built.

    protect: text whose segmentation must not change. source_text: text in the dictionary's source language.
    dictionary: a word list. parallel: sentences and their translations, from which the word list is induced
    if there is no dictionary. spellings: the table of replacements that the settings hold.
    """

    language: str
    text: tuple[Path, ...]
    protect: tuple[Path, ...] = ()
    source_text: tuple[Path, ...] = ()
    dictionary: Path | None = None
    parallel: Path | None = None
    spellings: Path | None = None

    def stage(self, spec: VocabularyBuild, options: Options) -> Stage:
        """Return the stage that builds the vocabulary."""
        pairs = read_parallel(self.parallel, language=self.language) if self.parallel else []
        words = induced(pairs) if pairs else []
        if self.dictionary:
            words = [(own.word, own.translation) for own in read_dictionary(self.dictionary)]
        rows = {
            "protect": read_text(self.protect),
            "source_text": read_text(self.source_text),
            "dictionary": list(words),
            "pairs": list(pairs),
        }
        given = {"protect": self.protect, "source_text": self.source_text}
        given |= {"dictionary": _some(self.dictionary, self.parallel), "pairs": _some(self.parallel)}
        data = {"text": from_files(read_text(self.text), self.text, also=_some(self.spellings))}
        data |= {role: from_files(found, given[role]) for role, found in rows.items() if found}
        tag = parse(self.language)
        return Stage(name=name_of(options.out), spec=spec, language=tag, data=data, seed=options.seed)


def train_to(out: Path, stage: Stage, bench: Workbench, *, fresh: bool = False) -> dict[str, Any]:
    """Train the module of a stage in the folder `out`, and return a summary of it.

    What its dev data share with the data that it learns from is said first.
    A finished module is kept unless `fresh` is set.
    """
    overlap_of([checked(stage)], bench.say)
    done = carry_out(stage, out, bench, fresh=fresh)
    if done.cached:
        bench.say(f"{out} holds a finished module; --fresh trains it again")
    module = done.module
    numbers = sum(value.numel() for value in module.tensors().values())
    return {"module": str(out), "steps": module.facts.steps, "parameters": numbers, **module.scores}


def name_of(folder: Path) -> str:
    """Return the module name of a folder: `lang/swh` for `modules/lang/swh`."""
    return "/".join(folder.parts[-2:])


def _some(*paths: Path | None) -> list[Path]:
    return [path for path in paths if path is not None][:1]


def modules_in(out: Path, /, **folders: Path | None) -> Mapping[str, Module]:
    """Return the modules that a new one in the folder `out` is made with, by their roles or names."""
    check_output_folder(out, *folders.values())
    return {role: Module.load(folder) for role, folder in folders.items() if folder is not None}


def _length(key: str) -> dict[str, None]:
    """Return the training lengths to reset: setting steps, epochs or minutes resets all three first."""
    ways = ("steps", "epochs", "minutes")
    return dict.fromkeys(ways) if key in ways else {}
