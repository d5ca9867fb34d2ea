"""The Python interface for training modules and building vocabularies from values in memory."""

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
from xling.makers.composed_model import ComposedModel
from xling.makers.language import text_of
from xling.makers.make import checked, make
from xling.makers.projection import Projected, project_pairs
from xling.makers.stage import ALONE, NEW, Data, Session, Stage
from xling.modules.module import Module
from xling.store.store import Store
from xling.tasks.registry import task_named
from xling.training.specs import (
    AlignmentTraining,
    Centring,
    LanguageTraining,
    LexiconBuild,
    Projection,
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
        language: The tag of the language, such as `swh`; two-letter codes and FLORES tags are accepted too.
        kind: The kind of module: a value of `--kind`, such as `madx`, `lora` or `lt-sft`.
        options: Fields of the kind's first configuration, such as `{"reduction_factor": 4}`.
        settings: The length of training, the learning rate and so on; by default three passes over the text.
        held_out: Lines to measure pseudo-perplexity on; `texts` is then used as it is. Without them,
            repeated lines are dropped and a tenth of the lines, 200 at most, is held out.
        init: A language module to continue training; its kind is then used.
        vocabulary: A vocabulary from `build_vocabulary`, which replaces the base's. It is trained too and
            becomes a part of the module.
        seed: The seed of the initial values, the order of rows and the masking.
        session: Where checkpoints are written, and the callbacks for steps and remarks.
        further: More fields of `LanguageTraining`.

    Returns:
        The module. Its `scores` contain pseudo-perplexity (exp of nats per piece) and bits per character,
        before and after the training.

    Raises:
        InputError: When the language, the kind or an option is unknown, or no line is left to train on.
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
    """Train one language module on parallel text, to match the base's states of the translations.

    Args:
        base: The frozen encoder, which is also the teacher.
        pairs: Pairs of a sentence in the language and its translation into a language that the base knows.
        language: The tag of the language.
        kind: The kind of module: a value of `--kind`.
        options: Fields of the kind's first configuration.
        settings: The length of training, the learning rate and so on.
        init: A language module to continue training, such as one from `train_language`.
        vocabulary: A vocabulary from `build_vocabulary`, which replaces the base's.
        seed: The seed of the initial values and the order of pairs.
        session: Where checkpoints are written, and the callbacks for steps and remarks.
        further: More fields of `AlignmentTraining`, such as `tokens`.

    Returns:
        The module. The last tenth of the pairs, 200 at most, is held out; `scores` contain the percentage of
        them whose nearest sentence is their own translation, before and after the training.

    Raises:
        InputError: When there are fewer than two pairs, or the language or the kind is unknown.

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


def centre_language(
    base: Base,
    texts: Sequence[str],
    source_texts: Sequence[str] = (),
    *,
    language: str,
    init: Module | None = None,
    session: Session = ALONE,
    **spec: Any,
) -> Module:
    """Make a language module that gives pooled states the mean and deviation of the source's.

    Nothing is trained: one pass over each text gives the statistics. A task of whole texts may stand on the
    module; heads on words refuse it. Source: Libovicky et al. 2020, on the language neutrality of mBERT.

    Args:
        base: The frozen encoder.
        texts: Lines of text in the language, of the kind that the task reads; some hundred are enough.
        source_texts: Lines of text in the language that the task module was trained on.
        language: The tag of the language.
        init: A module from this function, whose statistics of the source are used; then no source text.
        session: Not used; other functions of this file take it too.
        spec: Fields of `Centring`, such as `max_length`.

    Returns:
        The module. With the source's own text for both, it changes nothing.

    Raises:
        InputError: When a text has fewer than two different lines, or `init` is no centre.
        MismatchError: When `init` was made for another base.

    Example:
        >>> centre = xling.centre_language(base, lines, lines[:4], language="swh")
        >>> centre.scores["lines"] == len(set(lines))
        True
    """
    texts_by_role = {"text": texts, "source_text": source_texts}
    stage = Stage(
        name="",
        spec=_told(Centring, None, spec),
        language=parse_tag(language),
        data={role: Data(rows=found) for role, found in texts_by_role.items() if found or role == "text"},
        modules=_given(init=init),
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
    """Build a vocabulary for a language: a tokenizer, and an initial vector for each new piece.

    Args:
        base: The frozen encoder whose pieces are extended, replaced or trimmed.
        texts: Lines of text in the language.
        language: The tag of the language.
        protect: Lines that an extended vocabulary must split into the same pieces as the base.
        source_text: Lines in the other language of the dictionary, for initialisers that need them.
        dictionary: Pairs of a word and its translation, for initialisers that need them.
        pairs: Pairs of a sentence and its translation, for initialisers that need them.
        seed: The seed of the random choices of an initialiser.
        session: The callback for remarks.
        spec: Fields of `VocabularyBuild`: `method`, `init`, `size`, `rank`, `mixed`, `spellings`.

    Returns:
        A module to pass to `train_language` or to use in a plan. Its `scores` contain the mean number of
        characters in a piece, before and after, and from which sources the new vectors came.

    Raises:
        InputError: When nothing can be learned from the text, or it is too small for the size.

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


def make_lexicon(
    pairs: Sequence[tuple[str, str]] = (),
    *,
    language: str,
    dictionary: Sequence[tuple[str, str] | tuple[str, str, float]] = (),
    **spec: Any,
) -> Module:
    """Make a lexicon, a language module that translates words, from parallel sentences or a dictionary.

    It needs no base and acts on the text, so it stands leftmost in a plan: `lang/bam >> task/topic`. The
    translations are those of IBM model 1 (Brown et al. 1993).

    Args:
        pairs: Pairs of a sentence in the language and its translation into the source language.
        language: The tag of the language.
        dictionary: Words with their translations and, if you like, weights; of several translations, the
            heaviest is used. A word that stands here is not learned from the pairs.
        spec: Fields of `LexiconBuild`, such as `source`, the language of the translations.

    Returns:
        The module. Its `scores` count the entries.

    Raises:
        InputError: When there are neither pairs nor a dictionary, or the language is unknown.

    Example:
        >>> bam = xling.make_lexicon(language="bam", dictionary=[("ji", "water"), ("so", "house")])
        >>> bam.networks[0].rewritten(["Ji,", "min"], "bam")
        ['Water,', 'min']
    """
    rows = [
        (word, translation, f"{weight[0] if weight else 1:g}") for word, translation, *weight in dictionary
    ]
    stage = Stage(
        name="",
        spec=_told(LexiconBuild, None, spec),
        language=parse_tag(language),
        data={role: Data(rows=found) for role, found in (("pairs", pairs), ("dictionary", rows)) if found},
    )
    return make(None, checked(stage))


def project(
    model: ComposedModel,
    pairs: Sequence[tuple[str, str]],
    *,
    language: str,
    source: str = "eng",
    limit: int | None = None,
    seed: int = 0,
) -> Projected:
    """Carry labels over to sentences from their translations, which a model labels.

    Spans and tags of words go over the links between words, which both directions of IBM model 1 (Brown et
    al. 1993) and the likeness of names tell. Labels of whole texts are taken as they are. `train_task` takes
    the result together with examples of the source, for a task module of several languages.

    Args:
        model: The composed model that labels the translations, from `compose`.
        pairs: Pairs of a sentence in the language and its translation into the source language.
        language: The tag of the language.
        source: The tag of the language of the translations.
        limit: The largest number of pairs that are taken. The words are always aligned by all of them.
        seed: The seed with which they are drawn.

    Returns:
        The labelled `examples`, and what became of the pairs: their number, how many are `dropped` and why,
        and how often each of the `labels` was carried over. A part of speech that is not known is `_`.

    Raises:
        InputError: When no label could be carried over, or the labels of the task never can.

    Example:
        >>> model = xling.compose(base, "task/ner", modules={"task/ner": ner})
        >>> xling.project(model, [("Juma anaishi Dar", "Juma lives in Dar")], language="swh").pairs
        1
    """
    spec = specified(Projection, {"limit": limit, "source": parse_tag(source)}, where="project")
    return project_pairs(model, pairs, spec, language=parse_tag(language), seed=seed)


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
    """Train one task module on labelled examples; the other modules of the plan are not changed.

    Args:
        base: The frozen encoder.
        train: Labelled examples; each has a language, by which a plan with `route` picks its modules.
        dev: Examples on which the best step is selected; without them the last step is kept.
        task: The name of the task, such as `tagging` or `classification`.
        source_language: The tag of the language of the examples, which the module records.
        language_module: The language module under the task module; short for `below` with one module.
        below: A plan of frozen modules that act during the training. In it `new` is the module that is
            trained, as in `fuse(lang/eng, lang/swh; new)`; without `new`, that module is on top.
        modules: The modules in the plan, by name.
        store: The store in which other names of the plan are looked up.
        kind: The kind of module that is trained with the head: a value of `--kind`.
        options: Fields of the kind's first configuration and, under `head`, of the head, such as
            `{"head": {"pooling": "mean"}}`.
        settings: The length of training, the learning rate and so on; by default two passes over `train`.
        init: A task module to continue training, for example on a few examples in the target language.
        seed: The seed of the initial values and the order of examples.
        session: Where checkpoints are written, and the callbacks for steps and remarks.
        further: More fields of `TaskTraining`.

    Returns:
        The module. Its `scores` contain the task's metric on `dev` in percent, and the best step.

    Raises:
        InputError: When data are empty, the task, kind or language is unknown, or `init` lacks a label.
        PlanError: When the plan cannot be parsed, or names a module that was not passed.

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
    """Make a specification from the given values, with the settings of the training loop, if any."""
    given = {key: value for key, value in values.items() if value is not None}
    return specified(spec, {**given, **({"training": settings} if settings else {})}, where=spec.__name__)


def _given(**modules: Module | None) -> dict[str, Module]:
    return {role: module for role, module in modules.items() if module is not None}


def _found(plan: Plan, modules: Mapping[str, Module], store: Store | None) -> dict[str, Module]:
    """Return the modules that a plan names, from `modules` or the store; PlanError if one is missing."""
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
