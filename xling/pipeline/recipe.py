"""The schema of a recipe: base, source, targets, task, data, modules, training, seeds."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, field_validator, model_validator

from xling.errors import InputError
from xling.languages import parse
from xling.training.specs import (
    AlignmentTraining,
    LanguageTraining,
    Specification,
    TaskTraining,
    VocabularyBuild,
)

SpecT = TypeVar("SpecT", bound=Specification)


class DataSpec(Specification):
    """Some examples of a data card. The language comes from where the section stands.

    count: at most so many examples (all by default), drawn with `sample_seed`.
    """

    card: str
    split: str
    count: Annotated[int, Field(gt=0)] | None = None
    sample_seed: int = 0


class TaskSpec(Specification):
    """name: of the task in xling. title: of its modules in the store (`task/<title>`).

    test: in the target languages; source_test: in the source, when that lies on another card.
    """

    name: str
    title: str
    train: DataSpec
    dev: DataSpec
    test: DataSpec
    source_test: DataSpec | None = None


class VocabularySection(VocabularyBuild):
    """A vocabulary for each target, learned from its text.

    protect, source_text: text in the source language. parallel: sentences and their translations.
    """

    protect: DataSpec | None = None
    source_text: DataSpec | None = None
    parallel: DataSpec | None = None


class AlignmentSection(AlignmentTraining):
    """How the targets' modules are aligned with the base's states of the source side of parallel text.

    Kind and options are those of the language modules where it does not say others.
    """

    pairs: DataSpec


class FamilySpec(Specification):
    """One module for all targets, from several languages' text. tag: of the family, such as bnt (ISO 639-5).

    alpha: see `xling.data.text.balanced`.
    """

    tag: str
    languages: Annotated[tuple[str, ...], Field(min_length=1)]
    alpha: Annotated[float, Field(ge=0, le=1)] = 0.3


class LanguageModules(LanguageTraining):
    """How every language module is trained. held_out: lines for pseudo-perplexity.

    text: by card; `texts` overrides it for single languages. objectives: what the targets' modules learn
    by, in this order; with none there are no language modules, and the control stands alone. init: the
    targets' modules start fresh, or go on from the source's, so that a task learned on that one finds less
    changed under it. related: whose module stands in for a target's own under the control `related`; the
    nearest by family and script where it is not said. under_task: what lies under the task module while it
    learns; with `none` the source has no language module.
    """

    text: DataSpec
    texts: dict[str, DataSpec] = {}
    held_out: Annotated[int, Field(gt=0)] = 200
    seed: int = 0
    init: Literal["fresh", "source"] = "fresh"
    under_task: Literal["source", "none"] = "source"
    objectives: tuple[Literal["mlm", "alignment"], ...] = ("mlm",)
    vocabulary: VocabularySection | None = None
    alignment: AlignmentSection | None = None
    family: FamilySpec | None = None
    related: dict[str, str] = {}

    @model_validator(mode="before")
    @classmethod
    def _alignment_of_the_same_kind(cls, values: Any) -> Any:
        """An alignment goes on from what MLM made, so it has its kind unless it says another."""
        if isinstance(values, dict) and isinstance(alignment := values.get("alignment"), dict):
            shared = {key: values[key] for key in ("kind", "options") if key in values}
            usual = {"kind": cls.model_fields["kind"].default}
            return {**values, "alignment": {**usual, **shared, **alignment}}
        return values

    @model_validator(mode="after")
    def _goes_together(self) -> LanguageModules:
        if "alignment" in self.objectives and self.alignment is None:
            raise ValueError("alignment: say which pairs, and how long (pairs, training)")
        if self.family is not None and "alignment" in self.objectives:
            raise ValueError("family: aligned modules are of one language each")
        if self.init == "source" and (self.under_task == "none" or self.vocabulary is not None):
            raise ValueError("init: source needs a source module, in the base's own vocabulary")
        return self


class Recipe(Specification):
    """One experiment: a task carried from the source to the targets, with its controls.

    task_module: how the task modules are trained, with the source's language module under them and alone.
    controls: beside that without a language module: the same on texts in Latin spelling (romanised), a
    related language's module (related), the task module without the one it learned on (removed).
    """

    name: str
    about: str = ""
    base: str
    source: str
    targets: Annotated[tuple[str, ...], Field(min_length=1)]
    task: TaskSpec
    language_modules: LanguageModules
    task_module: TaskTraining
    seeds: Annotated[tuple[int, ...], Field(min_length=1)] = (0,)
    controls: tuple[Literal["romanised", "related", "removed"], ...] = ()

    @field_validator("source")
    @classmethod
    def _source_tag(cls, value: str) -> str:
        return _tag(value)

    @field_validator("targets", mode="after")
    @classmethod
    def _target_tags(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(_tag, value))


def _tag(value: str) -> str:
    try:
        return parse(value)
    except InputError as error:
        raise ValueError(str(error)) from error


def told(section: SpecT, kind: type[SpecT]) -> SpecT:
    """What a section of a recipe tells a maker: its values without where the data lies."""
    return kind(**{name: getattr(section, name) for name in kind.model_fields})
