"""The schema of a data card: a data set's source, licence, languages, files, labels and known faults."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from functools import partial
from pathlib import PurePath
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from xling.corpora.licences import LICENCES, near_licences, strictest
from xling.data.conll import ConllLayout
from xling.data.rows import Columns
from xling.data.template import checked_places, filled
from xling.errors import InputError
from xling.languages import parse
from xling.modules.facts import Descent
from xling.printable import shown
from xling.tasks.registry import TASKS

Format = Literal["conll", "conllu", "xsid", "table", "choices", "squad", "text", "cldr", "own"]
TEXT, PARALLEL = "text", "parallel"  # data of no task: lines, and translated sentences


def _known_task(value: str) -> str:
    known = (*TASKS, TEXT, PARALLEL)
    if value not in known:
        raise ValueError(f"no task {value!r}: choose from {', '.join(known)}")
    return value


def _known_licence(value: str) -> str:
    if value not in LICENCES:
        raise ValueError(f"no licence {value!r}: choose from {', '.join(near_licences(value) or LICENCES)}")
    return value


TaskName = Annotated[str, AfterValidator(_known_task)]
LicenceId = Annotated[str, AfterValidator(_known_licence)]
Template = Annotated[str, AfterValidator(partial(checked_places, known=("upstream", "split")))]
OfSplit = Annotated[str, AfterValidator(partial(checked_places, known=("split",)))]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _CardSection(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Licence(_CardSection):
    """The licence of a data set.

    id: one of `xling.corpora.licences.LICENCES`.
    note: further words of the source about it.
    """

    id: LicenceId
    note: str = ""


class SourcePart(_CardSection):
    """One of the sources that a data set was compiled from."""

    source: str
    licence: LicenceId
    citation: str = ""
    languages: tuple[str, ...] = Field(min_length=1)


class Hub(_CardSection):
    """The same data on the Hub, read with the library `datasets`.

    config: the name of the configuration; it may hold {upstream} and {split}.
    files: a pattern of data files with {upstream} and {split}, for repositories without configurations (such
        as `refs/convert/parquet` of old ones).
    splits: the Hub's name for each split of the card, where it differs.
    tokens, tags, heads, relations: the columns of tagged and parsed sentences.
    columns: the columns of other rows.
    """

    id: str
    revision: str | None = None
    config: Template | None = None
    files: Template | None = None
    splits: dict[str, str] = {}
    tokens: str = "tokens"
    tags: str = "ner_tags"
    heads: str = "head"
    relations: str = "deprel"
    columns: Columns = Columns()

    def row_columns(self) -> Columns:
        """Return all column names in one `Columns`."""
        lists = {role: getattr(self, role) for role in ("tokens", "tags", "heads", "relations")}
        return self.columns.model_copy(update=lists)


class Portion(_CardSection):
    """A split that is a share of another split's file, in whole documents or articles.

    of: the split that the file belongs to.
    from, to: the bounds of the share, as fractions of the groups in their order.
    languages: the languages that this applies to; all if empty.
    """

    model_config = ConfigDict(populate_by_name=True)

    of: str
    from_: Annotated[float, Field(ge=0, lt=1, alias="from")] = 0.0
    to: Annotated[float, Field(gt=0, le=1)] = 1.0
    languages: tuple[str, ...] = ()

    def chosen(self, groups: Sequence[str]) -> list[int]:
        """Return the indices of the examples whose group lies in the share.

        groups: the group of each example. The distinct groups are counted in order of first appearance. A
            bound that falls between two groups is rounded to the nearer one, so neighbouring shares neither
            overlap nor leave out a group.
        """
        places = {group: place for place, group in enumerate(dict.fromkeys(groups))}
        first, end = (round(bound * len(places)) for bound in (self.from_, self.to))
        return [number for number, group in enumerate(groups) if first <= places[group] < end]


class MadeFrom(_CardSection):
    """What data that xling made descend from: the fields of `Descent`."""

    files: tuple[Sha256, ...] = ()
    cards: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()

    @property
    def descent(self) -> Descent:
        """The same in a module's facts."""
        return Descent.of(**dict(self))


class DataCard(_CardSection):
    """The description of one data set.

    format: how the files are read; `own` reads them as `xling train` reads a user's files.
    parts: the sources with licences of their own.
    languages: for each canonical tag, the name used in paths and on the Hub (none for `cldr`).
    layout: the path of a file below the data root, with {upstream} and {split}; for `cldr` in parallel,
    `lists` for lists of names instead of names alone.
    files: paths by `language/split`, instead of `layout`; relative to the folder of the card if it is a
        user's.
    columns: column names, which may hold {upstream}.
    labels: new names for labels or types of spans; the name `O` drops a type.
    label_set: the labels after renaming.
    portions: the splits that are shares of other splits' files.
    parallel_ids: the name of the set in which rows with one id, in different languages, are translations of
        each other. It may hold {split}, for sets whose splits count their rows anew.
    checksums, counts: SHA-256 and number of examples, by path below the data root. Both describe the unpacked
        content, so a file may be packed or not.
    made_from: the data and modules that the labels were carried over from, in a card of `xling project`.
    """

    name: str
    title: str
    task: TaskName
    format: Format
    source: str
    citation: str
    licence: Licence
    parts: dict[str, SourcePart] = {}
    languages: dict[str, str] = {}
    splits: tuple[str, ...] = Field(min_length=1)
    layout: Template = ""
    files: dict[str, str] = {}
    columns: Columns = Columns()
    conll: ConllLayout = ConllLayout()
    labels: dict[str, str] = {}
    label_set: tuple[str, ...] = ()
    hub: Hub | None = None
    portions: dict[str, Portion] = {}
    parallel_ids: OfSplit = ""
    checksums: dict[str, Sha256] = {}
    counts: dict[str, Annotated[int, Field(ge=0)]] = {}
    known_faults: tuple[str, ...] = ()
    made_from: MadeFrom = MadeFrom()

    @field_validator("languages")
    @classmethod
    def _canonical(cls, value: dict[str, str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for tag, upstream in value.items():
            try:
                language = parse(tag)
            except InputError as error:
                raise ValueError(str(error)) from error
            if language in found:
                raise ValueError(f"{upstream} and {found[language]} are both {language}")
            found[language] = upstream
        return found

    @model_validator(mode="after")
    def _found_somewhere(self) -> DataCard:
        if self.format != "cldr" and not self.layout and not self.files and self.hub is None:
            raise ValueError("give a layout below the data root, files, or where the data lies on the hub")
        if self.format != "cldr" and not self.languages:
            raise ValueError("languages: name at least one")
        return self

    @model_validator(mode="after")
    def _below_the_data_root(self) -> DataCard:
        for upstream in self.languages.values():
            for split in self.splits:
                path = PurePath(filled(self.layout, upstream=upstream, split=split))
                if path.is_absolute() or ".." in path.parts:
                    raise ValueError(f"layout: {shown(str(path))} does not lie below the data root")
        return self

    @model_validator(mode="after")
    def _files_of_splits(self) -> DataCard:
        known = {f"{tag}/{split}" for tag in self.languages for split in self.splits}
        for name in self.files:
            if name not in known:
                raise ValueError(f"files.{name}: no language/split of this card, such as {min(known)}")
        if self.conll.tag is None:
            raise ValueError("conll.tag: give the number of the column of tags")
        if self.format == "own" and self.labels:
            raise ValueError("labels: files of the format own are taken as they stand")
        return self

    @model_validator(mode="after")
    def _portions_of_splits(self) -> DataCard:
        for name, own in self.portions.items():
            if name not in self.splits or own.of not in self.splits:
                raise ValueError(f"portions.{name}: {name} and {own.of} must both stand in splits")
            if own.from_ >= own.to:
                raise ValueError(f"portions.{name}: from {own.from_:g} to {own.to:g} holds nothing")
            if not set(map(parse, own.languages)).issubset(self.languages):
                raise ValueError(f"portions.{name}: {', '.join(own.languages)} must stand in languages")
        return self

    def portion(self, language: str, split: str) -> Portion | None:
        """Return the share of another split that makes up this split; None if it has a file of its own."""
        own = self.portions.get(split)
        if own is not None and own.languages and parse(language) not in map(parse, own.languages):
            return None
        return own

    def id_space(self, language: str, split: str) -> str:
        """Return the set in which rows with one id are translations of each other, or an empty text."""
        own = self.portion(language, split)
        return filled(self.parallel_ids, split=split if own is None else own.of)

    def upstream(self, language: str) -> str:
        """Return the data set's own name for a language. Raises InputError listing the known languages."""
        tag = parse(language)
        if tag not in self.languages:
            raise InputError(
                f"the data set has no {tag}",
                where=f"data card {self.name}",
                choices=difflib.get_close_matches(tag, self.languages, n=3) or sorted(self.languages)[:20],
                hint="name another language, or another card",
            )
        return self.languages[tag]

    def path(self, language: str, split: str) -> str:
        """Return the path of a file below the data root, or an empty text if the card names no file.

        Raises InputError for an unknown language or split.
        """
        self.check_split(split)
        upstream = self.upstream(language)
        return self.files.get(
            f"{parse(language)}/{split}", filled(self.layout, upstream=upstream, split=split)
        )

    def language_at(self, relative: str) -> str:
        """Return the language of the file at a path below the data root, or `und` if the card names none."""
        paths = ((tag, split) for tag in self.languages for split in self.splits)
        return next((tag for tag, split in paths if self.path(tag, split) == relative), "und")

    def check_split(self, split: str) -> None:
        """Raise InputError when the data set has no such split."""
        if split not in self.splits:
            raise InputError(f"no split {split!r}", where=f"data card {self.name}", choices=self.splits)

    def check_task(self, task: str) -> None:
        """Raise InputError when the data set holds something else than this task's data."""
        if self.task != task:
            raise InputError(
                f"its task is {self.task}, and here {task} is needed",
                where=f"data card {self.name}",
                hint="name another card; xling data list shows them with their tasks",
            )

    def licence_of(self, language: str) -> str:
        """Return the licence of one language's data: the strictest licence of its parts."""
        tag = parse(language)
        own = [part.licence for part in self.parts.values() if tag in map(parse, part.languages)]
        return strictest(own) if own else self.licence.id

    def columns_of(self, language: str) -> Columns:
        """Return the columns of the tables of a language."""
        return self.columns.filled(self.languages.get(language, language))
