"""Specifications: what a training, or the making of a vocabulary, is told; recipes have them as sections.

A field here is at once a key of a recipe's section, a key of `--set`, a part of the key under which a
finished stage is kept, and a fact in the module that comes of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from xling.errors import InputError
from xling.faults import faults

Precision = Literal["auto", "float32", "bfloat16"]
VocabularyMethod = Literal["extend", "replace", "trim"]
FACTOR_RANK = 100  # of UNKs Everywhere


class Specification(BaseModel):
    """Frozen values that refuse unknown keys.

    revision: raised when the same values make something else, so that what was finished is made again.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    revision: ClassVar[int] = 1


SpecT = TypeVar("SpecT", bound=Specification)


class TrainingSettings(Specification):
    """How long, how fast and in what precision one run of the loop trains.

    Give `steps`, `epochs` or `minutes`; the first of them that is set counts.

    batch_tokens: padded pieces in one forward pass. accumulation: passes in one optimizer step.
    warmup_fraction: the share of all steps over which the learning rate rises linearly; it then falls
    linearly to zero. evaluate_every: steps between looks at the held-out data (0: only at the end).
    checkpoint_every: steps between checkpoints (0: none). max_length: pieces in a row, special ones included.
    precision: in which matrix products are computed; `auto` is bfloat16 where the processor has units for
    it, and the module says which it was. base_dropout: whether the frozen encoder's own dropout is on.
    """

    steps: Annotated[int, Field(gt=0)] | None = None
    epochs: Annotated[float, Field(gt=0)] | None = None
    minutes: Annotated[float, Field(gt=0)] | None = None
    learning_rate: Annotated[float, Field(gt=0)] = 5e-4
    batch_tokens: Annotated[int, Field(gt=0)] = 1024
    batch_rows: Annotated[int, Field(gt=0)] | None = None
    accumulation: Annotated[int, Field(gt=0)] = 1
    warmup_fraction: Annotated[float, Field(ge=0, lt=1)] = 0.1
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    clip_norm: Annotated[float, Field(gt=0)] = 1.0
    evaluate_every: Annotated[int, Field(ge=0)] = 0
    checkpoint_every: Annotated[int, Field(ge=0)] = 50
    max_length: Annotated[int, Field(ge=8)] = 128
    precision: Precision = "auto"
    base_dropout: bool = False


class ModuleTraining(Specification):
    """What every training of a module is told.

    kind: a preset of `--kind`. options: fields of the kind's first part; a task's also has `head`, with
    fields of its head. training: the settings of the loop.
    """

    kind: str
    options: dict[str, Any] = {}
    training: TrainingSettings


class LanguageTraining(ModuleTraining):
    """A language module learns from plain text by masked language modelling.

    masked: the share of pieces that are hidden in every pass (0.15 by Devlin et al. 2019; up to 0.4 can be
    better, Wettig et al. 2023). candidates: whether a hidden piece is told from the text's own pieces (a
    tenth of XLM-R's table) and a fixed sample of the others, or from all pieces.
    """

    kind: str = "madx"
    training: TrainingSettings = TrainingSettings(epochs=3, learning_rate=1e-3, batch_tokens=1024)
    masked: Annotated[float, Field(gt=0, lt=1)] = 0.15
    candidates: bool = True


class AlignmentTraining(ModuleTraining):
    """A language module learns from parallel text: its states are drawn to the base's of the source side.

    tokens: the weight of the distance of tokens, beside that of sentences.
    """

    kind: str = "bottleneck"
    training: TrainingSettings = TrainingSettings(epochs=3, learning_rate=1e-3, batch_tokens=1024)
    tokens: Annotated[float, Field(ge=0)] = 0.0


class TaskTraining(ModuleTraining):
    """A task module learns from labelled examples."""

    kind: str = "bottleneck"
    training: TrainingSettings = TrainingSettings(epochs=2, learning_rate=1e-3, batch_tokens=512)


class VocabularyBuild(Specification):
    """How a vocabulary is made.

    method: `extend` adds pieces to the base's, `replace` learns new ones, `trim` keeps those that the text
    uses. init: how new vectors start. size: how many pieces are learned; chosen by the text when None.
    rank: of factorised vectors; None stores each in full (100 where `init` is `factorised`). mixed: other
    scripts in the text are meant. spellings: strings and what a replaced tokenizer reads in their place, in
    this order.
    """

    method: VocabularyMethod = "replace"
    init: str = "similarity"
    size: Annotated[int, Field(gt=0)] | None = None
    rank: Annotated[int, Field(gt=0)] | None = None
    mixed: bool = False
    spellings: dict[str, str] = {}

    @model_validator(mode="after")
    def _goes_together(self) -> VocabularyBuild:
        if self.spellings and self.method != "replace":
            raise ValueError(
                f"spellings: {self.method} keeps the base's own tokenizer, which every language reads by; "
                "the method replace takes them"
            )
        return self

    @property
    def width(self) -> int | None:
        """The rank in which vectors are stored."""
        return FACTOR_RANK if self.rank is None and self.init == "factorised" else self.rank


def specified(kind: type[SpecT], values: Mapping[str, Any], *, where: str) -> SpecT:
    """A specification of these values; InputError in one line for those that it cannot hold."""
    try:
        return kind.model_validate(dict(values))
    except ValidationError as error:
        raise InputError(faults(error, kind), where=where) from error
