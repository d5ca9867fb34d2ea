"""Language modules of states in Python: trained on text, aligned on translations, or centred."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xling.api.given import given, told
from xling.bases.base import Base
from xling.languages import parse as parse_tag
from xling.makers.alignment import GLOSS
from xling.makers.language import text_of
from xling.makers.make import checked, make
from xling.makers.stage import ALONE, Data, Session, Stage
from xling.modules.module import Module
from xling.training.specs import (
    AlignmentTraining,
    Centring,
    LanguageTraining,
    TrainingSettings,
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
    head_text: Sequence[str] = (),
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
        head_text: Lines to fit the MLM head on when the base has none; by default the names of the CLDR.
        init: A language module to continue training; its kind is then used.
        vocabulary: A vocabulary from `build_vocabulary`, which replaces the base's. It is trained too and
            becomes a part of the module.
        seed: The seed of the initial values, the order of rows and the masking.
        session: Where checkpoints are written, and the callbacks for steps and remarks.
        further: More fields of `LanguageTraining`, such as `stay`.

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
        spec=told(LanguageTraining, settings, {"kind": kind, "options": dict(options or {}), **further}),
        language=parse_tag(language),
        data=text_of(Data(rows=texts), None if held_out is None else Data(rows=held_out), seed)
        | ({"head_text": Data(rows=head_text)} if head_text else {}),
        modules=given(init=init, vocabulary=vocabulary),
        seed=seed,
    )
    return make(base, checked(stage), session)


def align_language(
    base: Base,
    pairs: Sequence[tuple[str, str]],
    *,
    language: str,
    texts: Sequence[str] = (),
    gloss: Module | None = None,
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
        texts: Lines of text without translations, which `gloss` translates word for word.
        gloss: A lexicon, from `make_lexicon`.
        kind: The kind of module: a value of `--kind`.
        options: Fields of the kind's first configuration.
        settings: The length of training, the learning rate and so on.
        init: A language module to continue training, such as one from `train_language`.
        vocabulary: A vocabulary from `build_vocabulary`, which replaces the base's.
        seed: The seed of the initial values and the order of pairs.
        session: Where checkpoints are written, and the callbacks for steps and remarks.
        further: More fields of `AlignmentTraining`: the weights of its losses, such as `geometry`.

    Returns:
        The module. The last tenth of the pairs, 200 at most, is held out; `scores` contain the percentage of
        them whose nearest sentence is their own translation, before and after the training.

    Raises:
        InputError: When there are fewer than two pairs, or the language or the kind is unknown; when `gloss`
            is no lexicon.

    Example:
        >>> pairs = [(line, line.upper()) for line in lines]
        >>> settings = xling.TrainingSettings(steps=2)
        >>> xling.align_language(base, pairs, language="swh", settings=settings).facts.steps
        2
    """
    stage = Stage(
        name="",
        spec=told(AlignmentTraining, settings, {"kind": kind, "options": dict(options or {}), **further}),
        language=parse_tag(language),
        data={"pairs": Data(rows=pairs), **({"text": Data(rows=texts)} if texts else {})},
        modules=given(init=init, vocabulary=vocabulary, **{GLOSS: gloss}),
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
        spec=told(Centring, None, spec),
        language=parse_tag(language),
        data={role: Data(rows=found) for role, found in texts_by_role.items() if found or role == "text"},
        modules=given(init=init),
    )
    return make(base, checked(stage), session)
