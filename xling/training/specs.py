"""Specifications of trainings and of vocabularies, which are also the sections of a recipe.

Every field here is a key in a recipe's section and a key for `--set`. Except for `checkpoint_every`, its
value is part of the key under which a finished stage is stored, and a fact of the module that is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from xling.composition.noise import Noise
from xling.errors import InputError
from xling.faults import faults

Precision = Literal["auto", "float32", "bfloat16"]
AlignerName = Literal["ibm1", "eflomal"]
VocabularyMethod = Literal["extend", "replace", "trim"]
FACTOR_RANK = 100  # the rank used in UNKs Everywhere (Pfeiffer et al. 2021)


class Specification(BaseModel):
    """Frozen values; unknown keys are refused.

    revision: a number that is raised when the same values produce another result, so that finished stages are
    made again.
    needs_base: whether the result depends on a base.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    revision: ClassVar[int] = 1
    needs_base: ClassVar[bool] = True


SpecT = TypeVar("SpecT", bound=Specification)


MOST = 1e6  # of rates and lengths: more is a slip, and past what float32 holds
_LENGTHS = ("steps", "epochs", "minutes")
Positive = Annotated[float, Field(gt=0, le=MOST)]
Weight = Annotated[float, Field(ge=0, le=MOST)]  # of a loss beside others


def _changing(spellings: dict[str, str]) -> dict[str, str]:
    for written, spelled in spellings.items():
        if not written or written == spelled:
            raise ValueError(
                f"{written!r} to {spelled!r} changes nothing; give a string and another one for it"
            )
    return spellings


Spellings = Annotated[dict[str, str], AfterValidator(_changing)]


class TrainingSettings(Specification):
    """How long, how fast and in which precision one run of the training loop trains.

    Give `steps`, `epochs` or `minutes`; the first of them that is set counts.

    batch_tokens: the largest number of pieces in one forward pass, padding included.
    batch_rows: the largest number of rows in one forward pass; None sets no limit.
    accumulation: the number of forward passes in one optimizer step.
    warmup_fraction: the share of all steps in which the learning rate rises linearly. After that, it falls
    linearly to zero.
    clip_norm: the largest norm of the gradient; larger gradients are scaled down.
    evaluate_every: the number of steps between evaluations on held-out data (0: only at the end).
    checkpoint_every: the number of steps between checkpoints (0: none).
    max_length: the largest number of pieces in a row, special pieces included.
    precision: the precision of matrix products. `auto` means bfloat16 if the processor has units for it; the
    module records which one was used.
    base_dropout: whether the dropout of the frozen encoder is active.
    jitter: the noise that is added to the states after every layer, relative to their size. A task module
    that learns under it bears language modules better that move them.
    drop_layers: with n drawn from 0 to this for each forward pass, what the module adds in the first n layers
    is left out (robust AdapterDrop, Rücklé et al. 2021); 0 leaves out none.
    """

    steps: Annotated[int, Field(gt=0, le=10**9)] | None = None
    epochs: Positive | None = None
    minutes: Positive | None = None
    learning_rate: Positive = 5e-4
    batch_tokens: Annotated[int, Field(gt=0)] = 1024
    batch_rows: Annotated[int, Field(gt=0)] | None = None
    accumulation: Annotated[int, Field(gt=0, le=10**6)] = 1
    warmup_fraction: Annotated[float, Field(ge=0, lt=1)] = 0.1
    weight_decay: Annotated[float, Field(ge=0, le=MOST)] = 0.0
    clip_norm: Annotated[float, Field(gt=0)] = 1.0
    evaluate_every: Annotated[int, Field(ge=0)] = 0
    checkpoint_every: Annotated[int, Field(ge=0)] = 50
    max_length: Annotated[int, Field(ge=8)] = 128
    precision: Precision = "auto"
    base_dropout: bool = False
    jitter: Weight = 0.0
    drop_layers: Annotated[int, Field(ge=0)] = 0

    @property
    def noise(self) -> Noise:
        """What is disturbed in the frozen encoder."""
        return Noise(self.base_dropout, self.jitter)


class ModuleTraining(Specification):
    """The settings that every training of a module has.

    kind: the name of a preset, as `--kind` takes it.
    options: fields of the kind's first part. A task module may also have `head`, with fields of its head.
    training: the settings of the training loop.
    """

    kind: str
    options: dict[str, Any] = {}
    training: TrainingSettings

    @model_validator(mode="after")
    def _ends(self) -> ModuleTraining:
        if self.kind != "head" and all(getattr(self.training, own) is None for own in _LENGTHS):
            raise ValueError(f"training: say how long: {', '.join(_LENGTHS[:-1])} or {_LENGTHS[-1]}")
        return self


class MaskedTraining(ModuleTraining):
    """A training in which plain text is learned by masked language modelling.

    masked: the share of pieces that are masked in every pass (0.15 in Devlin et al. 2019; up to 0.4 can be
    better, Wettig et al. 2023).
    candidates: if True, a masked piece is predicted among the pieces of the text (a tenth of XLM-R's table)
    and a fixed sample of other pieces; if False, among all pieces.
    stay: the weight of a second loss, which keeps the states at the pieces that are not predicted near the
    base's, in every layer. A task module that was trained on the base reads all of them.
    """

    masked: Annotated[float, Field(gt=0, lt=1)] = 0.15
    candidates: bool = True
    stay: Weight = 0.0


class LanguageTraining(MaskedTraining):
    """The training of a language module on plain text, by masked language modelling."""

    kind: str = "madx"
    training: TrainingSettings = TrainingSettings(epochs=3, learning_rate=1e-3, batch_tokens=1024)


class HypernetworkTraining(MaskedTraining):
    """The training of a hypernetwork on labelled examples of tasks, on plain text of languages, or on both.

    task_share: the share of the passes that is of tasks, where languages have text too. By the size of the
    data alone, a task among the texts of ten languages has one pass in twenty, and learns nothing.
    alpha: how often each task, and each language's text, has its turn among its like: in proportion to its
    number of passes to this power.
    """

    revision: ClassVar[int] = 3
    kind: str = "hyper-x"
    training: TrainingSettings = TrainingSettings(epochs=3, learning_rate=1e-3, batch_tokens=1024)
    task_share: Annotated[float, Field(gt=0, lt=1)] = 0.5
    alpha: Annotated[float, Field(ge=0, le=1)] = 0.3


class AlignmentTraining(ModuleTraining):
    """The training of a language module on parallel text, towards the base's states of the source side.

    One minus the cosine of each sentence and its translation is always learned; what else is, by weight. Only
    the contrast is on by default, and by itself it spreads the vectors wider than the source's are.

    contrast: picking a sentence's translation among those of the batch.
    soft_contrast: being as like every other translation of the batch as one's own translation is.
    geometry: the cosines among the sentences of a batch, which are to be their translations'; this keeps how
    far the vectors spread.
    layers: the mean states of every layer, which a task module may read.
    words: the states of words in every layer, by the words that the pairs themselves say are translations.
    tokens: pieces that are each other's nearest.
    stay: the translations themselves, which are to have the same states with the module, in every layer.
    adversary: how strongly the module learns to fool a critic that tells its states from those of the source
    side (1 in TADA, Held et al. 2023); with 0 there is no critic.
    """

    kind: str = "bottleneck"
    training: TrainingSettings = TrainingSettings(epochs=3, learning_rate=1e-3, batch_tokens=1024)
    contrast: Weight = 1.0
    soft_contrast: Weight = 0.0
    geometry: Weight = 0.0
    layers: Weight = 0.0
    words: Weight = 0.0
    tokens: Weight = 0.0
    stay: Weight = 0.0
    adversary: Weight = 0.0


class Centring(Specification):
    """How a language module of the kind `centre` is made from unlabelled text.

    max_length: the largest number of pieces that are read of a line, special pieces included.
    """

    max_length: Annotated[int, Field(ge=8)] = 128


class TaskTraining(ModuleTraining):
    """The training of a task module on labelled examples.

    A linear head alone (the kind `head`) is fitted on all examples at once, until its loss no longer falls;
    of `training` only the lengths of rows and batches count then.

    l2: the L2 penalty of a linear head alone: 1 / C of scikit-learn's logistic regression, on states scaled
    to a mean squared length of one.
    """

    kind: str = "bottleneck"
    training: TrainingSettings = TrainingSettings(epochs=2, learning_rate=1e-3, batch_tokens=512)
    l2: Annotated[float, Field(ge=0)] = 0.2


class Distillation(TaskTraining):
    """The training of a task module on what a plan says of unlabelled texts, and on labelled examples if any.

    teacher: the plan whose label probabilities are learned.
    """

    teacher: str


class VocabularyBuild(Specification):
    """How a vocabulary is made.

    method: `extend` adds pieces to the base's vocabulary, `replace` learns a new one, `trim` keeps only the
    pieces that the text uses.
    init: the method that initialises the vectors of new pieces.
    size: the number of pieces to learn; if None, it is chosen from the text.
    rank: the rank of factorised vectors. With None each vector is stored in full, or with rank 100 if `init`
    is `factorised`.
    mixed: whether the text contains other scripts on purpose.
    spellings: strings, and what a replaced tokenizer reads in their place. They are applied in this order.
    """

    method: VocabularyMethod = "replace"
    init: str = "similarity"
    size: Annotated[int, Field(gt=0)] | None = None
    rank: Annotated[int, Field(gt=0, le=4096)] | None = None
    mixed: bool = False
    spellings: Spellings = {}

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
        """The rank of the stored vectors, or None if they are stored in full."""
        return FACTOR_RANK if self.rank is None and self.init == "factorised" else self.rank


class LexiconBuild(Specification):
    """How a lexicon is made from parallel sentences and a dictionary.

    source: the language of the translations.
    aligner: what tells which words are translations of each other: `ibm1` (IBM model 1 in both directions) or
    the extra `eflomal`, which is slower.
    least: the least probability of a translation that is learned from pairs: the product of both directions
    with `ibm1`, the share of a word's links with `eflomal`. A word without such a one is left as it is; 0
    suits a script that the base cannot read.
    romanised: whether what stays of the text is put into Latin letters, for a script that the base cannot
    read.
    spellings: strings, and what is read in their place before words are looked up, in the pairs and in texts.
    They are applied in this order.
    """

    needs_base: ClassVar[bool] = False
    source: str = "eng"
    aligner: AlignerName = "ibm1"
    least: Annotated[float, Field(ge=0, lt=1)] = 0.1
    romanised: bool = False
    spellings: Spellings = {}


class Projection(Specification):
    """How labels are carried over parallel sentences.

    limit: the largest number of pairs, which are drawn with the seed; None takes all. The words are always
    aligned by all of them.
    source: the language of the translations, which the task module labels.
    """

    revision: ClassVar[int] = 2  # since then the tags of a sentence are chosen together
    limit: Annotated[int, Field(gt=0)] | None = None
    source: str = "eng"


def specified(kind: type[SpecT], values: Mapping[str, Any], *, where: str) -> SpecT:
    """Return a specification with these values.

    Raises InputError, in one line, when the specification does not allow the values.
    """
    try:
        return kind.model_validate(dict(values))
    except ValidationError as error:
        raise InputError(faults(error, kind), where=where) from error
