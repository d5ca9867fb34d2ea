"""The Python interface: training and building from values in memory, documented in full."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xling.bases.base import Base
from xling.composition.contents import named
from xling.composition.forms.form import Plan
from xling.composition.forms.single import Named
from xling.composition.forms.stack import stack
from xling.composition.grammar import parse
from xling.data.examples import Example
from xling.errors import PlanError
from xling.languages import parse as parse_tag
from xling.makers.language import text_of
from xling.makers.make import checked, make
from xling.makers.stage import ALONE, NEW, Data, Session, Stage
from xling.modules.module import Module
from xling.store.store import Store
from xling.tasks.registry import task_named
from xling.training.specs import (
    AlignmentTraining,
    LanguageTraining,
    SpecT,
    TaskTraining,
    TrainingSettings,
    VocabularyBuild,
    specified,
)


def train_language(
    base: Base,
    texts: Sequence[str],
    *,
    language: str,
    kind: str = "madx",
    options: Mapping[str, Any] | None = None,
    settings: TrainingSettings | None = None,
    held_out: Sequence[str] | None = None,
    init: Module | None = None,
    vocabulary: Module | None = None,
    seed: int = 0,
    session: Session = ALONE,
    **further: Any,
) -> Module:
    """Train one language module on lines of plain text by masked language modelling (MAD-X; LT-SFT).

    Args:
        base: The frozen encoder, from `load_base`.
        texts: Lines of text in the language.
        language: The language's tag, such as `swh`; two-letter codes and FLORES tags are understood.
        kind: What is learned: a value of `--kind`, such as `madx`, `lora` or `lt-sft`.
        options: Fields of the kind's first part, such as `{"reduction_factor": 4}`.
        settings: How long and how fast; three passes over the text where nothing is said.
        held_out: Lines for pseudo-perplexity; `texts` is then read as it is. Without them repeats are
            dropped, and 200 lines at most, a tenth at most, are held out.
        init: A language module to go on from; its kind counts then.
        vocabulary: A vocabulary to read with, from `build_vocabulary`. It learns along and becomes part of
            the module.
        seed: Decides initial values, the order of rows and what is masked.
        session: Where checkpoints go, and who hears of steps and of remarks.
        further: Other fields of `LanguageTraining`.

    Returns:
        The module. Its `scores` hold pseudo-perplexity (exp of nats per piece) and bits per character before
        and after.

    Raises:
        InputError: For an unknown language, kind or option, or when no line is left to train on.
        MismatchError: When `init` or `vocabulary` was made for another base.

    Example:
        >>> swh = xling.train_language(base, lines, language="swh", settings=xling.TrainingSettings(steps=2))
        >>> swh.facts.language
        'swh'
    """
    stage = Stage(
        name="",
        spec=_told(LanguageTraining, settings, {"kind": kind, "options": dict(options or {}), **further}),
        language=parse_tag(language),
        data=text_of(Data(rows=texts), None if held_out is None else Data(rows=held_out), seed),
        modules=_given(init=init, vocabulary=vocabulary),
        seed=seed,
    )
    return make(base, checked(stage), session)


def align_language(
    base: Base,
    pairs: Sequence[tuple[str, str]],
    *,
    language: str,
    kind: str = "bottleneck",
    options: Mapping[str, Any] | None = None,
    settings: TrainingSettings | None = None,
    init: Module | None = None,
    vocabulary: Module | None = None,
    seed: int = 0,
    session: Session = ALONE,
    **further: Any,
) -> Module:
    """Train one language module on parallel text: its states are drawn to the base's of the source side.

    Args:
        base: The frozen encoder; as it is, it is the teacher too.
        pairs: A sentence in the language, and the same in a language that the base knows.
        language: The language's tag.
        kind: What is learned: a value of `--kind`.
        options: Fields of the kind's first part.
        settings: How long and how fast.
        init: A language module to go on from, such as one that `train_language` made.
        vocabulary: A vocabulary to read with.
        seed: Decides initial values and the order of pairs.
        session: Where checkpoints go, and who hears of steps and of remarks.
        further: Other fields of `AlignmentTraining`, such as `tokens`.

    Returns:
        The module. The last pairs (200 at most, a tenth at most) are held out: its `scores` hold the share in
        percent of them that find their own translation among all, before and after.

    Raises:
        InputError: When there are fewer than two pairs, or for an unknown language or kind.

    Example:
        >>> pairs = [(line, line.upper()) for line in lines]
        >>> settings = xling.TrainingSettings(steps=2)
        >>> xling.align_language(base, pairs, language="swh", settings=settings).facts.steps
        2
    """
    stage = Stage(
        name="",
        spec=_told(AlignmentTraining, settings, {"kind": kind, "options": dict(options or {}), **further}),
        language=parse_tag(language),
        data={"pairs": Data(rows=pairs)},
        modules=_given(init=init, vocabulary=vocabulary),
        seed=seed,
    )
    return make(base, checked(stage), session)


def build_vocabulary(
    base: Base,
    texts: Sequence[str],
    *,
    language: str,
    protect: Sequence[str] = (),
    source_text: Sequence[str] = (),
    dictionary: Sequence[tuple[str, str]] = (),
    pairs: Sequence[tuple[str, str]] = (),
    seed: int = 0,
    session: Session = ALONE,
    **spec: Any,
) -> Module:
    """Make a vocabulary of a language's own: a tokenizer, and a vector to start from for each new piece.

    Args:
        base: The frozen encoder whose pieces are extended, replaced or trimmed.
        texts: Lines of text in the language.
        language: The language's tag.
        protect: Lines that an extended vocabulary must split as the base does.
        source_text: Lines in the dictionary's other language, for the initialisers that need them.
        dictionary: Pairs of a word and its translation, for the same.
        pairs: Pairs of a sentence and its translation, for the same.
        seed: Decides what is random in an initialiser.
        session: Who hears of remarks.
        spec: Fields of `VocabularyBuild`: `method`, `init`, `size`, `rank`, `mixed`, `spellings`.

    Returns:
        A module to pass to `train_language` or to put into a plan. Its `scores` say how many characters a
        piece stands for before and after, and what served the new vectors.

    Raises:
        InputError: For a text that nothing can be learned from, or a size that it cannot support.

    Example:
        >>> made = xling.build_vocabulary(base, lines, language="swh", method="trim")
        >>> made.scores["new_pieces"]
        0
    """
    rows = {
        "text": texts,
        "protect": protect,
        "source_text": source_text,
        "dictionary": dictionary,
        "pairs": pairs,
    }
    stage = Stage(
        name="",
        spec=_told(VocabularyBuild, None, spec),
        language=parse_tag(language),
        data={role: Data(rows=found) for role, found in rows.items() if found or role == "text"},
        seed=seed,
    )
    return make(base, checked(stage), session)


def train_task(
    base: Base,
    train: Sequence[Example],
    dev: Sequence[Example] = (),
    *,
    task: str,
    source_language: str = "eng",
    language_module: Module | None = None,
    below: str | Plan | None = None,
    modules: Mapping[str, Module] | None = None,
    store: Store | None = None,
    kind: str = "bottleneck",
    options: Mapping[str, Any] | None = None,
    settings: TrainingSettings | None = None,
    init: Module | None = None,
    seed: int = 0,
    session: Session = ALONE,
    **further: Any,
) -> Module:
    """Train one task module on labelled examples; the modules around it stay byte for byte what they were.

    Args:
        base: The frozen encoder.
        train: Labelled examples; each says its own language, by which a plan below may route it.
        dev: Examples by whose metric the best step is chosen; without them the last one is kept.
        task: The task's name, such as `tagging` or `classification`.
        source_language: The tag of the language that the module is said to be learned in.
        language_module: What lies under the task module while it learns: short for a plan of one module.
        below: A plan of modules that act while it learns. `new` stands in it for what learns, as in
            `fuse(lang/eng, lang/swh; new)`; without `new`, what learns stands on top of the plan.
        modules: The modules that the plan names, by name.
        store: Where the plan's other names are looked up.
        kind: What is learned beside the head: a value of `--kind`.
        options: Fields of the kind's first part and, under `head`, of the head, such as
            `{"head": {"pooling": "mean"}}`.
        settings: How long and how fast; two passes over the examples where nothing is said.
        init: A task module to go on from, such as for a few examples in the target language.
        seed: Decides initial values and the order of examples.
        session: Where checkpoints go, and who hears of steps and of remarks.
        further: Other fields of `TaskTraining`.

    Returns:
        The module. Its `scores` hold the task's metric on `dev` in percent, and the step that it was best at.

    Raises:
        InputError: For empty data, an unknown task, kind or language, or labels that `init` does not have.
        PlanError: For a plan that cannot be read, or that names a module which is not given.

    Example:
        >>> spans = [xling.TaggedSentence(("Juma",), ("B-PER",), "1", "eng")]
        >>> ner = xling.train_task(base, spans, task="tagging", settings=xling.TrainingSettings(steps=2))
        >>> ner.facts.labels
        ('O', 'B-PER', 'I-PER')
    """
    around = dict(modules or {})
    if language_module is not None:
        if below is not None:
            raise PlanError("give language_module or below", where="below", hint="write it into the plan")
        name = f"lang/{language_module.facts.language or 'below'}"
        below, around[name] = Named(name), language_module
    plan = parse(below) if isinstance(below, str) else below or NEW
    plan = plan if NEW in named(plan) else stack(plan, NEW)
    stage = Stage(
        name="",
        spec=_told(TaskTraining, settings, {"kind": kind, "options": dict(options or {}), **further}),
        language=parse_tag(source_language),
        task=task_named(task).name,
        data={"train": Data(rows=train), "dev": Data(rows=dev)},
        modules={**_given(init=init), **_found(plan, around, store)},
        plan=plan,
        seed=seed,
    )
    return make(base, checked(stage), session)


def _told(spec: type[SpecT], settings: TrainingSettings | None, values: Mapping[str, Any]) -> SpecT:
    """A specification with the settings of the loop, where they are given."""
    given = {key: value for key, value in values.items() if value is not None}
    return specified(spec, {**given, **({"training": settings} if settings else {})}, where=spec.__name__)


def _given(**modules: Module | None) -> dict[str, Module]:
    return {role: module for role, module in modules.items() if module is not None}


def _found(plan: Plan, modules: Mapping[str, Module], store: Store | None) -> dict[str, Module]:
    """The modules that a plan names, given or in the store; PlanError for one that is neither."""
    names = [own for own in named(plan) if own != NEW]
    unknown = [str(own) for own in names if str(own) not in modules]
    if unknown and store is None:
        raise PlanError(
            f"the plan names {unknown[0]}, which is not among the modules",
            where="below",
            choices=tuple(modules),
            hint="give it in modules, or give a store",
        )
    looked_up = {str(own): store.get(own) for own in names if store and str(own) in unknown}
    return {str(own): modules[str(own)] for own in names if str(own) in modules} | looked_up
