"""The schema of a recipe: base, source, targets, task, data, modules, training, seeds."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from xling.errors import InputError
from xling.languages import parse
from xling.training.settings import TrainingSettings


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class DataSpec(_Section):
    """Some examples of a data card. The language comes from where the section stands.

    count: at most so many examples (all by default), drawn with `sample_seed`.
    """

    card: str
    split: str
    count: Annotated[int, Field(gt=0)] | None = None
    sample_seed: int = 0


class TaskSpec(_Section):
    """name: of the task in xling. title: of its modules in the store (`task/<title>`).

    test: in the target languages; source_test: in the source, when that lies on another card.
    """

    name: str
    title: str
    train: DataSpec
    dev: DataSpec
    test: DataSpec
    source_test: DataSpec | None = None


class LanguageModules(_Section):
    """How every language module is trained. held_out: lines for pseudo-perplexity.

    text: by card; `texts` overrides it for single languages. init: the targets' modules start fresh, or go
    on from the source's, so that a task learned on that one finds less changed under it.
    """

    text: DataSpec
    texts: dict[str, DataSpec] = {}
    held_out: Annotated[int, Field(gt=0)] = 200
    kind: str = "madx"
    options: dict[str, Any] = {}
    training: TrainingSettings
    seed: int = 0
    init: Literal["fresh", "source"] = "fresh"


class TaskModule(_Section):
    """How the task modules (with the source's language module under it, and alone) are trained."""

    kind: str = "bottleneck"
    options: dict[str, Any] = {}
    training: TrainingSettings


class Recipe(_Section):
    """One experiment: a task carried from the source to the targets, with its controls."""

    name: str
    about: str = ""
    base: str
    source: str
    targets: Annotated[tuple[str, ...], Field(min_length=1)]
    task: TaskSpec
    language_modules: LanguageModules
    task_module: TaskModule
    seeds: Annotated[tuple[int, ...], Field(min_length=1)] = (0,)

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
