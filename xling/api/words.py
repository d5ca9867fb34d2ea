"""Vocabularies and lexicons in Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xling.api.given import told
from xling.bases.base import Base
from xling.languages import parse as parse_tag
from xling.makers.make import checked, make
from xling.makers.stage import ALONE, Data, Session, Stage
from xling.modules.module import Module
from xling.training.specs import (
    LexiconBuild,
    VocabularyBuild,
)


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
        spec=told(VocabularyBuild, None, spec),
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
        spec=told(LexiconBuild, None, spec),
        language=parse_tag(language),
        data={role: Data(rows=found) for role, found in (("pairs", pairs), ("dictionary", rows)) if found},
    )
    return make(None, checked(stage))
